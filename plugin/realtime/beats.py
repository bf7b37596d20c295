"""Turns nanoseconds into beats and back, while the tempo moves: the tempo map of a session.

Beats of a session only ever grow, because the music model counts on it. Small errors of phase are
slewed away, large ones are a jump forward; a DAW that jumps back to bar 1 finds the session at its
own next bar line. Bar lines lie at whole multiples of the bar, always: a change of meter jumps to
where that is true. It refuses to know clocks of others; `Transport` tells it what they say.
"""

import bisect
import math
from dataclasses import replace

from engine.events import NOMINAL_BPM, Timebase

SLIGHT_NS = 30_000_000
"""A delay that nobody hears: a poll's millisecond and a plan's rounding are not more."""
SLEWED_BEATS = 0.25
"""An error of phase up to this is made good without a jump."""
SLEW_BEATS = 0.5
"""How long that takes."""
SAME_NS = 50_000
"""Differences below this are not worth a new piece of the map."""
MOST_PIECES = 4096
"""The map remembers half of this at least: 17 seconds of a tempo that changes at every clock."""
CLOSE_BEATS = 1e-6
"""A beat this near to a line is on it."""


class BeatGrid:
    """Beats of a session. Thread: one. Real-time: yes.

    Moments that are handed in as `now_ns` never go back.
    """

    def __init__(self, timebase: Timebase, origin_ns: int | None = None) -> None:
        """origin_ns is the moment of beat 0; None until `begin` or a clock says."""
        self.timebase = timebase
        self._began_ns: int | None = None
        self._changed_ns = 0
        self._ns: list[int] = []
        self._beats: list[float] = []
        self._rates: list[float] = []
        self.turns = 0
        """Grows whenever a moment that is to come may have got another beat."""
        if origin_ns is not None:
            self._start(origin_ns, 0.0)

    @property
    def begun(self) -> bool:
        """Whether there is a beat 0 yet."""
        return self._began_ns is not None

    def begin(self, now_ns: int) -> None:
        """Beat 0 is now, unless time has begun already."""
        if self._began_ns is None:
            self._start(now_ns, 0.0)

    def since_ns(self, at_ns: int) -> int:
        """Nanoseconds since time began; 0 before."""
        return 0 if self._began_ns is None else at_ns - self._began_ns

    def beat(self, at_ns: int) -> float:
        """The beat at a moment; of a past one as it was then."""
        if self._began_ns is None:
            return 0.0
        piece = max(0, bisect.bisect_right(self._ns, at_ns) - 1)
        return self._beats[piece] + (at_ns - self._ns[piece]) / self._rates[piece]

    def ns(self, beat: float) -> int:
        """The moment of a beat, as far as can be known now; of one jumped over, the jump's."""
        if self._began_ns is None:
            return round(beat * self.timebase.ns_per_beat)
        piece = max(0, bisect.bisect_right(self._beats, beat) - 1)
        at_ns = self._ns[piece] + round((beat - self._beats[piece]) * self._rates[piece])
        return at_ns if piece + 1 == len(self._ns) else min(at_ns, self._ns[piece + 1])

    def whole_beats_ns(self, late_ns: int) -> int:
        """The shortest delay of at least `late_ns` that keeps to the beat, where there is one.

        A slight delay is kept as it is: a whole beat more would be heard, it is not.
        """
        if not self.timebase.tempo_known or late_ns <= SLIGHT_NS:
            return late_ns
        beats = -(-late_ns // self.timebase.ns_per_beat)
        return max(late_ns, round(beats * self.timebase.ns_per_beat))

    # -- bars: they begin at whole multiples of the bar --

    def bar_of(self, beat: float) -> int:
        """The number of the bar in which a beat lies, from 0."""
        return math.floor((beat + CLOSE_BEATS) / self.timebase.beats_per_bar)

    def bar_start(self, beat: float) -> float:
        """The bar line at or before a beat."""
        return self.bar_of(beat) * self.timebase.beats_per_bar

    def next_bar(self, beat: float) -> float:
        """The bar line at or after a beat."""
        bar = self.timebase.beats_per_bar
        return math.ceil((beat - CLOSE_BEATS) / bar) * bar

    def next_beat(self, beat: float) -> float:
        """The quarter note, counted from its bar line, at or after a beat; or that bar's end."""
        bar_start = self.bar_start(beat)
        within = math.ceil(max(0.0, beat - bar_start) - CLOSE_BEATS)
        return bar_start + min(float(within), self.timebase.beats_per_bar)

    # -- what moves it --

    def set_tempo(self, now_ns: int, bpm: float) -> None:
        """From now on so fast; the beat goes on from where it is."""
        self.timebase = replace(self.timebase, bpm=bpm, tempo_known=True)
        self._turn(now_ns, 0.0)

    def free(self, now_ns: int) -> None:
        """The tempo is unknown from now on: nominal beats of half a second, from where it is."""
        self.timebase = replace(self.timebase, bpm=NOMINAL_BPM, tempo_known=False)
        self._turn(now_ns, 0.0)

    def align(self, at_ns: int, beat: float, bpm: float) -> bool:
        """A clock says: at this moment it is `beat` of its song, at this tempo.

        The place in the bar is taken from it; bars of song and session are numbered apart. True if
        the session's beat jumped (forward, by less than a bar).
        """
        bar = self.timebase.beats_per_bar
        at_ns = max(at_ns, self._changed_ns)
        if self._began_ns is None:
            self.timebase = replace(self.timebase, bpm=bpm, tempo_known=True)
            self._start(at_ns, beat % bar)
            return True
        slewed = min(SLEWED_BEATS, bar / 4)
        ahead = (beat - self.beat(at_ns)) % bar
        if ahead > bar - slewed:
            ahead -= bar
        was_known = self.timebase.tempo_known
        rate = 60e9 / bpm
        same = abs(ahead) * rate < SAME_NS and abs(rate - self._rates[-1]) < SAME_NS
        if same and was_known:
            return False
        self.timebase = replace(self.timebase, bpm=bpm, tempo_known=True)
        if ahead > slewed:
            self._turn(at_ns, ahead)
            return True
        self._turn(at_ns, 0.0)
        self._slew(ahead)
        return False

    def set_meter(self, now_ns: int, beats_per_bar: float) -> bool:
        """Bars are so long from now on; the last bar line stays one. True if the beat jumped."""
        old_bar = self.timebase.beats_per_bar
        if beats_per_bar == old_bar:
            return False
        self.timebase = replace(self.timebase, beats_per_bar=beats_per_bar)
        if self._began_ns is None or not self.timebase.tempo_known:
            return False
        now_ns = max(now_ns, self._changed_ns)
        beat = self.beat(now_ns)
        return self._jump(now_ns, (beat % old_bar - beat) % beats_per_bar)

    def begin_bar(self, now_ns: int) -> bool:
        """A bar begins now. True if the beat jumped (forward, by less than a bar)."""
        self.begin(now_ns)
        now_ns = max(now_ns, self._changed_ns)
        return self._jump(now_ns, -self.beat(now_ns) % self.timebase.beats_per_bar)

    def _jump(self, now_ns: int, by: float) -> bool:
        if by < CLOSE_BEATS or by > self.timebase.beats_per_bar - CLOSE_BEATS:
            return False
        self._turn(now_ns, by)
        return True

    def _start(self, at_ns: int, beat: float) -> None:
        self.turns += 1
        self._began_ns = self._changed_ns = at_ns
        self._ns, self._beats = [at_ns], [beat]
        self._rates = [self.timebase.ns_per_beat]

    def _turn(self, now_ns: int, jump: float) -> None:
        """A new piece from now on; what was planned for later is void, what was stays."""
        if self._began_ns is None:
            return
        now_ns = max(now_ns, self._changed_ns)
        beat = self.beat(now_ns) + jump
        while self._ns and self._ns[-1] >= now_ns:
            del self._ns[-1], self._beats[-1], self._rates[-1]
        self._changed_ns = now_ns
        self.turns += 1
        self._add(now_ns, beat)
        if len(self._ns) > MOST_PIECES:
            half = len(self._ns) // 2
            del self._ns[:half], self._beats[:half], self._rates[:half]

    def _slew(self, ahead: float) -> None:
        """Make good an error of phase within `SLEW_BEATS`, then keep the tempo."""
        rate, beat = self._rates[-1], self._beats[-1]
        takes_ns = round(SLEW_BEATS * rate)
        if takes_ns <= 0 or abs(ahead) * rate < 1:
            return
        self._rates[-1] = takes_ns / (SLEW_BEATS + ahead)
        self._add(self._ns[-1] + takes_ns, beat + takes_ns / self._rates[-1])

    def _add(self, at_ns: int, beat: float) -> None:
        self._ns.append(at_ns)
        self._beats.append(beat)
        self._rates.append(self.timebase.ns_per_beat)
