"""The numbers that would leave, as bars: how many of each size, before and after limit and noise.

Bars that are filled are what would be sent; the outline is what was worked out before. Heights go
by the square root, so that the rare large numbers are seen, too. It refuses to count.
"""

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.theme import paint
from gui.theme.theme import Theme
from gui.widgets.explain import explain

NAME = "How large the numbers are"


class Bars(QWidget):
    """See the module."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._edges: tuple[float, ...] = ()
        self._before: tuple[int, ...] = ()
        self._after: tuple[int, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self._restyle)
        self.show_counts((), (), ())

    def show_counts(
        self, edges: Sequence[float], before: Sequence[int], after: Sequence[int]
    ) -> None:
        """How many numbers lie between each two edges; both over the same ones."""
        self._edges, self._before, self._after = tuple(edges), tuple(before), tuple(after)
        explain(self, NAME, self._in_words())
        self.update()

    def sizeHint(self) -> QSize:
        """Small; it takes all the width that there is."""
        return QSize(self._theme.px(260), self._theme.px(130))

    def minimumSizeHint(self) -> QSize:
        """As narrow as it can still be read."""
        return QSize(self._theme.px(160), self._theme.px(110))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Bars, outline, the smallest and the largest number, the legend."""
        theme, painter = self._theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font("small"))
        if len(self._edges) < 2:
            painter.setPen(theme.colour("text_soft"))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "Nothing to show yet")
            return
        high = painter.fontMetrics().height()
        field = QRectF(self.rect()).adjusted(1, theme.px(4), -1, -2 * high - theme.px(8))
        most = max(1, *self._before, *self._after)
        wide = field.width() / len(self._after)

        def top(count: int) -> float:
            return field.bottom() - math.sqrt(count / most) * field.height()

        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("accent"))
        for place, count in enumerate(self._after):
            left = field.left() + place * wide
            painter.drawRect(QRectF(left, top(count), wide - 1, field.bottom() - top(count)))
        steps = [field.bottomLeft()]
        for place, count in enumerate(self._before):
            left = field.left() + place * wide
            steps += [QPointF(left, top(count)), QPointF(left + wide, top(count))]
        steps.append(field.bottomRight())
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.colour("player"), theme.px(1.5)))
        painter.drawPolyline(QPolygonF(steps))
        painter.setPen(QPen(theme.colour("outline"), 1))
        painter.drawLine(field.bottomLeft(), field.bottomRight())
        self._draw_words(painter, field, high)

    def _draw_words(self, painter: QPainter, field: QRectF, high: int) -> None:
        theme, align = self._theme, Qt.AlignmentFlag
        painter.setPen(theme.colour("text_soft"))
        under = QRectF(field.left(), field.bottom() + theme.px(2), field.width(), high)
        painter.drawText(under, align.AlignLeft, size(self._edges[0]))
        painter.drawText(under, align.AlignHCenter, "0")
        painter.drawText(under, align.AlignRight, size(self._edges[-1]))
        left, base = field.left(), self.height() - high
        metrics, side = painter.fontMetrics(), theme.px(8)
        for words, colour, shape in (
            ("before", "player", "ring"),
            ("after: what would be sent", "accent", "square"),
        ):
            place = QRectF(left, base + (high - side) / 2, side, side)
            paint.shape(painter, place, shape, theme.colour(colour))  # type: ignore[arg-type]
            left += side + theme.px(5)
            painter.setPen(theme.colour("text"))
            painter.drawText(QPointF(left, base + metrics.ascent()), words)
            left += metrics.horizontalAdvance(words) + theme.px(14)

    def _in_words(self) -> str:
        """For whoever cannot see it."""
        if len(self._edges) < 2:
            return "nothing to show yet"
        return (
            f"{sum(self._after):,} numbers, from {_reach(self._edges, self._before)} before the "
            f"limit, from {_reach(self._edges, self._after)} after it"
        )

    def _restyle(self) -> None:
        self.updateGeometry()
        self.update()


def size(value: float) -> str:
    """A small number as people write it: "−0.0012"."""
    return f"{value:.2g}".replace("-", "−")


def _reach(edges: Sequence[float], counts: Sequence[int]) -> str:
    found = [place for place, count in enumerate(counts) if count]
    if not found:
        return "nothing"
    return f"{size(edges[found[0]])} to {size(edges[found[-1] + 1])}"
