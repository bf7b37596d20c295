"""The ways of playing as a row of choices, one line on what the chosen one does, and its own dial.

Arrows move through the row, as in a row of radio buttons. It refuses to explain what another way
would do with the dial of this one: each way shows its own.
"""

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from gui.bridge import Bridge
from gui.state import JamState
from gui.theme import looks
from gui.theme.theme import Theme
from gui.widgets import DialControl, FlowLayout, explain
from plugin.control.table import DIALS
from plugin.control.wording import WAY_DIALS
from plugin.settings import Settings, Way

DIAL = DIALS["way"]
EXPLAINED: dict[Way, tuple[str, str]] = {
    Way.ANSWER: ("Answer", "It goes on with your phrase where you leave off."),
    Way.TRADE: ("Trade", "So many bars each, in turn; it needs a tempo."),
    Way.SIGN: ("On a sign", "It answers only when you say so: Answer now, a pedal, a knob."),
    Way.ACCOMPANY: ("Accompany", "It plays while you play."),
    Way.HARMONISE: ("Harmonise", "Every note of yours gets companions at once."),
    Way.VARY: ("Vary", "Your last phrase again, changed."),
    Way.ENDLESS: ("Endless", "It goes on alone until you play."),
}
"""Each way -> its name, and what it does in one line."""


class WayRow(QWidget):
    """See the module."""

    def __init__(
        self, state: JamState, bridge: Bridge, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._state = state
        self.setAccessibleName(DIAL.label)
        self.buttons: dict[Way, QPushButton] = {}
        self._group = QButtonGroup(self)
        flow = FlowLayout()
        theme.spaced(flow, 4, 0)
        for way, (name, says) in EXPLAINED.items():
            button = _Choice(name, self)
            looks.kind(button, "choice")
            button.setCheckable(True)
            explain(button, name, says)
            button.clicked.connect(self._clicked)
            self._group.addButton(button)
            self.buttons[way] = button
            flow.addWidget(button)
        self.says = QLabel()
        looks.role(self.says, "soft")
        self.says.setWordWrap(True)
        self.says.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.dials = {
            way: DialControl(dial, state, bridge, theme) for way, dial in WAY_DIALS.items()
        }
        self._own = QStackedWidget()
        self._own.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._none = QWidget()
        for page in (self._none, *self.dials.values()):
            self._own.addWidget(page)
        words = QVBoxLayout()
        theme.spaced(words, 6, 0)
        words.addLayout(flow)
        words.addWidget(self.says)
        row = QHBoxLayout(self)
        theme.spaced(row, 16, 0)
        row.addLayout(words, 4)
        row.addWidget(self._own, 1)
        state.settings_changed.connect(self._settings)
        self._settings(state.settings)

    @property
    def way(self) -> Way:
        """The way that is shown as chosen."""
        return next(way for way, button in self.buttons.items() if button.isChecked())

    def step(self, places: int) -> None:
        """So many ways further, as arrows do; it stays within the row."""
        ways = list(self.buttons)
        place = min(max(ways.index(self.way) + places, 0), len(ways) - 1)
        self.buttons[ways[place]].setFocus()
        self._choose(ways[place])

    @Slot(bool)
    def _clicked(self, _checked: bool = False) -> None:
        sender = self.sender()
        for way, button in self.buttons.items():
            if button is sender:
                self._choose(way)

    def _choose(self, way: Way) -> None:
        self._state.put(DIAL.put(self._state.settings, way))
        self._settings(self._state.settings)

    @Slot(object)
    def _settings(self, settings: Settings) -> None:
        way: Way = settings.way
        self.buttons[way].setChecked(True)
        for other, button in self.buttons.items():
            # One stop for Tab, the chosen one; arrows do the rest.
            strong = other is way
            button.setFocusPolicy(
                Qt.FocusPolicy.StrongFocus if strong else Qt.FocusPolicy.ClickFocus
            )
        self.says.setText(EXPLAINED[way][1])
        self._own.setCurrentWidget(self.dials.get(way, self._none))


class _Choice(QPushButton):
    """One of the row."""

    def __init__(self, name: str, row: WayRow) -> None:
        super().__init__(name, row)
        self._row = row

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Up: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Down: 1,
        }
        if event.key() in steps:
            self._row.step(steps[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)
