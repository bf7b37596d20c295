"""When to come in: silence that is long for this player's own recent rhythm.

A player of fast lines is answered sooner than one who lets chords ring. The rhythm is the gaps
between the last onsets (a chord is one onset); silence counts from the last onset, and a moment
from the last release, and no key may be held. It refuses to look at a clock or at pitches.
"""

from collections import deque

CHORD_NS = 45_000_000
"""Onsets closer than this are one gesture: a chord, a grace note."""

# Chosen on 124 transcribed jazz solos with marked phrases: `python -m benchmarks.handover` prints
# how often these come in too early, and how late, beside fixed silences.
MEMORY = 24
LONG_GAP = 0.9
"""Which of the ordered gaps counts as a long one of theirs."""
PATIENCE = 1.6
"""How many times a long gap is a pause."""
LEAST_NS = 500_000_000
MOST_NS = 1_200_000_000
FIRST_GUESS_NS = 800_000_000
"""Patience while there are fewer than three gaps to judge by."""
BREATH_NS = 300_000_000
"""Least time after the last release."""


class HandOver:
    """The player's recent rhythm, and when a silence after it is long. Thread: one."""

    def __init__(self) -> None:
        self.eagerness = 0.5
        self._gaps_ns: deque[int] = deque(maxlen=MEMORY)
        self._onset_ns: int | None = None
        self._release_ns: int | None = None

    def note_on(self, now_ns: int) -> None:
        """The player struck a key."""
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

    def expected(self, over: float, gaps_ns: tuple[int, ...]) -> None:
        """What the model expects after the last onset; not weighed yet."""

    def patience_ns(self) -> int:
        """How long after an onset a silence is long."""
        if len(self._gaps_ns) < 3:
            return FIRST_GUESS_NS
        ordered = sorted(self._gaps_ns)
        long_gap_ns = ordered[int(len(ordered) * LONG_GAP)]
        return int(min(max(PATIENCE * long_gap_ns, LEAST_NS), MOST_NS))

    def deadline_ns(self, *, held: bool = False) -> int | None:
        """When the turn passes on if nothing more is played; None before the first note."""
        if self._onset_ns is None or held:
            return None
        release_ns = self._release_ns if self._release_ns is not None else self._onset_ns
        return max(self._onset_ns + self.patience_ns(), release_ns + BREATH_NS)
