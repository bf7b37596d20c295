"""A small plot: lines, each with its interval as a band, two named axes, a legend in words.

For a few curves of a few hundred points. Lines differ by dash and mark as well as by colour. It
refuses to compute: points and intervals come from whoever measured them.
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.theme import paint
from gui.theme.paint import Shape
from gui.theme.theme import Theme
from gui.widgets.explain import explain

_MOST_MARKED = 24
"""Points of a curve that get a mark each; of longer ones only the last does."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One line.

    points: (x, y) from left to right. band: (x, low, high), the interval around it. shape: of its
    points. dashed: for what it is compared with. breaks: the points (from 0) to which no line
    leads, because something else was measured from there on.
    """

    name: str
    points: tuple[tuple[float, float], ...]
    band: tuple[tuple[float, float, float], ...] = ()
    colour: Literal["player", "partner", "accent", "text_soft", "good", "warn"] = "partner"
    shape: Shape = "circle"
    dashed: bool = False
    breaks: frozenset[int] = frozenset()


class Plot(QWidget):
    """See the module. Axes are named with their units: "step", "bits per note"."""

    def __init__(
        self, theme: Theme, name: str, x_axis: str, y_axis: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme, self._name = theme, name
        self._x_axis, self._y_axis = x_axis, y_axis
        self._curves: tuple[Curve, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self._restyle)
        self.show_curves(())

    def show_curves(self, curves: tuple[Curve, ...]) -> None:
        """Draw these instead."""
        self._curves = tuple(curve for curve in curves if curve.points)
        explain(self, self._name, self._in_words())
        self.update()

    def sizeHint(self) -> QSize:
        """Small; it takes all the width that there is."""
        return QSize(self._theme.px(260), self._theme.px(150))

    def minimumSizeHint(self) -> QSize:
        """As narrow as it can still be read."""
        return QSize(self._theme.px(160), self._theme.px(120))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Axes, bands, lines, legend."""
        theme, painter = self._theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font("small"))
        painter.setPen(theme.colour("text_soft"))
        if not self._curves:
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "Nothing measured yet")
            return
        xs, ys = self._reach()
        metrics = painter.fontMetrics()
        line = metrics.height()
        wide = max(metrics.horizontalAdvance(_tick(y)) for y in ys)
        field = QRectF(self.rect()).adjusted(
            wide + theme.px(8), line + theme.px(6), -theme.px(8), -2 * line - theme.px(8)
        )
        self._draw_axes(painter, field, xs, ys, line)
        x_span, y_span = xs[-1] - xs[0] or 1.0, ys[-1] - ys[0] or 1.0

        def at(x: float, y: float) -> QPointF:
            return QPointF(
                field.left() + (x - xs[0]) / x_span * field.width(),
                field.bottom() - (y - ys[0]) / y_span * field.height(),
            )

        for curve in self._curves:
            self._draw_band(
                painter,
                [at(x, low) for x, low, _ in curve.band],
                [at(x, high) for x, _, high in curve.band],
                curve,
            )
        for curve in self._curves:
            self._draw_curve(painter, [at(x, y) for x, y in curve.points], curve)
        self._draw_legend(painter, field, metrics)

    def _draw_axes(
        self, painter: QPainter, field: QRectF, xs: list[float], ys: list[float], line: int
    ) -> None:
        theme = self._theme
        for y in ys:
            height = field.bottom() - (y - ys[0]) / ((ys[-1] - ys[0]) or 1.0) * field.height()
            painter.setPen(QPen(theme.colour("line"), 1))
            painter.drawLine(QPointF(field.left(), height), QPointF(field.right(), height))
            painter.setPen(theme.colour("text_soft"))
            place = QRectF(0, height - line / 2, field.left() - theme.px(5), line)
            painter.drawText(
                place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, _tick(y)
            )
        under = QRectF(field.left(), field.bottom() + theme.px(3), field.width(), line)
        painter.drawText(under, Qt.AlignmentFlag.AlignLeft, _tick(xs[0]))
        painter.drawText(under, Qt.AlignmentFlag.AlignRight, _tick(xs[-1]))
        painter.drawText(under, Qt.AlignmentFlag.AlignHCenter, self._x_axis)
        painter.drawText(QRectF(0, 0, self.width(), line), Qt.AlignmentFlag.AlignLeft, self._y_axis)

    def _draw_band(
        self, painter: QPainter, low: list[QPointF], high: list[QPointF], curve: Curve
    ) -> None:
        if len(low) == 1:  # an interval of one point is a bar
            painter.setPen(QPen(self._theme.colour(curve.colour), self._theme.px(2)))
            painter.drawLine(low[0], high[0])
        elif low:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(paint.faded(self._theme.colour(curve.colour), 0.22))
            painter.drawPolygon(QPolygonF([*low, *reversed(high)]))

    def _draw_curve(self, painter: QPainter, points: list[QPointF], curve: Curve) -> None:
        theme = self._theme
        pen = QPen(theme.colour(curve.colour), theme.px(2))
        if curve.dashed:
            pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen)
        for number, (before, after) in enumerate(pairwise(points), 1):
            if number not in curve.breaks:
                painter.drawLine(before, after)
        side = theme.px(7)
        for point in points if len(points) <= _MOST_MARKED else points[-1:]:
            place = QRectF(point.x() - side / 2, point.y() - side / 2, side, side)
            paint.shape(painter, place, curve.shape, theme.colour(curve.colour))

    def _draw_legend(self, painter: QPainter, field: QRectF, metrics: QFontMetrics) -> None:
        theme = self._theme
        left, top = field.left(), self.height() - metrics.height()
        for curve in self._curves:
            side = theme.px(8)
            place = QRectF(left, top + (metrics.height() - side) / 2, side, side)
            paint.shape(painter, place, curve.shape, theme.colour(curve.colour))
            left += side + theme.px(5)
            painter.setPen(theme.colour("text"))
            painter.drawText(QPointF(left, top + metrics.ascent()), curve.name)
            left += metrics.horizontalAdvance(curve.name) + theme.px(14)

    def _reach(self) -> tuple[list[float], list[float]]:
        """First and last x, and the y of the grid lines."""
        xs = [x for curve in self._curves for x, _ in curve.points]
        ys = [y for curve in self._curves for _, y in curve.points]
        ys += [end for curve in self._curves for _, *ends in curve.band for end in ends]
        return [min(xs), max(xs)], ticks(min(ys), max(ys))

    def _in_words(self) -> str:
        """For whoever cannot see it."""
        if not self._curves:
            return "nothing measured yet"
        told = []
        for curve in self._curves:
            first, last = curve.points[0][1], curve.points[-1][1]
            words = f"{curve.name}: {_tick(last)} {self._y_axis}"
            if len(curve.points) > 1:
                words += f", from {_tick(first)}"
            if curve.band:
                words += f" (between {_tick(curve.band[-1][1])} and {_tick(curve.band[-1][2])})"
            told.append(words)
        return "; ".join(told)

    def _restyle(self) -> None:
        self.updateGeometry()
        self.update()


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers around `low` and `high`, in steps of 1, 2 or 5 times a power of ten."""
    if not high > low:
        room = abs(low) * 0.1 or 1.0
        low, high = low - room, high + room
    rough = (high - low) / (most - 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next((power * many for many in (1, 2, 5) if power * many >= rough), power * 10)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(place * step, 10) for place in range(first, last + 1)]


def _tick(value: float) -> str:
    return f"{value:.4g}".replace("-", "−")
