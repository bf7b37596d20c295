"""Accompany: the partner plays while the player plays, on its own voice, in a register of its own.

Every heard note makes the plan anew from what is committed on; one question is on its way at a
time, so that a flood of notes is answered once. A dial says how far it stays out of the way:

    presence 0   an octave away from the player's keys, two onsets a bar, one voice, soft
    presence 1   next to them, up to four onsets a beat, chords

When the player has fallen silent it ends its thought and waits.
"""

import math
from collections import deque
from dataclasses import replace

from engine.api import Plan
from engine.limits import Constraints
from plugin.ensemble import Ensemble
from plugin.ways.along import Along

HORIZON_BEATS = 4.0
"""How far a plan looks ahead."""
AFTER_BEATS = 2.0
"""How long after the player's last onset the partner still begins notes."""
REMEMBERED = 24
"""Notes of the player that say what their register is."""
FARTHEST = 12
"""Semitones between the registers at presence 0."""
SPAN = 24
"""Keys of the partner's register."""
LOWEST, HIGHEST = 28, 96


class Accompany(Along):
    """See the module."""

    def __init__(self, band: Ensemble) -> None:
        super().__init__(band)
        self._pitches: deque[int] = deque(maxlen=REMEMBERED)
        self._loudness: deque[int] = deque(maxlen=REMEMBERED)
        self._struck_beat = 0.0
        self._stale = False
        """Whether a note came while the engine was thinking."""
        self._first = False
        """Whether the next piece begins a new plan."""
        self._count = 0

    def struck(self, now_ns: int, channel: int, pitch: int, velocity: int) -> None:
        """The plan is made anew."""
        super().struck(now_ns, channel, pitch, velocity)
        self._pitches.append(pitch)
        self._loudness.append(velocity)
        self._struck_beat = self.band.grid.beat(now_ns)
        if self.band.partner.thinking:
            self._stale = True
        else:
            self._ask(now_ns)

    def planned(self, now_ns: int, plan: Plan) -> None:
        """What is not committed is replaced."""
        band = self.band
        if self._stale:
            self._ask(now_ns)
            return
        latest = self._struck_beat + AFTER_BEATS
        earliest = band.grid.beat(now_ns)
        notes = [note for note in plan.notes if earliest <= note.onset <= latest]
        if self._first:
            band.agenda.plan(notes)
            self._first = False
        else:
            band.agenda.plan_more(notes)

    def lost(self, now_ns: int) -> None:
        """The next note asks again."""
        self._stale = False

    def _ask(self, now_ns: int) -> None:
        band, turn = self.band, self.band.turn
        self._stale, self._first = False, True
        if turn is None:
            return
        self._count += 1
        start = band.soonest_beat(now_ns)
        # A plan that is made anew at every note must not fill its bar anew each time.
        bar = band.grid.bar_start(start)
        used = sum(bar <= onset < start for onset in band.agenda.onsets)
        most = self._most_per_bar()
        if used >= most:
            start, used = bar + band.grid.timebase.beats_per_bar, 0
        band.ask(
            now_ns,
            start,
            start + HORIZON_BEATS,
            (band.answer_seed(turn) + 15_485_863 * self._count) % 2**63,
            limits=self._limits(most - used),
            may_hand_over=False,
        )

    def _most_per_bar(self) -> int:
        """Onsets of one bar: what the presence allows, within what the player set."""
        settings = self.band.settings
        beats_per_bar = self.band.grid.timebase.beats_per_bar
        most: int = math.ceil(0.5 * beats_per_bar * 8.0**settings.presence)
        if settings.limits.most_per_bar is not None:
            most = min(most, settings.limits.most_per_bar)
        return max(most, settings.limits.fewest_per_bar or 1)

    def _limits(self, most_per_bar: int) -> Constraints:
        """The player's own limits, and those that keep out of their way."""
        settings = self.band.settings
        limits = settings.limits
        lowest, highest = register(sorted(self._pitches), settings.presence)
        low, high = max(lowest, limits.lowest), min(highest, limits.highest)
        if low > high:  # what the player set holds
            low, high = limits.lowest, limits.highest
        loud = sorted(self._loudness)[len(self._loudness) // 2]
        loudest = max(1, min(127, round(loud * (0.75 + 0.35 * settings.presence))))
        voices = 1 + round(3 * settings.presence)
        fewest = limits.fewest_per_bar
        return replace(
            limits,
            lowest=low,
            highest=high,
            reach=None,
            most_per_bar=most_per_bar,
            fewest_per_bar=None if fewest is None else min(fewest, most_per_bar),
            most_at_once=min(limits.most_at_once or voices, voices),
            most_struck=min(limits.most_struck, voices),
            loudest=max(min(loudest, limits.loudest), limits.softest),
        )


def register(pitches: list[int], presence: float) -> tuple[int, int]:
    """Lowest and highest key of the partner beside the player's keys, given in rising order.

    Below them where there is room, as a bass or a left hand would be, else above.
    """
    distance = round(FARTHEST * (1.0 - presence))
    tenth = len(pitches) // 10
    low, high = pitches[tenth], pitches[-1 - tenth]
    if low - distance - SPAN // 2 >= LOWEST:
        top = low - distance - 1
        return max(LOWEST, top - SPAN), top
    bottom = min(high + distance + 1, HIGHEST - SPAN // 2)
    return bottom, min(HIGHEST, bottom + SPAN)
