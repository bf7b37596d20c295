"""The controls page: which knob, pedal or key does what; learn one, take it off, undo.

The desk in the session keeps the bindings; here they are listed, and wishes are sent as lines. It
refuses to know MIDI numbers: the session says sources and targets in words.
"""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QWidget,
)

from gui.actions import Actions
from gui.bridge import Bridge
from gui.pages.page import Page, soft
from gui.state import JamState
from gui.theme import looks
from gui.theme.theme import Theme
from gui.widgets import ActionButton, Card, explain, why_not
from plugin.control.actions import INVERSE, SAYS, Action
from plugin.control.kinds import Switch
from plugin.control.table import DIALS
from plugin.served.messages import Binding, DeskIs

NO_SESSION = "There is no session now; it is being started."
NOTHING = (
    "No knob, pedal or key is bound yet. Choose above what it shall do, press Learn and move it; "
    "or press the right button of the mouse on any dial."
)
_SUFFIXES = (", passed on", " while held")
_WORDS = {str(Action.TOGGLE_HOLD): "toggle hold"}
HELD = "Only while I hold it down"
NOT_HELD = "Only what can be on or off can be held: hold, our clock, and switches."


def target_word(binding: Binding) -> str:
    """The word by which the line language knows what a binding moves."""
    words = binding.target
    for suffix in _SUFFIXES:
        words = words.removesuffix(suffix)
    return _WORDS.get(words, words)


def offered(presets: tuple[str, ...]) -> list[tuple[str, str]]:
    """What can be bound: words for people, word of the line language. Actions, dials, presets."""
    # A button that is learnt for hold does both by itself.
    acts = [(_title(SAYS[act]), str(act)) for act in Action if act is not Action.TOGGLE_HOLD]
    dials = [(dial.label, dial.name) for dial in DIALS if dial.kind.turns]
    return [*acts, *dials, *((f"Preset “{name}”", f"preset {name}") for name in presets)]


def can_be_held(word: str) -> bool:
    """Whether the release of a key or pedal could take this back."""
    if word in DIALS:
        return isinstance(DIALS[word].kind, Switch)
    return word in INVERSE


def _title(words: str) -> str:
    return words[:1].upper() + words[1:]


class ControlsPage(Page):
    """See the module."""

    def __init__(
        self,
        state: JamState,
        bridge: Bridge,
        theme: Theme,
        actions: Actions,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(
            theme,
            "Knobs and pedals",
            "What you can reach while you play. They work while your DAW has the keyboard, too.",
            parent,
        )
        self._state, self._bridge = state, bridge
        self._presets: tuple[str, ...] | None = None
        self._shown: tuple[Binding, ...] | None = None
        self.what = QComboBox()
        self.what.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.what.setMinimumContentsLength(24)
        explain(self.what, "What it shall do", "An action, a dial or a preset.")
        self.learn = QPushButton("Learn")
        looks.kind(self.learn, "primary")
        explain(self.learn, "Learn", "The next knob, pedal or key that you move does it.")
        self.held = QCheckBox(HELD)
        explain(self.held, HELD, "The press does it, the release takes it back.", default="off")
        self.says = soft("")
        self.removes: dict[str, QPushButton] = {}
        self._grid = QGridLayout()
        theme.spaced(self._grid, 8, 0)
        self._grid.setColumnStretch(1, 1)
        self.none = soft(NOTHING)
        bound, new = Card(theme, "Bound now"), Card(theme, "Bind another")
        bound.body.addWidget(self.none)
        bound.body.addLayout(self._grid)
        row = QHBoxLayout()
        theme.spaced(row, 8, 0)
        row.addWidget(self.what, 1)
        row.addWidget(self.learn)
        new.body.addLayout(row)
        new.body.addWidget(self.held)
        new.body.addWidget(self.says)
        self.body.addWidget(new)
        self.body.addWidget(bound)
        back = QHBoxLayout()
        theme.spaced(back, 8, 0)
        back.addWidget(ActionButton(theme, actions["undo"], "undo"))
        back.addStretch(1)
        self.body.addLayout(back)
        self.body.addStretch(1)
        self.learn.clicked.connect(self._learn)
        self.what.currentIndexChanged.connect(self._manner)
        state.desk_changed.connect(self._show)
        state.opened_changed.connect(self._show)
        state.said.connect(self._said)
        self._show()
        self._manner()

    def choose(self, word: str) -> None:
        """Offer to bind this next, by its word in the line language."""
        at = self.what.findData(word)
        if at >= 0:
            self.what.setCurrentIndex(at)

    @Slot()
    def _show(self) -> None:
        desk = self._state.desk
        presets = desk.presets if desk is not None else ()
        if presets != self._presets:
            self._presets = presets
            self._offer(presets)
        bindings = desk.bindings if desk is not None else ()
        if bindings != self._shown:
            self._shown = bindings
            self._list(bindings)
        no_desk = "" if desk is not None else NO_SESSION
        why_not(self.learn, no_desk)
        learning = desk.learning if desk is not None else ""
        self.learn.setText("Stop waiting" if learning else "Learn")
        self.learn.setAccessibleName(self.learn.text())
        if learning:
            self.says.setText(f"Move a knob, pedal or key now: it shall do “{learning}”.")
        elif self.says.text().startswith("Move a knob"):
            self.says.setText("")

    def _offer(self, presets: tuple[str, ...]) -> None:
        before = self.what.currentData()
        self.what.clear()
        for words, word in offered(presets):
            self.what.addItem(words, word)
        at = self.what.findData(before)
        self.what.setCurrentIndex(max(at, 0))

    def _list(self, bindings: tuple[Binding, ...]) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        self.removes = {}
        self.none.setVisible(not bindings)
        for row, binding in enumerate(bindings):
            source, target = QLabel(_title(binding.source)), QLabel(binding.target)
            looks.role(source, "number")
            target.setWordWrap(True)
            remove = self.removes[binding.source] = QPushButton("Take off")
            looks.kind(remove, "quiet")
            explain(
                remove,
                f"Take {binding.target} off {binding.source}",
                "Everything that is bound to it is taken off; undo brings it back.",
            )
            word = target_word(binding)
            remove.clicked.connect(lambda _=False, word=word: self._bridge.line(f"unlearn {word}"))
            self._grid.addWidget(source, row, 0)
            self._grid.addWidget(target, row, 1)
            self._grid.addWidget(remove, row, 2)

    @Slot()
    def _learn(self) -> None:
        desk: DeskIs | None = self._state.desk
        if desk is not None and desk.learning:
            self._bridge.line("learn off")
        else:
            held = " held" if self.held.isChecked() and self.held.isEnabled() else ""
            self._bridge.line(f"learn {self.what.currentData()}{held}")

    @Slot()
    def _manner(self) -> None:
        why_not(self.held, "" if can_be_held(str(self.what.currentData())) else NOT_HELD)

    @Slot(str)
    def _said(self, says: str) -> None:
        """What the desk answers to a wish of this page, where it is seen."""
        if self.isVisible() and (self._state.desk is None or not self._state.desk.learning):
            self.says.setText(says)
