"""`Compare` from a window: the phrase is read, a process answers it, and that is told once."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from plugin.served.comparing import DIED, NOBODY, Comparing
from plugin.served.messages import Compare, Compared, NotCompared, Sounding
from plugin.takes import TakeWriter
from tests.fakes import compare
from tests.plugin.takes_stage import play
from tests.rig.waiting import wait_for


class Window:
    """A comparing part and what it told."""

    def __init__(self, run: Callable[..., None], folder: Path) -> None:
        self.comparing = Comparing(run, library=folder / "takes.sqlite3", folder=folder / "p")
        self.told: list[Compared | NotCompared] = []

    def hears(self, count: int = 1) -> list[Compared | NotCompared]:
        def found() -> list[Compared | NotCompared]:
            self.comparing.tend(self.told.append)
            return self.told if len(self.told) >= count else []

        return wait_for(found, "an answer", 60.0)


@pytest.fixture
def window(tmp_path: Path) -> Iterator[Callable[..., Window]]:
    writer = TakeWriter(tmp_path / "takes.sqlite3")
    play(writer)
    writer.close()
    made: list[Window] = []

    def make(run: Callable[..., None]) -> Window:
        made.append(Window(run, tmp_path))
        return made[-1]

    yield make
    for one in made:
        one.comparing.close()
        assert not one.comparing.busy


def test_both_answers_are_told_in_seconds_by_their_channels(window):
    w = window(compare.answer)
    w.comparing.wish(Compare(seed=5), "anna")
    assert w.hears() == [
        Compared(
            "anna",
            5,
            None,
            (Sounding(0.0, 0.5, 60, 80),),
            (Sounding(4.0, 1.0, 72, 90),),
            (Sounding(4.0, 1.0, 36, 50, 9),),
        )
    ]


@pytest.mark.parametrize(
    ("run", "wish", "profile", "says"),
    [
        (compare.refuse, Compare(), "anna", "Nothing was learnt yet"),
        (compare.die, Compare(), "anna", DIED),
        (compare.answer, Compare(), "", NOBODY),
        (compare.answer, Compare(take_ids=("nobody",)), "anna", "There is no take"),
        (compare.answer, Compare(paths=("/nowhere/a.mid",)), "anna", "a.mid"),
    ],
)
def test_what_cannot_be_is_one_sentence(window, run, wish, profile, says):
    w = window(run)
    w.comparing.wish(wish, profile)
    (told,) = w.hears()
    assert isinstance(told, NotCompared)
    assert says in told.says


def test_a_newer_wish_takes_the_place_of_one_that_does_not_end(window):
    w = window(compare.deaf)
    w.comparing.wish(Compare(), "anna")
    wait_for(lambda: w.comparing._process is not None, "the process", 60.0)
    w.comparing._compare = compare.answer
    w.comparing.wish(Compare(seed=2), "anna")
    w.hears()
    assert [told.version for told in w.told if isinstance(told, Compared)] == [2]
    assert len(w.told) == 1


def test_it_can_be_closed_at_any_time(window):
    w = window(compare.deaf)
    w.comparing.wish(Compare(), "anna")
    w.comparing.close()
    w.comparing.tend(w.told.append)
    assert w.told == []
