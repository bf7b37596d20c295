"""Notes that are handed over with the turn: whose they are, when they end, what ends them first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.api import Ask, Plan
from engine.events import Note
from plugin.protocol import AnswerOver, Change, Go, Panic, PhraseHeard
from plugin.realtime.clock import ManualClock
from plugin.realtime.echo import EchoGuard
from plugin.realtime.thru import LONGEST_HANDED_NS, Thru
from plugin.settings import Settings, Way
from plugin.ways.base import LAST_NOTES_NS
from tests.fakes.engine import FakeEngine
from tests.fakes.port import FakeOutput, sounding
from tests.fakes.stage import MS, Stage
from tests.strategies import crowded_channels, crowded_pitches

ON, OFF, OFF_BY_ON = bytes([0x90, 60, 80]), bytes([0x80, 60, 64]), bytes([0x90, 60, 0])
KEY = (0, 60)


class Desk:
    """A thru, its port and its clock."""

    def __init__(self) -> None:
        self.clock = ManualClock(0)
        self.port = FakeOutput(self.clock)
        self.thru = Thru(self.port.send, EchoGuard())

    def put(self, message: bytes) -> None:
        self.thru.pass_on(self.clock.now_ns(), message)

    def at(self, ms: float) -> None:
        self.clock.sleep_until_ns(round(ms * MS))
        self.thru.tick(self.clock.now_ns())

    @property
    def said(self) -> list[tuple[int, int]]:
        return [(at_ns // MS, message[0]) for at_ns, message in self.port.sent]


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize("release", [OFF, OFF_BY_ON])
def test_a_note_that_was_handed_over_ends_when_the_model_says(desk: Desk, release: bytes) -> None:
    desk.put(ON)
    desk.thru.hand_over(0)
    desk.thru.end_at(60, 700 * MS)
    desk.at(300)
    desk.put(release)
    desk.at(699)
    assert sounding(desk.port.sent) == {KEY: 1}
    desk.at(700)
    assert desk.said == [(0, 0x90), (700, 0x80)]
    desk.put(release)
    assert len(desk.said) == 2


def test_what_the_model_says_before_the_hand_over_counts_then(desk: Desk) -> None:
    """The plan comes first, the turn passes on afterwards."""
    desk.put(ON)
    desk.thru.end_at(60, 700 * MS)
    desk.at(400)
    desk.thru.hand_over(400 * MS)
    desk.put(OFF)
    desk.at(700)
    assert desk.said == [(0, 0x90), (700, 0x80)]
    # It was said of this note, not of the next.
    desk.put(ON)
    desk.thru.hand_over(700 * MS)
    desk.at(800)
    assert sounding(desk.port.sent) == {KEY: 1}


def test_a_note_that_was_not_handed_over_is_the_players(desk: Desk) -> None:
    desk.put(ON)
    desk.thru.end_at(60, 700 * MS)
    desk.at(100)
    desk.put(OFF)
    assert desk.said == [(0, 0x90), (100, 0x80)]


def test_a_key_that_is_struck_again_is_released_first_and_is_the_players(desk: Desk) -> None:
    desk.put(ON)
    desk.thru.hand_over(0)
    desk.put(OFF)
    desk.at(100)
    desk.put(ON)
    assert desk.said == [(0, 0x90), (100, 0x80), (100, 0x90)]
    desk.at(200)
    desk.put(OFF)
    desk.at(LONGEST_HANDED_NS / MS + 1)
    assert desk.said[3:] == [(200, 0x80)]


@pytest.mark.parametrize("said_ns", [None, 3_600_000_000_000])
def test_one_that_nobody_ends_ends_by_itself(desk: Desk, said_ns: int | None) -> None:
    desk.put(ON)
    desk.thru.hand_over(0)
    if said_ns is not None:
        desk.thru.end_at(60, said_ns)
    desk.put(OFF)
    desk.at(LONGEST_HANDED_NS / MS - 1)
    assert sounding(desk.port.sent) == {KEY: 1}
    desk.at(LONGEST_HANDED_NS / MS)
    assert sounding(desk.port.sent) == {}


def test_the_partners_own_note_on_the_key_releases_it_first(desk: Desk) -> None:
    desk.put(ON)
    desk.thru.hand_over(0)
    desk.thru.release_key(0, 0, 60)
    assert sounding(desk.port.sent) == {}
    desk.put(OFF)
    desk.at(LONGEST_HANDED_NS / MS)
    assert len(desk.said) == 2


def test_what_is_taken_back_is_the_players_where_the_key_is_down(desk: Desk) -> None:
    desk.put(ON)
    desk.put(bytes([0x90, 64, 80]))
    desk.thru.hand_over(0)
    desk.put(bytes([0x80, 64, 0]))
    desk.thru.take_back(50 * MS, [KEY])
    desk.at(50)
    assert sounding(desk.port.sent) == {KEY: 1}
    desk.at(80)
    desk.put(OFF)
    assert desk.said[-1] == (80, 0x80)


def test_all_notes_off_ends_what_was_handed_over(desk: Desk) -> None:
    desk.put(ON)
    desk.thru.hand_over(0)
    desk.put(bytes([0xB0, 123, 0]))
    desk.at(LONGEST_HANDED_NS / MS)
    assert sounding(desk.port.sent) == {}


gestures = st.lists(
    st.tuples(
        st.sampled_from(["on", "off", "over", "end", "back", "room", "all off", "wait"]),
        crowded_pitches,
        crowded_channels,
        st.integers(0, 5_000),
    ),
    max_size=60,
)


@given(gestures)
def test_every_note_on_has_one_note_off_and_no_key_sounds_twice(
    found: list[tuple[str, int, int, int]],
) -> None:
    desk = Desk()
    now_ms = 0
    for what, pitch, channel, ms in found:
        now_ns = desk.clock.now_ns()
        match what:
            case "on":
                desk.put(bytes([0x90 | channel, pitch, 80]))
            case "off":
                desk.put(bytes([0x80 | channel, pitch, 0]))
            case "over":
                desk.thru.hand_over(now_ns)
            case "end":
                desk.thru.end_at(pitch, now_ns + ms * MS)
            case "back":
                desk.thru.take_back(now_ns + ms * MS, [(channel, pitch)])
            case "room":
                desk.thru.release_key(now_ns, channel, pitch)
            case "all off":
                desk.put(bytes([0xB0 | channel, 123, 0]))
            case _:
                now_ms += ms
                desk.at(now_ms)
        assert set(sounding(desk.port.sent).values()) <= {1}
    desk.thru.release(desk.clock.now_ns())
    assert sounding(desk.port.sent) == {}


# --------------------------------------------------------------------------- in a session


def held_to(beat: float) -> FakeEngine:
    """It plays two low notes, and says that key 60 ends on this beat after the answer's start."""

    def answer(ask: Ask) -> list[Plan]:
        notes = tuple(Note(ask.start_beat + at, 0.4, 40, 90) for at in (0.0, 4.0))
        return [Plan(ask.request, notes, True, 0.0, ends=((60, ask.start_beat + beat),))]

    return FakeEngine(answer)


def handed(way: Way = Way.SIGN, *, beat: float = 2.0) -> Stage:
    """A key was down when the turn passed on, and came up since."""
    s = Stage(held_to(beat), settings=Settings(way=way, bpm=120.0), thru=True)
    s.down(60)
    s.run(300)
    s.command(Go())
    s.run_until(PhraseHeard)
    s.run(100)
    s.up(60)
    s.run(100)
    assert KEY in sounding(s.port.sent)
    return s


@pytest.mark.parametrize("way", [Way.SIGN, Way.ENDLESS])
def test_in_a_session_it_ends_on_the_beat_that_the_model_says(way: Way) -> None:
    s = handed(way)
    s.run(2_000)
    (end,) = [at for at, m in s.port.note_offs if m[1] == 60]
    first = next(at for at, m in s.port.note_ons if m[1] == 40)
    assert (end - first) / MS == pytest.approx(1_000, abs=30)


def test_in_a_session_the_players_next_note_ends_it() -> None:
    s = handed()
    s.down(65)
    s.run(2)
    assert sounding(s.port.sent) == {(0, 65): 1}


def test_in_a_session_a_key_that_is_still_down_is_the_players_again() -> None:
    s = Stage(held_to(8.0), settings=Settings(way=Way.SIGN, bpm=120.0), thru=True)
    s.down(60)
    s.command(Go())
    s.run_until(PhraseHeard)
    s.run(100)
    s.down(65)
    s.run(50)
    assert sounding(s.port.sent) == {(0, 60): 1, (0, 65): 1}
    s.up(60)
    assert sounding(s.port.sent) == {(0, 65): 1}


def test_in_a_session_another_way_ends_it_by_the_next_beat() -> None:
    s = handed(beat=7.0)
    s.command(Change(Settings(way=Way.ACCOMPANY, bpm=120.0)))
    s.run(LAST_NOTES_NS / MS)
    assert sounding(s.port.sent) == {}


def test_in_a_session_another_way_ends_it_after_the_answer_too() -> None:
    s = handed(beat=7.5)
    s.run_until(AnswerOver)
    assert KEY in sounding(s.port.sent)
    s.command(Change(Settings(way=Way.ACCOMPANY, bpm=120.0)))
    s.run(LAST_NOTES_NS / MS)
    assert sounding(s.port.sent) == {}


def test_in_a_session_panic_ends_it() -> None:
    s = handed()
    s.command(Panic())
    assert sounding(s.port.sent) == {}
