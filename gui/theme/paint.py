"""What widgets that paint themselves share: the focus ring, shapes that mean something, alpha.

Pure drawing; it refuses to know a widget.
"""

from typing import Literal

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from gui.theme.theme import Theme

Shape = Literal["circle", "ring", "square", "diamond", "up", "right", "bars", "cross", "dots"]
"""Each kind of thing has its own, so that no colour carries a meaning alone."""


def faded(colour: QColor, share: float) -> QColor:
    """The colour at a share 0..1 of its opacity."""
    made = QColor(colour)
    made.setAlphaF(min(max(share, 0.0), 1.0))
    return made


def focus_ring(painter: QPainter, place: QRectF, theme: Theme) -> None:
    """The ring around what hears the keyboard, inside `place`."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.colour("focus"), 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    round_px = theme.px(5)
    painter.drawRoundedRect(place.adjusted(1, 1, -1, -1), round_px, round_px)
    painter.restore()


def shape(painter: QPainter, place: QRectF, which: Shape, colour: QColor) -> None:
    """One shape in the middle of a place, as large as its shorter side."""
    side = min(place.width(), place.height())
    box = QRectF(0, 0, side, side)
    box.moveCenter(place.center())
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    _DRAWN[which](painter, box)
    painter.restore()


def _circle(painter: QPainter, box: QRectF) -> None:
    painter.drawEllipse(box)


def _ring(painter: QPainter, box: QRectF) -> None:
    width = box.width() * 0.18
    _outlined(painter, width)
    painter.drawEllipse(box.adjusted(width / 2, width / 2, -width / 2, -width / 2))


def _square(painter: QPainter, box: QRectF) -> None:
    inset = box.width() * 0.06
    painter.drawRect(box.adjusted(inset, inset, -inset, -inset))


def _diamond(painter: QPainter, box: QRectF) -> None:
    _polygon(painter, box, (0.5, 0), (1, 0.5), (0.5, 1), (0, 0.5))


def _up(painter: QPainter, box: QRectF) -> None:
    _polygon(painter, box, (0.5, 0.05), (1, 0.95), (0, 0.95))


def _right(painter: QPainter, box: QRectF) -> None:
    _polygon(painter, box, (0.1, 0), (1, 0.5), (0.1, 1))


def _bars(painter: QPainter, box: QRectF) -> None:
    width = box.width() * 0.3
    painter.drawRect(QRectF(box.left() + width * 0.3, box.top(), width, box.height()))
    painter.drawRect(QRectF(box.right() - width * 1.3, box.top(), width, box.height()))


def _cross(painter: QPainter, box: QRectF) -> None:
    _outlined(painter, box.width() * 0.2)
    painter.drawLine(box.topLeft(), box.bottomRight())
    painter.drawLine(box.topRight(), box.bottomLeft())


def _dots(painter: QPainter, box: QRectF) -> None:
    radius = box.width() * 0.14
    for share in (0.14, 0.5, 0.86):
        middle = QPointF(box.left() + share * box.width(), box.center().y())
        painter.drawEllipse(middle, radius, radius)


def _outlined(painter: QPainter, width: float) -> None:
    painter.setPen(QPen(painter.brush().color(), width))
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _polygon(painter: QPainter, box: QRectF, *corners: tuple[float, float]) -> None:
    painter.drawPolygon(
        QPolygonF(
            [
                QPointF(box.left() + x * box.width(), box.top() + y * box.height())
                for x, y in corners
            ]
        )
    )


_DRAWN = {
    "circle": _circle,
    "ring": _ring,
    "square": _square,
    "diamond": _diamond,
    "up": _up,
    "right": _right,
    "bars": _bars,
    "cross": _cross,
    "dots": _dots,
}
