"""What every panel may need, in one hand: the window hands it to `gui.panels`, tests build it too.

A value and no service locator: panels are given what they take, one by one. It refuses to start
anything; `gui.app` makes the parts.
"""

from dataclasses import dataclass

from PySide6.QtCore import QObject

from gui.actions import Actions
from gui.bridge import Bridge
from gui.doing import Doing
from gui.first_run.demo import Demo
from gui.keeping import Keeping
from gui.sharing.desk import SharingDesk
from gui.sharing.teaching import Teaching
from gui.state import JamState
from gui.theme.theme import Theme
from gui.undo import UndoStack
from gui.voice.built_in import BuiltInVoice
from gui.voice.feed import VoiceFeed
from plugin.files import data_folder
from plugin.takes import library_path


@dataclass(frozen=True, slots=True)
class Parts:
    """See the module."""

    bridge: Bridge
    state: JamState
    theme: Theme
    actions: Actions
    undo: UndoStack
    doing: Doing
    keeping: Keeping
    voice: BuiltInVoice
    demo: Demo
    sharing: SharingDesk
    teaching: Teaching


def make_parts(
    bridge: Bridge,
    theme: Theme,
    keeping: Keeping,
    feed: VoiceFeed,
    parent: QObject | None = None,
) -> Parts:
    """All of them over one bridge. `feed` overhears its messages."""
    state = JamState(bridge, parent)
    actions = Actions(state, bridge, keeping.kept.rebound, parent)
    undo = UndoStack(state, bridge, parent)
    doing = Doing(actions, state, bridge, undo, parent)
    voice = BuiltInVoice(bridge, feed, parent=parent)
    voice.keep_in(keeping)
    actions.does("panic", voice.panic)
    demo = Demo(state, bridge, actions, parent)
    sharing = SharingDesk(data_folder(), parent=parent)
    bridge.told.connect(sharing.hear)
    sharing.failed.connect(state.say)
    sharing.told.connect(state.said)
    teaching = Teaching(sharing, library_path(data_folder()), parent)
    return Parts(
        bridge, state, theme, actions, undo, doing, keeping, voice, demo, sharing, teaching
    )
