"""Follows another program's MIDI clock: tempo, beat, song position, whatever the cable does to it.

24 ticks a quarter note arrive late, early, in heaps, twice or not at all. A tick is known by its
number, the line through the numbers is tempo and phase; a tick far from the line is not believed
until several say the same, and then the numbers are put right: neither a lost tick nor a dropout of
the other shifts the beat. While nothing can be believed the last good tempo goes on. It refuses to
know the session's beats and the meter, which a MIDI clock does not tell.

    ABSENT    nothing has been heard
    WAITING   ticks come, but no tempo is sure yet
    LOCKED    the beat is known
    LOST      ticks stopped coming, or make no sense, though nobody said stop
    STOPPED   the other said stop
"""

import enum
import math
from collections import deque

from plugin.realtime.song_start import SongStart
from plugin.realtime.tick_faults import ARRIVALS, explain, jitter_ns, lost_ticks, server_period_ns
from plugin.realtime.tick_line import LEAST_NOISE_NS, STRETCHES, Fit, TickLine

SONG_POSITION, TICK, START, CONTINUE, STOP = 0xF2, 0xF8, 0xFA, 0xFB, 0xFC
TICKS_PER_BEAT = 24
TICKS_PER_SIXTEENTH = 6
SLOWEST_BPM, FASTEST_BPM = 19.0, 315.0
"""What is believed: 20 to 300, and some for a clock that is not exact."""
MOST_TICKS_A_SECOND = 400
SURE_PHASE_NS, SURE_TEMPO = 1_500_000, 0.007
"""Standard errors at which a line is taken for the clock."""
SURE_IN_HEAPS = 96
"""Ticks that are needed where a server delivers them in heaps."""
AGREES_NS = 6_000_000
FEWEST_ASTRAY, MOST_NEEDED, MOST_ASTRAY = 3, 16, 48
LOST_TICKS = 12
LOST_LEAST_NS = 150_000_000
FORGOTTEN_NS = 2_000_000_000
GAP_NS = 600_000_000
"""A silence after which the first line is begun anew."""
MEMORY = 48
SAME_TEMPO = 0.08
"""How far apart two tempos may be that were taken from a few ticks and are the same."""


class ClockState(enum.Enum):
    """See the module."""

    ABSENT = "absent"
    WAITING = "waiting"
    LOCKED = "locked"
    LOST = "lost"
    STOPPED = "stopped"


class ClockFollower:
    """See the module. Thread: one. Real-time: yes: a tick costs the same, whatever came before."""

    def __init__(self) -> None:
        self.state = ClockState.ABSENT
        self.trouble = ""
        """What is wrong with the clock, as a sentence and a next step; empty if nothing is."""
        self.rolling: bool | None = None
        """Whether the other plays; None while it has said neither start nor stop."""
        self.jumps = 0
        """How often start or a song position was said."""
        self._line, self._next_line = TickLine(), TickLine()
        self._number = -1
        self._song_at = 0
        self._resume_at: int | None = 0
        self._recent: deque[tuple[int, int]] = deque(maxlen=MEMORY)
        self._arrivals_ns: deque[int] = deque(maxlen=ARRIVALS)
        self._waiting: deque[tuple[int, int]] = deque()
        self._far: deque[int] = deque(maxlen=MEMORY)
        self._astray = 0
        self._former: tuple[int, float, float] | None = None
        """A tick's number, its moment and the period, on the line before the last bend."""
        self._acquiring = True
        self._start: SongStart | None = None
        self._last_ns: int | None = None
        self._second_ns, self._in_second = 0, 0
        self._ticks_per_unit = TICKS_PER_SIXTEENTH
        self._said_position, self._said_number = 0, -1

    @property
    def bpm(self) -> float | None:
        """The tempo, the last good one while there is no new one; None before the first lock."""
        if not self._line.known:
            return None
        return min(max(60e9 / (TICKS_PER_BEAT * self._line.period_ns), SLOWEST_BPM), FASTEST_BPM)

    @property
    def in_heaps(self) -> bool:
        """Whether a server delivers the ticks in periods of its own."""
        return self._next_line.least_ticks > STRETCHES[0]

    @property
    def waits(self) -> bool:
        """Whether the tick that begins the song, or goes on with it, is still to come."""
        return self._resume_at is not None

    def beat(self, at_ns: int) -> float | None:
        """The beat of the song, in quarter notes, at a moment; None before the first lock.

        After start or continue it waits for the tick that begins the song.
        """
        if not self._line.known:
            return None
        if self._resume_at is not None:
            return self._resume_at / TICKS_PER_BEAT
        return (self._line.number(at_ns) + self._song_at) / TICKS_PER_BEAT

    def message(self, at_ns: int, message: bytes) -> None:
        """One message of the clock, at the moment of its arrival; others are passed over."""
        match message[0] if message else 0:
            case status if status == TICK and len(message) == 1:
                self._tick(at_ns)
            case status if status == START:
                self.jumps += 1
                self._roll(at_ns, 0)
                self._said_position, self._said_number = 0, self._number
            case status if status == CONTINUE:
                self._roll(at_ns, self._next_song_tick())
            case status if status == STOP:
                self._stop()
            case status if status == SONG_POSITION:
                self._song_position(message)

    def tick(self, now_ns: int) -> None:
        """Notice what did not come."""
        if self._last_ns is None:
            return
        silent_ns = now_ns - self._last_ns
        if self.state is ClockState.LOCKED:
            patience_ns = LOST_TICKS * self._line.period_ns + 4 * self._line.noise_ns
            if silent_ns > max(patience_ns, LOST_LEAST_NS):
                self.state = ClockState.LOST
        elif self.state is ClockState.WAITING and silent_ns > FORGOTTEN_NS:
            self.state = ClockState.ABSENT
            self._next_line.restart()

    # -- start, stop, position --

    def _roll(self, at_ns: int, song_tick: int) -> None:
        self.rolling = True
        self._resume_at = song_tick
        if self.state in (ClockState.STOPPED, ClockState.LOST, ClockState.ABSENT):
            self.state = ClockState.LOCKED if self._line.known else ClockState.WAITING
            self._last_ns = at_ns

    def _stop(self) -> None:
        if self.rolling is not False:
            self._resume_at = self._next_song_tick()
        self.rolling = False
        if self.state is not ClockState.ABSENT:
            self.state = ClockState.STOPPED

    def _next_song_tick(self) -> int:
        return self._number + 1 + self._song_at if self._resume_at is None else self._resume_at

    def _song_position(self, message: bytes) -> None:
        """The standard counts sixteenths, some programs count ticks: compare with what we saw."""
        if len(message) != 3 or max(message[1:]) > 127:
            self.trouble = (
                "A song position came broken and was passed over. If the bar is wrong, stop and "
                "start the DAW."
            )
            return
        position = message[1] | message[2] << 7
        moved, ticks = position - self._said_position, self._number - self._said_number
        if self.rolling is not None and ticks >= 2 * TICKS_PER_BEAT:
            # One that counts ticks may also wait for its next beat before it goes on (Ardour 7.3).
            waits = position % TICKS_PER_BEAT == 0 and 0 < moved - ticks < TICKS_PER_BEAT
            if waits or abs(moved - ticks) <= 2:
                self._ticks_per_unit = 1
            elif abs(moved * TICKS_PER_SIXTEENTH - ticks) <= TICKS_PER_SIXTEENTH:
                self._ticks_per_unit = TICKS_PER_SIXTEENTH
        self._said_position, self._said_number = position, self._number
        if position == 0x3FFF:
            self.trouble = (
                "The song position is at the end of what MIDI can tell; bars may be numbered "
                "wrong. Play on, or start earlier in the song."
            )
        there = position * self._ticks_per_unit
        if self.rolling and abs(there - self._next_song_tick()) <= TICKS_PER_SIXTEENTH:
            return  # it says only what we know, and less exactly
        self.jumps += 1
        self._resume_at = there

    # -- ticks --

    def _tick(self, at_ns: int) -> None:
        if self._flooded(at_ns):
            return
        silent_ns = at_ns - self._last_ns if self._last_ns is not None else 0
        self._last_ns = at_ns
        if self.state is ClockState.ABSENT:
            self.state = ClockState.WAITING
        self._number += 1
        if self.state is ClockState.LOST and not self._acquiring:
            # Ticks after a silence: the other has counted on, so this is the nearest one.
            self._number = max(self._number, round(self._line.number(at_ns)))
            self.state = ClockState.LOCKED
            self._forget_faults()
        self._arrivals_ns.append(at_ns)
        self._expect_heaps()
        if self._resume_at is not None and self.rolling is not False:
            self._song_at, self._resume_at = self._resume_at - self._number, None
            if self._acquiring:
                self._next_line.restart()
            if self._line.known:
                self._begin_song()
        if self._acquiring:
            self._acquire(at_ns, silent_ns)
        else:
            self._track(at_ns)

    def _flooded(self, at_ns: int) -> bool:
        if at_ns - self._second_ns >= 1_000_000_000:
            if self._in_second <= MOST_TICKS_A_SECOND:
                self.trouble = ""
            self._second_ns, self._in_second = at_ns, 0
        self._in_second += 1
        if self._in_second <= MOST_TICKS_A_SECOND:
            return False
        self.trouble = (
            "The clock sends far more ticks than any tempo has; the last good tempo goes on. "
            "Look for a clock that is routed in a loop, or choose the internal clock."
        )
        return True

    def _expect_heaps(self) -> None:
        """Quantised arrivals look like a clock of another tempo for a while: take longer lines."""
        if self._number % TICKS_PER_SIXTEENTH:
            return
        heap_ns = server_period_ns(self._arrivals_ns)
        for line in (self._line, self._next_line):
            line.least_ticks = STRETCHES[0] if heap_ns is None else SURE_IN_HEAPS
            line.noise_ns = max(line.noise_ns, (heap_ns or 0.0) / math.sqrt(12))

    def _begin_song(self) -> None:
        """Its first tick has the number that was told, whatever came before; the tempo goes on."""
        runs = not self._acquiring and len(self._line) > 0
        self._start = SongStart(self._number, self._line, runs)
        self._acquiring, self._former = False, None
        self._forget_faults()

    def _is_new_phase(self, start: SongStart, at_ns: int) -> bool:
        is_new = start.is_new(self._number, at_ns, self._line.noise_ns, self._agrees_ns())
        if is_new:
            start.begin(self._line, list(self._recent))
            self._forget_astray()  # the recent ones are kept: the tempo may be new, too
        elif not start.lasts(self._number):
            self._start = None
        return is_new

    def _agrees_ns(self) -> float:
        """How far from the line a tick is believed."""
        wide_ns = max(4 * self._line.noise_ns, AGREES_NS)
        if self.in_heaps:
            return wide_ns
        unsure_ns = self._start.unsure_ns(self._number, self._line.noise_ns) if self._start else 0.0
        return min(wide_ns, self._line.period_ns / 2 + unsure_ns)

    def _track(self, at_ns: int) -> None:
        line = self._line
        self._recent.append((self._number, at_ns))
        self._waiting.append((self._number, at_ns))
        if len(self._recent) >= 3:
            three = (self._recent[k][1] for k in (-3, -2, -1))
            line.noise_ns = max(jitter_ns(line.noise_ns, *three), LEAST_NOISE_NS)
        if self._start is not None and self._is_new_phase(self._start, at_ns):
            return
        late_ns = at_ns - line.ns(self._number) if len(line) else 0.0
        if abs(late_ns) <= self._agrees_ns():
            self._far.append(0)
            self._astray = max(0, self._astray - 1)
        else:
            self._far.append(1 if late_ns > 0 else -1)
            self._astray += 1
        needed = math.ceil((8 * line.noise_ns / line.period_ns) ** 2)
        needed = min(max(needed, FEWEST_ASTRAY), MOST_NEEDED)
        self._believe(needed if len(line) >= STRETCHES[0] else 0)
        last = list(self._far)[-needed:]
        one_sided = len(last) == needed and 4 * abs(sum(last)) >= 3 * needed
        if one_sided and self._put_right(max(3, 3 * needed // 4)):
            return
        if self._astray > MOST_ASTRAY:
            self.state = ClockState.LOST if self.rolling is not False else self.state
            self._acquiring = True
            self._next_line.restart()
            self._forget_faults()

    def _believe(self, wait: int) -> None:
        """Ticks join the line a few ticks later, when nothing since has told against them."""
        while len(self._waiting) > wait:
            number, at_ns = self._waiting.popleft()
            if not len(self._line) or abs(at_ns - self._line.ns(number)) <= self._agrees_ns():
                self._line.add(number, at_ns)

    def _put_right(self, least: int) -> bool:
        """Find out what happened and act on it; False if it makes no sense yet."""
        line, ticks = self._line, list(self._recent)
        late_ns = [at_ns - line.ns(number) for number, at_ns in ticks]
        fault = explain(late_ns, max(line.noise_ns, 1e6), least)
        if fault is None:
            return False
        after, period_ns = ticks[fault.since :], line.period_ns + fault.bend_ns
        if not _believable(period_ns):
            return False
        shift = 0 if self.in_heaps else lost_ticks(fault, period_ns, late_ns, line.noise_ns)
        if self._start is not None:
            shift = self._start.shift(after[0][0], fault.step_ns, line.noise_ns, len(after))
            self._start.settle()
        rest_ns, number_now = fault.step_ns - shift * period_ns, self._number
        again = self._former_again(after, period_ns) if fault.bend_ns else None
        if again is not None and self._former is not None:
            shift = again
            self._restart(self._former[2], TICKS_PER_BEAT)
            self._former = None
        elif fault.bend_ns:
            self._former = (number_now, line.ns(number_now), line.period_ns)
            self._restart(period_ns, 6)
        elif abs(rest_ns) > max(3 * line.noise_ns / math.sqrt(len(after)), 1e6):
            self._restart(period_ns, TICKS_PER_BEAT)
        else:
            line.drop_from(after[0][0])
            self._forget_faults()
        self._number += shift
        for number, at_ns in after:
            self._recent.append((number + shift, at_ns))
            line.add(number + shift, at_ns)
        return True

    def _former_again(self, ticks: list[tuple[int, int]], period_ns: float) -> int | None:
        """By how much to renumber ticks that lie on the line that was given up a moment ago.

        Then the tempo never changed: several ticks were lost, one after the other.
        """
        if self._former is None or self._number - self._former[0] > TICKS_PER_BEAT:
            return None
        number, at_ns, former_ns = self._former
        off = [number + (came - at_ns) / former_ns - tick for tick, came in ticks]
        shift = round(math.fsum(off) / len(off))
        near = max(abs(one - shift) for one in off) * former_ns <= self._agrees_ns()
        return shift if near and abs(period_ns / former_ns - 1) < SAME_TEMPO else None

    def _restart(self, period_ns: float, trust_ticks: int) -> None:
        self._line.restart(period_ns, trust_ticks)
        self._forget_faults()

    def _forget_faults(self) -> None:
        self._recent.clear()
        self._forget_astray()

    def _forget_astray(self) -> None:
        self._waiting.clear()
        self._far.clear()
        self._astray = 0

    # -- from nothing to a tempo --

    def _acquire(self, at_ns: int, silent_ns: int) -> None:
        line = self._next_line
        if silent_ns > GAP_NS:
            line.restart()
        line.add(self._number, at_ns)
        fit = self._sure(line)
        if fit is None:
            return
        if not _believable(fit.period_ns):
            self.trouble = (
                "The clock runs slower or faster than anybody can follow. Set the DAW's tempo "
                "between 20 and 300 beats per minute."
            )
            return
        line.noise_ns = max(line.noise_ns, fit.noise_ns)
        if self._line.known and self.rolling is not False:
            self._song_at += round(self._line.number(at_ns)) - self._number
        self._line, self._next_line = line, self._line
        self._next_line.restart()
        self._acquiring = False
        self._forget_faults()
        if self.state is not ClockState.STOPPED:
            self.state = ClockState.LOCKED

    @staticmethod
    def _sure(line: TickLine) -> Fit | None:
        """The longest line that can be trusted, if there is one."""
        for stretch in reversed(STRETCHES[1:]):
            fit = line.fit(stretch) if stretch >= line.least_ticks else None
            enough = SURE_PHASE_NS * (3 if stretch == STRETCHES[-1] else 1)
            if fit and fit.phase_error_ns <= enough and fit.tempo_error <= SURE_TEMPO:
                return fit
        return None


def _believable(period_ns: float) -> bool:
    return SLOWEST_BPM <= 60e9 / (TICKS_PER_BEAT * max(period_ns, 1.0)) <= FASTEST_BPM
