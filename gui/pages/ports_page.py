"""The ports page: where the partner hears the player and where it plays, chosen by plain names.

What is ticked here is a wish until “Use these ports” opens them, so a DAW sees one change and not
five. It is kept by name for the next start. It refuses to open a port itself: the session does.
"""

import sys
from dataclasses import replace

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLabel, QPushButton, QWidget

from gui.actions import Actions
from gui.bridge import Bridge
from gui.keeping import Keeping
from gui.pages.page import Page, soft
from gui.pages.port_choice import PortChoice, rows
from gui.pages.port_rows import PortRows
from gui.state import JamState
from gui.theme import looks
from gui.theme.theme import Theme
from gui.widgets import ActionButton, Card, DialControl, explain, why_not
from plugin.control.table import DIALS
from plugin.served.messages import Active, Listen, Opened, Spoke

SYSTEMS: dict[str, tuple[str, ...]] = {
    "darwin": ("CoreMIDI",),
    "win32": ("Windows MM",),
    "linux": ("ALSA", "JACK", "PipeWire"),
}
"""MIDI systems by platform, beside the one that is found and none at all."""
OWN_IN, OWN_OUT = "Antiphon In", "Antiphon Out"
SAME = "These ports are in use already."
LOOPBACK = (
    "Windows lets no program make ports. Make two that lead from program to program, one for each "
    "direction: with loopMIDI (the + at the bottom, twice), or in the MIDI settings of Windows "
    "“Default App Loopback (A)” and “(B)”. They appear below; choose one to listen to and the "
    "other one to play into, and in your DAW the same two the other way round."
)
ASK_WHICH = "Which port is my keyboard?"


class PortsPage(Page):
    """See the module."""

    def __init__(
        self,
        state: JamState,
        bridge: Bridge,
        theme: Theme,
        actions: Actions,
        keeping: Keeping,
        platform: str = sys.platform,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(
            theme, "Ports", "Where your partner hears you, and where it plays.", parent
        )
        self._state, self._bridge, self._keeping = state, bridge, keeping
        self.choice = PortChoice.of(bridge.opening)
        self.hears = PortRows(theme, OWN_IN, out=False)
        self.plays = PortRows(theme, OWN_OUT, out=True)
        self.which = QPushButton(ASK_WHICH)
        self.which.setCheckable(True)
        explain(self.which, ASK_WHICH, "Listens to all ports: play a note, and its port is said.")
        self.spoke = soft("")
        self.spoke.hide()
        self.take = QPushButton()
        self.take.hide()
        self.loopback = soft(LOOPBACK)
        self.system = QComboBox()
        self.thru = QCheckBox("Pass on what I play to the same output")
        self.use = QPushButton("Use these ports")
        looks.kind(self.use, "primary")
        explain(self.use, "Use these ports", "Opens them; what sounds now is released.")
        self.trouble = QLabel()
        self.trouble.setWordWrap(True)
        looks.role(self.trouble, "bad")
        self._arrange(actions, platform)
        self._connect()
        self._show()

    def _arrange(self, actions: Actions, platform: str) -> None:
        theme = self.theme
        hear, play, more = (
            Card(theme, "Your partner hears you on"),
            Card(theme, "Your partner plays on"),
            Card(theme, "More"),
        )
        row = QHBoxLayout()
        theme.spaced(row, 8, 0)
        row.addWidget(self.which)
        row.addWidget(self.spoke, 1)
        row.addWidget(self.take)
        hear.body.addWidget(self.hears)
        hear.body.addLayout(row)
        play.body.addWidget(self.plays)
        test = QHBoxLayout()
        theme.spaced(test, 8, 0)
        test.addWidget(ActionButton(theme, actions["three_notes"], "note"))
        test.addStretch(1)
        play.body.addLayout(test)
        self.system.addItem("The one that is found", None)
        for name in SYSTEMS.get(platform, SYSTEMS["linux"]):
            self.system.addItem(name, name)
        self.system.addItem("None: in memory, without other programs", "memory")
        word = QLabel("MIDI system")
        word.setBuddy(self.system)
        explain(self.system, "MIDI system", "Whose ports are used.", default="the one found")
        explain(
            self.thru,
            "Pass on what I play",
            "For a DAW that shall hear you through Antiphon; leave it off where your keyboard goes "
            "to the DAW directly.",
            default="off",
        )
        more.body.addWidget(word)
        more.body.addWidget(self.system)
        more.body.addWidget(self.thru)
        more.body.addWidget(
            DialControl(DIALS["latency"], self._state, self._bridge, theme, wide=True)
        )
        self.body.addWidget(self.loopback)
        for card in (hear, play, more):
            self.body.addWidget(card)
        last = QHBoxLayout()
        theme.spaced(last, 8, 0)
        last.addWidget(self.use)
        last.addWidget(self.trouble, 1)
        self.body.addLayout(last)
        self.body.addStretch(1)

    def _connect(self) -> None:
        self.hears.own_wanted.connect(lambda: self._choose(replace(self.choice, ins=())))
        self.plays.own_wanted.connect(lambda: self._choose(replace(self.choice, outs=())))
        self.hears.ticked.connect(lambda name, on: self._choose(self.choice.with_in(name, on)))
        self.plays.ticked.connect(lambda name, on: self._choose(self.choice.with_out(name, on)))
        self.hears.channels_typed.connect(self._channels)
        self.system.activated.connect(
            lambda _: self._choose(replace(self.choice, system=self.system.currentData()))
        )
        self.thru.clicked.connect(lambda on: self._choose(replace(self.choice, thru=on)))
        self.use.clicked.connect(self.apply)
        self.which.toggled.connect(self._listen)
        self.take.clicked.connect(self._take)
        self._state.ports_changed.connect(self._show)
        self._state.opened_changed.connect(self._opened)
        self._bridge.told.connect(self._told)

    @Slot()
    def apply(self) -> None:
        """Open what is chosen, and keep it for the next start."""
        opening = self.choice.into(self._bridge.opening)
        self.which.setChecked(False)
        self._bridge.send(opening)
        self._keeping.change(
            ins=opening.ins, outs=opening.outs, system=opening.system, thru=opening.thru
        )
        self._show()

    def hideEvent(self, event: object) -> None:
        """Nobody looks: listen to all ports no longer."""
        self.which.setChecked(False)

    def _choose(self, choice: PortChoice) -> None:
        self.choice = choice
        self.trouble.clear()
        self._show()

    @Slot(str, str)
    def _channels(self, name: str, words: str) -> None:
        try:
            self._choose(self.choice.with_channels(name, words))
        except ValueError as error:
            self.trouble.setText(str(error))

    @Slot()
    def _show(self) -> None:
        ports, choice = self._state.ports, self.choice
        self.loopback.setVisible(ports is not None and not ports.virtual)
        ins = rows(ports.ins if ports else (), choice.ins)
        outs = rows(ports.outs if ports else (), choice.outs)
        self.hears.show_ports(ins, choice.ins, choice.channels)
        self.plays.show_ports(outs, choice.outs, {})
        no_own = "" if ports is None or ports.virtual else "Windows lets no program make ports."
        for part in (self.hears, self.plays):
            why_not(part.own, no_own)
        self.system.setCurrentIndex(max(self.system.findData(choice.system), 0))
        self.thru.setChecked(choice.thru)
        same = choice.into(self._bridge.opening) == self._bridge.opening
        why_not(self.use, SAME if same else "")

    @Slot(object)
    def _opened(self, opened: object) -> None:
        if isinstance(opened, Opened):
            self.choice = PortChoice.of(self._bridge.opening)
        self._show()

    @Slot(bool)
    def _listen(self, on: bool) -> None:
        self._bridge.send(Listen(on))
        self.spoke.setText("Play a note." if on else "")
        self.spoke.setVisible(on)
        self.take.hide()

    @Slot(object)
    def _told(self, message: object) -> None:
        if isinstance(message, Active) and message.kind == "notes":
            (self.plays if message.out else self.hears).light(message.port)
        elif isinstance(message, Spoke):
            self.hears.light(message.port)
            if self.which.isChecked():
                self._heard(message.port)

    def _heard(self, port: str) -> None:
        self.spoke.setText(f"“{port}” speaks.")
        self.take.setText(f"Listen to “{port}”")
        explain(self.take, self.take.text(), "Chooses this port and no other.")
        self.take.setProperty("port", port)
        self.take.setVisible(port in self.hears.boxes and port not in self.choice.ins)

    @Slot()
    def _take(self) -> None:
        self._choose(replace(self.choice, ins=(str(self.take.property("port")),)))
        self.take.hide()
