"""Knows every note that we made sound, and owes each of them exactly one note-off.

Whatever happens - cancel, panic, a key struck twice, a quit - the messages that come out of here
are all that is sent for notes, so the law holds: after every note-on of ours comes exactly one
note-off for it. Note-offs find their note by identity, never by pitch: an old end cannot silence a
new note. It refuses to send anything itself.
"""

NOTE_OFF = 0x80
NOTE_ON = 0x90
CONTROL = 0xB0
RELEASE_VELOCITY = 64
SUSTAIN = 64
ALL_SOUND_OFF = 120
ALL_NOTES_OFF = 123
MODES = range(124, 128)
"""Omni, mono and poly: a change of mode releases all notes."""


class Ledger:
    """Notes that sound now. Thread: one. Real-time: yes (constant time a note)."""

    def __init__(self) -> None:
        self._key_of: dict[int, tuple[int, int]] = {}
        self._note_on: dict[tuple[int, int], int] = {}

    @property
    def sounding(self) -> int:
        """How many notes sound."""
        return len(self._key_of)

    @property
    def note_ids(self) -> list[int]:
        """The notes that sound, oldest first."""
        return list(self._key_of)

    def start(self, note_id: int, channel: int, pitch: int, velocity: int) -> list[bytes]:
        """Messages that begin a note: a note-on, before it the note-off of the same key if held.

        Raises ValueError for a note that already sounds or bytes that are no note.
        """
        if note_id in self._key_of:
            raise ValueError(f"note {note_id} sounds already")
        if not (0 <= channel < 16 and 0 <= pitch < 128 and 1 <= velocity < 128):
            raise ValueError(f"no such note: channel {channel}, key {pitch}, velocity {velocity}")
        key = (channel, pitch)
        messages = []
        earlier = self._note_on.get(key)
        if earlier is not None:
            messages += self.stop(earlier)
        self._key_of[note_id] = key
        self._note_on[key] = note_id
        messages.append(bytes((NOTE_ON | channel, pitch, velocity)))
        return messages

    def stop(self, note_id: int) -> list[bytes]:
        """The message that ends a note; none if it has been ended before or never began."""
        key = self._key_of.pop(note_id, None)
        if key is None:
            return []
        del self._note_on[key]
        channel, pitch = key
        return [bytes((NOTE_OFF | channel, pitch, RELEASE_VELOCITY))]

    def stop_all(self) -> list[bytes]:
        """Messages that end every note that sounds."""
        return [message for note_id in list(self._key_of) for message in self.stop(note_id)]

    def stop_channel(self, channel: int) -> list[bytes]:
        """Messages that end every note that sounds on one channel."""
        notes = [note_id for note_id, key in self._key_of.items() if key[0] == channel]
        return [message for note_id in notes for message in self.stop(note_id)]


def silence() -> list[bytes]:
    """What a synthesizer understands as "be quiet now", on all channels: pedal up, all off."""
    return [
        bytes((CONTROL | channel, number, 0))
        for channel in range(16)
        for number in (SUSTAIN, ALL_NOTES_OFF, ALL_SOUND_OFF)
    ]


def means_all_notes_off(message: bytes) -> bool:
    """Whether a channel message releases every key of its channel; a DAW sends it on stop."""
    if message[0] & 0xF0 != CONTROL:
        return False
    return message[1] in (ALL_SOUND_OFF, ALL_NOTES_OFF, *MODES)
