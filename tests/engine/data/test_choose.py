from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from engine.data.choose import Chosen, choose
from engine.data.pieces import Piece
from tests.engine.data.files import as_read, piece, tune


def _chosen(*pieces: Piece, keep_copies: bool = False) -> Chosen:
    return choose([as_read(one) for one in pieces], keep_copies=keep_copies)


def _kept(chosen: Chosen) -> list[str]:
    return [one.id for one in chosen.pieces]


def test_one_of_several_copies_stays_and_the_report_says_of_which():
    line = tune(1, 80)
    mended = [*line[:79], 40]
    chosen = _chosen(
        piece(line, "first"),
        piece(tune(2), "stranger"),
        piece(line, "same"),
        piece([pitch + 3 for pitch in mended], "near"),
        piece([pitch + 3 for pitch in mended], "same as near"),
    )
    assert _kept(chosen) == ["first", "stranger"]
    told = {copy.id: (copy.of, copy.exact) for copy in chosen.copies}
    assert told == {
        "same": ("first", True),
        "near": ("first", False),
        "same as near": ("first", False),
    }
    assert all(copy.containment >= 0.85 for copy in chosen.copies)


def test_copies_may_be_kept():
    chosen = _chosen(piece(tune(1), "a"), piece(tune(1), "b"), keep_copies=True)
    assert _kept(chosen) == ["a", "b"]
    assert len({one.about["split"] for one in chosen.pieces}) == 1
    assert chosen.copies == ()


def test_performances_arrangements_and_dynamics_are_no_copies():
    line = tune(1, 80)
    played = piece(line, "played", milliseconds=True)
    louder = piece(line, "louder", velocity=90)
    longer = piece(line + tune(2, 60), "longer")
    chosen = _chosen(piece(line, "score"), played, louder, longer)
    assert _kept(chosen) == ["score", "played", "louder", "longer"]
    # They are one tune all the same: one group, one split.
    assert len({one.about["group"] for one in chosen.pieces}) == 1
    assert len({one.about["split"] for one in chosen.pieces}) == 1


def test_the_held_out_copy_stays():
    line = tune(1)
    chosen = _chosen(piece(line, "trained", split="train"), piece(line, "measured", split="test"))
    assert _kept(chosen) == ["measured"]


def test_given_splits_are_kept_and_new_pieces_follow_the_held_out():
    line = tune(1, 80)
    chosen = _chosen(
        piece(line, "packed", split="task_test"),
        piece(line + tune(2, 50), "packed too", split="train"),
        piece(line + tune(3, 60), "mine"),
        piece(tune(4), "other", split="train"),
        piece(tune(4) + tune(5), "mine too"),
    )
    splits = {one.id: one.about["split"] for one in chosen.pieces}
    assert splits == {
        "packed": "task_test",
        "packed too": "train",
        "mine": "task_test",
        "other": "train",
        "mine too": "train",
    }
    assert chosen.straddling == 2


def test_a_group_that_a_piece_brings_holds_together_what_notes_do_not():
    chosen = _chosen(
        piece(tune(1), "a", split="valid", group="suite"),
        piece(tune(2), "b", group="suite"),
    )
    assert [one.about["split"] for one in chosen.pieces] == ["valid", "valid"]
    assert [one.about["group"] for one in chosen.pieces] == ["suite", "suite"]


def test_splits_are_about_nine_in_ten_and_do_not_depend_on_names_or_order():
    pieces = [piece(tune(seed, 20), f"p{seed}") for seed in range(400)]
    splits = {one.id: one.about["split"] for one in _chosen(*pieces).pieces}
    count = Counter(splits.values())
    assert 330 <= count["train"] <= 385
    assert min(count["valid"], count["test"]) >= 8
    again = _chosen(*(piece(tune(seed, 20), f"q{seed}") for seed in reversed(range(400))))
    assert {f"p{one.id[1:]}": one.about["split"] for one in again.pieces} == splits


recipes = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 15), st.integers(-5, 5), st.booleans()),
    min_size=1,
    max_size=12,
)


@given(recipes)
def test_no_tune_is_in_two_splits_and_every_piece_is_kept_or_told(
    recipe: list[tuple[int, int, int, bool]],
):
    pieces = [
        piece([pitch + up for pitch in tune(seed)[start:]], f"{n}:{seed}", milliseconds=played)
        for n, (seed, start, up, played) in enumerate(recipe)
    ]
    chosen = _chosen(*pieces)
    splits: dict[str, set[str]] = {}
    for one in chosen.pieces:
        splits.setdefault(one.id.partition(":")[2], set()).add(one.about["split"])
    assert all(len(found) == 1 for found in splits.values())
    assert {one.id for one in pieces} == set(_kept(chosen)) | {copy.id for copy in chosen.copies}
    assert {copy.of for copy in chosen.copies} <= set(_kept(chosen))
