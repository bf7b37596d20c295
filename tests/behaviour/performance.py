"""Segments of music, when each begins, and the performance that plays them cycle by cycle.

Pure: frames go in and messages come out, so it is tested without a server. It refuses to know
JACK; `tests.behaviour.client` gives it the cycles.
"""

import threading
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

Event = tuple[float, bytes]
"""Seconds, and one MIDI message."""


@dataclass
class Segment:
    """Some music, and when it begins after the segment before. At most one condition:

    delay_s: so much later (0 unless said otherwise).
    quiet_s: something has come in since that segment began, none of its notes sounds any more,
        and for so long nothing came.
    reply_s: so long after the first note-on that came in since that segment ended.

    timeout_s: the segment begins anyway when its condition has not come true for so long; the
        result then says so. events: seconds from its beginning; file: a MIDI file instead.
    """

    events: list[Event] = field(default_factory=list)
    file: str = ""
    delay_s: float = 0.0
    quiet_s: float | None = None
    reply_s: float | None = None
    timeout_s: float = 30.0


def still_sounding(events: Iterable[Event]) -> list[tuple[int, int]]:
    """Channel and pitch of each note that was begun and not ended, as often as it still sounds."""
    sounding: dict[tuple[int, int], int] = {}
    for _, message in events:
        _count(message, sounding)
    return [note for note, count in sounding.items() for _ in range(count)]


def _count(message: bytes, sounding: dict[tuple[int, int], int]) -> bool:
    """Enter a message into the table of sounding notes; whether it begins a note."""
    kind = message[0] & 0xF0
    if kind not in (0x80, 0x90):
        return False
    note = (message[0] & 0x0F, message[1])
    begins = kind == 0x90 and message[2] > 0
    sounding[note] = max(0, sounding.get(note, 0) + (1 if begins else -1))
    return begins


class Performance:
    """Plays the segments and keeps what comes, cycle by cycle. All times in frames."""

    def __init__(self, segments: Sequence[Segment], rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._segments = segments
        self._next = 0
        self._ready: int | None = None
        self._queue: deque[tuple[int, bytes]] = deque()
        self._sounding: dict[tuple[int, int], int] = {}
        self._last_heard: int | None = None  # since the last segment began
        self._first_reply: int | None = None  # since the last segment ended
        self.played: list[tuple[int, bytes]] = []
        self.recorded: list[tuple[int, bytes]] = []
        self.begun: list[int] = []
        self.ended: list[int] = []
        self.timed_out: list[int] = []
        self.over = threading.Event()

    def hear(self, frame: int, message: bytes) -> None:
        """A message came in."""
        self.recorded.append((frame, message))
        self._last_heard = frame
        begins = _count(message, self._sounding)
        if begins and self._first_reply is None and len(self.ended) == len(self.begun):
            self._first_reply = frame

    def due(self, first: int, frames: int) -> list[tuple[int, bytes]]:
        """What to play in this cycle, by offset into it."""
        last = first + frames
        out = []
        if self._ready is None:
            self._ready = first
        while True:
            while self._queue and self._queue[0][0] < last:
                frame, message = self._queue.popleft()
                out.append((max(0, frame - first), message))
                self.played.append((max(frame, first), message))
            if self._queue:
                break
            if len(self.ended) < len(self.begun):
                self.ended.append(max([self.begun[-1], *[at for at, _ in self.played[-1:]]]))
                self._first_reply = None
            begin = self._beginning(first, last)
            if begin is None:
                break
            self._begin(begin)
        return out

    def _beginning(self, first: int, last: int) -> int | None:
        """The frame of this cycle in which the next segment begins, None if in a later one."""
        if self._next == len(self._segments):
            self.over.set()
            return None
        segment = self._segments[self._next]
        before = self.ended[-1] if self.ended else self._ready or 0
        since: int | None = before
        wait_s = segment.delay_s
        if segment.reply_s is not None:
            since, wait_s = self._first_reply, segment.reply_s
        elif segment.quiet_s is not None:
            since = None if any(self._sounding.values()) else self._last_heard
            wait_s = segment.quiet_s
        if since is not None:
            begin = since + self._frames(wait_s)
            return max(begin, first) if begin < last else None
        if first - before > self._frames(segment.timeout_s):
            self.timed_out.append(self._next)
            return first
        return None

    def _begin(self, frame: int) -> None:
        segment = self._segments[self._next]
        self._next += 1
        self._last_heard = None
        self.begun.append(frame)
        events = sorted(segment.events, key=lambda event: event[0])
        self._queue.extend((frame + self._frames(at_s), message) for at_s, message in events)

    def _frames(self, seconds: float) -> int:
        return round(seconds * self._rate_hz)


def read_events(path: str) -> list[Event]:
    """The channel messages of a MIDI file in seconds, as its tempo map has them."""
    import mido

    at_s = 0.0
    events = []
    for message in mido.MidiFile(path):
        at_s += message.time
        if not message.is_meta:
            events.append((at_s, bytes(message.bytes())))
    return events
