import numpy as np
import pytest

from engine.key.examples import GLIMPSES, listen, right_keys
from tests.engine.key.music import HARMONIC_MINOR, MAJOR, song


def test_examples_are_the_same_for_the_same_seed_and_have_their_labels():
    songs = [song(MAJOR, 0), song(HARMONIC_MINOR, 12 + 2, root=62, collection="other")]
    one, other = (listen(songs, np.random.default_rng(3), passes=4) for _ in range(2))
    assert (one.views == other.views).all()
    assert (one.right == other.right).all()
    assert 0 < len(one) <= 2 * 4 * GLIMPSES
    assert set(map(int, one.right.argmax(axis=1))) == {0, 14}
    assert (one.right.sum(axis=1) == 1).all()
    assert one.weight.mean() == pytest.approx(1.0)


def test_where_the_mode_is_not_known_both_keys_are_right():
    assert np.flatnonzero(right_keys(0, mode_known=False)).tolist() == [0, 12 + 9]
    assert np.flatnonzero(right_keys(12 + 9, mode_known=True)).tolist() == [12 + 9]
    found = listen([song(MAJOR, 0, mode_known=False)], np.random.default_rng(0), passes=1)
    assert (found.right.sum(axis=1) == 2).all()


def test_small_collections_weigh_more_a_piece():
    songs = [song(MAJOR, 0, collection="large")] * 9 + [song(HARMONIC_MINOR, 12)]
    found = listen(songs, np.random.default_rng(0), passes=1)
    small = found.right[:, 12]
    assert found.weight[small].mean() == pytest.approx(3 * found.weight[~small].mean())


def test_moments_without_a_label_are_left_out():
    unlabelled = song(MAJOR, -1)
    assert len(listen([unlabelled], np.random.default_rng(0), passes=2)) == 0
