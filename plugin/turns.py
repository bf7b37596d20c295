"""When to come in: silence that is long for this music and for this player's own recent rhythm.

A silence counts from the last onset (`patience`) and from the last release (`breath`); the turn
passes on when both are over. Each grows with the player's long gaps and with the time within which
the prior was all but sure of the next onset, had the player gone on. Without the prior, or while it
is late, the player's gaps decide alone. It refuses to look at a clock or at pitches.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from engine.api import GAP_SHARES

CHORD_NS = 45_000_000
"""Onsets closer than this are one gesture: a chord, a grace note."""
MEMORY = 24
LONG_GAP = 0.9
"""Which of the ordered gaps counts as a long one of theirs."""
MOST_NS = 1_200_000_000
"""A longer gap is a pause between phrases, not rhythm."""
SURE = 0.95
"""By when the prior was so sure of the next onset is what is asked of it."""
LONGEST_SURE_S = 3.0
"""The prior's time counts up to this."""
FIRST_GUESS_S = 0.45
"""A long gap of somebody of whom nothing is known."""
SPAN = 1.8
"""The dial goes from so many times slower to so many times faster."""
HELD_TIMES, HELD_LEAST_NS = 4.0, 2_000_000_000
"""A key that is held blocks until so many times the patience, and this long, after the last onset.

On marked phrases that comes too early after 1 to 3 of 10,000 notes."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Logarithms of patience and breath in seconds, as sums of logarithms of times in seconds.

    patience = base + long * (the player's long gap) + sure * (the prior's time), between least and
    most (in seconds); breath likewise. trust: so many gaps of the player weigh as much as the first
    guess of their long gap.
    """

    base: float
    long: float
    sure: float
    least: float
    most: float
    breath_base: float
    breath_long: float
    breath_sure: float
    trust: float


# Found by `python -m benchmarks.handover --fit` on phrases that are held out for such choices.
MIXED = Weights(0.29, 1.04, 0.23, 0.49, 5.39, -0.59, 0.28, -0.06, 2.78)
GAPS_ALONE = Weights(0.73, 1.43, 0.0, 0.56, 1.08, 0.03, 0.64, 0.0, 0.0)


class HandOver:
    """The player's recent rhythm, and when a silence after it is long. Thread: one."""

    def __init__(
        self, eagerness: float = 0.5, *, mixed: Weights = MIXED, alone: Weights = GAPS_ALONE
    ) -> None:
        """eagerness: 0 waits as long as a patient listener .. 1 jumps in."""
        self._eagerness, self._mixed, self._alone = eagerness, mixed, alone
        self._gaps_ns: deque[int] = deque(maxlen=MEMORY)
        self._onset_ns: int | None = None
        self._release_ns: int | None = None
        self._sure_s: float | None = None
        self._waits: tuple[int, int] | None = None

    @property
    def eagerness(self) -> float:
        """The dial, 0..1; it may be turned at any time."""
        return self._eagerness

    @eagerness.setter
    def eagerness(self, eagerness: float) -> None:
        self._eagerness, self._waits = eagerness, None

    def note_on(self, now_ns: int) -> None:
        """The player struck a key; what the prior expected before is void."""
        self._sure_s = self._waits = None
        if self._onset_ns is not None:
            gap_ns = now_ns - self._onset_ns
            if gap_ns < CHORD_NS:
                return
            if gap_ns < MOST_NS:
                self._gaps_ns.append(gap_ns)
        self._onset_ns = now_ns

    def note_off(self, now_ns: int) -> None:
        """The player released a key."""
        self._release_ns = now_ns

    def expected(self, over: float, gaps_ns: Sequence[int]) -> None:
        """What the prior expects after the latest note-on; told again when the key is released.

        gaps_ns: from the last onset to the next, at `GAP_SHARES`. over: chance that the phrase is
        over. It is not weighed: beside the gaps it told nothing more about marked phrases.
        """
        sure_ns = gaps_ns[GAP_SHARES.index(SURE)] if len(gaps_ns) == len(GAP_SHARES) else 0
        self._sure_s = min(max(sure_ns, CHORD_NS) / 1e9, LONGEST_SURE_S) if sure_ns > 0 else None
        self._waits = None

    def patience_ns(self) -> int:
        """How long after an onset a silence is long."""
        return self._both_ns()[0]

    def breath_ns(self) -> int:
        """How long after a release it is."""
        return self._both_ns()[1]

    def deadline_ns(self, *, held: bool = False) -> int | None:
        """When the turn passes on if nothing more is played; None before the first note.

        held: a key is still down. A phrase may end on one, so it does not block for ever.
        """
        if self._onset_ns is None:
            return None
        patience_ns, breath_ns = self._both_ns()
        if held:
            return self._onset_ns + max(round(HELD_TIMES * patience_ns), HELD_LEAST_NS)
        release_ns = self._release_ns if self._release_ns is not None else self._onset_ns
        return max(self._onset_ns + patience_ns, release_ns + breath_ns)

    def _both_ns(self) -> tuple[int, int]:
        if self._waits is None:
            patience_s, breath_s = self._waits_s()
            slower = SPAN ** (1.0 - 2.0 * min(max(self._eagerness, 0.0), 1.0))
            self._waits = round(patience_s * slower * 1e9), round(breath_s * slower * 1e9)
        return self._waits

    def _waits_s(self) -> tuple[float, float]:
        """Patience and breath in seconds, at the middle of the dial."""
        weights = self._alone if self._sure_s is None else self._mixed
        sure = 0.0 if self._sure_s is None else math.log(self._sure_s)
        guess = math.log(FIRST_GUESS_S) if self._sure_s is None else sure
        count = len(self._gaps_ns)
        long = guess
        if count:
            ordered = sorted(self._gaps_ns)
            own = math.log(ordered[int(count * LONG_GAP)] / 1e9)
            long = (count * own + weights.trust * guess) / (count + weights.trust)
        patience = math.exp(weights.base + weights.long * long + weights.sure * sure)
        breath = math.exp(
            weights.breath_base + weights.breath_long * long + weights.breath_sure * sure
        )
        return min(max(patience, weights.least), weights.most), breath
