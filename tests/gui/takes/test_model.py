"""Takes as rows: new ones come in at the top, ten thousand of them disturb nobody."""

from collections.abc import Callable
from dataclasses import replace

from gui.takes.model import TAKE, TakesModel
from gui.takes.words import searched
from plugin.takes import Take
from tests.gui.takes.stage import NOON, take

MANY = 10_000


def model(*takes: Take) -> TakesModel:
    made = TakesModel(now=NOON.astimezone)
    ordered = sorted(takes, key=lambda one: one.id, reverse=True)
    made.show(ordered, [searched(one) for one in ordered])
    return made


def rows(shown: TakesModel) -> list[Take]:
    return [shown.index(row, 0).data(TAKE) for row in range(shown.rowCount())]


def changes(shown: TakesModel) -> list[tuple[object, ...]]:
    """What views are told from now on."""
    told: list[tuple[object, ...]] = []
    shown.modelReset.connect(lambda: told.append(("reset",)))
    shown.rowsInserted.connect(lambda _, first, last: told.append(("in", first, last)))
    shown.rowsRemoved.connect(lambda _, first, last: told.append(("out", first, last)))
    shown.dataChanged.connect(lambda first, last: told.append(("new", first.row(), last.row())))
    return told


def test_a_new_take_among_ten_thousand_tells_of_one_row() -> None:
    shown = model(*(take(number) for number in range(MANY)))
    told = changes(shown)
    since = shown.refreshed_from()
    assert since == take(MANY - 1).id, "only what may be new is read"
    shown.merge(since, [take(MANY - 1), take(MANY)])
    assert told == [("in", 0, 0)]
    assert shown.total == MANY + 1
    assert rows(shown)[0] == take(MANY)


def test_takes_are_read_again_from_the_oldest_that_is_still_open() -> None:
    shown = model(take(1), take(2, finished=False), take(3), take(4, finished=False), take(5))
    assert shown.refreshed_from() == take(2).id
    told = changes(shown)
    shown.merge(take(2).id, [take(2), take(3), take(4, finished=False), take(6)])
    assert [one.id for one in rows(shown)] == [take(n).id for n in (6, 4, 3, 2, 1)]
    assert told == [("out", 0, 0), ("new", 2, 2), ("in", 0, 0)], "5 was deleted elsewhere"


def test_a_take_left_open_by_a_killed_jam_is_not_read_for_ever() -> None:
    shown = model(take(0, finished=False), *(take(number) for number in range(1, 20)))
    assert shown.refreshed_from() == take(19).id


def test_the_same_again_is_no_news() -> None:
    shown = model(take(1), take(2))
    told = changes(shown)
    shown.merge("", [take(1), take(2)])
    assert told == []


def test_a_change_moves_a_take_into_the_filter_and_out_of_it() -> None:
    shown = model(take(1), take(2, starred=True), take(3))
    shown.filter(starred=True)
    assert rows(shown) == [take(2, starred=True)]
    told = changes(shown)
    shown.put(replace(take(1), starred=True))
    shown.put(take(2))
    assert told == [("in", 1, 1), ("out", 0, 0)]
    assert [one.id for one in rows(shown)] == [take(1).id]
    assert shown.find(take(3).id) == take(3), "hidden, not lost"


def test_what_comes_back_comes_back_to_its_place() -> None:
    shown = model(take(1), take(2), take(3))
    shown.remove([take(2).id])
    assert shown.total == 2
    shown.put(take(2))
    assert rows(shown) == [take(3), take(2), take(1)]


def test_a_name_that_is_written_is_told_and_not_believed() -> None:
    shown = model(take(1))
    told: list[tuple[str, str]] = []
    shown.renamed.connect(lambda take_id, name: told.append((take_id, name)))
    assert shown.setData(shown.index(0, 0), "Blue")
    assert not shown.setData(shown.index(7, 0), "Blue")
    assert not shown.setData(shown.index(0, 0), 5)
    assert told == [(take(1).id, "Blue")]
    assert rows(shown)[0].name == ""


def test_only_the_row_that_plays_says_so() -> None:
    from PySide6.QtCore import Qt

    shown = model(take(1), take(2))
    shown.plays(take(1).id)
    say: Callable[[int], str] = lambda row: str(  # noqa: E731
        shown.data(shown.index(row, 0), Qt.ItemDataRole.AccessibleTextRole)
    )
    assert ["playing" in say(row) for row in range(2)] == [False, True]
    told = changes(shown)
    shown.plays("")
    assert told == [("new", 1, 1)]
    assert "playing" not in say(1)
