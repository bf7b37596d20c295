"""Which of roll and takes a window of this width has room for, beside the dock that is open. Pure.

Where there is room for both, takes stand at the right unless they are put away. Where there is not,
the jam comes first, and takes stand in its place for as long as they are asked for. It refuses to
let a window grow beyond its screen for the sake of a panel.
"""

from typing import NamedTuple

LEFT_LEAST = 380
"""What the roll and the strip need to be of use, at 100 %, in logical pixels."""


class Room(NamedTuple):
    """What is shown. both: there is room for jam and takes side by side."""

    jam: bool
    takes: bool
    both: bool


def room(width: int, left: int, takes: int, dock: int, *, wanted: bool, instead: bool) -> Room:
    """What a window of `width` shows; left, takes and dock (0: none is open) are what each needs.

    wanted: the player likes takes beside the jam. instead: where they do not fit beside it, they
    were asked for in its place.
    """
    both = width >= left + takes + dock
    if both:
        return Room(True, wanted, True)
    return Room(not instead, instead, False)
