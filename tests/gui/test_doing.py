"""What keys and buttons of the window ask of the session, as things stand."""

import pytest

from gui.actions import Actions
from gui.doing import Doing
from gui.state import JamState
from gui.undo import UndoStack
from plugin import protocol
from plugin.protocol import State
from plugin.served.messages import Audition, Auditioning, DeskIs, Line, Opened, Pulse
from plugin.settings import Settings
from tests.gui.fakes import FakeBridge

OPENED = Opened(1, "memory", "Antiphon In", "Antiphon Out", 1, False)


def pulse(*, running: bool = False, holding: bool = False, external: bool = False) -> Pulse:
    return Pulse(0, 0, 0.0, 0.0, 4.0, 0.0, external, running, holding, 0.0, 0.0, 0.0, 0.0)


class Watch:
    """A clock by hand."""

    now_ns = 0

    def __call__(self) -> int:
        return self.now_ns


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def doing(actions: Actions, state: JamState, bridge: FakeBridge, watch: Watch) -> Doing:
    made = Doing(actions, state, bridge, UndoStack(state, bridge), clock_ns=watch)
    bridge.tell(OPENED)
    return made


def test_without_a_session_the_actions_say_why(
    doing: Doing, actions: Actions, bridge: FakeBridge
) -> None:
    assert actions["hold"].isEnabled()
    bridge.die()
    assert not actions["hold"].isEnabled()
    assert "no session" in actions.tip("hold")
    assert not actions["listen"].isChecked()


def test_listening_in_free_time_is_not_holding(
    doing: Doing, actions: Actions, bridge: FakeBridge
) -> None:
    assert actions["listen"].isChecked()
    actions["listen"].trigger()
    assert bridge.sent == [protocol.Hold(True)]
    bridge.tell(pulse(holding=True))
    assert not actions["listen"].isChecked()
    assert actions["hold"].isChecked()


def test_listening_in_tempo_starts_and_stops_our_clock(
    doing: Doing, actions: Actions, bridge: FakeBridge
) -> None:
    bridge.tell(protocol.SettingsChanged(Settings(bpm=96.0)))
    assert not actions["listen"].isChecked()
    actions["listen"].trigger()
    assert bridge.sent == [protocol.Hold(False), protocol.Start()]
    bridge.tell(pulse(running=True))
    actions["listen"].trigger()
    assert bridge.sent[2:] == [protocol.Hold(True), protocol.Stop()]


def test_a_daws_clock_is_not_ours_to_stop(
    doing: Doing, actions: Actions, bridge: FakeBridge
) -> None:
    bridge.tell(protocol.SettingsChanged(Settings(bpm=96.0)), pulse(running=True, external=True))
    actions["listen"].trigger()
    assert bridge.sent == [protocol.Hold(True)]


def test_answer_now_asks_again_only_while_the_partner_plays(
    doing: Doing, actions: Actions, bridge: FakeBridge
) -> None:
    actions["answer"].trigger()
    bridge.tell(protocol.StateChanged(State.ANSWERING))
    actions["answer"].trigger()
    assert bridge.sent == [protocol.Go(), protocol.Again()]


def test_mute_cuts_and_holds_and_shows_it_is_not_hold(
    doing: Doing, actions: Actions, bridge: FakeBridge
) -> None:
    actions["mute"].trigger()
    assert bridge.sent == [protocol.Hold(True), protocol.Panic()]
    bridge.tell(pulse(holding=True))
    assert actions["mute"].isChecked()
    assert not actions["hold"].isChecked()
    actions["mute"].trigger()
    assert bridge.sent[2:] == [protocol.Hold(False)]
    bridge.tell(pulse())
    assert not actions["mute"].isChecked()


def test_metronome_is_a_setting(
    doing: Doing, actions: Actions, bridge: FakeBridge, state: JamState
) -> None:
    actions["metronome"].trigger()
    assert bridge.sent == [protocol.Change(Settings(metronome=True))]
    bridge.tell(protocol.SettingsChanged(Settings()))
    assert not actions["metronome"].isChecked()


def test_esc_cancels_and_twice_is_panic(
    doing: Doing, actions: Actions, bridge: FakeBridge, watch: Watch
) -> None:
    bridge.tell(Auditioning("Take 3"), DeskIs((), (), "", "", "closeness"))
    actions["cancel"].trigger()
    assert bridge.sent == [Audition(), Line("learn off")]
    watch.now_ns += 600_000_000
    actions["cancel"].trigger()
    assert bridge.sent[2:] == [protocol.Panic()]


def test_esc_twice_slowly_is_no_panic(
    doing: Doing, actions: Actions, bridge: FakeBridge, watch: Watch
) -> None:
    for _ in range(3):
        actions["cancel"].trigger()
        watch.now_ns += 600_000_001
    assert protocol.Panic() not in bridge.sent


def test_undo_names_what_it_takes_back(doing: Doing, actions: Actions, bridge: FakeBridge) -> None:
    assert not actions["undo"].isEnabled()
    assert "nothing to undo" in actions.tip("undo")
    bridge.tell(DeskIs((), (), "tempo: 96 bpm", "", ""))
    assert actions["undo"].text() == "Undo tempo: 96 bpm"
    actions["undo"].trigger()
    assert bridge.sent == [Line("undo")]


def test_presets_carry_their_names_and_missing_ones_say_so(
    doing: Doing, actions: Actions, bridge: FakeBridge
) -> None:
    bridge.tell(DeskIs(("Quiet bass", "Trade 4s"), (), "", "", ""))
    assert actions["preset_2"].text() == "Trade 4s"
    assert actions.reason("preset_2") == ""
    assert "no preset 3 yet" in actions.reason("preset_3")
