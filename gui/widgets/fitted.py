"""Room for a panel whose height follows from its width: as high as it needs, else it scrolls.

At 200 %, or in a small window, rows break and a panel grows; a layout that has no room left would
press its rows into one another. It refuses to scroll sideways.
"""

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QWidget

from gui.theme.theme import Theme


class Fitted(QScrollArea):
    """See the module. `least` is the height that it keeps when room is scarce, at 100 %.

    share: it takes no more of its parent's height than that, whatever it needs.
    """

    def __init__(
        self,
        inside: QWidget,
        theme: Theme,
        least: float = 120,
        share: float = 1.0,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._inside, self._theme, self._least, self._share = inside, theme, least, share
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.setWidget(inside)
        inside.installEventFilter(self)
        theme.changed.connect(self._measure)

    def sizeHint(self) -> QSize:
        """As high as what is inside wants to be at this width, or as its share is."""
        return QSize(super().sizeHint().width(), self._takes_px())

    def minimumSizeHint(self) -> QSize:
        """As wide as what is inside must be; not as high."""
        least_px = min(self._theme.px(self._least), self._needs_px())
        return QSize(self._inside.minimumSizeHint().width(), least_px)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width may want another height."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._measure()

    def event(self, event: QEvent) -> bool:
        """A share is one of the parent's height."""
        if event.type() is QEvent.Type.ParentChange and self._share < 1:
            parent = self.parentWidget()
            if parent is not None:
                parent.installEventFilter(self)
        return super().event(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Another thing inside may want another height; so may a parent that is larger."""
        if isinstance(event, QResizeEvent):
            other = event.size().height() != event.oldSize().height()
            asks = other and watched is self.parentWidget()
        else:
            asks = watched is self._inside and event.type() is QEvent.Type.LayoutRequest
        if asks:
            self._measure()
        return super().eventFilter(watched, event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """What gets the keyboard is scrolled into sight."""
        moved = super().focusNextPrevChild(forward)
        focus = self.focusWidget()
        if moved and focus is not None:
            self.ensureWidgetVisible(focus)
        return moved

    def _measure(self) -> None:
        needs_px = self._needs_px()
        # Where it is lower than that it scrolls, so what is inside may always be that high.
        self._inside.setMinimumHeight(needs_px)
        self.setMaximumHeight(self._takes_px())
        self.updateGeometry()

    def _takes_px(self) -> int:
        needs_px = self._needs_px()
        parent = self.parentWidget()
        if self._share >= 1 or parent is None:
            return needs_px
        share_px = max(round(self._share * parent.height()), self._theme.px(self._least))
        return min(needs_px, share_px)

    def _needs_px(self) -> int:
        width = max(self.width(), 1)
        layout = self._inside.layout()
        if layout is not None and layout.hasHeightForWidth():
            return layout.totalHeightForWidth(width)
        return self._inside.sizeHint().height()
