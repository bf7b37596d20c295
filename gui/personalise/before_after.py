"""Two bars: bits per note on phrases held back, before and after.

They begin at nought, so they flatter nobody. Each bar has its words and its number
beside it. It refuses to judge.
"""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.personalise.learning import gained
from gui.theme.theme import Theme
from gui.widgets.explain import explain

NAME = "Bits per note on phrases held back"


class BeforeAfter(QWidget):
    """See the module."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._bits: tuple[float, float] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self._restyle)
        self.show_bits(None, None)

    def show_bits(self, before: float | None, after: float | None) -> None:
        """Per note; None where nobody measured."""
        self._bits = None if before is None or after is None else (before, after)
        explain(self, NAME, gained(before, after) or "nothing measured")
        self.update()

    def sizeHint(self) -> QSize:
        """Two lines; all the width that there is."""
        return QSize(self._theme.px(240), 2 * self._line() + self._theme.px(4))

    def minimumSizeHint(self) -> QSize:
        """As narrow as the words allow."""
        return QSize(self._theme.px(150), self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Words, bar, number."""
        if self._bits is None:
            return
        theme, painter = self._theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font("number"))
        metrics = painter.fontMetrics()
        words, most = ("before", "after"), max(*self._bits, 1e-9)
        left = max(metrics.horizontalAdvance(word) for word in words) + theme.px(8)
        right = metrics.horizontalAdvance("00.00 bits") + theme.px(8)
        room = max(self.width() - left - right, 1)
        line = self._line()
        for row, (word, bits) in enumerate(zip(words, self._bits, strict=True)):
            top = row * (line + theme.px(4))
            painter.setPen(theme.colour("text_soft"))
            centre = Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(0, top, left, line), centre, word)
            bar = QRectF(left, top + line * 0.2, room * bits / most, line * 0.6)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("accent" if row else "outline"))
            painter.drawRoundedRect(bar, theme.px(2), theme.px(2))
            painter.setPen(theme.colour("text"))
            number = QRectF(self.width() - right, top, right, line)
            painter.drawText(number, centre | Qt.AlignmentFlag.AlignRight, f"{bits:.2f} bits")

    def _line(self) -> int:
        return self._theme.px(20)

    def _restyle(self) -> None:
        self.updateGeometry()
        self.update()
