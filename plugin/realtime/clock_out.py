"""Our clock for others: 24 ticks a quarter note at their moments, start, stop, continue, position.

Ticks that were slept through are left out, never sent in a heap: a follower keeps our phase, not
our count. It refuses to know where the tempo comes from; it counts ticks of the session's grid.
"""

import math
from collections.abc import Callable

from plugin.realtime.beats import BeatGrid
from plugin.realtime.midi_clock import (
    CONTINUE,
    SONG_POSITION,
    START,
    STOP,
    TICK,
    TICKS_PER_BEAT,
    TICKS_PER_SIXTEENTH,
)

TOO_LATE_TICKS = 0.5
LAST_POSITION = 0x3FFF


class ClockOut:
    """See the module. Thread: one. Real-time: yes. `send` hands over one message at once."""

    def __init__(self, grid: BeatGrid, send: Callable[[int, bytes], None]) -> None:
        self._grid, self._send = grid, send
        self._next_tick: int | None = None
        """In ticks of the grid; None while no clock is sent."""
        self.rolling = False

    @property
    def on(self) -> bool:
        """Whether ticks are sent."""
        return self._next_tick is not None

    def switch_on(self, now_ns: int) -> None:
        """Ticks from the next one on; at once if that is now."""
        if self._next_tick is None:
            self._next_tick = self._at_least(self._grid.beat(now_ns) * TICKS_PER_BEAT)

    def switch_off(self, now_ns: int) -> None:
        """No clock any more; whoever followed is told to stop."""
        self.stop(now_ns)
        self._next_tick = None

    def start(self, now_ns: int, song_beat: float = 0.0) -> None:
        """The next tick begins the song, or goes on with it at a beat (to the next sixteenth)."""
        if self._next_tick is None:
            return
        sixteenth = math.ceil(song_beat * TICKS_PER_BEAT / TICKS_PER_SIXTEENTH - 1e-6)
        sixteenth = min(max(sixteenth, 0), LAST_POSITION)
        if self.rolling:
            self.stop(now_ns)
        if sixteenth == 0:
            self._send(now_ns, bytes((START,)))
        else:
            position = bytes((SONG_POSITION, sixteenth & 0x7F, sixteenth >> 7))
            self._send(now_ns, position)
            self._send(now_ns, bytes((CONTINUE,)))
        self.rolling = True

    def stop(self, now_ns: int) -> None:
        """The song stops, ticks go on."""
        if self.rolling:
            self.rolling = False
            self._send(now_ns, bytes((STOP,)))

    def next_due_ns(self) -> int | None:
        """When `tick` must be called next."""
        if self._next_tick is None:
            return None
        return self._grid.ns(self._next_tick / TICKS_PER_BEAT)

    def tick(self, now_ns: int) -> None:
        """Send the tick that is due, one at most."""
        if self._next_tick is None:
            return
        here = self._grid.beat(now_ns) * TICKS_PER_BEAT
        self._next_tick = max(self._next_tick, self._at_least(here - TOO_LATE_TICKS))
        if self._grid.ns(self._next_tick / TICKS_PER_BEAT) <= now_ns:
            self._send(now_ns, bytes((TICK,)))
            self._next_tick += 1

    @staticmethod
    def _at_least(ticks: float) -> int:
        return math.ceil(ticks - 1e-6)
