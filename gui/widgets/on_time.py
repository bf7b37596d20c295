"""Whether notes are on time, and how hard the machine works: a word, a shape, a colour, a bar.

Pressed, it says in plain words what it means and what to try. It refuses to measure: the session
counts, ten times a second; the word changes at most every half second, so that it can be read.
"""

from PySide6.QtCore import QRectF, QSize, Qt, Slot
from PySide6.QtGui import QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QVBoxLayout, QWidget

from gui.state import LATE_MS, JamState
from gui.theme import looks, paint
from gui.theme.theme import Theme
from gui.widgets.explain import explain
from plugin.served.messages import Pulse

BUSY = 0.85
"""Share of a core from which the session process has little to spare."""
SHOWN_EVERY_NS = 500_000_000


class OnTime(QWidget):
    """See the module."""

    def __init__(self, state: JamState, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state, self._theme = state, theme
        self._shown: Pulse | None = None
        self.popup: QFrame | None = None
        self._brief = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        state.pulse_changed.connect(self._pulse)
        state.opened_changed.connect(self._opened)
        theme.changed.connect(self._restyle)
        self._say()

    @property
    def text(self) -> str:
        """What it shows."""
        return in_a_word(self._shown)

    def brief(self, on: bool) -> None:
        """Show the shape and the load alone, where there is no room for the word."""
        if on != self._brief:
            self._brief = on
            self._restyle()

    def wide_px(self, brief: bool) -> int:
        """How wide it is with the word, or without."""
        if brief:
            return self._theme.px(30)
        metrics = QFontMetrics(self._theme.font("number"))
        return metrics.horizontalAdvance("Late by 8888 ms") + self._theme.px(36)

    def open(self) -> None:
        """Say it in plain words, beside itself; a press anywhere closes that."""
        popup = QFrame(self, Qt.WindowType.Popup)
        popup.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        looks.kind(popup, "card")
        body = QVBoxLayout(popup)
        self._theme.spaced(body, 6, 14)
        for line, role in zip(in_words(self._shown), ("title", "", "soft", "soft"), strict=False):
            label = QLabel(line)
            label.setWordWrap(True)
            label.setMinimumWidth(self._theme.px(300))
            looks.role(label, role)  # type: ignore[arg-type]
            body.addWidget(label)
        popup.adjustSize()
        corner = self.mapToGlobal(self.rect().bottomRight())
        popup.move(corner.x() - popup.width(), corner.y() + self._theme.px(4))
        popup.show()
        self.popup = popup

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Pressed."""
        if event.button() is Qt.MouseButton.LeftButton:
            self.open()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Pressed by the keyboard."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.open()
        else:
            super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        """Room for the longest word."""
        metrics = QFontMetrics(self._theme.font("number"))
        return QSize(self.wide_px(self._brief), metrics.height() + self._theme.px(14))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The shape and the word; under them the load."""
        theme, painter = self._theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        late = _late(self._shown)
        side = theme.px(10)
        high = self.height() - theme.px(6)
        place = QRectF(theme.px(8), (high - side) / 2, side, side)
        if self._shown is None:
            paint.shape(painter, place, "ring", theme.colour("text_soft"))
        else:
            colour = theme.colour("warn" if late else "good")
            paint.shape(painter, place, "diamond" if late else "circle", colour)
        painter.setFont(theme.font("number"))
        painter.setPen(theme.colour("text" if self._shown else "text_soft"))
        if not self._brief:
            words = QRectF(theme.px(26), 0, self.width() - theme.px(26), high)
            painter.drawText(
                words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self.text
            )
        self._paint_load(painter)
        if self.hasFocus():
            paint.focus_ring(painter, QRectF(self.rect()), theme)

    def _paint_load(self, painter: QPainter) -> None:
        theme = self._theme
        bar = QRectF(
            theme.px(8), self.height() - theme.px(7), self.width() - theme.px(16), theme.px(3)
        )
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("line"))
        painter.drawRoundedRect(bar, 1.5, 1.5)
        load = 0.0 if self._shown is None else min(self._shown.load, 1.0)
        if load > 0:
            bar.setWidth(bar.width() * load)
            painter.setBrush(theme.colour("warn" if load >= BUSY else "accent"))
            painter.drawRoundedRect(bar, 1.5, 1.5)

    @Slot(object)
    def _pulse(self, pulse: Pulse) -> None:
        since_ns = SHOWN_EVERY_NS if self._shown is None else pulse.now_ns - self._shown.now_ns
        if since_ns >= SHOWN_EVERY_NS or since_ns < 0:  # below 0: another session
            self._shown = pulse
            self._say()

    @Slot(object)
    def _opened(self, opened: object) -> None:
        if opened is None:
            self._shown = None
            self._say()

    def _say(self) -> None:
        explain(self, f"Timing: {self.text}", "press to see what it means")
        self.update()

    def _restyle(self) -> None:
        self.updateGeometry()
        self.update()


def in_a_word(pulse: Pulse | None) -> str:
    """“On time”, or by how much notes come late."""
    if pulse is None:
        return "No session"
    return f"Late by {pulse.late_p99_ms:.0f} ms" if _late(pulse) else "On time"


def in_words(pulse: Pulse | None) -> tuple[str, ...]:
    """The word, what it means, what to try where something is wrong, and the figures."""
    if pulse is None:
        return "No session", "Nothing is measured while there is no session."
    figures = (
        f"Last 10 s: 99 of 100 notes within {pulse.late_p99_ms:.1f} ms, the latest "
        f"{pulse.late_max_ms:.1f} ms. Engine: {pulse.engine_ms:.0f} ms for a plan. Session: "
        f"{pulse.load * 100:.0f} % of a core."
    )
    if _late(pulse):
        return (
            in_a_word(pulse),
            "Some of the partner's notes are sent after their time, so that it can be heard.",
            "Try: close other programs that work hard; set Candidates to 1; plug in the mains.",
            figures,
        )
    if pulse.load >= BUSY:
        return (
            in_a_word(pulse),
            "Notes are sent at their time, but the session has little to spare.",
            "Try: close other programs that work hard.",
            figures,
        )
    return in_a_word(pulse), "Notes are sent at their time.", figures


def _late(pulse: Pulse | None) -> bool:
    return pulse is not None and pulse.late_p99_ms > LATE_MS
