"""Turns nanoseconds into beats and back, once somebody has said where beat 0 is.

A constant tempo from one moment on; following a DAW's clock is not its business yet.
"""

from engine.events import Timebase

SLIGHT_NS = 30_000_000
"""A delay that nobody hears: a poll's millisecond and a plan's rounding are not more."""


class BeatGrid:
    """Beats of a session. Thread: one. Real-time: yes."""

    def __init__(self, timebase: Timebase, origin_ns: int | None = None) -> None:
        """origin_ns is the moment of beat 0; None until `begin` says."""
        self.timebase = timebase
        self._origin_ns = origin_ns

    def begin(self, now_ns: int) -> None:
        """Beat 0 is now, unless it has been already."""
        if self._origin_ns is None:
            self._origin_ns = now_ns

    def since_ns(self, at_ns: int) -> int:
        """Nanoseconds since beat 0; 0 before there is one."""
        return 0 if self._origin_ns is None else at_ns - self._origin_ns

    def beat(self, at_ns: int) -> float:
        """The beat at a moment."""
        return self.since_ns(at_ns) / self.timebase.ns_per_beat

    def ns(self, beat: float) -> int:
        """The moment of a beat."""
        return (self._origin_ns or 0) + round(beat * self.timebase.ns_per_beat)

    def whole_beats_ns(self, late_ns: int) -> int:
        """The shortest delay of at least `late_ns` that keeps to the beat, where there is one.

        A slight delay is kept as it is: a whole beat more would be heard, it is not.
        """
        if not self.timebase.tempo_known or late_ns <= SLIGHT_NS:
            return late_ns
        beats = -(-late_ns // self.timebase.ns_per_beat)
        return max(late_ns, round(beats * self.timebase.ns_per_beat))
