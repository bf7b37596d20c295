from itertools import pairwise

import numpy as np
import pytest

from engine.critic.inputs import MEASURES, RELATIONS, TABLES, look
from engine.critic.rows import rows_of
from engine.encoding import PITCH, VELOCITY, VOICE, voice_of
from engine.events import Note, Timebase, Voice


def _tune(pitches: list[int], first: float = 0.0, velocity: int = 70) -> list[Note]:
    return [Note(first + n / 2, 0.5, pitch, velocity, 0) for n, pitch in enumerate(pitches)]


def _look(heard: list[Note], answer: list[Note], **options):  # type: ignore[no-untyped-def]
    return look(*rows_of(heard, answer, Timebase(), drums=options.get("drums", False)))


def test_a_transposed_phrase_with_its_transposed_answer_looks_the_same_but_for_the_height():
    heard, answer = [60, 64, 67, 64], [65, 69, 72]
    one = _look(_tune(heard), _tune(answer, 2.0))
    two = _look(_tune([p + 5 for p in heard]), _tune([p + 5 for p in answer], 2.0))
    assert np.array_equal(one.numbers, two.numbers)
    differ = np.flatnonzero(np.abs(one.measures - two.measures).max(axis=0) > 1e-6)
    assert list(differ) == [4], "only how high the notes are at all"


def test_numbers_and_measures_stay_in_their_tables():
    seen = _look(_tune([60, 127, 0]), _tune([60, 0, 127, 1], 1.5, velocity=1))
    assert seen.numbers.shape == (7, len(TABLES))
    assert seen.measures.shape == (7, MEASURES)
    assert seen.alike.shape == (7, RELATIONS)
    assert seen.heard == 3
    starts = np.cumsum((0, *TABLES))
    for column, (low, high) in enumerate(pairwise(starts)):
        values = seen.numbers[:, column]
        assert low <= values.min() <= values.max() < high
    assert np.isfinite(seen.measures).all()


def test_loudness_counts_only_where_the_players_is_known():
    loud, soft = _tune([62, 64], 1.0, velocity=120), _tune([62, 64], 1.0, velocity=20)
    unknown, known = _tune([60, 62], velocity=0), _tune([60, 62], velocity=70)
    assert np.array_equal(_look(unknown, loud).measures, _look(unknown, soft).measures)
    assert not np.array_equal(_look(known, loud).measures, _look(known, soft).measures)


def test_an_answer_goes_on_from_the_last_onset_heard_in_the_partners_voice():
    heard, answer = rows_of(_tune([60, 62]), _tune([64], 3.0), Timebase(), drums=False)
    assert heard[:, VOICE].tolist() == [voice_of(int(Voice.PLAYER), 0)] * 2
    assert answer[0, VOICE] == voice_of(int(Voice.PARTNER), 0)
    assert answer[0, PITCH] == 64
    assert answer[0, VELOCITY] > 0
    straight, _ = rows_of([*_tune([60, 62]), *_tune([64], 3.0)], [], Timebase(), drums=False)
    assert answer[0, 0] == straight[2, 0], "two beats and a half since the last onset"


@pytest.mark.parametrize(("heard", "answer"), [([], []), ([], [60]), ([60], []), ([60], [60])])
def test_next_to_nothing_can_be_looked_at(heard: list[int], answer: list[int]):
    seen = _look(_tune(heard), _tune(answer, 4.0))
    assert len(seen.numbers) == len(heard) + len(answer)
    assert np.isfinite(seen.measures).all()
