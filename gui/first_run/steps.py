"""Steps 1, 2 and 4: play a note, hear three, and that sharing is off. Step 3 is daw_step.

They ask the session and show what it answers. They refuse to ask questions of their own: every
step can be left as it is.
"""

from dataclasses import replace

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLabel, QPushButton, QWidget

from gui.actions import Actions
from gui.bridge import Bridge
from gui.first_run.piano import KeyPiano
from gui.first_run.step import Step
from gui.keeping import Keeping
from gui.pages.port_choice import PortChoice, rows
from gui.pages.ports_page import LOOPBACK, OWN_OUT
from gui.state import JamState
from gui.theme.theme import Theme
from gui.voice.built_in import BuiltInVoice
from gui.widgets import ActionButton, explain
from plugin.protocol import NoteSounded
from plugin.served.messages import Listen, Opened, Ports, Spoke, ThreeNotes

WAITING = "Waiting for a note …"
PIANO = "No keyboard? Click the piano and play with the keys A to K."


def open_with(choice: PortChoice, bridge: Bridge, keeping: Keeping) -> None:
    """Open these ports and keep them for the next start."""
    opening = choice.into(bridge.opening)
    if opening != bridge.opening:
        bridge.send(opening)
    keeping.change(ins=opening.ins, outs=opening.outs, system=opening.system, thru=opening.thru)


class PlayStep(Step):
    """1: all inputs are listened to, and the one that speaks is chosen."""

    def __init__(
        self,
        state: JamState,
        bridge: Bridge,
        theme: Theme,
        actions: Actions,
        keeping: Keeping,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(theme, "Play a note on your keyboard.", "play", parent)
        self._state, self._bridge, self._keeping = state, bridge, keeping
        self._here = False
        self._chose = ""
        self.piano = KeyPiano(bridge, theme)
        self.other = QPushButton()
        self.other.hide()
        row = QHBoxLayout()
        theme.spaced(row, 8, 0)
        row.addWidget(self.says, 1)
        row.addWidget(self.other)
        self.body.addLayout(row)
        hint = QLabel(PIANO)
        hint.setWordWrap(True)
        hint.setBuddy(self.piano)
        self.body.addWidget(hint)
        self.body.addWidget(self.piano)
        last = QHBoxLayout()
        theme.spaced(last, 8, 0)
        last.addWidget(QLabel("Or let a built-in phrase play:"))
        last.addWidget(ActionButton(theme, actions["demo"], "play"))
        last.addStretch(1)
        self.body.addLayout(last)
        self.body.addStretch(1)
        self.say(WAITING)
        self.other.clicked.connect(self._take_other)
        bridge.told.connect(self._told)

    def arrive(self) -> None:
        """Listen to everything."""
        self._here = True
        self._bridge.send(Listen(True))

    def leave(self) -> None:
        """Listen to what was chosen."""
        self._here = False
        self.piano.let_go()
        self._bridge.send(Listen(False))

    @Slot(object)
    def _told(self, message: object) -> None:
        if not self._here:
            return
        if isinstance(message, Spoke):
            self._spoke(message.port)
        elif isinstance(message, NoteSounded) and not message.partner and not self._is_demo:
            if not self.done:
                self.pass_test("Your partner hears you.")
        elif isinstance(message, Opened):
            self._bridge.send(Listen(True))  # these are other ears

    @property
    def _is_demo(self) -> bool:
        """Then what plays is no keyboard."""
        return isinstance(self._state.opened, Opened) and self._state.opened.demo

    def _spoke(self, port: str) -> None:
        ports: Ports | None = self._state.ports
        found = {one.name: one for one in ports.ins} if ports is not None else {}
        if port in found and (found[port].ours or found[port].chosen):
            self.pass_test(f"“{port}” speaks, and your partner hears it.")
        elif self.done:
            self.other.setText(f"Listen to “{port}” instead")
            explain(self.other, self.other.text(), "Another port speaks, too.")
            self.other.setProperty("port", port)
            self.other.setVisible(port != self._chose)
        else:
            self._choose(port)

    def _choose(self, port: str) -> None:
        self._chose = port
        choice = replace(PortChoice.of(self._bridge.opening), ins=(port,))
        open_with(choice, self._bridge, self._keeping)
        self.other.hide()
        self.pass_test(f"“{port}” speaks: your partner listens to it from now on.")

    @Slot()
    def _take_other(self) -> None:
        self._choose(str(self.other.property("port")))


class HearStep(Step):
    """2: where the partner plays, and three notes to hear whether anybody listens."""

    def __init__(
        self,
        state: JamState,
        bridge: Bridge,
        theme: Theme,
        keeping: Keeping,
        voice: BuiltInVoice,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(theme, "This is where your partner plays.", "hear", parent)
        self._state, self._bridge, self._keeping, self._voice = state, bridge, keeping, voice
        self.output = QComboBox()
        explain(self.output, "Where your partner plays", "A port of our own, or an instrument.")
        self.three = QPushButton("Play three notes")
        explain(self.three, "Play three notes", "Three notes to this output.")
        self.aloud = QCheckBox("Hear it through this computer, without a DAW")
        explain(
            self.aloud,
            "Hear it through this computer",
            "The built-in voice; your DAW's instruments sound better.",
            default="off",
        )
        self.loopback = QLabel(LOOPBACK)
        self.loopback.setWordWrap(True)
        self.voice_says = QLabel()
        self.voice_says.setWordWrap(True)
        row = QHBoxLayout()
        theme.spaced(row, 8, 0)
        row.addWidget(self.output, 1)
        row.addWidget(self.three)
        self.body.addWidget(self.loopback)
        self.body.addLayout(row)
        for part in (self.says, self.aloud, self.voice_says):
            self.body.addWidget(part)
        self.body.addStretch(1)
        self.output.activated.connect(self._choose)
        self.three.clicked.connect(self._play)
        self.aloud.clicked.connect(voice.switch)
        voice.changed.connect(self._show)
        state.ports_changed.connect(self._show)
        state.opened_changed.connect(self._show)
        self._show()

    @Slot()
    def _show(self) -> None:
        ports: Ports | None = self._state.ports
        opened = self._state.opened
        virtual = ports is None or ports.virtual
        self.loopback.setVisible(not virtual)
        choice = PortChoice.of(self._bridge.opening)
        own = opened.plays if isinstance(opened, Opened) and not choice.outs else OWN_OUT
        entries = [(f"A port of our own, “{own}”", "")] if virtual else []
        for port in rows(ports.outs if ports else (), choice.outs):
            entries.append((port.name if port.alive else f"{port.name} (away)", port.name))
        wanted = choice.outs[0] if choice.outs else ""
        if entries != [
            (self.output.itemText(at), self.output.itemData(at))
            for at in range(self.output.count())
        ]:
            self.output.clear()
            for words, name in entries:
                self.output.addItem(words, name)
        self.output.setCurrentIndex(max(self.output.findData(wanted), 0) if entries else -1)
        self.aloud.setChecked(self._voice.on)
        self.voice_says.setVisible(self._voice.on or not self._voice.ok)
        self.voice_says.setText(self._voice.says)

    @Slot()
    def _choose(self) -> None:
        name = self.output.currentData()
        choice = replace(PortChoice.of(self._bridge.opening), outs=(name,) if name else ())
        open_with(choice, self._bridge, self._keeping)

    @Slot()
    def _play(self) -> None:
        self._bridge.send(ThreeNotes())
        self.pass_test(
            "C, E and G were sent. You hear them as soon as an instrument listens to this port: "
            "that is the next step."
        )


class SharingStep(Step):
    """4: a statement, no question."""

    def __init__(
        self,
        theme: Theme,
        actions: Actions,
        parent: QWidget | None = None,
        *,
        shares: bool = False,
    ) -> None:
        says = "Sharing is on." if shares else "Sharing is off."
        super().__init__(theme, says, "sharing", parent)
        self._sharing = actions["sharing"]
        if shares:
            self.say("You said yes to it; its dock has what is sent, and the way to end it.")
        else:
            self.say("What you play stays on this computer, and nobody will ask you about it.")
        self.done = True
        text = "See what is shared" if shares else "Read what sharing would be"
        self.more = QPushButton(text)
        explain(self.more, text, "Opens its dock in the window; nothing is switched on.")
        self.more.clicked.connect(self._open)
        row = QHBoxLayout()
        theme.spaced(row, 8, 0)
        row.addWidget(self.more)
        row.addStretch(1)
        self.body.addWidget(self.says)
        self.body.addLayout(row)
        self.body.addStretch(1)

    @Slot()
    def _open(self) -> None:
        if not self._sharing.isChecked():  # it is open already
            self._sharing.trigger()
