"""A test with a DAW says nothing about us where the DAW missed time or ended by itself.

PipeWire does not wait for a program that is late, as all are when the machine stands still for some
milliseconds: what was under way in that cycle is lost without a word. Ardour counts the frames that
it ran; what is missing of them while it rolled (`Ardour.stop`) is a fact, and only on that fact, or
on Ardour's own end, is a failed test done once more. A test that passed is never asked how.
"""

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec

from tests.daw.ardour import ArdourGoneError
from tests.daw.studio import Studio

TAKES = 4

Words = ParamSpec("Words")


def again_where_the_daw_was_late(
    test: Callable[Concatenate[Studio, Words], None],
) -> Callable[Concatenate[Studio, Words], None]:
    """The test, done at most `TAKES` times."""

    @functools.wraps(test)
    def taken(studio: Studio, *args: Words.args, **kwargs: Words.kwargs) -> None:
        for _ in range(TAKES - 1):
            studio.skipped = 0
            try:
                return test(studio, *args, **kwargs)
            except ArdourGoneError as error:
                print(f"Once more, for Ardour ended: {error}")
            except AssertionError as error:
                if not studio.skipped:
                    raise
                print(f"Once more, for Ardour missed {studio.skipped} cycles: {error}")
        return test(studio, *args, **kwargs)

    return taken
