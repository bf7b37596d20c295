"""The menu bar, made of the list of actions. It refuses to have an entry of its own."""

from PySide6.QtWidgets import QMenu, QMenuBar

from gui.action_list import ACTIONS, MENUS
from gui.actions import Actions

PRESETS_IN = "Presets"


def fill(bar: QMenuBar, actions: Actions) -> None:
    """Put every action into its menu; the presets have one of their own inside."""
    menus: dict[str, QMenu] = {}
    for name in MENUS:
        menus[name] = bar.addMenu(name)
        menus[name].setToolTipsVisible(True)
    presets: QMenu | None = None
    for spec in ACTIONS:
        menu = menus[spec.menu]
        if spec.new_part:
            menu.addSeparator()
        if spec.name.startswith("preset_"):
            if presets is None:
                presets = menu.addMenu(PRESETS_IN)
                presets.setToolTipsVisible(True)
            menu = presets
        menu.addAction(actions[spec.name])
