import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.key.profiles import PROFILES, Correlation, Setting, correlate, softmax, templates
from tests.engine.key.music import HARMONIC_MINOR, MAJOR

profiles = st.sampled_from(PROFILES)
weights = st.lists(st.floats(0, 20), min_size=12, max_size=12).map(np.array)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_is_most_like_itself(profile):
    found = correlate(templates(profile) + 3.0, profile)
    assert found.argmax(axis=1).tolist() == list(range(24))
    assert found.diagonal() == pytest.approx(1.0)


@given(counts=weights, profile=profiles, turn=st.integers(0, 11))
def test_it_is_pearsons_correlation_and_turns_with_the_notes(counts, profile, turn):
    found = correlate(counts, profile)
    assert (np.abs(found) <= 1 + 1e-9).all()
    if counts.std() > 1e-3:
        expected = np.corrcoef(counts, templates(profile)[13])[0, 1]
        assert found[13] == pytest.approx(expected, abs=1e-6)
    turned = correlate(np.roll(counts, turn), profile).reshape(2, 12)
    assert turned == pytest.approx(np.roll(found.reshape(2, 12), turn, axis=1), abs=1e-6)


def test_nothing_tells_nothing():
    assert correlate(np.ones(12), PROFILES[0]) == pytest.approx(0.0)
    assert Correlation(Setting()).chances() == pytest.approx(1 / 24)


@given(scores=weights)
def test_chances_sum_to_one(scores):
    assert softmax(scores * 50).sum() == pytest.approx(1.0)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(("steps", "key"), [(MAJOR, 2), (HARMONIC_MINOR, 14)])
def test_plain_phrases_are_found_by_every_profile(profile, steps, key):
    judge = Correlation(Setting(profile=profile))
    for step in steps:
        judge.hear(62 + step, 1.0)
    assert int(judge.chances().argmax()) == key
    judge.reset()
    assert judge.shares() == [0.0] * 12


def test_durations_and_half_life_do_what_they_say():
    long, fading = Correlation(Setting()), Correlation(Setting(half_life=1.0))
    for judge in (long, fading):
        judge.hear(60, 3.0)
        judge.hear(62, 1.0)
    assert long.shares()[0] == pytest.approx(0.75)
    assert fading.shares()[0] == pytest.approx(0.6)
    for unknown in (0.0, math.nan, math.inf):
        one = Correlation(Setting())
        one.hear(60, unknown)
        one.hear(62, 1.0)
        assert one.shares()[0] == pytest.approx(0.5)
