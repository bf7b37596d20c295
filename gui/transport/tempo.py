"""The tempo: read it, write it, turn it by wheel or arrows; free time is a tempo too.

While the DAW leads it shows the DAW's and cannot be changed, and says why. It refuses to tap: the
action does.
"""

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QFontMetrics, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QWidget

from gui.state import JamState
from gui.theme import looks
from gui.theme.theme import Theme
from gui.widgets import explain
from plugin.control.kinds import Number
from plugin.control.table import DIALS
from plugin.served.messages import Pulse

DIAL = DIALS["tempo"]
FINE_BPM = 0.1
FROM_FREE_BPM = 120.0
"""Where a wheel begins that is turned in free time."""
_LEADS = "The DAW leads, so its tempo holds; set Clock to internal to lead yourself."


class TempoField(QLineEdit):
    """See the module. Return takes what was written, Escape takes it back."""

    def __init__(self, state: JamState, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state, self._theme = state, theme
        self._shown, self._wheeled = "", 0
        looks.kind(self, "tempo")
        self.setMaxLength(12)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.returnPressed.connect(self._entered)
        state.settings_changed.connect(self.refresh)
        state.pulse_changed.connect(self._pulse)
        theme.changed.connect(self.updateGeometry)
        self._led = False
        self.refresh()
        self._explain()

    @Slot()
    def refresh(self) -> None:
        """Show the tempo that holds, unless somebody is writing."""
        words = words_of(self._bpm())
        self._shown = words
        if not self.isModified() and self.text() != words:
            self.setText(words)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows turn it, Escape takes back what was written."""
        fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._turn(1 if event.key() == Qt.Key.Key_Up else -1, fine)
        elif event.key() == Qt.Key.Key_Escape and self.isModified():
            self._take_back()
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """A click is one beat per minute, with shift a tenth."""
        # With shift some systems turn the wheel sideways.
        self._wheeled += event.angleDelta().y() or event.angleDelta().x()
        clicks = int(self._wheeled / 120)
        self._wheeled -= clicks * 120
        self._turn(clicks, bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """All of it is chosen, to be written over."""
        self.selectAll()
        event.accept()

    def focusOutEvent(self, event: object) -> None:
        """Whoever goes away without Return takes it back."""
        super().focusOutEvent(event)  # type: ignore[arg-type]
        self._take_back()

    def sizeHint(self) -> QSize:
        """Room for the widest tempo."""
        metrics = QFontMetrics(self._theme.font("tempo"))
        wide = metrics.horizontalAdvance("188.8 bpm") + self._theme.px(14)
        return QSize(wide, metrics.height() + self._theme.px(4))

    def minimumSizeHint(self) -> QSize:
        """The same: a tempo is never cut."""
        return self.sizeHint()

    def _bpm(self) -> float | None:
        pulse = self._state.pulse
        if pulse is not None and pulse.external and pulse.running:
            return pulse.bpm or None
        return self._state.settings.bpm

    @Slot(object)
    def _pulse(self, pulse: Pulse) -> None:
        led = pulse.external and pulse.running
        if led != self._led:
            self._led = led
            self.setReadOnly(led)
            self._explain()
        if led or self._shown != words_of(self._bpm()):
            self.refresh()

    def _explain(self) -> None:
        says = _LEADS if self._led else "write it, turn the wheel, or press the arrows"
        explain(self, "Tempo", says, default=DIAL.words(DIAL.default))

    def _turn(self, clicks: int, fine: bool) -> None:
        if not clicks or self._led:
            return
        bpm = self._state.settings.bpm
        assert isinstance(DIAL.kind, Number)
        if bpm is None:
            new = FROM_FREE_BPM
        else:
            step = FINE_BPM if fine else DIAL.kind.step
            new = float(DIAL.kind.moved(bpm, f"{clicks * step:g}"))
        self.setModified(False)
        self._state.put(DIAL.put(self._state.settings, new))
        self.refresh()

    def _entered(self) -> None:
        text = self.text().strip().removesuffix("bpm").strip()
        try:
            value = DIAL.read(text) if text else None
        except ValueError as error:
            self._state.say(str(error))
            self.selectAll()
            return
        self.setModified(False)
        self._state.put(DIAL.put(self._state.settings, value))
        self.refresh()
        # The keys of the window, such as Space, are for the music again.
        self.clearFocus()

    def _take_back(self) -> None:
        self.setModified(False)
        self.setText(self._shown)


def words_of(bpm: float | None) -> str:
    """A tempo as a musician reads it: "96.0 bpm", "free"."""
    return "free" if bpm is None else f"{bpm:.1f} bpm"
