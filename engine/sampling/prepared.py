"""Constraints made ready: every mask that is the same for all notes of all answers.

Making it costs a fraction of a millisecond, so keep it for as long as the constraints and the
meter stay. It refuses to know what was played.
"""

from typing import NamedTuple

from engine.encoding import (
    PITCH_CLASSES,
    TICKS_PER_BEAT,
    TIME_CLASSES,
    VELOCITY_CLASSES,
    time_class,
    to_ticks,
    velocity_class,
)
from engine.limits import Constraints
from engine.sampling.fields import Mask, of_classes, steps_below, steps_from
from engine.sampling.rhythm import Grid, places_in_beat

KEYS_FROM = steps_from(PITCH_CLASSES)
KEYS_BELOW = steps_below(PITCH_CLASSES)
ANY_KEY = KEYS_FROM[0]
_ENTRY_PARTS = 2
"""With a tempo an answer begins on a beat or between two."""


class Ranked(NamedTuple):
    """A mask and the limit it stands for: a key of `engine.limits.GIVES_WAY`, or `LAW`."""

    name: str
    mask: Mask


LAW = "law"
"""The name of the one mask of a list that never gives way."""


class Prepared:
    """Constraints in one meter, as masks. Never changes; used from one thread."""

    def __init__(
        self, constraints: Constraints, bar_ticks: int, followed: frozenset[int] | None = None
    ) -> None:
        """bar_ticks: length of the bar, 0 where no tempo is known: then there is no grid.

        followed: pitch classes of the player's key, or None where it is not followed.
        """
        self.constraints, self.followed = constraints, followed
        self.bar_ticks = bar_ticks
        self.keys = _key_masks(constraints, followed, drums=False)
        self.drum_keys = _key_masks(constraints, None, drums=True)
        self.rest_ticks = to_ticks(constraints.longest_rest)
        self.grid = self.entry = None
        if bar_ticks:
            swing = constraints.swing, constraints.swing_unit
            self.entry = Grid(places_in_beat((_ENTRY_PARTS,), *swing), bar_ticks)
            if constraints.grid:
                self.grid = Grid(places_in_beat(constraints.grid, *swing), bar_ticks)
        # The first note of an answer comes within a beat, or an eighth of a second without a tempo.
        self.soon_ticks = TICKS_PER_BEAT if bar_ticks else TICKS_PER_BEAT // 4 + 1
        self.shortest_ticks = max(to_ticks(constraints.shortest), 1)
        self.longest_ticks = (
            None
            if constraints.longest is None
            else max(to_ticks(constraints.longest), self.shortest_ticks)
        )
        self.durations = self._duration_masks()
        self.velocities = _velocity_masks(constraints)
        self.draws = tuple(constraints.draw_of(field) for field in range(5))

    def _duration_masks(self) -> list[Ranked]:
        shortest = max(time_class(self.shortest_ticks), 1)
        longest = TIME_CLASSES - 1
        if self.longest_ticks is not None:
            longest = max(time_class(self.longest_ticks), 1)
        law = of_classes(TIME_CLASSES, range(1, TIME_CLASSES))
        if (shortest, longest) == (1, TIME_CLASSES - 1):
            return [Ranked(LAW, law)]
        held = of_classes(TIME_CLASSES, range(shortest, longest + 1))
        return [Ranked(LAW, law), Ranked("duration", held)]


def _velocity_masks(constraints: Constraints) -> list[Ranked]:
    law = of_classes(VELOCITY_CLASSES, range(1, VELOCITY_CLASSES))
    if (constraints.softest, constraints.loudest) == (1, 127):
        return [Ranked(LAW, law)]
    held = range(velocity_class(constraints.softest), velocity_class(constraints.loudest) + 1)
    return [Ranked(LAW, law), Ranked("velocity", of_classes(VELOCITY_CLASSES, held))]


def _key_masks(
    constraints: Constraints, followed: frozenset[int] | None, *, drums: bool
) -> list[Ranked]:
    """Masks on the key that never change, dearest first; drums know no scale."""
    masks = []
    if constraints.keys:
        masks.append(Ranked("pitches", of_classes(PITCH_CLASSES, constraints.keys)))
    if constraints.pitch_classes and not drums:
        masks.append(Ranked("pitches", _of_pitch_classes(constraints.pitch_classes)))
    if (constraints.lowest, constraints.highest) != (0, 127):
        within = KEYS_FROM[constraints.lowest] & KEYS_BELOW[constraints.highest + 1]
        masks.append(Ranked("register", within))
    if constraints.scale is not None and not drums:
        masks.append(Ranked("scale", _of_pitch_classes(constraints.scale.classes)))
    elif followed is not None:
        masks.append(Ranked("scale", _of_pitch_classes(tuple(followed))))
    return masks


def _of_pitch_classes(classes: tuple[int, ...]) -> Mask:
    return of_classes(PITCH_CLASSES, [key for key in range(PITCH_CLASSES) if key % 12 in classes])
