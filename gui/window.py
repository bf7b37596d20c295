"""The main window: transport at the top, roll in the centre, strip below it, takes at the right.

Help and messages stand at the bottom; Personalise and Sharing are docks, closed at first. It comes
back as it was left. It refuses to know what a panel does, and to ask anything while sound may run:
closing it closes it.
"""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, Qt, Signal, Slot
from PySide6.QtGui import QCloseEvent, QMoveEvent, QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QMainWindow,
    QSplitter,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from gui import menus, panels, place
from gui.action_list import ACTIONS
from gui.dropping import Dropping
from gui.page_windows import PageWindows
from gui.parts import Parts
from gui.room import LEFT_LEAST, Room, room
from gui.takes.panel import LEAST_WIDTH
from gui.theme.theme import CHOICES
from gui.widgets.fitted import Fitted
from gui.widgets.scrolled import Scrolled
from plugin.protocol import PartnerOf

if TYPE_CHECKING:
    from gui.personalise.dock import Personalise

TITLE = "Antiphon"
NAME = "window"
"""Under which the dividers are kept among the panels."""
TAKES_PX, ROLL_PX, DOCK_PX = 330, 1110, 360
STRIP_SHARE = 0.55
"""Of the height of roll and strip together; what the strip needs beyond that scrolls."""


class MainWindow(QMainWindow):
    """See the module. `closed`: the player wants to end."""

    closed = Signal()

    def __init__(self, parts: Parts) -> None:
        super().__init__()
        self.parts = parts
        self.setWindowTitle(TITLE)
        self.setAccessibleName(TITLE)
        self._settled = False
        self._takes_wanted, self._takes_instead = True, False
        """Where takes do not fit beside the roll, they were asked for in its place."""
        self.transport = panels.transport(parts)
        self.notice = panels.notice(parts)
        self.banner = panels.banner(parts)
        self.roll = panels.roll(parts)
        self.piano = panels.piano(parts)
        self.strip = panels.strip(parts)
        self.takes = panels.takes(parts)
        self.status = panels.status(parts)
        self._body = QMainWindow()
        self._arrange()
        self.docks = {name: self._dock(name) for name in panels.DOCKS}
        self.pages = PageWindows(
            self, parts.theme, {name: partial(make, parts) for name, make in panels.PAGES.items()}
        )
        menus.fill(self.menuBar(), parts.actions)
        self.addActions([parts.actions[spec.name] for spec in ACTIONS])
        self.status.help.watch(self)
        self._connect()
        Dropping(self, self._dropped)
        self._restore()
        parts.sharing.begin()
        # Single keys are actions until a field is chosen to write in.
        self.roll.setFocus(Qt.FocusReason.OtherFocusReason)

    # -- making --

    def _arrange(self) -> None:
        """The transport bar spans the whole width; docks open below it."""
        theme = self.parts.theme
        self._left = QWidget()
        column = QVBoxLayout(self._left)
        theme.spaced(column, 4, 0)
        column.addWidget(self.roll, 1)
        column.addWidget(self.piano)
        column.addWidget(Fitted(self.strip, theme, least=100, share=STRIP_SHARE))
        self._right = Scrolled(self.takes, theme)
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._split.setChildrenCollapsible(False)
        self._split.addWidget(self._left)
        self._split.addWidget(self._right)
        self._split.setStretchFactor(0, 1)
        self._split.setSizes([ROLL_PX, theme.px(TAKES_PX)])
        self._body.setWindowFlags(Qt.WindowType.Widget)
        self._body.setCentralWidget(self._split)
        centre = QWidget()
        rows = QVBoxLayout(centre)
        theme.spaced(rows, 4, 0)
        rows.addWidget(self.transport)
        rows.addWidget(self.notice)
        rows.addWidget(self.banner)
        rows.addWidget(self._body, 1)
        rows.addWidget(self.status)
        self.setCentralWidget(centre)

    def _dock(self, name: str) -> QDockWidget:
        action = self.parts.actions[name]
        dock = QDockWidget(action.text(), self._body)
        dock.setObjectName(name)
        dock.setAccessibleName(action.text())
        features = QDockWidget.DockWidgetFeature
        dock.setFeatures(features.DockWidgetClosable | features.DockWidgetMovable)
        self._body.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
        dock.hide()
        dock.visibilityChanged.connect(lambda _shown: self._dock_shown(name))
        action.triggered.connect(lambda shown: self._show_dock(name, shown))
        return dock

    def _connect(self) -> None:
        parts, actions = self.parts, self.parts.actions
        for name in panels.PAGES:
            actions.does(name, partial(self.pages.open, name))
        actions.does("quit", self.close)
        actions.does("what_is_this", self.explain_focus)
        actions["full_screen"].triggered.connect(self._full_screen)
        actions["takes"].triggered.connect(self._want_takes)
        actions["piano"].triggered.connect(self._show_piano)
        for choice in CHOICES:
            actions.does(f"theme_{choice}", partial(parts.theme.choose, choice))
        parts.theme.changed.connect(self._theme_changed)
        actions.keys_changed.connect(lambda: parts.keeping.change(rebound=actions.rebound))
        parts.keeping.trouble.connect(parts.state.say)
        parts.state.profile_changed.connect(self._profile)
        self.takes.learn_wanted.connect(self._learn_from)
        self._split.splitterMoved.connect(lambda *_: self._keep())
        self._theme_changed()

    # -- what it does --

    @Slot()
    def explain_focus(self) -> None:
        """Say beside whatever has the keyboard what it is and does."""
        widget = QApplication.focusWidget() or self
        tip = widget.toolTip() or widget.accessibleDescription() or widget.accessibleName()
        where = widget.mapToGlobal(widget.rect().bottomLeft())
        QToolTip.showText(where, tip, widget, widget.rect(), 20_000)

    def _show_dock(self, name: str, shown: bool) -> None:
        dock = self.docks[name]
        self._fill(name)
        dock.setVisible(shown)
        self._fit()
        if shown:
            wide = max(self.parts.theme.px(DOCK_PX), dock.width())
            self._body.resizeDocks([dock], [wide], Qt.Orientation.Horizontal)
            dock.raise_()
            dock.widget().setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _fill(self, name: str) -> None:
        """A dock is made when it is first shown."""
        dock = self.docks[name]
        if dock.widget() is None:
            dock.setWidget(panels.DOCKS[name](self.parts))

    @Slot(object)
    def _learn_from(self, take_ids: tuple[str, ...]) -> None:
        """Takes of the panel, ticked in the dock that learns."""
        self._personalise().choose_takes(take_ids)

    def _dropped(self, paths: tuple[str, ...]) -> None:
        """Files that were let go over the window are looked at where they can be learnt from."""
        if paths:
            self._personalise().add_files(paths)
        else:
            self.parts.state.say("That is no file of this computer: save it first, then drop it.")

    def _personalise(self) -> "Personalise":
        """The dock that learns, shown."""
        from gui.personalise.dock import Personalise

        if not self.docks["personalise"].isVisible():
            self.parts.actions["personalise"].trigger()
        dock = self.docks["personalise"].widget()
        assert isinstance(dock, Personalise)
        return dock

    def _dock_shown(self, name: str) -> None:
        dock = self.docks[name]
        self.parts.actions[name].setChecked(not dock.isHidden())
        self._fit()
        self._keep()

    @Slot(bool)
    def _want_takes(self, wanted: bool) -> None:
        """Takes are put away, or brought back; in a narrow window in the place of the jam."""
        if self._room().both:
            self._takes_wanted = wanted
        else:
            self._takes_instead = wanted
        self._fit()
        self._keep()
        if wanted:
            self.takes.list.setFocus(Qt.FocusReason.ShortcutFocusReason)

    @Slot(bool)
    def _show_piano(self, shown: bool) -> None:
        self.piano.setVisible(shown)
        if shown and not self._left.isHidden():
            self.piano.setFocus(Qt.FocusReason.ShortcutFocusReason)
        else:
            self.roll.setFocus(Qt.FocusReason.OtherFocusReason)
        self._keep()

    def _room(self) -> Room:
        theme = self.parts.theme
        docks = [dock.minimumSizeHint().width() for dock in self.docks.values() if dock.isVisible()]
        return room(
            self.width(),
            theme.px(LEFT_LEAST),
            theme.px(LEAST_WIDTH),
            max(docks, default=0),
            wanted=self._takes_wanted,
            instead=self._takes_instead,
        )

    def _fit(self) -> None:
        """Show what there is room for."""
        # Both together must not keep the window from being made narrow: then one of them goes.
        self._split.setMinimumWidth(self.parts.theme.px(LEFT_LEAST))
        self._right.setMinimumWidth(self.parts.theme.px(LEAST_WIDTH))
        shown = self._room()
        self._left.setVisible(shown.jam)
        self._right.setVisible(shown.takes)
        self.parts.actions["takes"].setChecked(shown.takes)
        if shown.both:
            self._takes_instead = False

    def _full_screen(self, on: bool) -> None:
        if on:
            self.showFullScreen()
        else:
            self.showNormal()

    @Slot()
    def _theme_changed(self) -> None:
        theme = self.parts.theme
        self.parts.actions[f"theme_{theme.choice}"].setChecked(True)
        if self._settled:
            self._fit()
            self.parts.keeping.change(theme=theme.choice, scale=theme.scale)

    @Slot(object)
    def _profile(self, partner: PartnerOf) -> None:
        """Which profile is in use is known where the profiles lie, but for nobody's.

        A demo is nobody's, and no choice of the player's.
        """
        if self.parts.bridge.opening.demo:
            return
        self.parts.keeping.change(profile=None if partner.profile else "")

    # -- as it was left --

    def _restore(self) -> None:
        kept = self.parts.keeping.kept
        place.restore(self, kept)
        state = QByteArray.fromBase64(kept.layout.encode())  # nonsense gives an empty one
        if self._body.restoreState(state):
            for name, dock in self.docks.items():
                if not dock.isHidden():
                    self._fill(name)
                self.parts.actions[name].setChecked(not dock.isHidden())
        panel = self.parts.keeping.panel(NAME)
        width = panel.get("takes_px")
        if isinstance(width, int) and width > 0:
            self._split.setSizes([max(self.width() - width, 1), width])
        self._takes_wanted = panel.get("takes") is not False
        self.piano.setVisible(panel.get("piano") is True)
        self.parts.actions["piano"].setChecked(panel.get("piano") is True)
        self._fit()
        if kept.maximized:
            self.setWindowState(self.windowState() | Qt.WindowState.WindowMaximized)
        self._settled = True

    def _keep(self) -> None:
        if not self._settled or self.isFullScreen():
            return
        layout = self._body.saveState().toBase64().data()
        keeping = self.parts.keeping
        keeping.change(
            place=place.place_of(self),
            maximized=self.isMaximized(),
            layout=bytes(layout).decode("ascii"),
        )
        panel = keeping.panel(NAME)
        panel |= {"takes": self._takes_wanted, "piano": not self.piano.isHidden()}
        if self._left.isVisible() and self._right.isVisible():
            panel["takes_px"] = self._split.sizes()[1]
        keeping.keep_panel(NAME, panel)

    def moveEvent(self, event: QMoveEvent) -> None:
        """Where it stands is kept."""
        super().moveEvent(event)
        self._keep()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """How large it is, too."""
        super().resizeEvent(event)
        self._fit()
        self._keep()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Nothing is asked: notes are released, takes are on the disk."""
        self._keep()
        self._settled = False
        self.pages.close()
        docks = (dock.widget() for dock in self.docks.values())
        for panel in (self.takes, *docks, self.parts.sharing):
            if hasattr(panel, "close_down"):
                panel.close_down()
        event.accept()
        self.closed.emit()
