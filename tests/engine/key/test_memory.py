import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.key.memory import CHANNELS, HALF_LIVES, Memory

heard = st.lists(
    st.tuples(
        st.integers(24, 96),
        st.one_of(st.floats(0.05, 8.0), st.sampled_from([0.0, float("nan"), float("inf"), -1.0])),
    ),
    max_size=40,
)


def _after(notes: list[tuple[int, float]], *, turn: int = 0, faster: float = 1.0) -> np.ndarray:
    memory = Memory()
    for pitch, duration in notes:
        memory.hear(pitch + turn, duration * faster)
    return memory.view().reshape(CHANNELS, 12)


@given(notes=heard, turn=st.integers(-12, 12))
def test_what_is_transposed_is_remembered_turned(notes, turn):
    turned = np.roll(_after(notes), turn, axis=1)
    assert _after(notes, turn=turn) == pytest.approx(turned, abs=1e-5)


@given(notes=heard)
def test_tempo_makes_no_difference(notes):
    assert _after(notes, faster=7.3) == pytest.approx(_after(notes), abs=1e-5)


@given(notes=heard)
def test_views_stay_between_0_and_1(notes):
    view = _after(notes)
    assert np.isfinite(view).all()
    assert (view >= 0).all()
    assert (view <= 1).all()


def test_more_evidence_looks_like_more():
    once, often = _after([(60, 1.0)]), _after([(60, 1.0)] * 50)
    assert once[len(HALF_LIVES) - 1, 0] ** 2 == pytest.approx(1 / 2)
    assert often[len(HALF_LIVES) - 1, 0] ** 2 > 0.95


def test_each_count_halves_after_its_half_life():
    for channel, life in enumerate(HALF_LIVES):
        memory = Memory()
        memory.hear(60, 1.0)
        before = memory._count.reshape(CHANNELS, 12)[channel, 0]
        for _ in range(int(life)):
            memory.hear(61, 1.0)
        after = memory._count.reshape(CHANNELS, 12)[channel, 0]
        assert after == pytest.approx(before / 2, rel=1e-3)


def test_steps_remember_where_they_came_from():
    steps = _after([(60, 1.0), (67, 1.0)])[-12:]
    assert steps[7, 7] > 0
    assert np.count_nonzero(steps) == 1


def test_shares_are_shares_and_nothing_before_the_first_note():
    memory = Memory()
    assert memory.shares() == [0.0] * 12
    for pitch in (60, 60, 62, 71):
        memory.hear(pitch, 1.0)
    assert sum(memory.shares()) == pytest.approx(1.0)
    assert memory.shares()[0] == pytest.approx(0.5, abs=0.02)
    memory.reset()
    assert not memory.view().any()
    assert memory.shares() == [0.0] * 12


def test_a_night_of_notes_is_not_larger_than_its_last_hour():
    memory = Memory()
    for number in range(20_000):
        memory.hear(60 + number % 7, 0.5)
    assert np.isfinite(memory.view()).all()
    assert memory._count.max() < HALF_LIVES[-1] * 2
