"""All dials on one page, in the groups of the table, with a line to search in.

The words that are searched are those of the table: name, label, what it does, other names. It
refuses to leave a dial out; what a strip shows is here as well.
"""

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QScrollArea, QVBoxLayout, QWidget

from gui.bridge import Bridge
from gui.state import JamState
from gui.theme import looks
from gui.theme.theme import Theme
from gui.widgets import Card, DialControl, explain, why_not
from plugin.control.dials import Dial
from plugin.control.table import DIALS
from plugin.settings import Settings


class MoreDials(QWidget):
    """See the module."""

    def __init__(
        self, state: JamState, bridge: Bridge, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._state, self._bridge = state, bridge
        self.setAccessibleName("All dials")
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search: key, swing, channel …")
        self.search.setClearButtonEnabled(True)
        explain(self.search, "Search the dials", "shows those whose words contain what you write")
        self.search.textChanged.connect(self.look_for)
        self.usual = QPushButton("All to default")
        looks.kind(self.usual, "quiet")
        explain(self.usual, "All to default", "every dial as on the first day; Undo brings it back")
        self.usual.clicked.connect(self._all_usual)
        self.nothing = QLabel()
        looks.role(self.nothing, "soft")
        self.nothing.hide()
        self.controls: dict[str, DialControl] = {}
        self.cards: dict[str, Card] = {}

        page = QWidget()
        column = QVBoxLayout(page)
        theme.spaced(column, 12, 0, 0, 10, 0)
        column.addWidget(self.nothing)
        for group, dials in DIALS.groups.items():
            card = Card(theme, group)
            for dial in dials:
                control = DialControl(dial, state, bridge, theme, wide=True)
                self.controls[dial.name] = control
                card.body.addWidget(control)
            self.cards[group] = card
            column.addWidget(card)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(page)
        top = QVBoxLayout(self)
        theme.spaced(top, 8, 12)
        top.addWidget(self.search)
        top.addWidget(area, 1)
        top.addWidget(self.usual, 0, Qt.AlignmentFlag.AlignLeft)
        self.setFocusProxy(self.search)
        state.settings_changed.connect(self._settings)
        self._settings(state.settings)

    @Slot(str)
    def look_for(self, text: str) -> None:
        """Show the dials whose words contain all of these; "" shows all."""
        wanted = text.casefold().split()
        found = 0
        for group, card in self.cards.items():
            here = 0
            for dial in DIALS.groups[group]:
                fits = all(word in _words(dial, group) for word in wanted)
                self.controls[dial.name].setVisible(fits)
                here += fits
            card.setVisible(bool(here))
            found += here
        self.nothing.setText(f"No dial speaks of “{text.strip()}”. Try a shorter word.")
        self.nothing.setVisible(not found)

    @Slot()
    def _all_usual(self) -> None:
        self._bridge.line("reset")

    @Slot(object)
    def _settings(self, settings: Settings) -> None:
        why_not(self.usual, "" if settings != Settings() else "Everything has its default already.")


def _words(dial: Dial, group: str) -> str:
    return " ".join((dial.name, dial.label, dial.says, *dial.also, group)).casefold()
