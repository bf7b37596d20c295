"""Turns the player's raw MIDI into notes, however untidy it is.

A note-on with velocity 0 is a note-off; a note-off without a note and a second note-off are
ignored; a key struck again while it is held ends its first note. Complete notes come out in order
of onset, as the music model wants them: a note waits for those that began before it. Everything
that is not a note of a channel is somebody else's business.
"""

import heapq
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HeardNote:
    """A complete note of the player, in nanoseconds of the session's clock."""

    start_ns: int
    end_ns: int
    channel: int
    pitch: int
    velocity: int


class Listener:
    """Held keys and finished notes. Thread: one. Real-time: yes."""

    def __init__(self) -> None:
        self._held: dict[tuple[int, int], tuple[int, int, int]] = {}
        self._finished: list[tuple[int, int, int, HeardNote]] = []
        self._order = 0

    @property
    def held(self) -> int:
        """How many keys are down."""
        return len(self._held)

    def note_on(self, now_ns: int, channel: int, pitch: int, velocity: int) -> None:
        """A key went down; velocity 1..127."""
        self.note_off(now_ns, channel, pitch)
        self._order += 1
        self._held[channel, pitch] = (now_ns, velocity, self._order)

    def note_off(self, now_ns: int, channel: int, pitch: int) -> bool:
        """A key came up; False if it was not down."""
        begun = self._held.pop((channel, pitch), None)
        if begun is None:
            return False
        start_ns, velocity, order = begun
        note = HeardNote(start_ns, max(now_ns, start_ns + 1), channel, pitch, velocity)
        heapq.heappush(self._finished, (start_ns, pitch, order, note))
        return True

    def take_complete(self) -> list[HeardNote]:
        """Finished notes that no held note began before, in order of onset; each once."""
        first_held_ns = min((start for start, _, _ in self._held.values()), default=None)
        notes = []
        while self._finished and (first_held_ns is None or self._finished[0][0] < first_held_ns):
            notes.append(heapq.heappop(self._finished)[3])
        return notes

    def let_go(self, now_ns: int, channel: int | None = None) -> list[tuple[int, int]]:
        """Count held keys (of one channel) as released, because their note-offs will not come.

        Returns their channels and keys.
        """
        gone = [key for key in self._held if channel is None or key[0] == channel]
        for of_channel, pitch in gone:
            self.note_off(now_ns, of_channel, pitch)
        return gone
