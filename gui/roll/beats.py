"""Where the beats, bars and turns of the roll lie in time, past and to come.

A map between session time and beats, made of the pulses that the session tells: it keeps one only
where the beat went on otherwise than foretold. What lies further back than `SETTLES_NS` never
moves again, so that it can be painted once. Where nobody knows a tempo it counts seconds. Pure; it
refuses to know pixels.
"""

import bisect
import dataclasses
import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

from plugin.protocol import Position
from plugin.served.messages import Pulse

SECOND_NS = 1_000_000_000
SETTLES_NS = 500_000_000
"""A correction of the beat is spread over this much of the past."""
SMALL_NS = 4_000_000
"""A beat that comes so little off its time is where it was."""
AHEAD_NS = 8_000_000_000
"""A tempo that would be off by more than `SMALL_NS` after so long is another tempo."""
JUMP_BEATS = 0.25
"""A beat that is off by more is elsewhere in the song."""
MOST_MARKS = 4000
MOST_TURNS = 200
LineKind = Literal["bar", "beat", "second"]


class GridLine(NamedTuple):
    """A line of the grid. number: of the bar, from 1, 0 where unknown; or of the second."""

    t_ns: int
    kind: LineKind
    number: int


@dataclass(slots=True)
class _Mark:
    """From t_ns on: the beat then, how long beats are (0: free time), and where bars begin.

    first_bar: number of the bar that begins on bar_beat. jumps: it does not go on from the mark
    before.
    """

    t_ns: int
    beat: float
    ns_per_beat: float
    beats_per_bar: float
    bar_beat: float
    jumps: bool
    first_bar: int | None = None


@dataclass(slots=True)
class TurnSpan:
    """A turn while trading; `end_ns` is foretold until it is over."""

    begin_ns: int
    end_ns: int
    partner: bool
    bars: int


class BeatMap:
    """Thread: one. Questions cost the logarithm of the changes of tempo, and what is found."""

    def __init__(self) -> None:
        self._marks: list[_Mark] = []
        self._turn_bar = 0
        self.turns: list[TurnSpan] = []

    def pulse(self, pulse: Pulse) -> int | None:
        """Take in where the beat is; from which moment on lines lie elsewhere, None if nowhere."""
        ns_per_beat = 60e9 / pulse.bpm if pulse.bpm > 0 and pulse.running else 0.0
        new = _Mark(
            pulse.now_ns, pulse.beat, ns_per_beat, pulse.beats_per_bar, pulse.bar_beat, jumps=True
        )
        if not self._marks:
            self._marks.append(new)
            return 0
        last = self._marks[-1]
        if pulse.now_ns <= last.t_ns:
            return None
        if not ns_per_beat and not last.ns_per_beat:
            return None
        if not ns_per_beat or not last.ns_per_beat or not _same_bars(last, new):
            return self._put(new)
        foretold = last.beat + (new.t_ns - last.t_ns) / last.ns_per_beat
        off_beats = new.beat - foretold
        drift_ns = (ns_per_beat - last.ns_per_beat) / last.ns_per_beat * AHEAD_NS
        if abs(off_beats) * ns_per_beat < SMALL_NS and abs(drift_ns) < SMALL_NS:
            return None
        if abs(off_beats) > JUMP_BEATS:
            return self._put(new)
        # Bars are counted from where they were counted before.
        new = dataclasses.replace(
            new, bar_beat=last.bar_beat, first_bar=last.first_bar, jumps=False
        )
        settled_ns = max(new.t_ns - SETTLES_NS, last.t_ns)
        beat = last.beat + (settled_ns - last.t_ns) / last.ns_per_beat
        if beat >= new.beat:
            return self._put(dataclasses.replace(new, jumps=True))
        if settled_ns > last.t_ns:
            self._put(dataclasses.replace(last, t_ns=settled_ns, beat=beat, jumps=False))
        self._put(new)
        return settled_ns

    def position(self, position: Position, now_ns: int) -> bool:
        """Take in the bar's number and whose turn it is; whether bars are numbered otherwise."""
        mark = self._mark(now_ns)
        if mark is None or not mark.ns_per_beat:
            return False
        beat = self._beat_in(mark, now_ns) - (position.beat - 1)
        first = position.bar - round((beat - mark.bar_beat) / mark.beats_per_bar)
        renumbered = first != mark.first_bar
        for earlier in reversed(self._marks):
            if earlier.bar_beat != mark.bar_beat or earlier.first_bar == first:
                break
            earlier.first_bar = first
            if earlier.jumps:
                break
        self._turn(position, now_ns, mark)
        return renumbered

    def lines(self, begin_ns: int, end_ns: int) -> list[GridLine]:
        """All lines of a stretch of time, by time."""
        found: list[GridLine] = []
        place = max(bisect.bisect_right(self._marks, begin_ns, key=_time) - 1, 0)
        while place < len(self._marks):
            mark = self._marks[place]
            until_ns = self._marks[place + 1].t_ns if place + 1 < len(self._marks) else end_ns
            from_ns = begin_ns if place == 0 else max(begin_ns, mark.t_ns)
            if from_ns >= end_ns:
                break
            self._lines_of(mark, place, from_ns, min(until_ns, end_ns), found)
            place += 1
        if not self._marks:
            _seconds(begin_ns, end_ns, found)
        return found

    def where(self, t_ns: int) -> str:
        """A moment as musicians say it: bar.beat, or seconds in free time."""
        mark = self._mark(t_ns)
        if mark is None or not mark.ns_per_beat:
            return f"{t_ns / SECOND_NS:.1f} s"
        beat = self._beat_in(mark, t_ns) - mark.bar_beat
        bar = math.floor(beat / mark.beats_per_bar)
        inside = int(beat - bar * mark.beats_per_bar) + 1
        if mark.first_bar is None:
            return f"beat {inside}"
        return f"bar {bar + mark.first_bar}.{inside}"

    def shift(self, by_ns: int) -> None:
        """Another session counts time from another moment, and its own beats: a new beginning."""
        self._marks.clear()
        for turn in self.turns:
            turn.begin_ns += by_ns
            turn.end_ns += by_ns

    def end_turns(self, now_ns: int) -> None:
        """Nobody trades any more."""
        if self.turns and self.turns[-1].end_ns > now_ns:
            self.turns[-1].end_ns = max(now_ns, self.turns[-1].begin_ns)
        self._turn_bar = 0

    # ------------------------------------------------------------------------------ inside

    def _put(self, mark: _Mark) -> int:
        self._marks.append(mark)
        if len(self._marks) > MOST_MARKS:
            del self._marks[: MOST_MARKS // 8]
        return mark.t_ns

    def _mark(self, t_ns: int) -> _Mark | None:
        if not self._marks:
            return None
        return self._marks[max(bisect.bisect_right(self._marks, t_ns, key=_time) - 1, 0)]

    def _pace(self, place: int) -> float:
        """Nanoseconds a beat from this mark to the next: so that the next is met."""
        mark = self._marks[place]
        if place + 1 < len(self._marks):
            after = self._marks[place + 1]
            if not after.jumps and mark.ns_per_beat:
                return (after.t_ns - mark.t_ns) / (after.beat - mark.beat)
        return mark.ns_per_beat

    def _beat_in(self, mark: _Mark, t_ns: int) -> float:
        pace = self._pace(bisect.bisect_right(self._marks, mark.t_ns, key=_time) - 1)
        return mark.beat + (t_ns - mark.t_ns) / pace

    def _lines_of(
        self, mark: _Mark, place: int, begin_ns: int, end_ns: int, found: list[GridLine]
    ) -> None:
        pace = self._pace(place)
        if not pace:
            _seconds(begin_ns, end_ns, found)
            return
        # A microsecond of patience, on either side: a line on a mark belongs to what begins there.
        begin_ns, end_ns = begin_ns - 1000, end_ns - 1000
        bar = math.floor(
            (mark.beat + (begin_ns - mark.t_ns) / pace - mark.bar_beat) / mark.beats_per_bar
        )
        while True:
            inside = 0.0
            while inside < mark.beats_per_bar - 1e-6:
                beat = bar * mark.beats_per_bar + inside + mark.bar_beat
                t_ns = round(mark.t_ns + (beat - mark.beat) * pace)
                if t_ns >= end_ns:
                    return
                if t_ns >= begin_ns:
                    number = 0 if mark.first_bar is None else bar + mark.first_bar
                    found.append(GridLine(t_ns, "beat" if inside else "bar", number))
                inside += 1
            bar += 1

    def _turn(self, position: Position, now_ns: int, mark: _Mark) -> None:
        partner = position.partners_turn
        if partner is None:
            self.end_turns(now_ns)
            return
        last = self.turns[-1] if self.turns and self._turn_bar else None
        same = last is not None and last.partner == partner and position.turn_bar >= self._turn_bar
        self._turn_bar = max(position.turn_bar, 1)
        beats_gone = (self._turn_bar - 1) * mark.beats_per_bar + position.beat - 1
        pace = self._pace(len(self._marks) - 1) or mark.ns_per_beat
        beat = self._beat_in(mark, now_ns) - mark.bar_beat
        on_beat_ns = now_ns - (beat - round(beat)) * pace  # told near the beat, before or after
        begin_ns = round(on_beat_ns - beats_gone * pace)
        end_ns = round(begin_ns + position.turn_bars * mark.beats_per_bar * pace)
        if same and last is not None:
            last.end_ns = end_ns
            return
        if last is not None:
            last.end_ns = min(last.end_ns, begin_ns)
        self.turns.append(TurnSpan(begin_ns, end_ns, partner, position.turn_bars))
        del self.turns[:-MOST_TURNS]


def _time(mark: _Mark) -> int:
    return mark.t_ns


def _same_bars(one: _Mark, other: _Mark) -> bool:
    """Whether bars begin on the same beats."""
    if one.beats_per_bar != other.beats_per_bar:
        return False
    off = (one.bar_beat - other.bar_beat) % one.beats_per_bar
    return min(off, one.beats_per_bar - off) < 1e-3


def _seconds(begin_ns: int, end_ns: int, found: list[GridLine]) -> None:
    second = -(-begin_ns // SECOND_NS)
    while second * SECOND_NS < end_ns:
        found.append(GridLine(second * SECOND_NS, "second", second))
        second += 1
