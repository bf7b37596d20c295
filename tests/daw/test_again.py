"""When a test with a DAW is done once more, and when not. Needs no DAW."""

from types import SimpleNamespace
from typing import Any

import pytest

from tests.daw.again import TAKES, again_where_the_daw_was_late
from tests.daw.ardour import ArdourGoneError


class Takes:
    """A test that ends in these ways, one after the other: cycles missed, and what is raised."""

    def __init__(self, *ends: tuple[int, Exception | None]) -> None:
        self.ends, self.done = list(ends), 0
        self.studio: Any = SimpleNamespace(skipped=0)

    def run(self) -> None:
        def test(studio: Any) -> None:
            studio.skipped, error = self.ends[self.done]
            self.done += 1
            if error is not None:
                raise error

        again_where_the_daw_was_late(test)(self.studio)


def test_what_passes_is_not_asked_how() -> None:
    takes = Takes((3, None))
    takes.run()
    assert takes.done == 1


def test_our_own_mistake_is_not_forgiven() -> None:
    takes = Takes((0, AssertionError("ours")), (0, None))
    with pytest.raises(AssertionError, match="ours"):
        takes.run()
    assert takes.done == 1


def test_what_fails_where_the_daw_was_late_or_ended_is_done_again() -> None:
    takes = Takes((1, AssertionError("late")), (0, ArdourGoneError("gone")), (0, None))
    takes.run()
    assert takes.done == 3


def test_but_not_for_ever() -> None:
    takes = Takes(*[(1, AssertionError("late"))] * TAKES)
    with pytest.raises(AssertionError, match="late"):
        takes.run()
    assert takes.done == TAKES
