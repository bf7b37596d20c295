"""Turns the player's raw MIDI into notes, however untidy it is.

A note-on with velocity 0 is a note-off; a note-off without a note and a second note-off are
ignored; a key struck again while it is held ends its first note. Everything that is not a note of a
channel is somebody else's business, and so is the order in which notes are told.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HeardNote:
    """A complete note, in nanoseconds of the session's clock."""

    start_ns: int
    end_ns: int
    channel: int
    pitch: int
    velocity: int


class Listener:
    """Held keys. Thread: one. Real-time: yes."""

    def __init__(self) -> None:
        self._held: dict[tuple[int, int], tuple[int, int]] = {}

    @property
    def held(self) -> int:
        """How many keys are down."""
        return len(self._held)

    @property
    def keys(self) -> list[tuple[int, int]]:
        """Channel and pitch of the keys that are down, in the order in which they were struck."""
        return list(self._held)

    def note_on(self, now_ns: int, channel: int, pitch: int, velocity: int) -> HeardNote | None:
        """A key went down; velocity 1..127. The note that it ends if it was down already."""
        ended = self.note_off(now_ns, channel, pitch)
        self._held[channel, pitch] = (now_ns, velocity)
        return ended

    def note_off(self, now_ns: int, channel: int, pitch: int) -> HeardNote | None:
        """A key came up: its note, None if it was not down."""
        begun = self._held.pop((channel, pitch), None)
        if begun is None:
            return None
        start_ns, velocity = begun
        return HeardNote(start_ns, max(now_ns, start_ns + 1), channel, pitch, velocity)

    def let_go(self, now_ns: int, channel: int | None = None) -> list[HeardNote]:
        """Count held keys (of one channel) as released, because their note-offs will not come."""
        gone = [key for key in self._held if channel is None or key[0] == channel]
        notes = [self.note_off(now_ns, of_channel, pitch) for of_channel, pitch in gone]
        return [note for note in notes if note is not None]
