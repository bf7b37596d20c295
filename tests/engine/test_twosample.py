"""The two-sample test finds what differs and by what, and nothing where nothing does."""

from dataclasses import replace

import numpy as np
import pytest

from engine.evaluate.continuation.passages import choose
from engine.evaluate.continuation.traits import ALONE, TOGETHER, alone, features, telling, together
from engine.evaluate.continuation.twosample import tell_apart
from tests.engine.music import stream

PASSAGES = choose([stream(100, seed=n, piece=str(n)) for n in range(40)], 40, seed=0)


def _changed(number: int, **change):
    truth = PASSAGES[number].truth
    return replace(truth, notes=tuple(replace(note, **change) for note in truth.notes))


@pytest.mark.slow
def test_what_differs_is_told_and_said():
    staccato = [_changed(n, duration=0.1) for n in range(len(PASSAGES))]
    assert tell_apart(PASSAGES, staccato, seed=1).accuracy > 0.9
    names = [tell["what"] for tell in telling(PASSAGES, staccato, most=3)]
    assert "mean logarithm of duration" in names


@pytest.mark.slow
def test_what_does_not_differ_is_not_told():
    same = [passage.truth for passage in PASSAGES]
    verdict = tell_apart(PASSAGES, same, seed=1)
    assert verdict.accuracy == 0.5
    assert set(verdict.right) == {0.5}
    others = choose([stream(100, seed=n, piece=str(n)) for n in range(40, 80)], 40, seed=0)
    alike = [
        each.truth.moved(passage.truth.start_beat - each.truth.start_beat)
        for passage, each in zip(PASSAGES, others, strict=True)
    ]
    # The random tunes of this set know nothing of their primes, so neither do other ones.
    assert 0.3 < tell_apart(PASSAGES, alike, seed=1).accuracy < 0.7


@pytest.mark.slow
def test_the_same_seed_gives_the_same_verdict():
    other = [_changed(n, pitch=60 + n % 12) for n in range(len(PASSAGES))]
    one, two = (tell_apart(PASSAGES[:12], other[:12], seed=3) for _ in range(2))
    assert (one.right == two.right).all()


def test_loudness_is_hidden_where_nobody_knows_it():
    mute = choose([stream(100, seed=1, velocity=False)], 1, seed=0)[0]
    loud = replace(mute.truth, notes=tuple(replace(n, velocity=99) for n in mute.truth.notes))
    assert (features(mute, loud) == features(mute, mute.truth)).all()
    known = PASSAGES[0]
    louder = _changed(0, velocity=127)
    assert (features(known, louder) != features(known, known.truth)).any()


def test_every_number_has_a_name_and_silence_has_numbers():
    passage = PASSAGES[0]
    silence = replace(passage.truth, notes=())
    for found in (passage.truth, silence):
        assert len(alone(passage, found)) == len(ALONE)
        assert len(together(passage, found)) == len(TOGETHER)
        assert np.isfinite(features(passage, found)).all()
    assert len(features(passage, silence)) == len(features(passage, passage.truth))
    told = telling(PASSAGES[:4], [replace(each.truth, notes=()) for each in PASSAGES[:4]], most=1)
    assert told[0]["higher"] in (0.0, 1.0)
