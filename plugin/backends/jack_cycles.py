"""What happens in JACK's own thread, once a period: frames out of its ports, and into them.

Python in that thread waits for the interpreter's lock, so this runs in a process that does nothing
else (`plugin.backends.jack_child`). It refuses to know JACK's library: clients and ports are handed
in, and `Bridge` opens and closes them.
"""

import contextlib
import os
import time
from typing import Any

from plugin.backends.common import MAX_MESSAGE_BYTES
from plugin.backends.jack_frames import Frame, Outgoing, Unpacker, pack

MOST_UNREAD_BYTES = 1 << 20
REAL_TIME_PRIORITY = 10
NOTE_ON, NOTE_OFF, CONTROL, ACTIVE_SENSING, RELEASE_VELOCITY = 0x90, 0x80, 0xB0, 0xFE, 64
PEDALS = range(64, 70)
UNSURE_CYCLES = 2
"""Lost is what was written before a gap, and now and then what was in the first cycle after it."""


class Cycle:
    """What happens in JACK's thread, once a period. Everything else only swaps its `ports`.

    Two clients have one each: what comes in and what goes out must not be one client's, or JACK
    would take the way through us for a loop and add a period to it.
    """

    def __init__(self, client: Any) -> None:
        self.ports: dict[int, Any] = {}
        self.count = self.skipped = 0
        """Cycles that ran, and that JACK did not wait for: what others sent then is lost."""
        self._next_frame, self._unsure = -1, 0
        self.period_ns = int(client.blocksize * 1e9 / client.samplerate)
        self._client, self._ns_per_frame = client, 1e9 / client.samplerate

    def run(self, frames: int) -> None:
        """JACK's process callback."""
        if not self.count:
            _wish_for_real_time()
        now_ns, client = time.monotonic_ns(), self._client
        first_frame = client.last_frame_time
        if self._next_frame >= 0 and _apart(first_frame, self._next_frame) >= frames:
            self.skipped += _apart(first_frame, self._next_frame) // frames
            self._unsure = UNSURE_CYCLES
        if self._unsure:
            self._unsure -= 1
            self.after_gap()
        self._next_frame = first_frame + frames
        # `frame_time` follows the server's smoothed clock.
        into_cycle = _apart(client.frame_time, first_frame)
        # Where cycles were lost it needs a while to find the time again; this one is now.
        into_cycle = min(max(into_cycle, -frames), frames)
        self.period_ns = int(frames * self._ns_per_frame)
        self.work(now_ns, now_ns - int(into_cycle * self._ns_per_frame), frames)
        self.count += 1

    def after_gap(self) -> None:
        """What the cycle before the one that begins wrote is perhaps lost."""

    def work(self, now_ns: int, start_ns: int, frames: int) -> None:
        """A cycle of so many frames that began at `start_ns`."""
        raise NotImplementedError


class CycleIn(Cycle):
    """Passes on what comes in."""

    def __init__(self, client: Any, to_session: int) -> None:
        super().__init__(client)
        self._to_session, self._unread = to_session, b""
        self.too_long = 0  # messages that were left out because no music is so long

    def work(self, now_ns: int, start_ns: int, frames: int) -> None:
        """An event of this cycle happened in the period before it."""
        begin_ns, found = start_ns - self.period_ns, b""
        for number, port in self.ports.items():
            for offset, data in port.incoming_midi_events():
                message = bytes(data)
                if 0 < len(message) <= MAX_MESSAGE_BYTES and message[0] != ACTIVE_SENSING:
                    at_ns = begin_ns + int(offset * self._ns_per_frame)
                    found += pack(Frame(at_ns, number, message))
                elif len(message) > MAX_MESSAGE_BYTES:
                    self.too_long += 1
        if len(self._unread) < MOST_UNREAD_BYTES:  # else nobody reads any more: it is lost
            self._unread += found
        if self._unread:
            with contextlib.suppress(OSError):
                self._unread = self._unread[os.write(self._to_session, self._unread) :]


class CycleOut(Cycle):
    """Plays what the session sends."""

    def __init__(self, client: Any, from_session: int, refused: type[Exception]) -> None:
        """refused: what JACK raises where a port has no room left."""
        super().__init__(client)
        self._refused = refused
        self.outgoing = Outgoing()
        self.sounding: set[tuple[int, int, int]] = set()
        """Port, channel and pitch of the notes that were sent on and not off again."""
        self._from_session, self._unpacker = from_session, Unpacker()
        self._let_go: dict[tuple[int, int, bool, int], Frame] = {}
        """What the last cycle let go: port, channel, whether it is a pedal, and its number."""

    def after_gap(self) -> None:
        """Let go once more what was let go last: the others may not have heard it, and would sound.

        To be let go twice does no harm; notes would, and are lost.
        """
        self.outgoing.put_back(list(self._let_go.values()))

    def work(self, now_ns: int, start_ns: int, frames: int) -> None:
        """Everything that was sent before this cycle began, as far as there is room."""
        with contextlib.suppress(OSError):
            for frame in self._unpacker.feed(os.read(self._from_session, 8192)):
                self.outgoing.put(now_ns, frame)
        ports = self.ports
        for port in ports.values():
            port.clear_buffer()
        due = self.outgoing.take(start_ns, frames, self._ns_per_frame)
        self._let_go = {}
        for number, (offset, frame) in enumerate(due):
            output = ports.get(frame.port)
            if output is not None and not self._write(output, offset, frame) and number:
                self.outgoing.put_back([frame for _, frame in due[number:]])
                break  # the port is full; what does not fit into an empty one is dropped

    def release(self, now_ns: int) -> None:
        """Owe a note-off to whatever sounds. Thread: the main one, when nothing more comes in."""
        for port, channel, pitch in sorted(self.sounding):
            off = bytes((NOTE_OFF | channel, pitch, RELEASE_VELOCITY))
            self.outgoing.put(now_ns, Frame(now_ns, port, off))

    def _write(self, output: Any, offset: int, frame: Frame) -> bool:
        message = frame.message
        try:
            output.write_midi_event(offset, message)
        except self._refused:
            return False
        kind, channel = message[0] & 0xF0, message[0] & 0x0F
        if kind in (NOTE_ON, NOTE_OFF):
            pressed = kind == NOTE_ON and message[2] > 0
            key = frame.port, channel, message[1]
            (self.sounding.add if pressed else self.sounding.discard)(key)
        elif kind == CONTROL and message[1] in PEDALS:
            pressed = message[2] >= 64
        else:
            return True
        what = frame.port, channel, kind == CONTROL, message[1]
        if pressed:
            self._let_go.pop(what, None)
        else:
            self._let_go[what] = frame
        return True


def _apart(frame: int, other: int) -> int:
    """Frames from the other to this one; JACK counts them modulo 2**32."""
    return (frame - other + 2**31) % 2**32 - 2**31


def _wish_for_real_time() -> None:
    """JACK's thread has the policy from a server that has it; without, ask for ourselves."""
    with contextlib.suppress(OSError, AttributeError):
        if os.sched_getscheduler(0) == os.SCHED_OTHER:
            os.sched_setscheduler(
                0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(REAL_TIME_PRIORITY)
            )
