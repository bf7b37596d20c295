"""The one picture of the first steps: keyboard, partner, DAW, and the cable that is meant now.

Drawn by us in the colours of the theme, so that it is sharp at every size. Its words are its name
for a screen reader, too.
"""

from typing import Literal

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.theme import paint
from gui.theme.theme import Theme

Which = Literal["play", "hear", "daw", "sharing"]
SAYS: dict[Which, str] = {
    "play": "Your keyboard leads to your partner.",
    "hear": "Your partner leads to its output.",
    "daw": "Your partner and your DAW are connected both ways.",
    "sharing": "Keyboard, partner and DAW are in one box, your computer. Nothing leads out of it.",
}
UNITS_WIDE = 406
"""All of it, in logical pixels; where there is less room it is drawn smaller."""
_BOXES = ("You", "Your partner", "Your DAW")


class Picture(QWidget):
    """See the module."""

    def __init__(self, theme: Theme, which: Which, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self.which = theme, which
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(SAYS[which])
        theme.changed.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        """Three boxes in a row."""
        return QSize(self._theme.px(420), self._theme.px(120))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The boxes, the cables, and a wall around them where nothing leaves."""
        painter, theme = QPainter(self), self._theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        unit = theme.px(1)
        narrow = self.width() / (UNITS_WIDE * unit)
        if narrow < 1:
            painter.scale(narrow, narrow)
        boxes = [
            QRectF((14 + 138 * at) * unit, 30 * unit, 100 * unit, 66 * unit) for at in range(3)
        ]
        if self.which == "sharing":
            self._wall(painter, boxes[0].united(boxes[2]), unit)
        meant = {"play": {0}, "hear": {1}, "daw": {1, 2}, "sharing": set[int]()}[self.which]
        self._cable(painter, boxes[0], boxes[1], 0.5, on=0 in meant)
        self._cable(painter, boxes[1], boxes[2], 0.3, on=1 in meant)
        if self.which == "daw":
            self._cable(painter, boxes[2], boxes[1], 0.7, on=True)
        colours = ("player", "partner", "accent")
        for number, (box, word) in enumerate(zip(boxes, _BOXES, strict=True)):
            lit = number in {"play": (0, 1), "hear": (1,), "daw": (1, 2)}.get(self.which, (0, 1, 2))
            painter.setPen(QPen(theme.colour(colours[number] if lit else "line"), 2 * unit))
            painter.setBrush(theme.colour("card"))
            painter.drawRoundedRect(box, 8 * unit, 8 * unit)
            painter.setFont(theme.font("small"))
            painter.setPen(theme.colour("text" if lit else "text_soft"))
            below = box.adjusted(0, box.height() - 22 * unit, 0, 0)
            painter.drawText(below, Qt.AlignmentFlag.AlignCenter, word)
            inside = box.adjusted(20 * unit, 12 * unit, -20 * unit, -24 * unit)
            (self._keys, self._notes, self._tracks)[number](painter, inside)

    def _cable(
        self, painter: QPainter, start: QRectF, end: QRectF, height: float, *, on: bool
    ) -> None:
        """From one box to the next, with a head where it leads; drawn thicker where it is meant."""
        theme, y = self._theme, start.top() + start.height() * height
        to_right = end.left() > start.left()
        first = QPointF(start.right() if to_right else start.left(), y)
        last = QPointF(end.left() if to_right else end.right(), y)
        colour = theme.colour("good" if on else "outline")
        painter.setPen(QPen(colour, theme.px(3 if on else 1)))
        painter.drawLine(first, last)
        side = theme.px(10 if on else 7)
        head = QRectF(0, 0, side, side)
        head.moveCenter(QPointF(last.x() + (-side if to_right else side) / 2, y))
        painter.save()
        if not to_right:
            painter.translate(head.center())
            painter.rotate(180)
            painter.translate(-head.center())
        paint.shape(painter, head, "right", colour)
        painter.restore()

    def _wall(self, painter: QPainter, inside: QRectF, unit: float) -> None:
        around = inside.adjusted(-10 * unit, -22 * unit, 10 * unit, 14 * unit)
        painter.setPen(QPen(self._theme.colour("good"), 2 * unit))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(around, 10 * unit, 10 * unit)
        painter.setFont(self._theme.font("small"))
        painter.setPen(self._theme.colour("good"))
        painter.drawText(
            around.adjusted(10 * unit, 3 * unit, 0, 0),
            Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft,
            "This computer",
        )

    def _keys(self, painter: QPainter, place: QRectF) -> None:
        """A keyboard: five white keys and their black ones."""
        wide = place.width() / 5
        painter.setPen(self._theme.colour("outline"))
        painter.setBrush(self._theme.colour("player"))
        for at in range(5):
            painter.drawRect(QRectF(place.left() + at * wide, place.top(), wide, place.height()))
        painter.setBrush(self._theme.colour("card"))
        for at in (1, 2, 4):
            painter.drawRect(
                QRectF(
                    place.left() + (at - 0.3) * wide, place.top(), wide * 0.6, place.height() * 0.6
                )
            )

    def _notes(self, painter: QPainter, place: QRectF) -> None:
        """An answer: notes as bars, the last ones still to come."""
        colour = self._theme.colour("partner")
        bars = ((0.0, 0.7, 0.3), (0.25, 0.4, 0.2), (0.45, 0.55, 0.25), (0.72, 0.2, 0.28))
        for number, (x, y, wide) in enumerate(bars):
            bar = QRectF(
                place.left() + x * place.width(),
                place.top() + y * place.height(),
                wide * place.width(),
                place.height() * 0.22,
            )
            painter.setPen(QPen(colour, self._theme.px(1)))
            painter.setBrush(paint.faded(colour, 0.2) if number == len(bars) - 1 else colour)
            painter.drawRoundedRect(bar, bar.height() / 3, bar.height() / 3)

    def _tracks(self, painter: QPainter, place: QRectF) -> None:
        """A DAW: two tracks, a wave on one."""
        painter.setPen(QPen(self._theme.colour("accent"), self._theme.px(1.4)))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        half = place.height() / 2
        for row in range(2):
            track = QRectF(place.left(), place.top() + row * half, place.width(), half * 0.8)
            painter.drawRoundedRect(track, 2, 2)
            middle, path = track.center().y(), QPainterPath()
            path.moveTo(track.left() + track.width() * 0.1, middle)
            for step in range(1, 9):
                up = (-1) ** step * track.height() * (0.32 if row else 0.18)
                path.lineTo(track.left() + track.width() * (0.1 + 0.1 * step), middle + up)
            painter.drawPath(path)
