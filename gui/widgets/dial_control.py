"""One dial of `plugin.control.table` as a control: its name, its field, its value with the unit.

A double click or Delete is the default, a wheel a step, shift makes it fine, Return writes a
number, the right button binds a knob of the player's. A change goes out as new settings; one that
comes from elsewhere is only shown. It refuses to keep a value.
"""

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Slot
from PySide6.QtWidgets import QGridLayout, QLabel, QMenu, QSizePolicy, QWidget

from gui.bridge import Bridge
from gui.state import JamState
from gui.theme import looks
from gui.theme.theme import Theme
from gui.widgets.dial_fields import ChoiceField, NumberField, field_of
from gui.widgets.explain import explain, why_not
from gui.widgets.value_label import ValueLabel
from plugin.control.dials import Dial
from plugin.control.kinds import Value
from plugin.served.messages import DeskIs
from plugin.settings import Settings

LEARN, STOP_LEARNING, UNLEARN, DEFAULT = (
    "Learn a knob",
    "Wait for no knob",
    "Take it off its knob",
    "Default",
)
"""The words of the menu under the right button."""
_SHORTEST_SLIDER, _SHORTEST_IN_A_STRIP = 110, 84
_LONG_WORDS, _WORDS_IN_A_STRIP = 14, 7
"""A list whose words have more letters shows fewer of them in a strip; opened, it shows all."""
_VALUE_ROOM = 100


class DialControl(QWidget):
    """See the module.

    wide: as on a page: name and what it does on the left, field and value on the right; else as in
    a strip: name and value above the field. label: another name than the dial's own.
    """

    def __init__(
        self,
        dial: Dial,
        state: JamState,
        bridge: Bridge,
        theme: Theme,
        *,
        wide: bool = False,
        label: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.dial, self._state, self._bridge, self._theme = dial, state, bridge, theme
        self._wide = wide
        self._knobs: tuple[str, ...] = ()
        self.learning = False
        """Whether the next knob that moves will move this dial."""
        self._name = label or dial.label
        self.label = QLabel(self._name)
        self.field = field_of(dial)
        self.label.setBuddy(self.field)
        self.value = ValueLabel(dial, theme)
        self.value.setVisible(isinstance(self.field, NumberField))
        self.trouble = QLabel()
        self.trouble.setWordWrap(True)
        self.trouble.hide()
        looks.role(self.trouble, "bad")
        if wide:
            self._arrange_wide()
        else:
            self._arrange()
        self.field.picked.connect(self._picked)
        self.field.usual.connect(self.to_default)
        self.value.written.connect(self._picked)
        self.value.closed.connect(self.field.setFocus)
        for part in (self.field, self.value):
            part.refused.connect(self._refused)
        if isinstance(self.field, NumberField):
            self.field.write.connect(self.value.open)
        for asked in (self, self.field):
            asked.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
            asked.customContextMenuRequested.connect(self._menu_wanted)
        self.label.installEventFilter(self)
        state.settings_changed.connect(self.show_settings)
        state.desk_changed.connect(self._desk)
        theme.changed.connect(self._resize)
        self._resize()
        self._explain()
        self.show_settings(state.settings)
        if state.desk is not None:
            self._desk(state.desk)

    @Slot(object)
    def show_settings(self, settings: Settings) -> None:
        """Show the value that these have; nothing is sent."""
        value = self.dial.get(settings)
        self.field.show_value(value)
        self.value.show_value(value)

    @Slot()
    def to_default(self) -> None:
        """Set the value of a fresh start."""
        self._picked(self.dial.default)

    def set_reason(self, reason: str) -> None:
        """Switch it off for a reason, or on again with ""."""
        why_not(self.field, reason)
        why_not(self.value, reason)
        self.label.setEnabled(not reason)

    def menu(self) -> QMenu:
        """What the right button offers now."""
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        word = STOP_LEARNING if self.learning else LEARN
        learn = menu.addAction(word, self._learn)
        if not self.dial.kind.turns:
            why_not(learn, "Words cannot be put on a knob; a preset that has them can.")
        unlearn = menu.addAction(UNLEARN, self._unlearn)
        if not self._knobs:
            why_not(unlearn, "No knob moves it yet.")
        menu.addSeparator()
        usual = menu.addAction(f"{DEFAULT}: {self.dial.words(self.dial.default)}", self.to_default)
        if self.dial.get(self._state.settings) == self.dial.default:
            why_not(usual, "It has its default already.")
        return menu

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A double click on the name is the default too."""
        if watched is self.label and event.type() is QEvent.Type.MouseButtonDblClick:
            self.to_default()
            return True
        return super().eventFilter(watched, event)

    # -- how it is put together --

    def _arrange(self) -> None:
        looks.role(self.label, "small")
        grid = QGridLayout(self)
        self._theme.spaced(grid, 2, 0)
        grid.addWidget(self.label, 0, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.value, 0, 1, Qt.AlignmentFlag.AlignRight)
        grid.addWidget(self.field, 1, 0, 1, 2, Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(self.trouble, 2, 0, 1, 2)
        grid.setColumnStretch(0, 1)
        grid.setRowStretch(1, 1)

    def _arrange_wide(self) -> None:
        says = QLabel(_sentence(self.dial.says))
        says.setWordWrap(True)
        looks.role(says, "small")
        grid = QGridLayout(self)
        self._theme.spaced(grid, 2, 0, 5, 0, 5)
        grid.addWidget(self.label, 0, 0)
        grid.addWidget(says, 1, 0)
        grid.addWidget(self.field, 0, 1, 2, 1, Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(self.value, 0, 2, 2, 1, Qt.AlignmentFlag.AlignRight)
        grid.addWidget(self.trouble, 2, 0, 1, 3)
        for column in (0, 1):
            grid.setColumnStretch(column, 1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)

    @Slot()
    def _resize(self) -> None:
        """A slider is long enough to be set by hand."""
        if isinstance(self.field, NumberField):
            least = _SHORTEST_SLIDER if self._wide else _SHORTEST_IN_A_STRIP
            self.field.setMinimumWidth(self._theme.px(least))
        elif isinstance(self.field, ChoiceField) and not self._wide:
            longest = max(len(self.field.itemText(at)) for at in range(self.field.count()))
            if longest > _LONG_WORDS:
                policies = ChoiceField.SizeAdjustPolicy
                self.field.setSizeAdjustPolicy(policies.AdjustToMinimumContentsLengthWithIcon)
                self.field.setMinimumContentsLength(_WORDS_IN_A_STRIP)
        grid = self.layout()
        if self._wide and isinstance(grid, QGridLayout):
            # All fields of a page begin and end at the same place.
            grid.setHorizontalSpacing(self._theme.px(12))
            grid.setColumnMinimumWidth(2, self._theme.px(_VALUE_ROOM))

    def _explain(self) -> None:
        """Name, what it does, default, and the knob that moves it."""
        knobs = f" Moved by {' and '.join(self._knobs)}." if self._knobs else ""
        says = _sentence(self.dial.says) + knobs
        usual = self.dial.words(self.dial.default)
        explain(self.field, self._name, says, default=usual)
        explain(self.label, self._name, says, default=usual)

    # -- what comes and goes --

    @Slot(object)
    def _picked(self, value: Value) -> None:
        self._refused("")
        self._state.put(self.dial.put(self._state.settings, value))

    @Slot(str)
    def _refused(self, says: str) -> None:
        self.trouble.setText(says)
        self.trouble.setVisible(bool(says))

    @Slot(object)
    def _desk(self, desk: DeskIs) -> None:
        knobs = tuple(
            binding.source for binding in desk.bindings if _target(binding.target) == self.dial.name
        )
        if knobs != self._knobs:
            self._knobs = knobs
            self._explain()
        learning = desk.learning == self.dial.name
        if learning != self.learning:
            self.learning = learning
            self.label.setText(f"{self._name}: move a knob …" if learning else self._name)

    @Slot(QPoint)
    def _menu_wanted(self, where: QPoint) -> None:
        sender = self.sender()
        at = sender if isinstance(sender, QWidget) else self
        menu = self.menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(at.mapToGlobal(where))

    def _learn(self) -> None:
        self._bridge.line("learn off" if self.learning else f"learn {self.dial.name}")

    def _unlearn(self) -> None:
        self._bridge.line(f"unlearn {self.dial.name}")


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _target(words: str) -> str:
    """The dial in the words of a binding, which may add how it is moved."""
    return words.removesuffix(", passed on").removesuffix(" while held")
