"""What the prior expects next, as numbers that a turn can be judged by."""

import numpy as np
import pytest

from engine.api import GAP_SHARES, Expect
from engine.encoding import FAMILIES, TIME_CLASSES, TIME_VALUES, VOICE_CLASSES
from engine.events import Note, Timebase, Voice
from engine.expect import chance_over, expect, gap_quantiles
from engine.model.fast import FastPrior
from engine.planner import Planner
from tests.fakes import tiny_prior


@pytest.fixture(scope="module")
def prior(tmp_path_factory: pytest.TempPathFactory) -> FastPrior:
    return tiny_prior.fast(tmp_path_factory.mktemp("weights"))


def test_the_phrase_is_over_where_the_next_note_is_the_partners():
    voices = np.full(VOICE_CLASSES, -50.0, dtype=np.float32)
    voices[3], voices[FAMILIES], voices[FAMILIES + 4] = 0.0, 0.0, 0.0
    assert chance_over(voices) == pytest.approx(2 / 3)
    assert chance_over(voices + 1000) == pytest.approx(2 / 3)


def test_gaps_are_told_at_the_shares_agreed_upon():
    onsets = np.full(TIME_CLASSES, -np.inf, dtype=np.float32)
    onsets[24], onsets[48], onsets[-1] = np.log(0.6), np.log(0.37), np.log(0.03)
    wanted = [0.25 if share <= 0.6 else 0.5 if share <= 0.97 else 32.0 for share in GAP_SHARES]
    assert gap_quantiles(onsets) == tuple(wanted)
    assert TIME_VALUES[24] == 24


def test_a_question_is_answered_with_its_number_before_and_after_notes(prior):
    for tempo_known in (False, True):
        planner = Planner(prior)
        planner.begin(Timebase(tempo_known=tempo_known))
        before = expect(planner.context, Expect(7))
        assert before.request == 7
        for n in range(6):
            planner.hear(Note(0.5 * n, 0.5, 60 + n, 80))
            found = expect(planner.context, Expect(n))
            assert 0.0 <= found.over <= 1.0
            assert len(found.gaps) == len(GAP_SHARES)
            assert list(found.gaps) == sorted(found.gaps)
        assert found != before
        planner.hear(Note(3.0, 0.5, 60, 80), Voice.PARTNER)
        assert expect(planner.context, Expect(5)) != found
