"""How a take looks in the list: small roll, name, what is in it, a star; and what was hit.

Everything that a colour says is said by a shape or a word, too. It refuses to keep anything: it
paints what it is asked to.
"""

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from typing import Literal

from PySide6.QtCore import (
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QFontMetrics, QPainter, QPixmap
from PySide6.QtWidgets import (
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from gui.roll.mini import take_pixmap
from gui.takes import words
from gui.takes.model import TAKE, local_now
from gui.takes.pictures import Picture, Pictures
from gui.theme import paint
from gui.theme.theme import Theme
from plugin.takes import LONGEST_NAME, Take

Part = Literal["star", "picture", "text"]
MOST_ROLLS = 120
_Index = QModelIndex | QPersistentModelIndex

# Lengths at 100 %.
_HIGH, _MARGIN, _PICTURE_WIDE, _STAR, _GAP = 54, 6, 68, 18, 9


class TakeDelegate(QStyledItemDelegate):
    """See the module. playing: id of the take that is heard now."""

    def __init__(
        self,
        theme: Theme,
        pictures: Pictures,
        parent: QWidget,
        now: Callable[[], datetime] = local_now,
    ) -> None:
        super().__init__(parent)
        self._theme, self._pictures, self._now = theme, pictures, now
        self.playing = ""
        self._rolls: OrderedDict[tuple[object, ...], tuple[Picture, QPixmap]] = OrderedDict()
        """Drawn rolls, each with its notes, so that no other notes can have their id."""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: _Index) -> QSize:
        """All rows are as high as the text needs, two lines of it."""
        theme = self._theme
        lines = QFontMetrics(theme.font()).height() + QFontMetrics(theme.font("small")).height()
        return QSize(theme.px(200), max(theme.px(_HIGH), lines + theme.px(2 * _MARGIN + 2)))

    def part_at(self, row: QRect, at: QPoint) -> Part:
        """What of a row is at a point of the view."""
        if self._star(row).adjusted(-6, -6, 6, 6).contains(at):
            return "star"
        # All of the row's left end counts: a picture is missed by a hair otherwise.
        return "picture" if at.x() <= self._picture(row).right() else "text"

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Paint a row."""
        take = index.data(TAKE)
        if not isinstance(take, Take):
            return
        row: QRect = option.rect
        state: QStyle.StateFlag = option.state
        flags = QStyle.StateFlag
        theme = self._theme
        painter.save()
        if state & flags.State_Selected:
            painter.fillRect(row, theme.colour("chosen"))
        elif state & flags.State_MouseOver:
            painter.fillRect(row, theme.colour("raised"))
        playing = take.id == self.playing
        self._paint_picture(painter, row, take, playing, bool(state & flags.State_MouseOver))
        self._paint_text(painter, row, take, playing)
        star = theme.icon("star-on" if take.starred else "star", "accent")
        star.paint(painter, self._star(row))
        painter.setPen(theme.colour("line"))
        painter.drawLine(row.bottomLeft(), row.bottomRight())
        if state & flags.State_HasFocus:
            paint.focus_ring(painter, QRectF(row), theme)
        painter.restore()

    def _paint_picture(
        self, painter: QPainter, row: QRect, take: Take, playing: bool, hovered: bool
    ) -> None:
        place, theme = self._picture(row), self._theme
        picture = self._pictures.of(take)
        if picture is None:
            painter.fillRect(place, theme.colour("roll"))
        else:
            device = painter.device()
            ratio = device.devicePixelRatio() if device is not None else 1.0
            painter.drawPixmap(place.topLeft(), self._drawn(picture, place.size(), ratio))
        if playing or hovered:
            side = theme.px(18)
            mark = QRectF(0, 0, side, side)
            mark.moveCenter(QRectF(place).center())
            ground = mark.adjusted(-theme.px(5), -theme.px(5), theme.px(5), theme.px(5))
            painter.fillRect(ground, paint.faded(theme.colour("roll"), 0.85))
            which: paint.Shape = "square" if playing else "right"
            paint.shape(painter, mark.adjusted(2, 2, -2, -2), which, theme.colour("accent"))

    def _drawn(self, picture: Picture, size: QSize, ratio: float) -> QPixmap:
        """A small roll, drawn once for each size and palette."""
        key = (id(picture), size.width(), size.height(), ratio, self._theme.palette.name)
        kept = self._rolls.get(key)
        if kept is None:
            whole = (size.width(), size.height())
            pixmap = take_pixmap(picture.player, picture.partner, self._theme.palette, whole, ratio)
            kept = self._rolls[key] = (picture, pixmap)
            while len(self._rolls) > MOST_ROLLS:
                self._rolls.popitem(last=False)
        return kept[1]

    def _paint_text(self, painter: QPainter, row: QRect, take: Take, playing: bool) -> None:
        theme = self._theme
        place = self._text(row)
        upper, lower = theme.font(), theme.font("small")
        upper.setWeight(upper.Weight.DemiBold)
        metrics = QFontMetrics(upper)
        below = QFontMetrics(lower)
        top = place.top() + (place.height() - metrics.height() - below.height() - 2) // 2
        now = self._now()
        second = words.below(take, now)
        if playing:
            second = f"playing · {second}"
        elif not take.finished:
            second = f"not finished · {second}"
        for font, size, text, colour in (
            (upper, metrics, words.heading(take, now), "text"),
            (lower, below, second, "text_soft"),
        ):
            painter.setFont(font)
            painter.setPen(theme.colour(colour))
            shown = size.elidedText(text, Qt.TextElideMode.ElideRight, place.width())
            painter.drawText(place.left(), top + size.ascent(), shown)
            top += size.height() + 2

    # -- where things are --

    def _picture(self, row: QRect) -> QRect:
        margin = self._theme.px(_MARGIN)
        wide = min(self._theme.px(_PICTURE_WIDE), row.width() // 3)
        return QRect(row.left() + margin, row.top() + margin, wide, row.height() - 2 * margin)

    def _star(self, row: QRect) -> QRect:
        side, margin = self._theme.px(_STAR), self._theme.px(_GAP)
        return QRect(
            row.right() - margin - side, row.top() + (row.height() - side) // 2, side, side
        )

    def _text(self, row: QRect) -> QRect:
        gap = self._theme.px(_GAP)
        left = self._picture(row).right() + gap
        return QRect(left, row.top(), self._star(row).left() - gap - left, row.height())

    # -- a name is written in place --

    def createEditor(
        self, parent: QWidget, _option: QStyleOptionViewItem, _index: _Index
    ) -> QWidget:
        """A line for the name."""
        line = QLineEdit(parent)
        line.setMaxLength(LONGEST_NAME)
        line.setAccessibleName("Name of the take")
        line.setPlaceholderText("No name")
        line.setToolTip("Name of the take\nEnter keeps it, Esc leaves it as it was.")
        return line

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, _index: _Index
    ) -> None:
        """Over the text of the row."""
        row: QRect = option.rect
        place = self._text(row)
        high = min(editor.sizeHint().height(), row.height())
        editor.setGeometry(
            place.left() - 4, row.top() + (row.height() - high) // 2, place.width() + 8, high
        )
