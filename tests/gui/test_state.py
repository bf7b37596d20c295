"""The state is what the session last told, and the player's own newest wish."""

from gui.state import JamState, Standing
from plugin import protocol
from plugin.protocol import State
from plugin.served.messages import NotOpened, Opened, Pulse
from plugin.settings import Settings, Way
from tests.gui.fakes import FakeBridge

OPENED = Opened(1, "memory", "Antiphon In", "Antiphon Out", 1, False)


def pulse(origin_ns: int = 0, late_ms: float = 0.0, *, holding: bool = False) -> Pulse:
    return Pulse(origin_ns, 0, 0.0, 0.0, 4.0, 0.0, False, False, holding, late_ms, 0.0, 0.0, 0.0)


def test_a_change_counts_at_once_and_is_sent(state: JamState, bridge: FakeBridge) -> None:
    told: list[Settings] = []
    state.settings_changed.connect(told.append)
    wish = Settings(way=Way.TRADE)
    state.put(wish)
    state.put(wish)
    assert state.settings == wish
    assert told == [wish]
    assert bridge.sent == [protocol.Change(wish)]


def test_two_quick_turns_do_not_jump_back(state: JamState, bridge: FakeBridge) -> None:
    first, second = Settings(eagerness=0.6), Settings(eagerness=0.7)
    state.put(first)
    state.put(second)
    told: list[Settings] = []
    state.settings_changed.connect(told.append)
    bridge.tell(protocol.SettingsChanged(first), protocol.SettingsChanged(second))
    assert told == []
    assert state.settings == second


def test_what_the_session_changes_itself_is_taken_over(state: JamState, bridge: FakeBridge) -> None:
    state.put(Settings(eagerness=0.6))
    tapped = Settings(bpm=120.0)
    bridge.tell(protocol.SettingsChanged(tapped))
    assert state.settings == tapped
    bridge.tell(protocol.SettingsChanged(Settings(eagerness=0.6)))
    assert state.settings == Settings(eagerness=0.6)


def test_standing_is_what_the_partner_does_and_late_while_it_is_heard(
    state: JamState, bridge: FakeBridge
) -> None:
    told: list[Standing] = []
    state.standing_changed.connect(told.append)
    bridge.tell(
        OPENED,
        protocol.StateChanged(State.THINKING),
        protocol.StateChanged(State.ANSWERING),
        pulse(late_ms=12.0),
        pulse(late_ms=2.0),
        protocol.StateChanged(State.ENGINE_STOPPED),
    )
    bridge.die()
    assert told == [
        Standing.LISTENING,
        Standing.THINKING,
        Standing.ANSWERING,
        Standing.LATE,
        Standing.ANSWERING,
        Standing.ENGINE_STOPPED,
        Standing.OFF,
    ]


def test_every_state_of_the_session_has_a_standing() -> None:
    assert {one.value for one in State} <= {one.value for one in Standing}


def test_session_time_is_the_monotonic_clock_from_its_origin(bridge: FakeBridge) -> None:
    state = JamState(bridge, clock_ns=lambda: 5_000)
    assert state.now_ns() == 0
    bridge.tell(pulse(origin_ns=2_000))
    assert state.now_ns() == 3_000


def test_an_engine_that_stops_is_known_to_be_away(state: JamState, bridge: FakeBridge) -> None:
    told: list[object] = []
    state.engine_changed.connect(told.append)
    ready = protocol.EngineReady("tiny", 9)
    bridge.tell(OPENED, ready, protocol.StateChanged(State.ENGINE_STOPPED))
    assert told == [ready, None]


def test_trouble_is_kept_and_the_same_is_not_said_twice_in_a_row(
    state: JamState, bridge: FakeBridge
) -> None:
    told: list[str] = []
    state.trouble.connect(told.append)
    bridge.tell(
        NotOpened("No MIDI system here: try the demo."),
        protocol.Trouble("The disk is full: free some space."),
        protocol.Trouble("The disk is full: free some space."),
    )
    assert told == list(state.troubles)
    assert len(told) == 2


def test_whether_a_phrase_waits_for_its_answer(state: JamState, bridge: FakeBridge) -> None:
    assert not state.unanswered
    bridge.tell(protocol.NoteSounded(0, False, 0, 60, 90))
    assert state.unanswered
    bridge.tell(protocol.AnswerOver("t", 4, 1.0, 0, 0, 0.0, False))
    assert not state.unanswered


def test_a_session_that_is_gone_leaves_settings_but_no_snapshot(
    state: JamState, bridge: FakeBridge
) -> None:
    state.put(Settings(way=Way.VARY))
    bridge.tell(OPENED, pulse(holding=True))
    holding: list[bool] = []
    state.holding_changed.connect(holding.append)
    bridge.die("it was killed by SIGKILL")
    assert state.settings.way is Way.VARY
    assert state.opened is None
    assert state.pulse is None
    assert holding == [False]
    assert "SIGKILL" in state.troubles[-1]
