"""Where the song is: bar and beat in large digits, and the beats of the bar as a row of marks.

It shows what the session told, once a beat; it refuses to count by itself. In free time, or while
no clock runs, it says so.
"""

import math

from PySide6.QtCore import QRectF, QSize, Qt, Slot
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.state import JamState
from gui.theme.theme import Theme
from gui.widgets import explain
from plugin.protocol import Position
from plugin.served.messages import Pulse
from plugin.settings import Settings

MOST_MARKS = 16


class SongPlace(QWidget):
    """See the module. `text` is "12.3", "–.–" while nothing runs, or "free"."""

    def __init__(self, state: JamState, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state, self._theme = state, theme
        self._running = False
        self.text = ""
        self.beats, self.beat = 4, 0
        """Marks in the bar, and which of them is now, from 1; 0 is none."""
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        state.position_changed.connect(self._position)
        state.pulse_changed.connect(self._pulse)
        state.settings_changed.connect(self._settings)
        theme.changed.connect(self._restyle)
        self._refresh()

    def sizeHint(self) -> QSize:
        """Room for bar 8888."""
        metrics = QFontMetrics(self._theme.font("tempo"))
        wide = metrics.horizontalAdvance("8888.8") + self._theme.px(6)
        return QSize(wide, metrics.height() + self._theme.px(4))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The digits, and the marks under them."""
        theme, painter = self._theme, QPainter(self)
        painter.setFont(theme.font("tempo"))
        painter.setPen(theme.colour("text" if self.beat else "text_soft"))
        painter.drawText(
            self.rect(), Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft, self.text
        )
        gap = theme.px(3)
        wide = (self.width() - gap * (self.beats - 1)) / self.beats
        high, top = theme.px(3), self.height() - theme.px(3)
        painter.setPen(Qt.PenStyle.NoPen)
        for beat in range(1, self.beats + 1):
            # The present one is taller as well as brighter.
            now = beat == self.beat
            painter.setBrush(theme.colour("accent" if now else "outline"))
            place = QRectF((beat - 1) * (wide + gap), top, wide, high)
            painter.drawRect(
                place.adjusted(0, -high * 0.6, 0, 0) if now else place.adjusted(0, high * 0.5, 0, 0)
            )

    @Slot(object)
    def _position(self, _position: Position) -> None:
        self._refresh()

    @Slot(object)
    def _settings(self, _settings: Settings) -> None:
        self._refresh()

    @Slot(object)
    def _pulse(self, pulse: Pulse) -> None:
        if pulse.running != self._running:
            self._running = pulse.running
            self._refresh()

    def _refresh(self) -> None:
        state, position = self._state, self._state.position
        quarters = state.settings.beats_per_bar
        self.beats = min(max(math.ceil(quarters), 1), MOST_MARKS)
        free = state.settings.bpm is None and not (state.pulse and state.pulse.external)
        before = (self.text, self.beat)
        if self._running and position is not None:
            self.text, self.beat = f"{position.bar}.{position.beat}", position.beat
        else:
            self.text, self.beat = "free" if free else "–.–", 0
        words = {
            "free": "free time: there is no beat; tap or write a tempo",
            "–.–": "no clock runs; press Listen, or start the DAW",
        }.get(self.text, f"bar {self.text.partition('.')[0]}, beat {self.beat}")
        if (self.text, self.beat) != before:
            # Not told to a screen reader on every beat: who asks, hears it.
            explain(self, "Bar and beat", words)
        self.update()

    def _restyle(self) -> None:
        self.updateGeometry()
        self.update()
