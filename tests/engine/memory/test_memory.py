"""Laws of the memory: going back is exact, the partner teaches nothing, size is bounded."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.encoding import FAMILIES, FIELD_SIZES, OPEN, ORDER, PITCH, Row, time_class, voice_of
from engine.memory import log
from engine.memory.memory import CAPACITY, Memory, MemoryDataError
from engine.memory.mixture import Mixture
from engine.memory.views import FIRSTS
from engine.model.live import SPARE
from tests.engine.memory.weights import wild
from tests.engine.music import rows

NEXT = Row(24, 60, 24, 20, 1, 1, 1, 1, 0)


def _read(memory: Memory, notes: list[Row]) -> Memory:
    for note in notes:
        memory.read(note)
    return memory


def _says(memory: Memory, row: Row = NEXT) -> np.ndarray:
    """Everything that the memory answers about the next note."""
    mixture = Mixture(None, memory, wild())
    mixture.memory.place = max(memory.place, 1)
    known, found = set(), []
    for field in ORDER:
        found.append(mixture.field(field, row, known))
        known.add(field)
    return np.concatenate(found)


def _says_here(memory: Memory) -> np.ndarray:
    place = memory.place
    mixture = Mixture(None, memory, wild())
    memory.place = place  # a mixture begins a stream
    return np.concatenate([mixture.field(field, NEXT) for field in ORDER])


@settings(max_examples=25, deadline=None)
@given(
    before=st.integers(0, 200), ahead=st.integers(0, 120), capacity=st.sampled_from([16, 50, 4096])
)
def test_going_back_is_exact(before: int, ahead: int, capacity: int):
    notes = rows(before + ahead, seed=before)
    memory = _read(Memory(capacity=capacity), notes[:before])
    head, says, mark = memory.head.copy(), _says_here(memory), memory.mark()
    _read(memory, notes[before:])
    memory.back_to(mark)
    assert np.array_equal(memory.head, head)
    assert (memory.count, memory.place) == (before, before)
    assert np.array_equal(_says_here(memory), says)


def test_going_back_crosses_the_ring_as_far_as_it_may():
    notes = rows(3 * SPARE, seed=2)
    memory, other = Memory(capacity=20), Memory(capacity=20)
    _read(memory, notes[:SPARE])
    mark = memory.mark()
    _read(memory, notes[SPARE : 2 * SPARE])
    memory.back_to(mark)
    _read(other, notes[:SPARE])
    for one in (memory, other):
        _read(one, notes[2 * SPARE : 2 * SPARE + 7])
    assert np.array_equal(_says_here(memory), _says_here(other))
    _read(memory, notes[: SPARE + 1])
    with pytest.raises(ValueError, match="too old"):
        memory.back_to(mark)


def test_a_mark_reaches_over_a_new_stream():
    memory = _read(Memory(capacity=64), rows(30))
    says, mark = _says_here(memory), memory.mark()
    memory.begin()
    _read(memory, rows(5, seed=3))
    memory.back_to(mark)
    assert memory.place == 30
    assert np.array_equal(_says_here(memory), says)


def test_many_at_once_are_one_after_the_other():
    notes = rows(300, seed=1)
    one, other = _read(Memory(capacity=100), notes), Memory(capacity=100)
    other.read_many(np.array(notes[:7]))
    other.read_many(np.array(notes[7:]))
    other.read_many(np.zeros((0, 9)))
    assert np.array_equal(one.head, other.head)
    assert np.array_equal(one.rows()["rows"], other.rows()["rows"])


def test_what_was_saved_says_the_same():
    memory = Memory(capacity=512)
    for stream in range(3):
        memory.begin()
        _read(memory, rows(90, seed=stream))
    saved = memory.rows()
    assert saved["rows"].dtype == np.int16
    assert np.flatnonzero(saved["begins"]).tolist() == [0, 90, 180]
    again = Memory.from_rows(saved, capacity=512)
    memory.begin()
    assert again.place == 0
    assert np.array_equal(_says(again), _says(memory))


def test_only_what_is_remembered_is_saved():
    memory = _read(Memory(capacity=50), rows(120))
    saved = memory.rows()
    assert len(saved["rows"]) == len(memory) == 50
    assert np.array_equal(saved["rows"], np.array(rows(120)[70:]))
    assert saved["begins"].tolist() == [True] + [False] * 49
    assert len(Memory.from_rows(saved, capacity=50)) == 50


@pytest.mark.parametrize(
    "saved",
    [
        {},
        {"rows": np.zeros((3, 9), np.int16)},
        {"rows": np.zeros((3, 8), np.int16), "begins": np.zeros(3, bool)},
        {"rows": np.zeros((3, 9), np.float32), "begins": np.zeros(3, bool)},
        {"rows": np.full((3, 9), 999, np.int16), "begins": np.zeros(3, bool)},
        {"rows": np.full((3, 9), -1, np.int16), "begins": np.zeros(3, bool)},
        {"rows": np.zeros((3, 9), np.int16), "begins": np.zeros(4, bool)},
    ],
)
def test_what_is_no_memory_is_refused(saved: dict):
    with pytest.raises(MemoryDataError, match=r"again\.$"):
        Memory.from_rows(saved)


def test_an_empty_memory_can_be_saved():
    saved = Memory().rows()
    assert len(saved["rows"]) == 0
    assert len(Memory.from_rows(saved)) == 0


def test_the_partner_teaches_nothing():
    memory = _read(Memory(capacity=256), rows(40))
    head = memory.head.copy()
    partner = [row._replace(voice=voice_of(1, row.voice % FAMILIES)) for row in rows(40, seed=5)]
    _read(memory, partner)
    assert np.array_equal(memory.head, head)
    assert len(memory) == 80
    # ... but the note before is the partner's now.
    assert memory.log[79, log.EVIDENCE_AT] == 0
    assert memory.log[79, PITCH] == partner[-1].pitch


def _taught(row: Row, place: int) -> set[int]:
    bits = log.evidence_of(np.array(row, dtype=np.int64), place)
    return {field for field in range(5) if bits >> field & 1}


def test_what_is_unknown_is_no_evidence():
    row = NEXT._replace(voice=0)
    assert _taught(row, 3) == {0, 1, 2, 3, 4}
    assert _taught(row, 0) == {1, 2, 3}  # the first onset and voice are given
    assert _taught(row._replace(duration=OPEN), 3) == {0, 1, 3, 4}
    assert _taught(row._replace(velocity=0), 3) == {0, 1, 2, 4}
    assert _taught(row._replace(voice=FAMILIES), 3) == set()


def test_a_hundred_thousand_notes_take_no_more_room():
    memory = Memory()
    size = memory.state_bytes
    figure = np.array([NEXT._replace(pitch=p, voice=0) for p in (60, 64, 67, 72)])
    for _ in range(10):
        memory.read_many(np.tile(figure, (2500, 1)))
    assert memory.count == 100_000
    assert len(memory) == CAPACITY
    assert memory.state_bytes == size
    assert np.isfinite(_says_here(memory)).all()


def test_the_oldest_are_forgotten():
    """A figure that fell out of the memory has no votes any more."""
    memory = Memory(capacity=64)
    figure = [NEXT._replace(pitch=p) for p in (100, 103, 99) * 5]
    _read(memory, figure)
    assert (memory.head[:, :] >= 0).any()
    _read(memory, [NEXT._replace(pitch=50 + n % 2) for n in range(64)])
    with_figure = _says_here(memory)
    other = Memory(capacity=64)
    _read(other, [NEXT._replace(pitch=40 + n % 7) for n in range(15)])
    _read(other, [NEXT._replace(pitch=50 + n % 2) for n in range(64)])
    assert np.allclose(with_figure, _says_here(other))


@pytest.mark.parametrize(
    "notes",
    [
        [],
        [NEXT],
        [NEXT] * 50,
        [NEXT._replace(voice=17, kind=3)] * 20,
        [NEXT._replace(delta=time_class(10_000), duration=OPEN, velocity=0)] * 20,
        [NEXT._replace(pitch=0), NEXT._replace(pitch=127)] * 20,
    ],
)
def test_every_answer_is_finite(notes: list[Row]):
    memory = _read(Memory(capacity=64), notes)
    says = _says_here(memory)
    assert np.isfinite(says).all()
    assert len(says) == sum(FIELD_SIZES)


def test_learning_touches_only_its_contexts():
    memory = Memory(capacity=64)
    memory.read(NEXT._replace(voice=0))
    touched = (memory.head >= 0).any(axis=1)
    fields = [slice(FIRSTS[n], FIRSTS[n + 1]) for n in range(5)]
    assert [bool(touched[part].all()) for part in fields] == [False, True, True, True, False]
    assert [bool(touched[part].any()) for part in fields] == [False, True, True, True, False]


def test_no_room_is_refused():
    with pytest.raises(ValueError, match="16"):
        Memory(capacity=4)
