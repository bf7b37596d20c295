"""The metronome, as MIDI notes on a channel of choice: one accent a bar, then the other quarters.

A click is a note of its own that ends a moment later; whatever happens, it is released. A click
whose moment was slept through is left out, never made up for. It refuses to decide when to click:
it is switched on and off.
"""

from collections.abc import Callable

from plugin.realtime.beats import BeatGrid
from plugin.realtime.ledger import Ledger

ACCENT = (76, 112)
"""Key and velocity: a high wood block in General MIDI, and a low one."""
BEAT = (77, 84)
CLICK_NS = 40_000_000
TOO_LATE_NS = 25_000_000


class Metronome:
    """See the module. Thread: one. Real-time: yes. `send` hands over one message at once."""

    def __init__(self, grid: BeatGrid, send: Callable[[int, bytes], None], channel: int) -> None:
        self._grid, self._send, self._channel = grid, send, channel
        self._ledger = Ledger()
        self._clicks = 0
        self._end_ns: int | None = None
        self._from_beat: float | None = None
        """Clicks before this are past; None while it is off."""

    @property
    def on(self) -> bool:
        """Whether it clicks."""
        return self._from_beat is not None

    def switch_on(self, now_ns: int) -> None:
        """Click from the next quarter on; at once if that is now."""
        if not self.on:
            self._from_beat = self._grid.beat(now_ns)

    def switch_off(self, now_ns: int) -> None:
        """No click any more, and none that sounds on."""
        self._from_beat = None
        self._release(now_ns)

    def set_channel(self, now_ns: int, channel: int) -> None:
        """Clicks go to this channel, 0 to 15."""
        if channel != self._channel:
            self._release(now_ns)
            self._channel = channel

    def next_due_ns(self) -> int | None:
        """When `tick` must be called next."""
        due_ns = None if self._from_beat is None else self._grid.ns(self._next_beat())
        moments = [moment for moment in (due_ns, self._end_ns) if moment is not None]
        return min(moments, default=None)

    def tick(self, now_ns: int) -> None:
        """Send what is due."""
        if self._end_ns is not None and now_ns >= self._end_ns:
            self._release(now_ns)
        if self._from_beat is None:
            return
        rate = self._grid.timebase.ns_per_beat
        # What was slept through or jumped over is left out.
        self._from_beat = max(self._from_beat, self._grid.beat(now_ns) - TOO_LATE_NS / rate)
        beat = self._next_beat()
        if self._grid.ns(beat) > now_ns:
            return
        self._click(now_ns, accent=self._grid.next_bar(beat) - beat < 1e-6)
        self._from_beat = beat + 1e-3

    def _next_beat(self) -> float:
        assert self._from_beat is not None
        return self._grid.next_beat(self._from_beat)

    def _click(self, now_ns: int, *, accent: bool) -> None:
        self._release(now_ns)
        self._clicks += 1
        pitch, velocity = ACCENT if accent else BEAT
        for message in self._ledger.start(self._clicks, self._channel, pitch, velocity):
            self._send(now_ns, message)
        self._end_ns = now_ns + CLICK_NS

    def _release(self, now_ns: int) -> None:
        self._end_ns = None
        for message in self._ledger.stop_all():
            self._send(now_ns, message)
