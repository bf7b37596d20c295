"""Played notes onto paper: bars are always full, rhythms are read as they were meant."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from gui.takes.score.quantise import UNITS, Bar, Piece, Played, bars_of

TPB = 480
FOUR = 4 * UNITS


def played(*notes: tuple[float, float, int]) -> list[Played]:
    """(onset in beats, length in beats, pitch)."""
    return [Played(round(at * TPB), round((at + long) * TPB), key) for at, long, key in notes]


def shape(bar: Bar) -> list[tuple[int, tuple[int, ...]]]:
    return [(piece.length, piece.pitches) for piece in bar]


def test_a_sixteenth_an_eighth_and_a_dotted_eighth() -> None:
    (bar,) = bars_of(
        played((0, 0.75, 60), (0.75, 0.25, 62), (1.0, 0.5, 64), (1.5, 0.5, 65), (2, 2, 67)),
        TPB,
        FOUR,
        1,
    )
    assert shape(bar) == [(9, (60,)), (3, (62,)), (6, (64,)), (6, (65,)), (24, (67,))]


def test_triplets_are_read_as_triplets_and_a_push_is_none() -> None:
    third = 1 / 3
    (bar,) = bars_of(
        played((0, third, 60), (third, third, 62), (2 * third, third, 64), (0.97 + 1, 1, 65)),
        TPB,
        FOUR,
        1,
    )
    assert shape(bar)[:3] == [(4, (60,)), (4, (62,)), (4, (64,))]
    assert [(piece.opens, piece.closes) for piece in bar[:3]] == [
        (True, False),
        (False, False),
        (False, True),
    ]
    assert not any(piece.triplet for piece in bar[3:])
    assert [(p.start, p.pitches) for p in bar if p.pitches][-1] == (24, (65,))


def test_a_note_over_the_bar_line_is_tied() -> None:
    first, second = bars_of(played((3, 2, 60)), TPB, FOUR, 1)
    assert first[-1] == Piece(36, 12, (60,), tied=True)
    assert second[0] == Piece(0, 12, (60,), tied_back=True)


def test_what_begins_together_is_a_chord_and_ends_where_the_next_begins() -> None:
    (bar,) = bars_of(played((0, 4, 67), (0.02, 4, 60), (2, 2, 62)), TPB, FOUR, 1)
    assert shape(bar) == [(24, (60, 67)), (24, (62,))]


def test_a_short_touch_is_no_rest_a_silence_is() -> None:
    (bar,) = bars_of(played((0, 0.7, 60), (1, 0.3, 62), (3, 1, 64)), TPB, FOUR, 1)
    assert shape(bar) == [(12, (60,)), (3, (62,)), (9, ()), (12, ()), (12, (64,))]


def test_bars_nobody_played_in_are_rests() -> None:
    bars = bars_of(played((4, 1, 60)), TPB, FOUR, 3)
    assert shape(bars[0]) == [(48, ())]
    assert shape(bars[2]) == [(48, ())]


PERFORMANCES = st.lists(
    st.tuples(st.integers(0, 9000), st.integers(0, 3000), st.integers(0, 127)), max_size=40
)


@given(notes=PERFORMANCES, bar_units=st.sampled_from([48, 36, 24, 60, 42, 30, 15, 6]))
def test_every_bar_is_full_and_every_tie_has_its_other_end(
    notes: list[tuple[int, int, int]], bar_units: int
) -> None:
    bars = bars_of([Played(at, at + long, key) for at, long, key in notes], TPB, bar_units, 1)
    everything: list[Piece] = []
    for bar in bars:
        at = 0
        for piece in bar:
            assert piece.start == at
            assert piece.length in ({4, 8} if piece.triplet else {3, 6, 9, 12, 18, 24, 36, 48})
            at += piece.length
        assert at == bar_units
        assert sum(p.opens for p in bar) == sum(p.closes for p in bar)
        everything += bar
    for before, after in itertools.pairwise(everything):
        assert before.tied == after.tied_back
        assert not before.tied or before.pitches == after.pitches
    assert not everything[-1].tied
    struck = {key for piece in everything for key in piece.pitches}
    assert struck == {key for _, _, key in notes}
