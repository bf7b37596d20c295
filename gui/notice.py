"""A line below the transport bar, only while there is no session, no port or no engine.

It says what is the matter and holds the next steps as buttons. It refuses to be closed: it goes
when its reason goes.
"""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from gui.actions import Actions
from gui.bridge import Bridge
from gui.state import JamState, Standing
from gui.theme import looks
from gui.theme.theme import Theme
from gui.widgets import ActionButton
from plugin.served.messages import NotOpened

STEPS = ("ports", "doctor", "demo")
"""What may help where the ports could not be opened."""


class Notice(QFrame):
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
        self._state, self._ended = state, ""
        looks.kind(self, "bar")
        self.setAccessibleName("Notice")
        self.says = QLabel()
        self.says.setWordWrap(True)
        looks.role(self.says, "warn")
        self.steps = tuple(ActionButton(theme, actions[name]) for name in STEPS)
        self.restart = ActionButton(theme, actions["restart_session"], "again")
        row = QHBoxLayout(self)
        theme.spaced(row, 10, 12, 6, 12, 6)
        row.addWidget(self.says, 1)
        for part in (*self.steps, self.restart):
            row.addWidget(part)
        state.opened_changed.connect(self._show)
        state.standing_changed.connect(self._show)
        bridge.alive_changed.connect(self._alive)
        self._show()

    @Slot(bool, str)
    def _alive(self, alive: bool, says: str) -> None:
        self._ended = "" if alive else says
        self._show()

    @Slot()
    def _show(self) -> None:
        opened = self._state.opened
        refused = opened.says if isinstance(opened, NotOpened) else ""
        stopped = self._state.standing is Standing.ENGINE_STOPPED and self._state.troubles
        without = self._state.troubles[-1] if stopped else ""
        self.says.setText(self._ended or refused or without)
        for name, button in zip(STEPS, self.steps, strict=True):
            helps = refused or (without and name == "doctor")
            button.setVisible(bool(helps) and not self._ended)
        self.restart.setVisible(bool(self._ended))
        self.setVisible(bool(self._ended or refused or without))
