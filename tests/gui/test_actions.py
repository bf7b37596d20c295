"""Actions are data first; keys, tips and what they ask follow from it."""

import pytest

from gui.action_list import ACTIONS, MENUS
from gui.actions import Actions
from gui.state import JamState
from plugin import protocol
from plugin.served.messages import Line
from tests.gui.fakes import FakeBridge


def test_every_action_has_a_name_of_its_own_a_menu_and_a_tip() -> None:
    assert len({spec.name for spec in ACTIONS}) == len(ACTIONS)
    for spec in ACTIONS:
        assert spec.menu in MENUS
        assert spec.tip
        assert not spec.tip.endswith(".")


def test_no_two_actions_share_a_key() -> None:
    keys = [key for spec in ACTIONS for key in (spec.key, *spec.also) if key]
    assert len(set(keys)) == len(keys)


def test_the_keys_of_the_specification() -> None:
    keys = {spec.key: spec.name for spec in ACTIONS}
    wanted = {"Space": "listen", "A": "answer", "H": "hold", "M": "mute", "K": "keep"}
    wanted |= {"F": "forget", "L": "metronome", "T": "tap", "Ctrl+E": "export", "Ctrl+.": "panic"}
    wanted |= {"1": "preset_1", "9": "preset_9", "Ctrl+Z": "undo", "Ctrl+Shift+Z": "redo"}
    wanted |= {"Esc": "cancel", "F1": "what_is_this"}
    assert wanted.items() <= keys.items()


def test_what_an_action_asks_is_sent(actions: Actions, bridge: FakeBridge) -> None:
    actions["panic"].trigger()
    actions["preset_3"].trigger()
    actions["hold"].trigger()
    actions["hold"].trigger()
    assert bridge.sent == [
        protocol.Panic(),
        Line("3"),
        protocol.Hold(True),
        protocol.Hold(False),
    ]


def test_a_tip_says_what_it_does_and_its_key(actions: Actions) -> None:
    assert actions.tip("hold") == "Hold — the partner begins no note; what sounds may end (H)"


def test_a_refused_action_says_why(actions: Actions) -> None:
    actions.refuse("audition", "Choose a take first.")
    assert not actions["audition"].isEnabled()
    assert actions.tip("audition").endswith("\nChoose a take first.")
    actions.refuse("audition", "")
    assert actions["audition"].isEnabled()


def test_a_key_can_be_changed(actions: Actions) -> None:
    assert actions.rebind("hold", "G") == ""
    assert actions["hold"].shortcut().toString() == "G"
    assert actions.tip("hold").endswith("(G)")
    assert actions.rebound == {"hold": "G"}
    actions.usual_keys()
    assert actions.rebound == {}


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("M", "M is “Mute partner” already"),
        ("Ctrl+=", "Ctrl+= is “Zoom in” already"),
        ("Tab", "moves about"),
        ("Esc", "always cancels"),
        ("nonsense", "is no key"),
    ],
)
def test_a_key_that_is_taken_is_refused_with_a_sentence(
    actions: Actions, key: str, says: str
) -> None:
    assert says in actions.rebind("hold", key)
    assert actions.key("hold") == "H"


def test_panic_never_goes_without_a_key(actions: Actions) -> None:
    assert "always has a key" in actions.rebind("panic", "")
    assert actions.rebind("forget", "") == ""
    assert actions["forget"].shortcuts() == []


def test_kept_keys_are_taken_up_and_nonsense_among_them_is_not(
    state: JamState, bridge: FakeBridge
) -> None:
    actions = Actions(state, bridge, {"hold": "G", "tap": "A", "gone": "X", "mute": "###"})
    assert actions.rebound == {"hold": "G"}
