"""Nine presets: a press loads one, its menu replaces, renames or drops it, “+” keeps a new one.

A name is written in the row itself, never in a dialog. What is sent are the lines that a musician
could type; the session answers with the new list. It refuses to hold a preset.
"""

from PySide6.QtCore import QPoint, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLabel, QLineEdit, QMenu, QPushButton, QWidget

from gui.actions import Actions
from gui.bridge import Bridge
from gui.state import JamState
from gui.theme import looks
from gui.theme.theme import Theme
from gui.widgets import FlowLayout, explain, why_not
from plugin.control.wording import LONGEST_NAME
from plugin.served.messages import DeskIs

NO_SESSION = "There is no session now; it is being started, or press Restart the session."
SHOWN = 9
"""Those that have a key."""
_LONGEST_SHOWN = 18


class PresetRow(QWidget):
    """See the module."""

    def __init__(
        self,
        state: JamState,
        bridge: Bridge,
        theme: Theme,
        actions: Actions,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._state, self._bridge, self._theme, self._actions = state, bridge, theme, actions
        self.names: tuple[str, ...] = ()
        self.buttons: list[QPushButton] = []
        self._renames = ""
        self.setAccessibleName("Presets")
        self._flow = FlowLayout(self)
        theme.spaced(self._flow, 4, 0)
        self._title = QLabel("Presets")
        looks.role(self._title, "small")
        self._flow.addWidget(self._title)
        self.add = QPushButton("Save…")
        looks.kind(self.add, "quiet")
        explain(self.add, "Save a preset", "keeps how the partner plays now under a name")
        self.add.clicked.connect(self._begin)
        self.line = _NameLine()
        self.line.setMaxLength(LONGEST_NAME)
        self.line.setPlaceholderText("Name, then Return")
        explain(self.line, "Name of the preset", "Return keeps it, Escape leaves it")
        self.line.returnPressed.connect(self._named)
        self.line.left.connect(self._end)
        self.line.hide()
        self._flow.addWidget(self.add)
        self._flow.addWidget(self.line)
        state.desk_changed.connect(self._desk)
        state.opened_changed.connect(self._allow)
        actions.keys_changed.connect(self._fill)
        self._allow()
        if state.desk is not None:
            self._desk(state.desk)

    def menu(self, name: str) -> QMenu:
        """What can be done with a preset beside loading it."""
        menu = QMenu(self)
        menu.addAction("Replace with how it is now", lambda: self._bridge.line(f"save {name}"))
        menu.addAction("Rename…", lambda: self._begin(name))
        menu.addAction("Learn a pedal or key", lambda: self._bridge.line(f"learn preset {name}"))
        menu.addSeparator()
        menu.addAction("Drop (Undo brings it back)", lambda: self._bridge.line(f"drop {name}"))
        return menu

    @Slot(object)
    def _desk(self, desk: DeskIs) -> None:
        if desk.presets != self.names:
            self.names = desk.presets
            self._fill()

    @Slot()
    def _fill(self) -> None:
        for button in self.buttons:
            self._flow.removeWidget(button)
            button.hide()
            button.deleteLater()
        self.buttons.clear()
        for widget in (self.add, self.line):
            self._flow.removeWidget(widget)
        for number, name in enumerate(self.names[:SHOWN], 1):
            self._flow.addWidget(self._button(number, name))
        for widget in (self.add, self.line):
            self._flow.addWidget(widget)
        extra = len(self.names) - SHOWN
        more = f"; {extra} more by name: load NAME" if extra > 0 else ""
        explain(self.add, "Save a preset", f"keeps how the partner plays now under a name{more}")
        self._allow()

    @Slot()
    def _allow(self) -> None:
        """Presets are the session's: without one none can be loaded, nor saved."""
        reason = "" if self._state.state is not None else NO_SESSION
        for button in (*self.buttons, self.add):
            why_not(button, reason)

    def _button(self, number: int, name: str) -> QPushButton:
        short = name if len(name) <= _LONGEST_SHOWN else f"{name[: _LONGEST_SHOWN - 1]}…"
        # An ampersand in a name is no key.
        button = QPushButton(f"{number}  {short}".replace("&", "&&"), self)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        key = self._actions.key(f"preset_{number}")
        explain(button, f"Preset {name}", "the partner plays so; right button for more", key=key)
        button.clicked.connect(self._load)
        button.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        button.customContextMenuRequested.connect(self._menu_wanted)
        self.buttons.append(button)
        return button

    @Slot()
    def _load(self) -> None:
        if (name := self._pressed()) is not None:
            self._bridge.line(f"load {name}")

    @Slot(QPoint)
    def _menu_wanted(self, where: QPoint) -> None:
        sender, name = self.sender(), self._pressed()
        if name is not None and isinstance(sender, QWidget):
            menu = self.menu(name)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(sender.mapToGlobal(where))

    def _pressed(self) -> str | None:
        """The name of the preset whose button has just spoken."""
        sender = self.sender()
        for name, button in zip(self.names, self.buttons, strict=False):
            if button is sender:
                return name
        return None

    # -- a name is written --

    @Slot()
    def _begin(self, renames: str | bool = "") -> None:
        """Write a name, for a new preset or for one that is renamed."""
        self._renames = renames if isinstance(renames, str) else ""
        self.line.setText(self._renames)
        self.line.selectAll()
        self.add.hide()
        self.line.show()
        self.line.setFocus()

    @Slot()
    def _named(self) -> None:
        name = " ".join(self.line.text().split())
        before = self._renames
        self._end()
        if not name or name == before:
            return
        self._bridge.line(f"rename {before} to {name}" if before else f"save {name}")

    @Slot()
    def _end(self) -> None:
        if self.line.isHidden():
            return
        self.line.hide()
        self.add.show()
        self._renames = ""
        if self.line.hasFocus():
            self.add.setFocus()


class _NameLine(QLineEdit):
    """Escape and going away leave it."""

    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
            return
        super().keyPressEvent(event)
