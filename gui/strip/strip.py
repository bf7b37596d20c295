"""The partner strip: state and turn, ways of playing, what to ask at once, first dials, presets.

Everything else is behind “More”, a window of its own that never stands in the way of the music. It
refuses to do an action by itself: buttons are the window's actions.
"""

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from gui.actions import Actions
from gui.bridge import Bridge
from gui.state import JamState, Standing
from gui.strip.more import MoreDials
from gui.strip.presets import PresetRow
from gui.strip.turn import TurnIndicator
from gui.strip.ways import WayRow
from gui.theme import looks
from gui.theme.theme import Theme
from gui.widgets import ActionButton, DialControl, FlowLayout, StateBadge, explain
from plugin.control.table import DIALS
from plugin.protocol import Position

FIRST_DIALS = (
    (("root", "Key"), ("mode", "Scale")),
    (("lowest", "Register"), ("highest", "to")),
    (("most per beat", "Density"),),
    (("most at once", "Voices"),),
    (("closeness", "Further ↔ closer to me"),),
    (("grid", "Free ↔ steady"),),
)
"""The dials of the first screen, in groups, with the names that they have here."""
BUTTONS = (
    ("hold", "hold", ""),
    ("mute", "mute", "Mute"),
    ("answer", "answer", ""),
    ("again", "again", ""),
    ("forget", "forget", ""),
)
"""Action, icon, shorter words."""
RESTARTS = {Standing.ENGINE_STOPPED: "restart_engine", Standing.OFF: "restart_session"}
"""What has ended -> the action that starts it again."""


class PartnerStrip(QFrame):
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
        self._state, self._bridge, self._theme = state, bridge, theme
        self.setAccessibleName("Partner")
        looks.kind(self, "panel")
        self.badge = StateBadge(theme)
        self.turn = TurnIndicator(state, theme)
        self.note = QLabel()
        looks.role(self.note, "soft")
        self.ways = WayRow(state, bridge, theme)
        self.presets = PresetRow(state, bridge, theme, actions)
        self.dials = {
            name: DialControl(DIALS[name], state, bridge, theme, label=label)
            for group in FIRST_DIALS
            for name, label in group
        }
        self.restart = {
            when: ActionButton(theme, actions[name], "again", "primary", colour="on_accent")
            for when, name in RESTARTS.items()
        }
        self.more_dials: MoreDials | None = None
        self._arrange(theme, actions)
        self._thinks_since: int | None = None
        state.standing_changed.connect(self._stand)
        state.position_changed.connect(self._position)
        self._stand(state.standing)

    @Slot()
    def show_more(self) -> None:
        """Open the page of all dials, or bring it to the front."""
        if self.more_dials is None:
            # Made when it is first wanted: sixty controls take their time.
            self.more_dials = MoreDials(self._state, self._bridge, self._theme, self)
            self.more_dials.setWindowFlag(Qt.WindowType.Tool)
            self.more_dials.setWindowTitle("All dials")
            room = self.screen().availableSize()
            wanted = QSize(self._theme.px(620), self._theme.px(640))
            self.more_dials.resize(wanted.boundedTo(room))
        self.more_dials.show()
        self.more_dials.raise_()
        self.more_dials.activateWindow()
        self.more_dials.search.setFocus()

    def _arrange(self, theme: Theme, actions: Actions) -> None:
        top = QHBoxLayout()
        theme.spaced(top, 14, 0)
        top.addWidget(self.badge)
        for button in self.restart.values():
            top.addWidget(button)
        top.addWidget(self.turn)
        top.addWidget(self.note)
        asks = FlowLayout()
        theme.spaced(asks, 4, 0)
        for name, icon, short in BUTTONS:
            asks.addWidget(ActionButton(theme, actions[name], icon, short=short))
        top.addStretch(1)
        head = FlowLayout()
        theme.spaced(head, 14, 0)
        state_row = QWidget()
        state_row.setLayout(top)
        ask_row = QWidget()
        ask_row.setLayout(asks)
        head.addWidget(state_row)
        head.addWidget(ask_row)

        dials = FlowLayout(level=True)
        theme.spaced(dials, 14, 0)
        for group in FIRST_DIALS:
            box = QWidget()
            row = QHBoxLayout(box)
            theme.spaced(row, 8, 0)
            for name, _ in group:
                row.addWidget(self.dials[name])
            dials.addWidget(box)
        self.more = QPushButton("More…")
        explain(self.more, "More", "all other dials, in groups, with a search")
        self.more.clicked.connect(self.show_more)
        last = QHBoxLayout()
        theme.spaced(last, 14, 0)
        last.addWidget(self.more, 0, Qt.AlignmentFlag.AlignTop)
        last.addWidget(self.presets, 1)

        column = QVBoxLayout(self)
        theme.spaced(column, 10, 14, 10, 14, 12)
        column.addLayout(head)
        column.addWidget(self.ways)
        column.addLayout(dials)
        column.addLayout(last)

    @Slot(object)
    def _stand(self, standing: Standing) -> None:
        self.badge.stand(standing)
        for when, button in self.restart.items():
            button.setVisible(standing is when)
        if standing is not Standing.THINKING:
            self._thinks_since = None
            self.note.setText("")

    @Slot(object)
    def _position(self, position: Position) -> None:
        """Thinking for longer than a bar is said, quietly; the clock goes on."""
        if self._state.standing is not Standing.THINKING:
            return
        if self._thinks_since is None:
            self._thinks_since = position.bar * 64 + position.beat
        elif position.bar * 64 + position.beat - self._thinks_since > 64:
            self.note.setText("thinking for more than a bar; the clock goes on")
