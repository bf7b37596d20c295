"""Performances are cut into phrases that a keyboard could play."""

from collections.abc import Sequence

import numpy as np
import pytest

from benchmarks.live.performances import RING_S, Performance, phrases_of
from tests.behaviour.performance import still_sounding


def performance(
    notes: list[tuple[int, int, int]],
    *,
    pedal: Sequence[tuple[int, int]] = (),
    marks: Sequence[int] = (),
) -> Performance:
    """Notes are (onset, end, pitch) in ms."""
    onset, end, pitch = (np.array(column) for column in zip(*notes, strict=True))
    at, down = (np.array(column) for column in zip(*pedal, strict=True)) if pedal else ([], [])
    return Performance(
        "a piece",
        onset,
        end,
        pitch,
        np.zeros(len(onset), dtype=int),
        np.array(at, dtype=int),
        np.array(down, dtype=int),
        np.array(marks, dtype=int),
    )


LINE = [(number * 300, number * 300 + 250, 60 + number) for number in range(8)]


def test_a_phrase_starts_at_its_first_note_and_keeps_its_timing() -> None:
    (phrase,) = phrases_of(performance([(5000 + a, 5000 + b, p) for a, b, p in LINE]), seed=1)
    assert phrase.notes == 8
    ons = [at_s for at_s, message in phrase.events if message[0] == 0x90]
    assert ons == [number * 300 / 1e3 for number in range(8)]
    assert still_sounding(phrase.events) == []


def test_marks_cut() -> None:
    found = list(phrases_of(performance(LINE, marks=[0, 1200]), seed=1))
    assert [phrase.notes for phrase in found] == [4, 4]


def test_the_last_key_does_not_ring_for_ever() -> None:
    (phrase,) = phrases_of(performance([*LINE, (2400, 60_000, 40)]), seed=1)
    assert phrase.events[-1][0] == pytest.approx(2.4 + RING_S, abs=0.01)


def test_a_key_that_is_struck_again_is_released_first() -> None:
    notes = [(0, 900, 60), (300, 900, 60), (600, 900, 60), (600, 700, 60), (900, 1000, 64)]
    (phrase,) = phrases_of(performance(notes), seed=1)
    down: set[int] = set()
    for _, message in phrase.events:
        if message[0] == 0x90:
            assert message[1] not in down
            down.add(message[1])
        else:
            down.remove(message[1])
    assert not down
    assert phrase.notes == 4  # two voices struck one key at 600


def test_the_pedal_is_up_after_the_phrase() -> None:
    (phrase,) = phrases_of(performance(LINE, pedal=[(100, 1), (99_000, 0)]), seed=1)
    moves = [message[2] for _, message in phrase.events if message[0] == 0xB0]
    assert moves == [127, 0]


def test_fragments_are_left_out() -> None:
    assert list(phrases_of(performance(LINE[:2]), seed=1)) == []
