"""The value of a number beside its slider: read it, or press it and write another one.

As wide as the widest value, so that nothing moves while a knob turns. It refuses what the dial
cannot read, and says so.
"""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFontMetrics, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QLabel, QLineEdit, QStackedWidget, QWidget

from gui.theme import looks
from gui.theme.theme import Theme
from gui.widgets.explain import explain
from plugin.control.dials import Dial
from plugin.control.kinds import Number, Value


class _Writing(QLineEdit):
    """Escape leaves it as it was; so does going away from what cannot be read."""

    escaped = Signal()
    gone = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.escaped.emit()
            return
        super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        # Its own menu, or another window in front, is no going away.
        if event.reason() not in (
            Qt.FocusReason.PopupFocusReason,
            Qt.FocusReason.ActiveWindowFocusReason,
        ):
            self.gone.emit()


class ValueLabel(QStackedWidget):
    """See the module. `written` gives the new value, `refused` a sentence or ""."""

    written = Signal(object)
    refused = Signal(str)
    closed = Signal()
    """Written or taken back, by the keyboard: whoever opened it may have the focus again."""

    def __init__(self, dial: Dial, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._dial, self._theme = dial, theme
        self._label, self._line = QLabel(), _Writing()
        looks.role(self._label, "number")
        self._label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._line.setAlignment(Qt.AlignmentFlag.AlignRight)
        explain(self._line, f"{dial.label}, written", f"takes {dial.kind.takes}")
        explain(self, f"{dial.label}: value", "press it to write another one")
        for widget in (self._label, self._line):
            self.addWidget(widget)
        self._line.returnPressed.connect(self._entered)
        self._line.escaped.connect(self._close)
        self._line.gone.connect(self._gone)
        theme.changed.connect(self._restyle)
        self._restyle()

    @property
    def text(self) -> str:
        """What it shows."""
        return self._label.text()

    @property
    def writing(self) -> bool:
        """Whether somebody writes."""
        return self.currentWidget() is self._line

    def show_value(self, value: Value) -> None:
        """Show this."""
        self._label.setText(self._dial.words(value))

    def open(self) -> None:
        """Let somebody write."""
        self._line.setText(self._label.text())
        self.setCurrentWidget(self._line)
        self._line.setFocus()
        self._line.selectAll()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Pressed to write."""
        if event.button() is Qt.MouseButton.LeftButton and self.isEnabled():
            self.open()
        else:
            super().mousePressEvent(event)

    def sizeHint(self) -> QSize:
        """Room for the widest value."""
        return QSize(self.minimumWidth(), self._label.sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """The same: it is never cut."""
        return self.sizeHint()

    def _entered(self) -> None:
        try:
            value = self._dial.read(self._line.text())
        except ValueError as error:
            self.refused.emit(str(error))
            return
        self._close()
        self.written.emit(value)

    def _gone(self) -> None:
        if not self.writing:
            return
        try:
            value = self._dial.read(self._line.text())
        except ValueError:
            value = None
            changed = False
        else:
            changed = self._dial.words(value) != self._label.text()
        self._close(back=False)
        if changed:
            self.written.emit(value)

    def _close(self, back: bool = True) -> None:
        if self.writing:
            self.setCurrentWidget(self._label)
            self.refused.emit("")
            if back:
                self.closed.emit()

    def _restyle(self) -> None:
        metrics = QFontMetrics(self._theme.font("number"))
        wide = max(metrics.horizontalAdvance(words) for words in _extremes(self._dial))
        self.setFixedWidth(wide + self._theme.px(20))


def _extremes(dial: Dial) -> list[str]:
    """The widest words that a number can come to."""
    kind = dial.kind
    if not isinstance(kind, Number):
        return [dial.words(dial.default)]
    near_low = kind.low + kind.step
    values: list[Value] = [kind.low, near_low, kind.high - kind.step, kind.high, dial.default]
    if kind.nothing:
        values.append(None)
    if kind.whole:
        values = [value if value is None else int(value) for value in values]
    return [dial.words(value) for value in values]
