"""Likeness: equal is 1, nothing in common is 0, and known music has known order."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.evaluate.continuation.passages import Excerpt
from engine.evaluate.continuation.similarity import (
    HISTOGRAMS,
    area_between_sets,
    groove,
    groove_between,
    histograms,
    likeness,
    motifs,
    overlap,
    pitch_entropy,
    scale_consistency,
)
from engine.events import Note
from tests.strategies import notes as any_notes


def part(notes, *, drums=False, bar=4.0, start=0.0, beats=16.0) -> Excerpt:
    ordered = sorted(notes, key=lambda note: (note.onset, note.pitch))
    return Excerpt(tuple(ordered), start, start + beats, bar, drums)


def line(*pitches: int, step: float = 0.5, start: float = 0.0) -> list[Note]:
    return [Note(start + step * n, step, pitch, 80) for n, pitch in enumerate(pitches)]


parts = st.lists(
    any_notes(onsets=st.integers(0, 63).map(lambda n: n / 4)), min_size=2, max_size=30
).map(part)


@given(one=parts, other=parts)
def test_overlap_is_a_share_and_symmetric(one, other):
    a, b = histograms(one), histograms(other)
    for name in HISTOGRAMS:
        assert a[name].sum() == pytest.approx(1.0) or not a[name].any()
    here, there = overlap(a, b), overlap(b, a)
    for name in HISTOGRAMS:
        if a[name].any() and b[name].any():
            assert 0.0 <= here[name] <= 1.0 + 1e-9
            assert here[name] == pytest.approx(there[name])
            assert overlap(a, a)[name] == pytest.approx(1.0)


@given(one=parts, beats=st.integers(1, 40), up=st.integers(-12, 12))
def test_moving_changes_nothing_and_transposing_only_the_pitch_classes(one, beats, up):
    a, b = histograms(one), histograms(one.moved(float(beats)))
    assert likeness(overlap(a, b)) == pytest.approx(1.0)
    higher = [
        Note(note.onset, note.duration, min(max(note.pitch, 20), 100) + up, 80)
        for note in one.notes
    ]
    level = [Note(n.onset, n.duration, min(max(n.pitch, 20), 100), 80) for n in one.notes]
    areas = overlap(histograms(part(higher)), histograms(part(level)))
    for name in ("interval", "duration", "inter_onset", "density"):
        assert math.isnan(areas[name]) or areas[name] == pytest.approx(1.0)
    turned = np.roll(histograms(part(level))["pitch_class"], up)
    assert histograms(part(higher))["pitch_class"] == pytest.approx(turned)


def test_nothing_in_common_is_nought_and_silence_is_compared():
    low = part(line(60, 62, 64, 65))
    high = part(line(61, 66, 71, 78, step=2.0))
    areas = overlap(histograms(high), histograms(low))
    assert areas["pitch_class"] == areas["duration"] == areas["inter_onset"] == 0.0
    silence = overlap(histograms(part([])), histograms(low))
    assert silence["pitch_class"] == silence["interval"] == 0.0
    assert silence["density"] == pytest.approx(14 / 16)
    assert math.isnan(overlap(histograms(low), histograms(part([])))["pitch_class"])


def test_density_counts_the_notes_of_each_beat():
    found = histograms(part(line(60, 62, 64, 65, step=0.25), beats=4.0))["density"]
    assert found[4] == pytest.approx(1 / 4)
    assert found[0] == pytest.approx(3 / 4)


def test_drums_have_no_key():
    kit = part(line(36, 42, 38, 42), drums=True)
    assert math.isnan(scale_consistency(kit))
    assert math.isnan(pitch_entropy(kit))
    areas = overlap(histograms(kit), histograms(kit))
    assert math.isnan(areas["pitch_class"])
    assert likeness(areas) == pytest.approx(1.0)


def test_scale_and_entropy_of_known_music():
    major = part(line(60, 62, 64, 65, 67, 69, 71, 72))
    assert scale_consistency(major) == pytest.approx(1.0)
    assert scale_consistency(part(line(*range(60, 72)))) == pytest.approx(7 / 12)
    assert pitch_entropy(part(line(*range(60, 72)))) == pytest.approx(math.log2(12))
    assert pitch_entropy(part(line(60, 72, 48))) == pytest.approx(0.0)
    assert math.isnan(pitch_entropy(part([])))


def test_groove_of_equal_bars_is_one_and_falls_with_difference():
    even = [Note(float(n), 1.0, 60, 80) for n in range(16)]
    assert groove(part(even)) == pytest.approx(1.0)
    odd = [note for note in even if note.onset < 12.0]
    # One bar of four lacks its 4 onsets of 64 places: three pairs of six differ by 4 / 64.
    assert groove(part(odd)) == pytest.approx(1 - 0.5 * 4 / 64)
    assert groove_between(part(even), part(even).moved(16.0)) == pytest.approx(1.0)
    assert math.isnan(groove(part(even, bar=None)))


def test_motifs_return_in_any_key_and_not_in_another_rhythm():
    prime = part(line(60, 62, 64, 65, 67))
    again = part(line(67, 69, 71, 72, 74, start=16.0), start=16.0)
    assert motifs(prime, again) == 1.0
    slower = part(line(60, 62, 64, 65, 67, step=1.0))
    assert motifs(prime, slower) == 0.0
    assert math.isnan(motifs(prime, part(line(60, 62, 64))))


def test_sets_of_one_kind_overlap_more_than_sets_of_two():
    rng = np.random.default_rng(0)
    one, same = rng.dirichlet(np.ones(12), 60), rng.dirichlet(np.ones(12), 60)
    other = rng.dirichlet(np.r_[np.full(6, 8.0), np.full(6, 0.1)], 60)
    assert area_between_sets(same, one) > 0.9
    assert area_between_sets(other, one) < area_between_sets(same, one) - 0.1
