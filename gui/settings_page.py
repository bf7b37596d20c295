"""Everything that can be set, on three pages: how the partner plays, keys, looks.

Dials come from `plugin.control.table`, keys from `gui.action_list`; both lists are complete by
themselves. Every change counts at once. It refuses ports, profiles and consent: they have pages.
"""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QKeySequenceEdit,
    QLabel,
    QPushButton,
    QRadioButton,
    QScrollArea,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from gui.action_list import ACTIONS, MENUS, ActionSpec
from gui.actions import Actions
from gui.bridge import Bridge
from gui.state import JamState
from gui.strip.more import MoreDials
from gui.theme import looks
from gui.theme.theme import CHOICES, SCALES, Choice, Theme
from gui.widgets import Card, FlowLayout, explain, why_not

THEMES: dict[Choice, str] = {
    "dark": "Dark",
    "light": "Light",
    "system": "As the system",
}


class SettingsPage(QWidget):
    """See the module. `tabs` holds the three pages."""

    def __init__(
        self,
        state: JamState,
        bridge: Bridge,
        theme: Theme,
        actions: Actions,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName("Settings")
        self.setWindowTitle("Settings")
        self.tabs = QTabWidget()
        self.tabs.setAccessibleName("Pages of the settings")
        self.tabs.tabBar().setAccessibleName("Pages of the settings")
        explain(self.tabs.tabBar(), "Pages of the settings", "arrows move from one to the next")
        self.dials = MoreDials(state, bridge, theme)
        self.keys = KeysPage(theme, actions)
        self.looks = LooksPage(theme)
        for page, name in ((self.dials, "Playing"), (self.keys, "Keys"), (self.looks, "Looks")):
            self.tabs.addTab(page, name)
        column = QVBoxLayout(self)
        theme.spaced(column, 0, 0)
        column.addWidget(self.tabs)


class KeysPage(QWidget):
    """All actions with their keys, which can be changed; one that is taken is refused."""

    def __init__(self, theme: Theme, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._actions = theme, actions
        self.setAccessibleName("Keys")
        self.fields: dict[str, KeyField] = {}
        self.says = QLabel()
        self.says.setWordWrap(True)
        looks.role(self.says, "soft")
        self.usual = QPushButton("Usual keys")
        looks.kind(self.usual, "quiet")
        explain(self.usual, "Usual keys", "all keys as on the first day")
        self.usual.clicked.connect(self._all_usual)
        page = QWidget()
        column = QVBoxLayout(page)
        theme.spaced(column, 12, 0, 0, 10, 0)
        for menu in MENUS:
            specs = [spec for spec in ACTIONS if spec.menu == menu]
            if specs:
                column.addWidget(self._card(menu, specs))
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(page)
        top = QVBoxLayout(self)
        theme.spaced(top, 8, 12)
        top.addWidget(area, 1)
        top.addWidget(self.says)
        top.addWidget(self.usual, 0, Qt.AlignmentFlag.AlignLeft)
        actions.keys_changed.connect(self._refresh)
        self._refresh()

    def _card(self, menu: str, specs: list[ActionSpec]) -> Card:
        card = Card(self._theme, menu)
        grid = QGridLayout()
        self._theme.spaced(grid, 6, 0)
        grid.setColumnStretch(0, 1)
        for row, spec in enumerate(specs):
            words = QLabel(spec.text)
            says = QLabel(f"{spec.tip[:1].upper()}{spec.tip[1:]}.")
            says.setWordWrap(True)
            looks.role(says, "small")
            field = KeyField(spec, partial(self.change, spec.name))
            words.setBuddy(field)
            self.fields[spec.name] = field
            grid.addWidget(words, 2 * row, 0)
            grid.addWidget(says, 2 * row + 1, 0)
            grid.addWidget(field, 2 * row, 1, 2, 1, Qt.AlignmentFlag.AlignVCenter)
        card.body.addLayout(grid)
        return card

    def change(self, name: str, key: str) -> None:
        """Give an action this key, "" for none; what cannot be is said and taken back."""
        says = self._actions.rebind(name, key)
        self.says.setText(says)
        looks.role(self.says, "bad" if says else "soft")
        if says:
            self._refresh()

    @Slot()
    def _all_usual(self) -> None:
        self.says.clear()
        self._actions.usual_keys()

    @Slot()
    def _refresh(self) -> None:
        for name, field in self.fields.items():
            field.show_key(self._actions.key(name))
        why_not(self.usual, "" if self._actions.rebound else "All keys are the usual ones.")


class KeyField(QKeySequenceEdit):
    """Press the new key in it; Backspace takes the key away. Tab goes on, as everywhere."""

    def __init__(self, spec: ActionSpec, changed: Callable[[str], None]) -> None:
        super().__init__()
        self._changed = changed
        self._shown = ""
        self.setMaximumSequenceLength(1)
        explain(
            self,
            f"Key of {spec.text}",
            "press the new key; Backspace is none",
            default=QKeySequence(spec.key).toString(QKeySequence.SequenceFormat.NativeText),
        )
        self.setFinishingKeyCombinations([])
        self.editingFinished.connect(self._finished)

    def show_key(self, key: str) -> None:
        """Show this one."""
        self._shown = key
        self.setKeySequence(QKeySequence(key))

    @Slot()
    def _finished(self) -> None:
        key = self.keySequence().toString(QKeySequence.SequenceFormat.PortableText)
        if key in ("Backspace", "Del"):
            key = ""
        if key != self._shown:
            self._changed(key)


class LooksPage(QWidget):
    """Theme and size, shown at once."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setAccessibleName("Looks")
        column = QVBoxLayout(self)
        theme.spaced(column, 12, 12)
        colours = Card(theme, "Colours")
        self.themes: dict[Choice, QRadioButton] = {}
        self._theme_group = QButtonGroup(self)
        for choice in CHOICES:
            button = QRadioButton(THEMES[choice])
            explain(button, THEMES[choice], _THEME_SAYS[choice])
            self._theme_group.addButton(button)
            button.clicked.connect(lambda _on=False, chosen=choice: theme.choose(chosen))
            self.themes[choice] = button
            colours.body.addWidget(button)
        column.addWidget(colours)
        size = Card(theme, "Size of everything")
        self.scales: dict[float, QPushButton] = {}
        self._scale_group = QButtonGroup(self)
        row = QWidget()
        flow = FlowLayout(row)
        theme.spaced(flow, 4, 0)
        for scale in SCALES:
            scale_button = QPushButton(f"{scale * 100:.0f} %")
            looks.kind(scale_button, "choice")
            scale_button.setCheckable(True)
            explain(
                scale_button,
                f"Size {scale * 100:.0f} %",
                "text and controls grow together",
                default="100 %",
            )
            self._scale_group.addButton(scale_button)
            scale_button.clicked.connect(lambda _on=False, chosen=scale: theme.rescale(chosen))
            self.scales[scale] = scale_button
            flow.addWidget(scale_button)
        size.body.addWidget(row)
        column.addWidget(size)
        column.addStretch(1)
        theme.changed.connect(self._refresh)
        self._refresh()

    @Slot()
    def _refresh(self) -> None:
        self.themes[self._theme.choice].setChecked(True)
        for scale, button in self.scales.items():
            if scale == self._theme.scale:
                button.setChecked(True)


_THEME_SAYS: dict[Choice, str] = {
    "dark": "light text on dark ground",
    "light": "dark text on light ground",
    "system": "dark or light as your system is, and changes with it",
}
