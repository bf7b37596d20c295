"""Novelty: a copy is found at its length in any key, and nothing that is not there."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.evaluate.continuation.novelty import longest_runs, symbols_of, training_symbols
from engine.evaluate.notes import gather
from engine.events import Note
from tests.engine.music import stream


def _tune(first: int, count: int, *, up: int = 0, seed: int = 0) -> list[Note]:
    one = stream(100, seed=seed)
    return [
        Note(n / 2, 0.5, int(one.pitch[n]) + up, 80) for n in range(first, first + count)
    ]  # fmt: skip


def test_a_copy_is_found_at_its_length_in_any_key():
    train = training_symbols(gather([stream(100, seed=n, piece=str(n)) for n in range(4)]))
    asked = [_tune(20, 17), _tune(20, 17, up=3), _tune(40, 60, seed=2), _tune(0, 9)]
    found = longest_runs(train, [symbols_of(notes) for notes in asked])
    assert found == [17, 17, 60, 9]


def test_a_copy_in_the_middle_counts_and_another_rhythm_does_not():
    train = training_symbols(gather([stream(100, seed=0)]))
    strange = [Note(n * 0.75, 0.5, 30 + 37 * n % 80, 80) for n in range(4)]
    copy = [Note(note.onset, 0.5, note.pitch, 80) for note in _tune(10, 12)]
    after = [Note(20 + n * 0.75, 0.5, 30 + 41 * n % 80, 80) for n in range(4)]
    assert longest_runs(train, [symbols_of(strange + copy + after)]) == [12]
    slower = [Note(2 * note.onset, 1.0, note.pitch, 80) for note in copy]
    assert longest_runs(train, [symbols_of(slower)])[0] <= 2


def test_little_unevenness_is_still_a_copy():
    train = training_symbols(gather([stream(100, seed=0)]))
    uneven = [Note(n.onset + 0.02 * (k % 3), 0.5, n.pitch, 80) for k, n in enumerate(_tune(5, 20))]
    assert longest_runs(train, [symbols_of(uneven)]) == [20]


def test_silence_one_note_and_no_training():
    train = training_symbols(gather([stream(100, seed=0)]))
    one = symbols_of([Note(0, 1, 60, 80)])
    assert longest_runs(train, [symbols_of([]), one]) == [0, 1]
    assert longest_runs(train[:0], [one, symbols_of(_tune(0, 5))]) == [1, 1]


def _by_hand(train: list[list[int]], asked: list[int]) -> int:
    best = 0
    for first in range(len(asked)):
        for end in range(first + 1, len(asked) + 1):
            part = asked[first:end]
            if any(part == line[n : n + len(part)] for line in train for n in range(len(line))):
                best = max(best, len(part))
    return best


lines = st.lists(st.lists(st.integers(1, 3), min_size=0, max_size=12), min_size=1, max_size=5)


@settings(max_examples=60, deadline=None)
@given(train=lines, asked=lines)
def test_runs_are_the_longest_there_are(train, asked):
    text = np.concatenate([np.array([0, *line], dtype=np.int32) for line in train])
    found = longest_runs(text, [np.array([0, *line], dtype=np.int32) for line in asked])
    assert found == [_by_hand(train, line) + 1 for line in asked]


def test_a_run_does_not_leave_its_stream():
    apart = gather([stream(10, seed=0, piece="a"), stream(10, seed=1, piece="b")])
    notes = _tune(5, 5) + [Note(5.0 + n.onset, 0.5, n.pitch, 80) for n in _tune(0, 5, seed=1)]
    assert longest_runs(training_symbols(apart), [symbols_of(notes)])[0] == 5


@pytest.mark.parametrize("deepest", [4, 8])
def test_runs_are_counted_to_a_depth(deepest):
    train = training_symbols(gather([stream(100, seed=0)]))
    found = longest_runs(train, [symbols_of(_tune(0, 50))], deepest=deepest)
    assert found == [deepest + 1]
