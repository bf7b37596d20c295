import numpy as np
import pytest

from engine.critic.damage import WAYS, damaged
from engine.encoding import COLUMN_SIZES, PITCH
from tests.engine.music import rows


def _notes(count: int, seed: int) -> np.ndarray:
    return np.array(rows(count, seed=seed), dtype=np.int64)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_each_way_spoils_something_and_leaves_who_plays_and_how_loud(way):
    whole = _notes(16, 1)
    spoilt = whole.copy()
    way(spoilt, _notes(9, 2), np.random.default_rng(0))
    changed = {column for column in range(9) if (spoilt[:, column] != whole[:, column]).any()}
    assert changed
    assert changed <= {0, 1, 2, 5}
    assert (way.__name__ == "_uneven") == (PITCH not in changed)


def test_what_was_spoilt_is_still_notes_and_a_copy():
    for seed in range(60):
        whole = _notes(1 + seed % 7, seed)
        kept = whole.copy()
        found = damaged(whole, _notes(5, seed + 1), np.random.default_rng(seed))
        assert np.array_equal(whole, kept)
        assert found.shape == whole.shape
        assert (found >= 0).all()
        assert (found < np.array(COLUMN_SIZES)).all()


def test_all_ways_are_taken():
    whole, other = _notes(16, 1), _notes(16, 2)
    seen = {damaged(whole, other, np.random.default_rng(seed)).tobytes() for seed in range(80)}
    assert len(seen) > len(WAYS)
