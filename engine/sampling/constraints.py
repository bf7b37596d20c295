"""The rules of one answer: for each field of the next note, which classes it may take.

Fields may be chosen in any order: the masks of a field hold the note to whatever was chosen of it
before. Masks come ranked, dearest first (`engine.limits.GIVES_WAY`); the first one is the law,
which never gives way and never leaves an empty choice. What gave way is counted by name.

It refuses to change what was chosen and to know the prior: logits come in, a class goes out. Time
is counted in ticks of the session.
"""

from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from engine.encoding import (
    DURATION,
    ONSET,
    PITCH,
    TIME_VALUES,
    VELOCITY,
    VOICE,
    VOICE_CLASSES,
    to_ticks,
    velocity_of,
)
from engine.sampling.answer import Answer, Frame
from engine.sampling.draw import draw
from engine.sampling.fields import Mask, Vector, is_drums, of_classes
from engine.sampling.heard import Heard
from engine.sampling.prepared import ANY_KEY, KEYS_BELOW, KEYS_FROM, LAW, Prepared, Ranked
from engine.sampling.rhythm import ANY_TIME, FREE, FROM, Onsets, first_onsets

_LATER = FROM[1]
"""Any time but the last onset's own."""
_ANY_VOICE = of_classes(VOICE_CLASSES, range(VOICE_CLASSES))


@dataclass(frozen=True, slots=True)
class Placed:
    """A note of the answer as it is to be played: classes are coarse, limits are not."""

    tick: int
    pitch: int
    duration_ticks: int
    velocity: int


class Rules:
    """Masks and choices for one answer, note by note. Used from one thread.

    For each note: `choose` its fields in any order, asking `over` after each, then `place` it.
    `row` is the note so far, indexed by column; `known` names the columns that are chosen.
    """

    def __init__(self, prepared: Prepared, frame: Frame, heard: Heard | None = None) -> None:
        """heard: what the answer is pulled toward, if the constraints ask for closeness."""
        self._prepared, self._frame = prepared, frame
        self._limits = prepared.constraints
        self.answer = Answer(frame, prepared.bar_ticks)
        self.gave_way: Counter[str] = Counter()
        """How often each limit gave way so far, by its name in `engine.limits.GIVES_WAY`."""
        self._pull = heard.pull(self._limits.closeness) if heard else None
        self._heard_pitch = heard.last_pitch if heard else None
        self._wait = max(frame.start_tick - frame.last_tick, 0)
        self._land = self._landing()
        if self._limits.grid and prepared.grid is None:
            self.gave_way["grid"] += 1
        self._keys = {False: self._with_reach(), True: prepared.drum_keys}
        self._agreed: dict[bool, Mask] = {}
        over = of_classes(VOICE_CLASSES, frame.hand_over)
        own = of_classes(VOICE_CLASSES, frame.voices) if frame.voices else ~over
        self._own = [Ranked(LAW, _ANY_VOICE), Ranked("voice", own)]
        self._own_or_over = [self._own[0], Ranked("voice", own | over)]
        self._later: Onsets | None = None

    # ------------------------------------------------------------------------- before the first

    def _landing(self) -> int | None:
        """Tick of the last onset, where one is asked for and the answer can reach it."""
        if self._limits.land is None:
            return None
        tick = to_ticks(self._limits.land)
        if self._frame.last_tick + self._wait <= tick < self._frame.end_tick:
            return tick
        self.gave_way["land"] += 1
        return None

    def _with_reach(self) -> list[Ranked]:
        """Masks on pitched keys that hold for the whole answer."""
        heard, reach = self._frame.heard_range, self._limits.reach
        if heard is None or reach is None:
            return self._prepared.keys
        low, high = max(heard[0] - reach, 0), min(heard[1] + reach, 127)
        return [*self._prepared.keys, Ranked("reach", KEYS_FROM[low] & KEYS_BELOW[high + 1])]

    @cached_property
    def _first(self) -> tuple[Onsets, list[Ranked]]:
        """What time classes mean for the first note, and its masks; not all ask for a time."""
        ready, last = self._prepared, self._frame.last_tick
        begin = last + self._wait
        land = None if self._land is None else self._land - last
        marked: list[int] = []
        # The only note of an answer cannot begin it and end it on different beats.
        if ready.entry is not None and (land is None or self._limits.max_notes > 1):
            marked = [
                tick - last
                for tick in range(begin, begin + ready.soon_ticks)
                if ready.entry.holds(tick) and (ready.grid is None or ready.grid.holds(tick))
            ]
        onsets = first_onsets(self._wait, marked, land, ready.grid, last)
        masks = [Ranked(LAW, onsets.at_least(self._wait))]
        masks += self._land_masks(onsets)
        most = self._limits.most_at_once
        if most is not None and len(self._frame.sounding) >= most:
            masks.append(Ranked("at_once", onsets.at_least(self.answer.room_from(most) - last)))
        masks.append(Ranked("soon", onsets.below(self._wait + ready.soon_ticks)))
        if ready.grid is not None:
            masks.append(Ranked("grid", onsets.on_grid))
        if ready.entry is not None:
            masks.append(Ranked("entry", ready.entry.mask(last, onsets.offsets)))
        return onsets, masks

    # ------------------------------------------------------------------------------- the masks

    def masks(self, field: int, row: Sequence[int], known: Container[int]) -> list[Ranked]:
        """Masks over the classes of `field`, the law first, then dearest first."""
        if field == ONSET:
            return self._onset_masks(row, known) if self.answer.count else self._first[1]
        if field == PITCH:
            return self._pitch_masks(row, known)
        if field == DURATION:
            return self._prepared.durations
        if field == VELOCITY:
            return self._prepared.velocities
        return self._voice_masks()

    def _onset_masks(self, row: Sequence[int], known: Container[int]) -> list[Ranked]:
        limits, answer, onsets = self._limits, self.answer, self._onsets
        drums = self._is_drums(row, known)
        if PITCH in known:
            here = bool(answer.free[row[PITCH]])
            room, upwards = True, row[PITCH] > answer.chord[-1]
        else:
            here = bool(answer.free.any()) if len(answer.chord) > 127 else True
            room, upwards = self._has_room(drums=drums), True
        masks = [Ranked(LAW, ANY_TIME if here else _LATER)]
        masks += self._land_masks(onsets)
        if not room:
            masks.append(Ranked("room", _LATER))
        if len(answer.chord) >= limits.most_struck:
            masks.append(Ranked("at_once", _LATER))
        if limits.most_at_once is not None and answer.sounding_now() >= limits.most_at_once:
            free_from = answer.room_from(limits.most_at_once) - answer.last
            masks.append(Ranked("at_once", onsets.at_least(max(free_from, 1))))
        masks.append(Ranked("rest", onsets.below(self._prepared.rest_ticks + 1)))
        if self._prepared.grid is not None:
            # A chord on an onset that is off the grid already makes it no worse.
            on_grid = onsets.on_grid
            masks.append(Ranked("grid", on_grid if on_grid[0] else _or_now(on_grid)))
        self._add_density(masks)
        if not upwards:
            masks.append(Ranked("upwards", _LATER))
        return masks

    def _land_masks(self, onsets: Onsets) -> list[Ranked]:
        """Not past the landing before it was reached; on it, if this is the last note."""
        if self._land is None or (self.answer.count and self.answer.last >= self._land):
            return []
        left = self._land - self.answer.last
        mask = onsets.below(left + 1)
        if self.answer.count + 1 >= self._limits.max_notes:
            mask = mask & onsets.at_least(left)
        return [Ranked("land", mask)]

    def _add_density(self, masks: list[Ranked]) -> None:
        limits, answer, onsets = self._limits, self.answer, self._onsets
        last = answer.last
        if limits.most_per_beat is not None:
            masks += self._full(answer.in_beat, limits.most_per_beat, answer.beat_end)
        if limits.most_per_bar is not None:
            masks += self._full(answer.in_bar, limits.most_per_bar, answer.bar_end)
        if limits.fewest_per_beat:
            short = answer.in_beat < limits.fewest_per_beat
            until = answer.beat_end if short else answer.next_beat_end
            masks.append(Ranked("fewest", onsets.below(until - last)))
        if limits.fewest_per_bar:
            short = answer.in_bar < limits.fewest_per_bar
            until = answer.bar_end if short else answer.next_bar_end
            masks.append(Ranked("fewest", onsets.below(until - last)))

    def _full(self, count: int, most: int, end: int) -> list[Ranked]:
        """Nothing but chords until tick `end` once a beat or a bar has its `most` onsets.

        One of them is kept for the landing; where there is none left for it, no chord fills the
        wait, so that the limit gives way at once.
        """
        last = self.answer.last
        lands = self._land is not None and last < self._land < end
        if count + lands < most:
            return []
        mask = self._onsets.at_least(end - last)
        if not lands:
            return [Ranked("most", _or_now(mask))]
        if count < most:
            assert self._land is not None
            left = self._land - last
            mask = mask | (self._onsets.at_least(left) & self._onsets.below(left + 1))
            mask[0] = True
        return [Ranked("most", mask)]

    def _pitch_masks(self, row: Sequence[int], known: Container[int]) -> list[Ranked]:
        answer = self.answer
        fixed = self._keys[self._is_drums(row, known)]
        if not answer.count or ONSET not in known or self._onsets.offsets[row[ONSET]]:
            return [Ranked(LAW, ANY_KEY), *fixed]
        above = Ranked("upwards", KEYS_FROM[answer.chord[-1] + 1])
        return [Ranked(LAW, answer.free.copy()), *fixed, above]

    def _voice_masks(self) -> list[Ranked]:
        if not self.answer.count or self.answer.last < self._frame.hand_over_from_tick:
            return self._own
        if self._land is not None and self.answer.last < self._land:
            return [self._own[0], Ranked("land", self._own[1].mask), self._own[1]]
        return self._own_or_over

    def _is_drums(self, row: Sequence[int], known: Container[int]) -> bool:
        return is_drums(row[VOICE]) if VOICE in known else self._frame.drums

    def _has_room(self, *, drums: bool) -> bool:
        """Whether the chord at the last onset can take another allowed key."""
        agreed = self._agreed.get(drums)
        if agreed is None:
            agreed = self._agreed[drums] = _agree([Ranked(LAW, ANY_KEY), *self._keys[drums]], None)
        both = agreed & self.answer.free
        return bool(both[both.argmax()])

    # ---------------------------------------------------------------------------- the choosing

    def allowed(self, field: int, row: Sequence[int], known: Container[int]) -> Mask:
        """The masks of `field` agreed upon: one class at least. What gave way is counted."""
        masks = self.masks(field, row, known)
        allowed = masks[0].mask
        if len(masks) == 1:
            return allowed
        allowed = allowed & masks[1].mask
        for _, mask in masks[2:]:
            np.logical_and(allowed, mask, out=allowed)
        return allowed if allowed[allowed.argmax()] else _agree(masks, self.gave_way)

    def choose(
        self,
        field: int,
        logits: Vector,
        row: Sequence[int],
        known: Container[int],
        rng: np.random.Generator,
    ) -> int:
        """A class of `field` for the next note, drawn as the constraints say.

        logits: shape (classes of the field,), left as they are.
        """
        allowed = self.allowed(field, row, known)
        if self._pull is not None and field != VOICE and (field != ONSET or self.answer.count):
            last = self.answer.chord[-1] if self.answer.count else self._heard_pitch
            drums = self._is_drums(row, known)
            logits = logits + self._pull.bias(field, last, drums=drums)
        temperature, top_p = self._prepared.draws[field]
        return draw(logits, allowed, temperature=temperature, top_p=top_p, rng=rng)

    def tick(self, delta: int) -> int:
        """The tick that a time class means as the next onset."""
        return self.answer.last + self._onsets.offsets[delta]

    def over(self, row: Sequence[int], known: Container[int]) -> bool:
        """Whether what was chosen so far means that the answer is over, not another note."""
        if VOICE in known and row[VOICE] in self._frame.hand_over:
            return True
        if ONSET not in known:
            return False
        last = self._frame.end_tick - 1 if self._land is None else self._land
        return self.tick(row[ONSET]) > last

    def place(self, row: Sequence[int]) -> Placed:
        """Take the note into the answer; returns it as it is to be played.

        `answer.cuts` then says which earlier notes it shortened. Raises ValueError for a note that
        the law does not allow.
        """
        tick = self.tick(row[ONSET])
        if self.over(row, (ONSET,)):
            raise ValueError("The answer is over; ask over() before placing a note.")
        duration = max(int(TIME_VALUES[row[DURATION]]), self._prepared.shortest_ticks)
        if self._prepared.longest_ticks is not None:
            duration = min(duration, self._prepared.longest_ticks)
        velocity = velocity_of(row[VELOCITY])
        velocity = min(max(velocity, self._limits.softest), self._limits.loudest)
        self.answer.place(tick, row[PITCH], duration, self._limits.most_at_once)
        self._later = self._later_onsets()
        return Placed(tick, row[PITCH], duration, velocity)

    @property
    def _onsets(self) -> Onsets:
        """What time classes mean for the next note."""
        return self._later or self._first[0]

    def _later_onsets(self) -> Onsets:
        grid, last = self._prepared.grid, self.answer.last
        onsets = FREE if grid is None else grid.onsets(last)
        if self._land is not None and last < self._land:
            onsets = onsets.with_tick(self._land - last)
        return onsets


def _or_now(mask: Mask) -> Mask:
    """The mask, and a chord with the last note."""
    mask = mask.copy()
    mask[0] = True
    return mask


def _agree(masks: list[Ranked], gave_way: Counter[str] | None) -> Mask:
    """All masks but those that would leave nothing; the first one always holds."""
    allowed = masks[0].mask
    for name, mask in masks[1:]:
        both = allowed & mask
        if both[both.argmax()]:
            allowed = both
        elif gave_way is not None:
            gave_way[name] += 1
    return allowed
