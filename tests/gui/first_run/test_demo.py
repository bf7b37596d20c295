"""The demo is marked for as long as it lasts, and the ports of before come back."""

import pytest
from pytestqt.qtbot import QtBot

from gui.actions import Actions
from gui.first_run.demo import Demo, DemoBanner
from gui.state import JamState
from gui.theme.theme import Theme
from gui.voice.built_in import BuiltInVoice
from gui.voice.feed import VoiceFeed
from plugin.served.messages import Open, Opened
from tests.gui.fakes import FakeBridge

MINE = Open(ins=("Keys@1",), outs=("Synth",), system="JACK")


def opened(*, demo: bool) -> Opened:
    return Opened(1, "JACK", "Keys", "Synth", 1, demo)


@pytest.fixture
def demo(state: JamState, bridge: FakeBridge, actions: Actions) -> Demo:
    bridge.send(MINE)
    bridge.tell(opened(demo=False))
    bridge.sent.clear()
    return Demo(state, bridge, actions)


def test_it_begins_and_the_ports_of_before_come_back(
    bridge: FakeBridge, demo: Demo, actions: Actions
) -> None:
    actions["demo"].trigger()
    asked = bridge.sent[-1]
    assert isinstance(asked, Open)
    assert asked.demo
    assert asked.profile == ""  # no player learns from it
    assert not demo.on  # until the session says so
    bridge.tell(opened(demo=True))
    assert demo.on
    assert actions["demo"].text() == "End the demo"
    actions["demo"].trigger()
    assert bridge.sent[-1] == MINE
    bridge.tell(opened(demo=False))
    assert not demo.on
    assert actions["demo"].text() == "Demo"


def test_begun_twice_it_still_goes_back_to_the_players_ports(
    bridge: FakeBridge, demo: Demo
) -> None:
    demo.begin()
    demo.begin()
    bridge.tell(opened(demo=True))
    demo.end()
    assert bridge.sent[-1] == MINE


def test_started_as_a_demo_it_ends_in_a_session_that_is_none(
    state: JamState, bridge: FakeBridge, actions: Actions
) -> None:
    bridge.send(Open(demo=True))
    bridge.tell(opened(demo=True))
    demo = Demo(state, bridge, actions)
    assert demo.on
    demo.end()
    assert bridge.sent[-1] == Open(demo=False)


def test_the_bar_is_there_while_it_lasts_and_says_what_it_is(
    qtbot: QtBot, bridge: FakeBridge, demo: Demo, theme: Theme
) -> None:
    voice = BuiltInVoice(bridge, VoiceFeed())
    bar = DemoBanner(demo, voice, theme)
    qtbot.addWidget(bar)
    assert not bar.isVisible()
    bridge.tell(opened(demo=True))
    assert bar.isVisible()
    assert "phrase plays in your place" in bar.says.text()
    bar.end.click()
    bridge.tell(opened(demo=False))
    assert not bar.isVisible()


def test_a_session_that_dies_in_the_demo_takes_the_mark_along(
    qtbot: QtBot, bridge: FakeBridge, demo: Demo
) -> None:
    bridge.tell(opened(demo=True))
    with qtbot.waitSignal(demo.changed, timeout=1000):
        bridge.die()
    assert not demo.on
