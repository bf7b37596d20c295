from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data import tunes
from engine.data.tunes import Pair, alike, digest, shingles
from tests.engine.data.files import piece, tune

lines = st.lists(st.integers(30, 90), min_size=10, max_size=60)


@given(lines, st.integers(-20, 20), st.sampled_from([120, 240, 480]))
def test_a_tune_is_the_same_in_every_key_and_tempo(line: list[int], up: int, step: int):
    here = shingles(piece(line))
    there = shingles(piece([pitch + up for pitch in line], step=step))
    assert np.array_equal(here, there)
    assert 1 <= len(here) <= len(line) - tunes.INTERVALS


@given(lines, st.integers(0, 59), st.integers(1, 6))
def test_another_note_changes_at_most_ten_shingles(line: list[int], where: int, up: int):
    other = list(line)
    other[where % len(line)] += up
    one, two = shingles(piece(line)), shingles(piece(other))
    # A note is part of two intervals, and each of them of nine runs; ten runs hold either.
    assert len(np.setdiff1d(two, one)) <= tunes.INTERVALS + 1


def test_the_line_is_the_highest_notes_and_drums_have_none():
    melody = piece(tune(1))
    n = len(melody)
    chords = replace(
        melody,
        onset=np.repeat(melody.onset, 2) + np.tile([0, 9], n),
        duration=np.repeat(melody.duration, 2),
        pitch=np.stack([melody.pitch - 24, melody.pitch], axis=1).ravel(),
        velocity=np.repeat(melody.velocity, 2),
        track=np.repeat(melody.track, 2),
    )
    assert np.array_equal(shingles(chords), shingles(melody))
    assert len(shingles(replace(melody, drum=np.array([True])))) == 0
    assert len(shingles(piece([60] * 9))) == 0


def test_equal_notes_have_equal_digests_whatever_else_differs():
    one = piece(tune(2), velocity=70)
    late = replace(one, onset=one.onset + 960, program=np.array([5], dtype=np.uint8))
    assert digest(one) == digest(late)
    for other in (
        replace(one, velocity=one.velocity + 1),
        replace(one, duration=one.duration + 1),
        replace(one, milliseconds=True),
        replace(one, drum=np.array([True])),
        piece(tune(3), velocity=70),
    ):
        assert digest(one) != digest(other)


def test_parts_and_wholes_are_found_and_strangers_are_not():
    whole = tune(4, 2000)
    found = alike(
        [
            shingles(piece(line))
            for line in (tune(5, 2000), whole, whole[500:700], tune(6, 30), whole[:1200] + tune(7))
        ],
        0.4,
    )
    assert [(pair.first, pair.second) for pair in found] == [(1, 2), (1, 4), (2, 4)]
    assert found[0].containment == 1.0
    assert found[1].containment == pytest.approx(1191 / 1251, abs=0.02)


def test_what_many_share_says_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tunes, "_COMMONPLACE_FROM", 4)
    common = tune(99, 40)
    pieces = [piece(tune(n, 40) + common) for n in range(6)]
    assert alike([shingles(one) for one in pieces], 0.3) == []
    monkeypatch.setattr(tunes, "_COMMONPLACE_FROM", 100)
    assert alike([shingles(one) for one in pieces], 0.3) != []


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 20)), max_size=8))
def test_pairs_are_those_of_comparing_all_with_all(recipe: list[tuple[int, int]]):
    found = [shingles(piece(tune(seed, 60)[start:])) for seed, start in recipe]
    slow = []
    for first in range(len(found)):
        for second in range(first + 1, len(found)):
            shared = len(np.intersect1d(found[first], found[second]))
            containment = shared / min(len(found[first]), len(found[second]))
            if containment >= 0.4:
                slow.append(Pair(first, second, containment))
    assert alike(found, 0.4) == slow


def test_no_pieces_have_no_pairs():
    assert alike([], 0.4) == []
    assert alike([np.zeros(0, dtype=np.uint64)] * 3, 0.4) == []
