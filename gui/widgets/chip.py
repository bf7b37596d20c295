"""A chip: a few words in a rounded box, such as why an answer was drawn or which key holds.

With a shape before the words where a colour alone would say something. It refuses to be pressed:
what can be pressed is a button.
"""

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.theme import paint
from gui.theme.paint import Shape
from gui.theme.theme import Theme
from gui.widgets.explain import explain


class Chip(QWidget):
    """See the module. tip: the whole sentence behind the words. colour: of the shape."""

    def __init__(
        self,
        theme: Theme,
        text: str,
        tip: str = "",
        *,
        shape: Shape | None = None,
        colour: str = "accent",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme, self._shape, self._colour = theme, shape, colour
        self._text = ""
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.say(text, tip)
        theme.changed.connect(self._restyle)

    @property
    def text(self) -> str:
        """Its words."""
        return self._text

    def say(self, text: str, tip: str = "") -> None:
        """Say something else."""
        self._text = text
        explain(self, text, tip)
        self._restyle()

    def sizeHint(self) -> QSize:
        """As wide as its words."""
        metrics = QFontMetrics(self._theme.font("small"))
        wide = metrics.horizontalAdvance(self._text) + self._theme.px(18)
        if self._shape:
            wide += self._theme.px(13)
        return QSize(wide, metrics.height() + self._theme.px(6))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A rounded box, the shape, the words."""
        theme, painter = self._theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(theme.colour("line"))
        painter.setBrush(theme.colour("raised"))
        painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)
        left = theme.px(9)
        if self._shape:
            side = theme.px(8)
            place = QRectF(left, (self.height() - side) / 2, side, side)
            paint.shape(painter, place, self._shape, theme.colour(self._colour))
            left += theme.px(13)
        painter.setFont(theme.font("small"))
        painter.setPen(theme.colour("text"))
        metrics = painter.fontMetrics()
        base = (self.height() + metrics.ascent() - metrics.descent()) / 2
        painter.drawText(round(left), round(base), self._text)

    def _restyle(self) -> None:
        self.updateGeometry()
        self.update()
