"""Room for a panel that needs a certain height: where there is less, all of it scrolls.

It refuses to scroll sideways, and to make a small window larger.
"""

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from gui.theme.theme import Theme


class Scrolled(QScrollArea):
    """See the module. `least` is the height that it keeps itself, at 100 %."""

    def __init__(
        self, inside: QWidget, theme: Theme, least: float = 120, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._inside, self._theme, self._least = inside, theme, least
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(inside)

    def sizeHint(self) -> QSize:
        """As what is inside."""
        return self._inside.sizeHint()

    def minimumSizeHint(self) -> QSize:
        """As wide as what is inside must be; not as high."""
        wide = max(self._inside.minimumSizeHint().width(), self._inside.minimumWidth())
        return QSize(wide, self._theme.px(self._least))

    def focusNextPrevChild(self, forward: bool) -> bool:
        """What gets the keyboard is scrolled into sight."""
        moved = super().focusNextPrevChild(forward)
        focus = self.focusWidget()
        if moved and focus is not None:
            self.ensureWidgetVisible(focus)
        return moved
