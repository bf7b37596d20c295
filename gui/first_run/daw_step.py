"""Step 3: open your DAW and choose the port. One card for each DAW, and a lamp for its clock.

What to choose comes from the pages in `plugin/daw`. The clock is waited for only by those who want
it: the lamp says whether it comes, and the step can be left either way.
"""

from dataclasses import replace

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QHBoxLayout, QLabel, QPushButton, QWidget

from gui.bridge import Bridge
from gui.first_run import daws
from gui.first_run.daws import DawPage
from gui.first_run.step import Step
from gui.first_run.steps import open_with
from gui.keeping import Keeping
from gui.pages.port_choice import PortChoice
from gui.state import JamState
from gui.theme import looks
from gui.theme.theme import Theme
from gui.widgets import Card, FlowLayout, Lamp, explain
from plugin.protocol import Position
from plugin.served.messages import Active, Opened

NO_CLOCK = "No clock comes from a DAW yet. If you want to play in its tempo, start it there."
DIRECT = (
    "Your partner hears “{port}” directly, so the lines about your own track are not needed. For "
    "the tempo of your DAW it has to hear the DAW instead:"
)


class DawStep(Step):
    """See the module."""

    def __init__(
        self,
        state: JamState,
        bridge: Bridge,
        theme: Theme,
        keeping: Keeping,
        pages: tuple[DawPage, ...] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(theme, "", "daw", parent)
        self._state, self._bridge, self._keeping = state, bridge, keeping
        self.pages = daws.read() if pages is None else pages
        self._chosen: DawPage | None = None
        self.buttons: dict[str, QPushButton] = {}
        row = QWidget()
        flow = FlowLayout(row)
        theme.spaced(flow, 6, 0)
        group = QButtonGroup(self)
        for page in self.pages:
            button = self.buttons[page.name] = QPushButton(page.title)
            button.setCheckable(True)
            looks.kind(button, "choice")
            explain(button, page.title, "Shows what to choose there.")
            button.clicked.connect(lambda _=False, page=page: self.choose(page))
            group.addButton(button)
            flow.addWidget(button)
        self.card = Card(theme)
        self._grid = QGridLayout()
        theme.spaced(self._grid, 6, 0)
        self._grid.setColumnStretch(1, 1)
        self.card.body.addLayout(self._grid)
        self.card.hide()
        self.direct = QLabel()
        self.direct.setWordWrap(True)
        self.own = QPushButton("Hear the DAW instead")
        explain(
            self.own, "Hear the DAW instead", "Your partner listens to a port of our own again."
        )
        self.lamp = Lamp(theme, "clock", "Clock of the DAW")
        clock = QHBoxLayout()
        theme.spaced(clock, 8, 0)
        clock.addWidget(self.lamp)
        clock.addWidget(self.says, 1)
        self.body.addWidget(row)
        self.body.addWidget(self.card)
        self.body.addWidget(self.direct)
        self.body.addWidget(self.own, 0, Qt.AlignmentFlag.AlignLeft)
        self.body.addLayout(clock)
        self.body.addStretch(1)
        self.say(NO_CLOCK)
        self.own.clicked.connect(self._use_own)
        state.opened_changed.connect(self._show)
        bridge.told.connect(self._told)
        self._show()

    def choose(self, page: DawPage) -> None:
        """Show what to choose in this DAW."""
        self._chosen = page
        self.buttons[page.name].setChecked(True)
        self._show()

    @Slot()
    def _show(self) -> None:
        hears, plays = daws.OWN_IN, daws.OWN_OUT
        opened, choice = self._state.opened, PortChoice.of(self._bridge.opening)
        if isinstance(opened, Opened):
            hears = hears if choice.ins else opened.hears
            plays = opened.plays
        self.heading.setText(f"Open your DAW and choose “{plays}” as MIDI input.")
        self.direct.setText(DIRECT.format(port=" and ".join(choice.ins)))
        virtual = self._state.ports is None or self._state.ports.virtual
        for part in (self.direct, self.own):
            part.setVisible(bool(choice.ins) and virtual)
        if self._chosen is not None:
            self._fill(self._chosen, hears, plays)

    def _fill(self, page: DawPage, hears: str, plays: str) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        self.card.retitle(page.title)
        lines = [(head, daws.worded(says, hears, plays)) for head, says in page.lines]
        if page.script is not None:
            lines.append(("A script does it", str(page.script)))
        if not page.tried:
            lines.append(("Not tried", "From its documentation; say so if a line is wrong."))
        for row, (head, says) in enumerate(lines):
            name, text = QLabel(head), QLabel(says)
            looks.role(name, "heading")
            text.setWordWrap(True)
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._grid.addWidget(name, row, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(text, row, 1)
        self.card.show()

    @Slot()
    def _use_own(self) -> None:
        choice = replace(PortChoice.of(self._bridge.opening), ins=())
        open_with(choice, self._bridge, self._keeping)
        self._show()

    @Slot(object)
    def _told(self, message: object) -> None:
        if isinstance(message, Active) and message.kind == "clock" and not message.out:
            self.lamp.light()
            if not self.done:
                self.pass_test(f"The clock of your DAW arrives through “{message.port}”.")
        elif isinstance(message, Position) and message.external:
            self.pass_test(f"The clock of your DAW arrives: {message.bpm:.1f} bpm.")
