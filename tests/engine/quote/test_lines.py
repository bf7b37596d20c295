"""Reading: the same moves in any key and at any tempo, chords upwards, the skyline above chords."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events import Note
from engine.quote.lines import (
    ALIKE,
    ALSO,
    CHORD,
    CLASS,
    INTERVAL,
    LONGER,
    NOTE,
    SHORTER,
    arrays_of,
    line_of,
)
from tests.engine.quote.music import moved, tune


def _read(notes: list[Note], *, top: bool = False) -> np.ndarray:
    return line_of(*arrays_of(notes), top)


def _at(*onsets: float, pitch: int = 60) -> list[Note]:
    return [Note(onset, 0.2, pitch + n, 80) for n, onset in enumerate(onsets)]


def test_moves_are_intervals_and_longer_alike_shorter():
    line = _read([Note(0, 1, 60, 80), Note(1, 1, 64, 80), Note(2, 2, 62, 80), Note(4, 1, 67, 80),
                  Note(4.5, 1, 60, 80)])  # fmt: skip
    assert line[:, INTERVAL].tolist() == [0, 4, -2, 5, -7]
    assert line[2:, CLASS].tolist() == [ALIKE, LONGER, SHORTER]
    assert (line[:, CLASS] == line[:, ALSO]).all()
    assert line[:, NOTE].tolist() == [0, 1, 2, 3, 4]


@given(st.integers(-20, 20), st.sampled_from([0.5, 0.8, 1.0, 1.7, 2.0]), st.integers(0, 9))
def test_key_and_tempo_do_not_matter(up: int, tempo: float, seed: int):
    plain = _read(tune(30, seed=seed))
    other = _read(moved(tune(30, seed=seed), up=up, tempo=tempo, later=3.3))
    assert np.array_equal(plain[:, : CLASS + 1], other[:, : CLASS + 1])


def test_notes_of_a_chord_go_upwards_however_they_were_struck():
    struck = [Note(0.0, 1, 67, 80), Note(0.02, 1, 60, 80), Note(0.04, 1, 64, 80),
              Note(1.0, 1, 65, 80), Note(1.03, 1, 62, 80)]  # fmt: skip
    line = _read(struck)
    assert line[:, INTERVAL].tolist() == [0, 4, 3, -5, 3]
    assert line[:, CLASS].tolist() == [ALIKE, CHORD, CHORD, ALIKE, CHORD]
    assert line[:, NOTE].tolist() == [1, 2, 0, 4, 3]


def test_a_key_that_is_doubled_in_a_chord_counts_once():
    line = _read([Note(0, 1, 60, 80), Note(0, 2, 60, 80), Note(0, 1, 64, 80)])
    assert line[:, INTERVAL].tolist() == [0, 4]


def test_the_skyline_is_what_is_not_under_a_sounding_note():
    melody = [Note(0, 1, 72, 80), Note(1, 1, 71, 80), Note(2, 2, 69, 80)]
    below = [Note(half / 2, 0.4, 50 + half, 80) for half in range(8)]
    line = _read(melody + below, top=True)
    assert line[:, INTERVAL].tolist() == [0, -1, -2]


def test_a_melody_played_legato_is_all_skyline():
    legato = [Note(float(n), 1.1, 80 - n, 80) for n in range(6)]
    assert len(_read(legato, top=True)) == 6


def test_what_lies_near_a_border_is_both_and_what_is_even_is_one():
    nearly = _read(_at(0.0, 1.0, 2.43))
    assert {nearly[2, CLASS], nearly[2, ALSO]} == {ALIKE, LONGER}
    shorter = _read(_at(0.0, 1.0, 1.72))
    assert {shorter[2, CLASS], shorter[2, ALSO]} == {ALIKE, SHORTER}
    even = _read(_at(0.0, 0.1, 0.2, 0.3))
    assert even[2:, CLASS].tolist() == even[2:, ALSO].tolist() == [ALIKE, ALIKE]


@pytest.mark.parametrize("notes", [[], [Note(0, 1, 60, 80)]])
def test_nothing_and_one_note_are_lines_too(notes: list[Note]):
    assert len(_read(notes)) == len(_read(notes, top=True)) == len(notes)
