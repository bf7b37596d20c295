"""An output port whose cable a test can pull, and the ear of whoever listens to it.

The whole MIDI system in memory is `plugin.backends.memory`, which passes the port suite; this is
its output port with a clock beside it, so that a test knows when each message went out.
"""

from engine.smf.notes import is_note_on
from plugin.backends.common import GONE, require_message
from plugin.ports import PortError
from plugin.realtime.clock import Clock

Sent = tuple[int, bytes]


class FakeOutput:
    """Keeps what was sent, with its moment. `unplug` is the cable pulled."""

    name = "Fake Out"

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.sent: list[Sent] = []
        self.refused = 0
        self.plugged = True

    def send(self, message: bytes, due_ns: int | None = None) -> None:
        require_message(message)
        if not self.plugged:
            self.refused += 1
            raise PortError(GONE)
        self.sent.append((self._clock.now_ns(), message))

    def alive(self) -> bool:
        return self.plugged

    def close(self) -> None:
        self.unplug()

    def unplug(self) -> None:
        self.plugged = False

    @property
    def note_ons(self) -> list[Sent]:
        return [(at, message) for at, message in self.sent if is_note_on(message)]

    @property
    def note_offs(self) -> list[Sent]:
        return [(at, message) for at, message in self.sent if is_release(message)]


def is_release(message: bytes) -> bool:
    """Whether this message ends a note."""
    return message[0] & 0xE0 == 0x80 and not is_note_on(message)


def sounding(sent: list[Sent]) -> dict[tuple[int, int], int]:
    """How many notes of each channel and key still sound; fails on a note-off too many."""
    found: dict[tuple[int, int], int] = {}
    for _, message in sent:
        if message[0] & 0xE0 != 0x80:
            continue
        key = (message[0] & 0x0F, message[1])
        found[key] = found.get(key, 0) + (1 if is_note_on(message) else -1)
        assert found[key] >= 0, f"a note-off without a note: {message.hex(' ')}"
    return {key: count for key, count in found.items() if count}
