"""Features compare an answer with the phrase; what is not known is usual and weighs nothing."""

import math

import numpy as np
import pytest
from hypothesis import given

from engine.events import DRUM_CHANNEL
from engine.taste.features import BOUND, COUNT, NAMES, Features, Known, Scale, Situation, features
from tests.engine.taste.lines import PLAIN, line, notes

PHRASE = line([60, 62, 64, 65, 67, 65, 64, 62])


def _natural(some, situation=None, known=Known()):  # noqa: B008
    found = features(some, situation or Situation.of(PHRASE, 4.0), known, PLAIN)
    return dict(zip(NAMES, found.natural.tolist(), strict=True))


def test_the_phrase_itself_is_as_close_as_can_be():
    found = _natural(PHRASE)
    for name in ("busy", "high", "loud", "long", "busy_apart", "high_apart", "loud_apart",
                 "leap_apart", "chords_apart", "legato_apart", "new"):  # fmt: skip
        assert found[name] == pytest.approx(0), name
    for name in ("keys", "steps", "rhythm"):
        assert found[name] == pytest.approx(1), name


def test_twice_as_busy_an_octave_higher_and_louder():
    twice = [pitch + 12 for pitch in [60, 62, 64, 65, 67, 65, 64, 62]]
    found = _natural(line(twice, step=0.25, velocity=100))
    assert found["busy"] == found["busy_apart"] == pytest.approx(1)
    assert found["high"] == found["high_apart"] == pytest.approx(1)
    assert found["loud"] == found["loud_apart"] == pytest.approx(20)
    assert found["long"] == pytest.approx(-1)
    assert found["keys"] == pytest.approx(1), "octaves do not matter"
    assert (found["rhythm"], found["new"]) == (0, 1)
    half = _natural(line([48] * 4, step=1.0, velocity=60))
    assert (half["busy"], half["busy_apart"]) == (-1, 1)
    assert half["high"] < 0 < half["high_apart"]
    assert (half["loud"], half["loud_apart"]) == (-20, 20)


def test_chords_articulation_and_direction_are_of_the_answer():
    chords = [note for root in (60, 64, 67) for note in line([root], step=1.0, duration=0.5)]
    found = _natural(chords)
    assert found["chords"] == found["chords_apart"] == pytest.approx(math.log2(3))
    rising = _natural(line([60, 60, 72, 72], duration=0.25))
    assert rising["rising"] == pytest.approx(1)
    assert rising["legato"] == pytest.approx(-1)


def test_what_was_played_lately_is_not_fresh():
    other = line([50, 57, 52, 59, 54])
    for recent, fresh in (([], math.nan), ([PHRASE], 1.0), ([PHRASE, other], 0.0)):
        situation = Situation.of(PHRASE, 4.0, recent)
        assert _natural(other, situation)["fresh"] == pytest.approx(fresh, nan_ok=True)


def test_what_others_know_is_passed_on():
    known = Known(likelihood=-3.5, memory=-4.0, critic=0.5, quote=7, style=0.2)
    found = _natural(PHRASE, known=known)
    assert [found[name] for name in NAMES[:5]] == [-3.5, -4.0, 0.5, 7.0, 0.2]
    assert all(math.isnan(_natural(PHRASE)[name]) for name in NAMES[:5])


def test_without_a_phrase_or_beside_drums_nothing_is_compared():
    drums = Situation.of(line([36, 38], channel=DRUM_CHANNEL))
    for situation in (Situation.of([]), drums):
        found = features(PHRASE, situation, scale=PLAIN)
        by_name = dict(zip(NAMES, found.standard.tolist(), strict=True))
        for name in ("busy", "high", "keys", "steps", "rhythm", "new", "long", "leap_apart"):
            assert by_name[name] == 0, name
        assert by_name["even"] == 1


def test_one_scale_counts_from_the_usual_in_usual_differences():
    scale = Scale(np.full(COUNT, 2.0), np.full(COUNT, 0.5))
    natural = np.full(COUNT, 2.25)
    natural[0], natural[1], natural[2] = math.nan, 1000, -1000
    found = scale.standard(natural).tolist()
    assert found == [0.0, BOUND, -BOUND, *[0.5] * (COUNT - 3)]


@given(notes, notes, notes)
def test_whatever_the_notes_features_are_finite_and_bounded(answer, phrase, recent):
    for bar in (4.0, None):
        found = features(answer, Situation.of(phrase, bar, [recent]), scale=PLAIN)
        assert isinstance(found, Features)
        assert found.standard.shape == (COUNT,)
        assert np.isfinite(found.standard).all()
        assert (np.abs(found.standard) <= BOUND).all()
        if not answer:
            assert not found.standard.any()
