"""The player's own music: exact runs, learnt at once, forgotten when there is too much."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.events import Note
from engine.quote.index import NO_RUN, Run
from engine.quote.lines import arrays_of, line_of
from engine.quote.own import MOST_PLACES, WINDOW, Own
from tests.engine.quote.music import after, moved, tune


def _line(notes: list[Note]) -> np.ndarray:
    return line_of(*arrays_of(notes), False)


@settings(max_examples=60)
@given(
    st.integers(0, 4), st.integers(0, 60), st.integers(WINDOW, 40),
    st.integers(-20, -5), st.sampled_from([0.5, 1.0, 2.0]),
)  # fmt: skip
def test_a_quote_is_found_exactly(seed: int, first: int, length: int, up: int, tempo: float):
    own = Own()
    for take in range(5):
        own.learn(_line(tune(100, seed=take)))
    quote = moved(tune(length, seed=seed, first=first), up=up, tempo=tempo)
    # Two octaves and more away: no move into the quote or out of it was learnt.
    before, more = (moved(tune(5, seed=seed), up=47) for seed in (80, 81))
    run = own.longest(_line(after(after(before, quote), more)))
    assert run == Run(length, length, 5)


def test_nothing_learnt_and_nothing_alike_are_no_run():
    own = Own()
    assert own.longest(_line(tune(40))) == NO_RUN
    own.learn(_line(tune(200, seed=1)))
    assert own.longest(_line(tune(40, seed=2))) == NO_RUN
    assert own.longest(_line([])) == NO_RUN


def test_a_run_does_not_reach_from_one_take_into_the_next():
    even = [Note(n / 2, 0.4, note.pitch, 80) for n, note in enumerate(tune(40, seed=1))]
    # The second take goes on with the first one's last key: a line begins with no interval, too.
    even[20] = Note(10.0, 0.4, even[19].pitch, 80)
    own = Own()
    own.learn(_line(even[:20]))
    own.learn(_line(even[20:]))
    assert own.longest(_line(even)).notes == 20


def test_both_may_be_uneven():
    rng = np.random.default_rng(0)
    own = Own()
    own.learn(_line(_uneven(tune(50, seed=1), rng)))
    assert own.longest(_line(_uneven(tune(50, seed=1), rng))).notes == 50


def _uneven(notes: list[Note], rng: np.random.Generator) -> list[Note]:
    return [
        Note(max(0.0, note.onset + float(rng.uniform(-0.015, 0.015))), 0.2, note.pitch, 80)
        for note in notes
    ]


@pytest.mark.parametrize("figure", [(60,), (60, 62)])
def test_repeated_notes_and_trills_are_everybodys(figure: tuple[int, ...]):
    own = Own()
    trill = [Note(n / 4, 0.2, figure[n % len(figure)], 80) for n in range(64)]
    own.learn(_line(trill))
    assert own.longest(_line(trill)) == NO_RUN


def test_a_run_through_a_trill_counts_its_other_notes():
    own = Own()
    trill = [Note(n / 4, 0.2, 60 + 2 * (n % 2), 80) for n in range(30)]
    notes = after(after(tune(20, seed=1), trill), tune(20, seed=2))
    own.learn(_line(notes))
    figures = 30 - WINDOW + 1
    # The move into the trill may happen to be one of its own.
    assert 70 - figures - 2 <= own.longest(_line(notes)).notes <= 70 - figures


def test_the_oldest_is_forgotten_and_the_newest_is_kept():
    own = Own(most_moves=400)
    for take in range(30):
        own.learn(_line(tune(90, seed=take)))
        assert len(own) <= 400
    assert own.longest(_line(tune(40, seed=29))).notes == 40
    assert own.longest(_line(tune(40, seed=0))) == NO_RUN


def test_of_a_take_longer_than_the_memory_the_end_is_kept():
    own = Own(most_moves=100)
    own.learn(_line(tune(500, seed=1)))
    assert own.longest(_line(tune(30, seed=1, first=470))).notes == 30


def test_forgetting_leaves_nothing():
    own = Own()
    own.learn(_line(tune(60)))
    own.forget()
    assert len(own) == 0
    assert own.longest(_line(tune(60))) == NO_RUN


def test_the_newest_of_very_many_places_is_compared():
    own = Own()
    figure = tune(WINDOW + 1, seed=3)
    for _ in range(MOST_PLACES + 50):
        own.learn(_line(figure))
    own.learn(_line(after(figure[:-1], tune(20, seed=4))))
    assert own.longest(_line(after(figure[:-1], tune(20, seed=4)))).notes == WINDOW + 20
