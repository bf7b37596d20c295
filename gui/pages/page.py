"""What every page of the window has: a title, a line on what it is for, and room that scrolls.

At 200 %, or in a small window, nothing is cut off. It refuses to know what is on it.
"""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from gui.theme import looks
from gui.theme.theme import Theme

READING_WIDTH = 720
"""Lines longer than that are hard to read; logical pixels."""


class Page(QWidget):
    """`body` is where a page puts its cards; `title` is its name for menus and screen readers."""

    wants_px = (760, 680)
    """The size of its window, in logical pixels."""

    def __init__(self, theme: Theme, title: str, says: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme, self.title = theme, title
        self.setAccessibleName(title)
        self._head = heading, line = QLabel(title), QLabel(says)
        looks.role(heading, "title")
        looks.role(line, "soft")
        line.setWordWrap(True)
        self._inside = QWidget()
        self.body = QVBoxLayout(self._inside)
        theme.spaced(self.body, 12, 16)
        self.body.addWidget(heading)
        self.body.addWidget(line)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # What is on the page has the keyboard, not the room around it.
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(self._inside)
        layout = QVBoxLayout(self)
        theme.spaced(layout, 0, 0)
        layout.addWidget(self._scroll)
        theme.changed.connect(self._measure)
        self._measure()

    def bare(self, content: QWidget) -> None:
        """Only this, which has a title of its own."""
        for label in self._head:
            label.hide()
        self.body.addWidget(content)

    def show_part(self, part: QWidget) -> None:
        """Scroll until this part of the page is seen."""
        at = part.mapTo(self._inside, QPoint(0, 0))
        self._scroll.ensureVisible(at.x(), at.y() + part.height(), 0, part.height())

    def _measure(self) -> None:
        self._inside.setMaximumWidth(self.theme.px(READING_WIDTH))


def soft(text: str) -> QLabel:
    """A line that explains, as wide as there is room."""
    label = QLabel(text)
    label.setWordWrap(True)
    looks.role(label, "soft")
    return label
