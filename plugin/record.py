"""What one jam sounded like, kept in memory by the side that listens at the wire.

An account independent of the session's: it counts note-ons and note-offs as a synthesizer would
hear them, so a note that hangs is seen here whatever the session believes. The take library is
what keeps music for good; this serves the report, the picture and the file of a demo.
"""

from engine.events import Note, Voice
from plugin.midifile_notes import as_notes, events_of, is_note_on, pair_notes
from plugin.midifile_writer import Part

Message = tuple[int, bytes]

_SHORTEST_NS = 50_000_000
"""What a note that is still held at the end is shown as, at the least."""


class JamRecord:
    """Messages of both sides with their moments. Thread: one."""

    def __init__(self) -> None:
        self._messages: dict[Voice, list[Message]] = {Voice.PLAYER: [], Voice.PARTNER: []}
        self._open: dict[tuple[int, int], int] = {}
        self._start_ns: int | None = None

    def heard(self, now_ns: int, message: bytes) -> None:
        """The player's message arrived."""
        self._add(Voice.PLAYER, now_ns, message)

    def sent(self, now_ns: int, message: bytes) -> None:
        """The partner's message went out."""
        self._add(Voice.PARTNER, now_ns, message)
        if message[0] & 0xE0 == 0x80:
            key = (message[0] & 0x0F, message[1])
            step = 1 if is_note_on(message) else -1
            self._open[key] = max(0, self._open.get(key, 0) + step)

    @property
    def stuck_notes(self) -> int:
        """Note-ons of the partner that no note-off has followed."""
        return sum(self._open.values())

    def note_ons(self, side: Voice) -> int:
        """How many notes of a side began."""
        return sum(1 for _, message in self._messages[side] if is_note_on(message))

    def parts(self) -> list[Part]:
        """Both sides for a MIDI file; times from the first message on."""
        names = {Voice.PLAYER: "Player", Voice.PARTNER: "Partner"}
        return [Part(names[side], self._messages[side]) for side in Voice]

    def notes_in_seconds(self, side: Voice) -> list[Note]:
        """A side's notes, for the picture."""
        events = events_of(self._messages[side])
        end_ns = max(
            (messages[-1][0] for messages in self._messages.values() if messages), default=0
        )
        return as_notes(pair_notes(events, end_ns, _SHORTEST_NS), 1e9)

    @property
    def start_ns(self) -> int:
        """Moment of the first message; what `parts` and notes count from."""
        return self._start_ns or 0

    def _add(self, side: Voice, now_ns: int, message: bytes) -> None:
        if not message or message[0] >= 0xF0:
            return
        if self._start_ns is None:
            self._start_ns = now_ns
        self._messages[side].append((now_ns - self._start_ns, message))
