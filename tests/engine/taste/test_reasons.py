"""Reasons are few, true, and in plain words with the number that was measured."""

import numpy as np
import pytest
from hypothesis import given

from engine.taste.features import COUNT, NAMES, Features, Situation, features
from engine.taste.portrait import NAN
from engine.taste.reasons import MOST, why
from tests.engine.taste.lines import PLAIN, line, notes, vector, vectors

PHRASE = line([60, 62, 64, 65, 67, 65, 64, 62])


def _made(pitches: list[int], **more: float) -> Features:
    return features(line(pitches, **more), Situation.of(PHRASE, 4.0), scale=PLAIN)


def test_the_word_follows_what_is_liked_and_the_number_is_measured():
    calm, busy = _made([60, 62, 64, 65], step=1.0), _made([60, 62, 64, 65], step=0.25)
    (reason,) = why(calm, vector(busy=-1.0), [busy])
    assert (reason.feature, reason.words, reason.share) == ("busy", "calmer", 1.0)
    assert reason.number.startswith("0.5 notes to each of yours")
    (reason,) = why(busy, vector(busy=1.0), [calm])
    assert reason.words == "busier"
    assert reason.number.startswith("2.0 notes")


def test_the_strongest_reason_comes_first_and_weak_ones_are_left_out():
    low = _made([48, 50, 52, 53, 55, 53, 52, 50])
    other = _made([72, 73, 79, 70], step=1.0)
    weights = vector(high=-1.0, rhythm=5.0, keys=0.5, even=0.01)
    reasons = why(low, weights, [other])
    assert [reason.words for reason in reasons] == ["your rhythm", "lower"]
    assert "12 semitones below" in reasons[1].number
    assert reasons[0].number == "100 % of the waits shared"
    assert sum(reason.share for reason in reasons) <= 1


def test_what_speaks_against_it_or_is_not_known_is_no_reason():
    calm, busy = _made([60, 62, 64, 65], step=1.0), _made([60, 62, 64, 65], step=0.25)
    assert why(calm, vector(busy=1.0), [busy]) == ()
    assert why(calm, np.zeros(COUNT), [busy]) == ()
    assert why(calm, vector(critic=-1.0), [Features(calm.natural, vector(critic=3.0))]) == ()


def test_alone_it_is_held_against_the_usual():
    (reason,) = why(_made([84, 86, 84, 86]), vector(high=1.0))
    assert reason.words == "higher"
    assert "above your middle" in reason.number


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("name", NAMES)
def test_every_feature_has_words_both_ways(name, sign):
    natural = np.full(COUNT, NAN)
    natural[NAMES.index(name)] = 0.5 * sign
    (reason,) = why(Features(natural, vector(**{name: 1.0 * sign})), vector(**{name: 1.0 * sign}))
    assert reason.feature == name
    assert reason.words
    assert any(char.isdigit() for char in reason.number)
    (opposite,) = why(
        Features(natural, vector(**{name: 1.0 * sign})),
        vector(**{name: -1.0 * sign}),
        [Features(natural, vector(**{name: 2.0 * sign}))],
    )
    assert opposite.words != reason.words


@given(notes, notes, vectors)
def test_whatever_the_notes_there_are_at_most_three_that_are_true(some, phrase, weights):
    found = features(some, Situation.of(phrase, 4.0), scale=PLAIN)
    reasons = why(found, weights)
    assert len(reasons) <= MOST
    for reason in reasons:
        number = NAMES.index(reason.feature)
        assert weights[number] * found.standard[number] > 0
        assert np.isfinite(found.natural[number])
        assert "nan" not in reason.number
