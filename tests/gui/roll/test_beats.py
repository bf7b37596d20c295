import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui.roll.beats import SETTLES_NS, BeatMap
from plugin.protocol import Position
from tests.gui.roll.told import S, pulse


def position(
    bar: int, beat: int, partner: bool | None = None, turn: int = 0, of: int = 0
) -> Position:
    return Position(bar, beat, 120.0, False, partner, turn, of)


def times(beats: BeatMap, begin_s: float, end_s: float, *kinds: str) -> list[float]:
    lines = beats.lines(round(begin_s * S), round(end_s * S))
    return [line.t_ns / S for line in lines if not kinds or line.kind in kinds]


def test_a_steady_clock_has_its_lines_on_its_beats() -> None:
    beats = BeatMap()
    for tenth in range(40):
        beats.pulse(pulse(tenth / 10, 120))
    assert times(beats, 0.0, 4.0) == pytest.approx([n / 2 for n in range(8)])
    assert times(beats, 0.0, 6.1, "bar") == pytest.approx([0.0, 2.0, 4.0, 6.0])


def test_bars_of_three_and_a_half_beats() -> None:
    beats = BeatMap()
    beats.pulse(pulse(0.0, 60, beats_per_bar=3.5))
    assert times(beats, 0.0, 7.0, "bar") == pytest.approx([0.0, 3.5])
    assert times(beats, 0.0, 7.0, "beat") == pytest.approx([1, 2, 3, 4.5, 5.5, 6.5])


def test_in_free_time_it_counts_seconds() -> None:
    beats = BeatMap()
    assert times(beats, 0.5, 3.5, "second") == [1.0, 2.0, 3.0]
    beats.pulse(pulse(0.0, 0.0))
    assert times(beats, 0.5, 3.5, "second") == [1.0, 2.0, 3.0]
    assert beats.where(round(2.25 * S)) == "2.2 s"


def test_a_clock_that_stops_leaves_its_past() -> None:
    beats = BeatMap()
    beats.pulse(pulse(0.0, 60))
    beats.pulse(pulse(4.5, 60, running=False))
    assert times(beats, 0.0, 8.0, "bar", "beat") == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert times(beats, 0.0, 8.0, "second") == [5.0, 6.0, 7.0]


def test_a_tempo_that_changes_loses_and_doubles_no_beat() -> None:
    beats, at_s, beat = BeatMap(), 0.0, 0.0
    for number in range(200):
        bpm = 80 + 40 * ((number // 10) % 5)
        beats.pulse(pulse(at_s, bpm, beat=beat))
        at_s, beat = at_s + 0.1, beat + 0.1 * bpm / 60
    lines = beats.lines(0, round(at_s * S))
    assert len(lines) == int(beat) + 1
    kinds = ["bar" if number % 4 == 0 else "beat" for number in range(len(lines))]
    assert [line.kind for line in lines] == kinds
    assert all(b.t_ns > a.t_ns for a, b in itertools.pairwise(lines))


@given(
    st.lists(st.tuples(st.floats(60, 200), st.floats(-0.04, 0.04)), min_size=2, max_size=60),
    st.integers(1, 40),
)
def test_what_is_settled_never_moves(pulses: list[tuple[float, float]], every: int) -> None:
    beats, at_s, beat = BeatMap(), 0.0, 0.0
    for number, (bpm, jitter) in enumerate(pulses):
        settled_ns = round(at_s * S) - SETTLES_NS
        before = beats.lines(0, max(settled_ns, 0))
        moved_ns = beats.pulse(pulse(at_s, bpm, beat=max(beat + jitter, 0.0)))
        assert beats.lines(0, max(settled_ns, 0)) == before
        if moved_ns is not None and number:
            assert moved_ns >= settled_ns
        if number % every == 0:
            bpm += 10
        at_s, beat = at_s + 0.1, beat + 0.1 * bpm / 60


@given(st.lists(st.tuples(st.floats(60, 200), st.floats(-0.04, 0.04)), min_size=2, max_size=40))
def test_nothing_before_the_moment_it_names_has_moved(pulses: list[tuple[float, float]]) -> None:
    beats, at_s, beat = BeatMap(), 0.0, 0.0
    beats.pulse(pulse(0.0, 100))
    for bpm, jitter in pulses:
        at_s, beat = at_s + 0.1, beat + 0.1 * bpm / 60
        until_ns = round((at_s + 5) * S)
        before = beats.lines(0, until_ns)
        moved_ns = beats.pulse(pulse(at_s, bpm, beat=beat + jitter))
        since = until_ns if moved_ns is None else moved_ns
        after = beats.lines(0, until_ns)
        assert [n for n in before if n.t_ns < since] == [n for n in after if n.t_ns < since]


def test_after_a_long_steady_stretch_a_new_tempo_leaves_the_past_alone() -> None:
    beats = BeatMap()
    for tenth in range(101):
        beats.pulse(pulse(tenth / 10, 120))
    before = times(beats, 0.0, 9.4)
    moved_ns = beats.pulse(pulse(10.1, 90, beat=20.1))
    assert moved_ns == round(10.1 * S) - SETTLES_NS
    assert times(beats, 0.0, 9.4) == before
    # One beat from 9.6 s, where it was foretold as 19.2, to 10.1 s, where it is 20.1.
    assert times(beats, 9.6, 10.1) == pytest.approx([9.6 + 0.5 * 0.8 / 0.9])


def test_a_steady_clock_moves_nothing() -> None:
    beats = BeatMap()
    beats.pulse(pulse(0.0, 97.3))
    assert [beats.pulse(pulse(n / 10, 97.3)) for n in range(1, 600)] == [None] * 599


def test_a_jump_in_the_song_begins_anew() -> None:
    beats = BeatMap()
    beats.pulse(pulse(0.0, 60))
    beats.pulse(pulse(2.5, 60, beat=40.0, bar_beat=40.0))
    assert times(beats, 0.0, 6.0, "bar") == [0.0, 2.5]
    assert times(beats, 0.0, 4.0, "beat") == [1.0, 2.0, 3.5]


def test_bars_get_their_numbers_from_the_song() -> None:
    beats = BeatMap()
    beats.pulse(pulse(0.0, 120))
    assert {line.number for line in beats.lines(0, 8 * S)} == {0}
    assert beats.position(position(17, 3), round(1.02 * S))
    numbered = [line.number for line in beats.lines(0, 6 * S) if line.kind == "bar"]
    assert numbered == [17, 18, 19]
    assert beats.where(round(2.6 * S)) == "bar 18.2"
    assert not beats.position(position(18, 1), round(1.98 * S)), "told a little before the beat"


def test_turns_lie_on_bars_and_foretell_their_end() -> None:
    beats = BeatMap()
    beats.pulse(pulse(0.0, 120))
    beats.position(position(1, 1, False, 1, 2), round(0.01 * S))
    beats.position(position(1, 2, False, 1, 2), round(0.49 * S))
    assert [(t.begin_ns, t.end_ns, t.partner) for t in beats.turns] == [(0, 4 * S, False)]
    beats.position(position(3, 1, True, 1, 2), round(4.01 * S))
    beats.position(position(4, 1, True, 2, 2), round(6.01 * S))
    turn = beats.turns[-1]
    assert (turn.begin_ns, turn.end_ns, turn.partner) == (4 * S, 8 * S, True)
    beats.position(position(4, 3), 7 * S)
    assert beats.turns[-1].end_ns == 7 * S
    assert len(beats.turns) == 2


def test_the_same_side_again_is_another_turn() -> None:
    beats = BeatMap()
    beats.pulse(pulse(0.0, 120))
    beats.position(position(1, 1, True, 2, 2), 0)
    beats.position(position(2, 1, True, 1, 2), 2 * S)
    assert len(beats.turns) == 2
