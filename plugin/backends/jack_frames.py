"""How MIDI messages cross the pipe to our JACK process, and at which frame they come out there.

Pure: bytes and numbers in, bytes and numbers out. A frame on the pipe is a moment in ns of the
monotonic clock, the number of a port, and one message. It refuses to drop or to reorder: what was
handed over first comes out first, so that a note-off never overtakes its note-on.
"""

import struct
from collections import deque
from typing import NamedTuple

_HEADER = struct.Struct("<qHH")

LOOK_AHEAD_NS = 50_000_000
"""A message that claims to be due later than this from now is taken as due then: one wrong number
does not hold up everything behind it."""

MOST_A_CYCLE = 96
"""Messages that go out in one cycle; the rest waits for the next, or the cycle would be late."""


class Frame(NamedTuple):
    """One message on its way. `at_ns`: when it came in, or when it is due to go out."""

    at_ns: int
    port: int
    message: bytes


def pack(frame: Frame) -> bytes:
    """The frame as it goes through the pipe."""
    return _HEADER.pack(frame.at_ns, frame.port, len(frame.message)) + frame.message


class Unpacker:
    """Puts frames together again, wherever the pipe has cut them."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that are complete now."""
        data, start, found = self._rest + data, 0, []
        while len(data) - start >= _HEADER.size:
            at_ns, port, length = _HEADER.unpack_from(data, start)
            end = start + _HEADER.size + length
            if end > len(data):
                break
            found.append(Frame(at_ns, port, data[start + _HEADER.size : end]))
            start = end
        self._rest = data[start:]
        return found


class Outgoing:
    """What is to go out, in order of arrival. Thread: one. Real-time: yes.

    A message due at some moment goes out exactly one period later: those of the period that has
    just ended are in the cycle that begins, at the same distance from its beginning. So the delay
    is constant, whenever in a period a message was sent; a late one goes out first of all.
    """

    def __init__(self) -> None:
        self._waiting: deque[Frame] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, now_ns: int, frame: Frame) -> None:
        """One more message, due at `frame.at_ns`."""
        if frame.at_ns > now_ns + LOOK_AHEAD_NS:
            frame = frame._replace(at_ns=now_ns + LOOK_AHEAD_NS)
        self._waiting.append(frame)

    def take(self, start_ns: int, frames: int, ns_per_frame: float) -> list[tuple[int, Frame]]:
        """The messages of a cycle that begins at `start_ns`, with offsets in frames, ascending."""
        before_ns, last = start_ns - frames * ns_per_frame, 0
        found: list[tuple[int, Frame]] = []
        waiting = self._waiting
        while waiting and waiting[0].at_ns < start_ns and len(found) < MOST_A_CYCLE:
            frame = waiting.popleft()
            offset = int((frame.at_ns - before_ns) / ns_per_frame)
            last = min(max(offset, last), frames - 1)
            found.append((last, frame))
        return found

    def put_back(self, frames: list[Frame]) -> None:
        """These did not fit; they go first in the next cycle."""
        self._waiting.extendleft(reversed(frames))
