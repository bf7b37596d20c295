"""Episodes: nothing is asked that was learnt, the same each time, and none where none can be."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.corpus import CorpusError, load_tasks
from engine.encoding import COLUMNS
from engine.meta.episodes import PHRASES, Episodes
from engine.meta.tasks import (
    ANOTHER_DAY,
    QUERY_PHRASES,
    SAME_EVENING,
    SETTINGS,
    Episode,
    Piece,
    another_day,
    cut,
    draw,
    pieces_of,
    same_evening,
)
from engine.meta.turns import everything_of, query_of, support_of
from tests.engine.meta.stage import Task, episode, write_tasks
from tests.engine.music import stream

RNG = np.random.default_rng


def _piece(number: int, sizes: list[int]) -> Piece:
    """Every note says which piece and which place it is of."""
    cuts = np.cumsum([0, *sizes])
    rows = np.zeros((int(cuts[-1]), len(COLUMNS)), dtype=np.int64)
    rows[:, 0], rows[:, 1] = number, np.arange(cuts[-1])
    return Piece(str(number), "tunes", rows, cuts)


def _notes(rows) -> set[tuple[int, int]]:
    found = [(int(row[0]), int(row[1])) for row in rows]
    assert len(set(found)) == len(found), "each note once"
    return set(found)


players = st.lists(
    st.lists(st.integers(16, 55), min_size=0, max_size=12), min_size=0, max_size=6
).map(lambda sizes: [_piece(number, one) for number, one in enumerate(sizes)])


@given(pieces=players, phrases=st.integers(1, 16), seed=st.integers(0, 99))
def test_what_is_learnt_is_never_asked(pieces: list[Piece], phrases: int, seed: int):
    for setting in SETTINGS:
        found = draw(setting, "x", pieces, phrases, RNG(seed))
        if found is None:
            continue
        support = [_notes(part) for part in found.support]
        learnt = set().union(*support)
        assert sum(map(len, support)) == len(learnt) == found.support_notes
        asked = _notes(found.query[found.heard :])
        assert asked
        assert not asked & learnt
        by_name = {piece.name: piece for piece in pieces}
        bounds = sum(
            len(set(by_name[str(part[0][0])].cuts) & set(range(part[0][1] + 1, part[-1][1] + 2)))
            for part in map(np.asarray, found.support)
        )
        assert bounds == phrases, "so many whole phrases"
        if setting == SAME_EVENING:
            (part,) = found.support
            assert found.heard == len(part)
            assert np.array_equal(found.query[: found.heard], part), "heard just before"
            assert np.array_equal(np.diff(found.query[:, 1]), np.ones(len(found.query) - 1))
        else:
            assert found.heard == 0
            assert {name for name, _ in asked}.isdisjoint({name for name, _ in learnt})
            assert all((np.diff(part[:, 1]) == 1).all() for part in found.support)


def test_a_query_is_what_follows_and_not_the_whole_evening():
    found = same_evening("x", [_piece(0, [20] * 40)], 4, RNG(0))
    assert found is not None
    assert len(found.query) == 20 * (4 + QUERY_PHRASES)
    found = another_day("x", [_piece(n, [20] * 40) for n in range(2)], 4, RNG(0))
    assert found is not None
    assert len(found.query) == 20 * QUERY_PHRASES


@pytest.mark.parametrize(
    ("sizes", "phrases", "possible"),
    [
        ([], 1, (False, False)),
        ([[]], 1, (False, False)),
        ([[20, 30]], 1, (True, False)),
        ([[20, 23]], 1, (False, False)),
        ([[20, 30]], 2, (False, False)),
        ([[30], [30]], 1, (False, True)),
        ([[20], [20]], 1, (False, False)),
        ([[30], [30]], 2, (False, False)),
        ([[30] * 9, [30] * 3, [30]], 12, (False, True)),
    ],
)
def test_what_is_too_small_is_no_episode(sizes, phrases: int, possible: tuple[bool, bool]):
    pieces = [_piece(number, one) for number, one in enumerate(sizes)]
    found = [
        any(draw(setting, "x", pieces, phrases, RNG(seed)) is not None for seed in range(20))
        for setting in (SAME_EVENING, ANOTHER_DAY)
    ]
    assert tuple(found) == possible


def test_a_player_of_many_lines_is_followed_in_the_longest():
    streams = [stream(40, piece="a"), stream(90, seed=1, piece="a"), stream(50, piece="b")]
    pieces = pieces_of(streams)
    assert [(piece.name, len(piece.rows)) for piece in pieces] == [("a", 90), ("b", 50)]
    assert pieces[0].cuts.tolist() == cut(streams[1]).tolist()
    assert pieces[0].cuts[-1] == 90
    assert cut(stream(10)).tolist() == [0]


def test_the_halves_of_an_episode():
    for same in (True, False):
        one = episode(same=same)
        assert (support_of(one).notes, query_of(one).notes) == (40, 20)
        assert everything_of(one).notes == 60


# ----------------------------------------------------------------------------------- for ever


def _tasks(*sizes: tuple[str, int, int]):
    return {
        name: [stream(count, seed=n, piece=f"{name}{n}", collection=name[0]) for n in range(pieces)]
        for name, pieces, count in sizes
    }


def _key(one: Episode) -> tuple:
    return (
        one.task,
        one.setting,
        one.heard,
        one.query.tobytes(),
        tuple(part.tobytes() for part in one.support),
    )


def test_episodes_are_a_function_of_seed_and_number():
    tasks = _tasks(("anna", 3, 120), ("bela", 2, 300), ("a tiny one", 1, 9))
    forth = [_key(Episodes(tasks, seed=1).episode(n)) for n in range(20)]
    again = Episodes(tasks, seed=1)
    assert [_key(again.episode(n)) for n in reversed(range(20))] == forth[::-1]
    assert [_key(Episodes(tasks, seed=2).episode(n)) for n in range(20)] != forth
    drawn = [Episodes(tasks, seed=1).episode(n) for n in range(40)]
    assert {one.setting for one in drawn} == set(SETTINGS)
    assert {one.task for one in drawn} == {"anna", "bela"}


def test_a_collection_is_drawn_by_the_root_of_its_size():
    tasks = _tasks(("z", 2, 120), *((f"many{n}", 2, 120) for n in range(16)))
    episodes = Episodes(tasks, seed=0, phrases=(1,))
    share = np.mean([episodes.episode(n).task == "z" for n in range(200)])
    assert 0.1 < share < 0.32, "one of 17, but a fifth: 1 to the root of 16"


@settings(max_examples=10)
@given(phrases=st.sampled_from(PHRASES), setting=st.sampled_from(SETTINGS))
def test_settings_and_phrases_are_those_asked_for(phrases: int, setting: str):
    tasks = _tasks(("anna", 6, 600))
    found = Episodes(tasks, seed=0, phrases=(phrases,), settings=(setting,)).episode(3)
    assert found.setting == setting
    assert 16 * phrases <= found.support_notes <= 55 * phrases


@pytest.mark.parametrize("sizes", [("anna", 1, 9), ("anna", 1, 60), ("anna", 3, 30)])
def test_where_no_episode_can_be_it_ends_with_a_sentence(sizes, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(CorpusError, match="16 phrases and what follows; name a data folder"):
        Episodes(_tasks(sizes), seed=0, phrases=(16,)).episode(0)


# ------------------------------------------------------------------------------------- from disk


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_tasks(
        tmp_path / "data",
        [
            Task("seen", split="train"),
            Task("shipped", meta="meta_test", split="test"),
            Task("trained", meta="meta_test", split="train"),
            Task("private", meta="meta_test", split="train", tier="nc", collection="nc"),
            Task("", meta="", split="test", collection="nobody"),
        ],
    )


def test_what_the_prior_learnt_from_is_left_out(data: Path):
    assert set(load_tasks(data, "meta_test")) == {"shipped"}
    assert set(load_tasks(data, "meta_test", tier="all")) == {"shipped", "private"}
    assert set(load_tasks(data, "meta_test", seen=True)) == {"shipped", "trained"}
    with pytest.raises(CorpusError, match="meta_train"):
        load_tasks(data, "meta_train")
    assert set(load_tasks(data, "meta_train", seen=True)) == {"seen"}


def test_all_takes_any_and_a_collection_without_tasks_is_one(data: Path):
    found = load_tasks(data, "all", tier="all")
    assert set(found) == {"shipped", "private", "nobody"}
    assert len(found["nobody"]) == 3
    assert set(load_tasks(data, "all", seen=True)) == {"shipped", "trained", "seen", "nobody"}
