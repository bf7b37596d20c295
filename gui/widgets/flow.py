"""A layout of a row that goes on in the next line where there is no more room.

At 200 %, or in a narrow dock, nothing is cut off. It refuses to stretch: everything has the size
it asks for, and a line is as high as its highest; the others stand in its middle, or fill it.
"""

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget


class FlowLayout(QLayout):
    """See the module; `setSpacing` is the gap both ways. level: all are as high as their line."""

    def __init__(self, parent: QWidget | None = None, *, level: bool = False) -> None:
        super().__init__(parent)
        self._level = level
        self._items: list[QLayoutItem] = []

    def addItem(self, item: QLayoutItem) -> None:
        """Qt's own way in; use `addWidget`."""
        self._items.append(item)

    def count(self) -> int:
        """How many there are."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """One of them, None behind the last."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Take one out."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        """None: it takes no more than it needs."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        """The narrower, the higher."""
        return True

    def heightForWidth(self, width: int) -> int:
        """What it needs at this width."""
        return self._placed(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, place: QRect) -> None:
        """Put everything into its place."""
        super().setGeometry(place)
        self._placed(place, move=True)

    def sizeHint(self) -> QSize:
        """All in one line."""
        sizes = [item.sizeHint() for item in self._shown()]
        wide = sum(size.width() for size in sizes) + max(len(sizes) - 1, 0) * self.spacing()
        high = max((size.height() for size in sizes), default=0)
        return QSize(wide, high) + self._around()

    def minimumSize(self) -> QSize:
        """The widest by itself."""
        sizes = [item.minimumSize() for item in self._shown()]
        wide = max((size.width() for size in sizes), default=0)
        high = max((size.height() for size in sizes), default=0)
        return QSize(wide, high) + self._around()

    def _around(self) -> QSize:
        margins = self.contentsMargins()
        return QSize(margins.left() + margins.right(), margins.top() + margins.bottom())

    def _shown(self) -> list[QLayoutItem]:
        return [item for item in self._items if not item.isEmpty()]

    def _placed(self, place: QRect, *, move: bool) -> int:
        """Go through the lines; the height that they take."""
        margins = self.contentsMargins()
        inner = place.marginsRemoved(margins)
        left, top = inner.left(), inner.top()
        line: list[tuple[QLayoutItem, QRect]] = []
        high = 0
        for item in self._shown():
            size = item.sizeHint()
            wide = min(size.width(), inner.width())
            if line and left + wide > inner.right() + 1:
                self._settle(line, high, move)
                line = []
                left, top, high = inner.left(), top + high + self.spacing(), 0
            tall = item.heightForWidth(wide) if item.hasHeightForWidth() else size.height()
            line.append((item, QRect(QPoint(left, top), QSize(wide, tall))))
            left += wide + self.spacing()
            high = max(high, tall)
        self._settle(line, high, move)
        return top + high - place.top() + margins.bottom()

    def _settle(self, line: list[tuple[QLayoutItem, QRect]], high: int, move: bool) -> None:
        """Place one line."""
        if not move:
            return
        for item, place in line:
            if self._level:
                place.setHeight(high)
            else:
                place.translate(0, (high - place.height()) // 2)
            item.setGeometry(place)
