"""The demo: a built-in phrase plays the player, plainly marked as that, and how it ends.

`Demo` asks the session for it and goes back to the ports of before; `DemoBanner` says what is shown
for as long as it lasts. It refuses to leave the player in doubt who plays.
"""

import msgspec
from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QFrame, QLabel, QPushButton, QWidget

from gui.actions import Actions
from gui.bridge import Bridge
from gui.state import JamState
from gui.theme import looks
from gui.theme.theme import Theme
from gui.voice.built_in import BuiltInVoice
from gui.widgets import FlowLayout, explain
from plugin.served.messages import NotOpened, Open, Opened

MARK = "Demo"
SAYS = "A built-in phrase plays in your place. Nothing is learnt; its takes are called “Demo”."
ALOUD = "Hear it through this computer"


class Demo(QObject):
    """`changed`: the demo began or ended. Its action is a switch."""

    changed = Signal(bool)

    def __init__(
        self, state: JamState, bridge: Bridge, actions: Actions, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._state, self._bridge, self._actions = state, bridge, actions
        self.on = False
        self._before: Open | None = None
        actions["demo"].triggered.connect(self.toggle)
        state.opened_changed.connect(self._opened)
        self._opened(state.opened)

    @Slot()
    def toggle(self) -> None:
        """Begin it, or end it."""
        (self.end if self.on else self.begin)()

    def begin(self) -> None:
        """The phrase plays from its beginning."""
        opening = self._bridge.opening
        if not opening.demo:
            self._before = opening
        # Where no port could be opened, the demo needs none.
        nowhere = isinstance(self._state.opened, NotOpened)
        system = "memory" if nowhere else opening.system
        # Nobody's profile: what is heard in a demo is no player's.
        self._bridge.send(msgspec.structs.replace(opening, demo=True, system=system, profile=""))

    def end(self) -> None:
        """The ports of before, and the player plays again."""
        usual = msgspec.structs.replace(self._bridge.opening, demo=False, profile=None)
        before = self._before or usual
        self._bridge.send(before)

    @Slot(object)
    def _opened(self, opened: object) -> None:
        on = isinstance(opened, Opened) and opened.demo
        self._actions.call("demo", "End the demo" if on else "")
        if on != self.on:
            self.on = on
            self.changed.emit(on)


class DemoBanner(QFrame):
    """A bar that is there while the demo is."""

    def __init__(
        self, demo: Demo, voice: BuiltInVoice, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._demo, self._voice = demo, voice
        looks.kind(self, "bar")
        self.setAccessibleName(f"{MARK}: {SAYS}")
        mark, self.says = QLabel(MARK), QLabel(SAYS)
        looks.role(mark, "warn")
        self.aloud = QCheckBox(ALOUD)
        explain(self.aloud, ALOUD, "The built-in voice, where no DAW listens.", default="off")
        self.end = QPushButton("End the demo")
        explain(self.end, "End the demo", "Your own ports again.")
        flow = FlowLayout(self)
        theme.spaced(flow, 10, 12, 6, 12, 6)
        for part in (mark, self.says, self.aloud, self.end):
            flow.addWidget(part)
        self.aloud.clicked.connect(voice.switch)
        self.end.clicked.connect(demo.end)
        demo.changed.connect(self._show)
        voice.changed.connect(self._show)
        self._show()

    @Slot()
    def _show(self) -> None:
        self.aloud.setChecked(self._voice.on)
        self.says.setText(SAYS if self._voice.ok else self._voice.says)
        self.setVisible(self._demo.on)
