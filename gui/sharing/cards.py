"""The cards of the dock by name, and how things stand shown on all of them at once.

It refuses to wire them: `flow` does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from gui.sharing.choices_card import ChoicesCard
from gui.sharing.log_card import LogCard
from gui.sharing.read_card import ReadCard
from gui.sharing.receive_card import ReceiveCard
from gui.sharing.seen import Seen
from gui.sharing.server_card import ServerCard
from gui.sharing.sheet_card import SheetCard
from gui.sharing.state_card import StateCard
from gui.sharing.teach_card import TeachCard
from gui.theme.theme import Theme
from gui.widgets import Card


@dataclass(frozen=True, slots=True)
class Cards:
    """See the module; in the order of the dock."""

    state: StateCard
    read: ReadCard
    teach: TeachCard
    choices: ChoicesCard
    sheet: SheetCard
    receive: ReceiveCard
    server: ServerCard
    log: LogCard

    @property
    def all(self) -> tuple[Card, ...]:
        """From top to bottom."""
        return (
            self.state, self.read, self.teach, self.choices,
            self.sheet, self.receive, self.server, self.log,
        )  # fmt: skip

    def show_seen(self, seen: Seen) -> None:
        """As things stand. Cards that have nothing to say in this state hide themselves."""
        for always in (self.state, self.receive, self.server):
            always.show()
        self.state.show_seen(seen)
        self.read.show_seen(seen)
        self.teach.show_seen(seen)
        self.choices.show_seen(seen)
        self.sheet.show_seen(seen)
        self.receive.show_seen(seen)
        self.server.show_seen(seen)
        self.log.show_seen(seen)
        self.log.setVisible(seen.anything)


def make_cards(theme: Theme, now: Callable[[], datetime]) -> Cards:
    """All of them, hidden until something is known."""
    cards = Cards(
        StateCard(theme),
        ReadCard(theme),
        TeachCard(theme, now),
        ChoicesCard(theme),
        SheetCard(theme),
        ReceiveCard(theme),
        ServerCard(theme),
        LogCard(theme),
    )
    for card in cards.all:
        card.hide()
    return cards
