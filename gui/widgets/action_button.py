"""An action of the window as a button; text, key, tip and whether it can be done are its own."""

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QToolButton, QWidget

from gui.theme import looks
from gui.theme.looks import Kind
from gui.theme.theme import Theme

_ICON_PX = 17


class ActionButton(QToolButton):
    """A button that does this action.

    icon: one of `gui.theme.icons`, in a colour of the palette. words: whether the text stands
    beside it; without, it is still its name for a screen reader. short: fewer words on the button.
    """

    def __init__(
        self,
        theme: Theme,
        action: QAction,
        icon: str = "",
        kind: Kind | None = None,
        *,
        colour: str = "text",
        words: bool = True,
        short: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme, self._action, self._icon, self._colour = theme, action, icon, colour
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        if icon:
            action.setIconVisibleInMenu(False)
        if short:
            action.setIconText(short)
        self.setDefaultAction(action)
        styles = Qt.ToolButtonStyle
        alone = styles.ToolButtonTextOnly if words else styles.ToolButtonIconOnly
        self.setToolButtonStyle(styles.ToolButtonTextBesideIcon if icon and words else alone)
        if kind is not None:
            looks.kind(self, kind)
        theme.changed.connect(self._dress)
        action.changed.connect(self._name)
        self._dress()
        self._name()

    @Slot()
    def _dress(self) -> None:
        if self._icon:
            self._action.setIcon(self._theme.icon(self._icon, self._colour))
            side_px = self._theme.px(_ICON_PX)
            self.setIconSize(QSize(side_px, side_px))

    @Slot()
    def _name(self) -> None:
        self.setAccessibleName(self._action.text())
        self.setAccessibleDescription(self._action.toolTip())
