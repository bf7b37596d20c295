"""How the player lies in the beat: swing, and how far they push or lay back.

A pair of eighths is swung where the second one regularly comes later than half way; the push is how
far onsets on the beat lie before or after it. Both are medians over the last notes, taken up only
where they are regular. The music model hears the player straightened and answers straight; what it
answers is bent the same way before it sounds, so the answer lies where the player's notes lie. It
refuses to quantise: what deviates from the player's own habit goes on deviating.

    straight(played(beat)) = beat,   both grow with the beat, bar lines move by the push alone

Swing as the share of the beat before the second eighth: Honing & de Haas (2008), Music Perception.
"""

import math
import statistics
from collections import deque

REMEMBERED = 48
"""Onsets that say how the player plays."""
LEAST_PAIRS, LEAST_ONSETS = 6, 8
"""Before there are so many nothing is believed."""
ON_BEAT = 0.14
"""An onset this near to a beat is meant to be on it."""
PAIR = (0.42, 0.72)
"""Where the second of two eighths may lie; a dotted eighth lies later and is no swing."""
REGULAR_BEATS = 0.06
"""Half of the onsets lie within so much of each other, where they are regular."""
SLIGHT_SWING = 0.03
SLIGHT_PUSH_BEATS = 0.025
"""What nobody hears, and what a MIDI system adds by itself, is not taken up."""
MOST_PUSH_BEATS = 0.12


class Feel:
    """Thread: one. Real-time: yes (a few dozen numbers sorted at each question)."""

    def __init__(self) -> None:
        self._onsets: deque[float] = deque(maxlen=REMEMBERED)
        self.swing = 0.5
        """Share of a beat before its second eighth."""
        self.push = 0.0
        """Beats by which the player's onsets lie after the beat; negative before it."""

    def hear(self, beat: float) -> None:
        """The player struck a key. Beats never go back."""
        if not self._onsets or beat - self._onsets[-1] > ON_BEAT / 2:  # a chord is one onset
            self._onsets.append(beat)

    def forget(self) -> None:
        """Nothing is known of the player."""
        self._onsets.clear()
        self.rest()

    def rest(self) -> None:
        """Play straight from now on; what was heard is kept."""
        self.swing, self.push = 0.5, 0.0

    def settle(self, *, swings: bool = True) -> None:
        """Believe what was heard so far. swings: whether swing counts, or the push alone."""
        self.push = self._found_push()
        self.swing = self._found_swing() if swings else 0.5

    def straight(self, beat: float) -> float:
        """A played beat as the model is told it."""
        whole = math.floor(beat - self.push)
        part = beat - self.push - whole
        if part < self.swing:
            return whole + 0.5 * part / self.swing
        return whole + 0.5 + 0.5 * (part - self.swing) / (1 - self.swing)

    def played(self, beat: float) -> float:
        """A beat of the model's as it is played."""
        whole = math.floor(beat)
        part = beat - whole
        if part < 0.5:
            return whole + self.push + 2 * part * self.swing
        return whole + self.push + self.swing + 2 * (part - 0.5) * (1 - self.swing)

    def _found_push(self) -> float:
        off = [beat - round(beat) for beat in self._onsets]
        near = sorted(by for by in off if abs(by) <= ON_BEAT)
        if len(near) < LEAST_ONSETS or not _is_regular(near):
            return 0.0
        push = statistics.median(near)
        if abs(push) < SLIGHT_PUSH_BEATS:
            return 0.0
        return min(max(push, -MOST_PUSH_BEATS), MOST_PUSH_BEATS)

    def _found_swing(self) -> float:
        by_beat: dict[int, list[float]] = {}
        for beat in self._onsets:
            place = beat - self.push
            number = math.floor(place + ON_BEAT)
            by_beat.setdefault(number, []).append(place - number)
        second = sorted(
            parts[1]
            for parts in by_beat.values()
            if len(parts) == 2 and abs(parts[0]) <= ON_BEAT and PAIR[0] <= parts[1] <= PAIR[1]
        )
        if len(second) < LEAST_PAIRS or not _is_regular(second):
            return 0.5
        swing = statistics.median(second)
        return swing if abs(swing - 0.5) >= SLIGHT_SWING else 0.5


def _is_regular(ordered: list[float]) -> bool:
    quarter = len(ordered) // 4
    return ordered[-1 - quarter] - ordered[quarter] <= REGULAR_BEATS
