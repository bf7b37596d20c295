"""What one jam sounded like, kept in memory by the side that listens at the wire.

An account independent of the session's: it counts note-ons and note-offs as a synthesizer would
hear them, so a note that hangs is seen here whatever the session believes. The take library is
what keeps music for good; this serves the report, the picture and the file of a demo. A jam that
goes on for hours is only counted, not kept.
"""

from engine.events import Note, Voice
from engine.smf.notes import as_notes, events_of, is_channel_message, is_note_on, pair_notes
from plugin.midifile_writer import Part

Message = tuple[int, bytes]

_SHORTEST_NS = 50_000_000
"""What a note that is still held at the end is shown as, at the least."""


class JamRecord:
    """Messages of both sides with their moments. Thread: one."""

    def __init__(self, *, keeps_messages: bool = True) -> None:
        """Without keeps_messages there are only counts."""
        self._keeps = keeps_messages
        self._messages: dict[Voice, list[Message]] = {Voice.PLAYER: [], Voice.PARTNER: []}
        self._note_ons = {Voice.PLAYER: 0, Voice.PARTNER: 0}
        self._open: dict[tuple[int, int], int] = {}
        self._start_ns: int | None = None

    def heard(self, now_ns: int, message: bytes) -> None:
        """The player's message arrived."""
        self._add(Voice.PLAYER, now_ns, message)

    def sent(self, now_ns: int, message: bytes) -> None:
        """The partner's message went out."""
        self._add(Voice.PARTNER, now_ns, message)
        self._follow(message)

    def passed_on(self, now_ns: int, message: bytes) -> None:
        """A message of the player's own went out again (thru): it may hang, but it is no answer."""
        self._follow(message)

    @property
    def stuck_notes(self) -> int:
        """Note-ons that went out and that no note-off has followed."""
        return sum(self._open.values())

    def note_ons(self, side: Voice) -> int:
        """How many notes of a side began."""
        return self._note_ons[side]

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
        if not is_channel_message(message):
            return
        self._note_ons[side] += is_note_on(message)
        if self._start_ns is None:
            self._start_ns = now_ns
        if self._keeps:
            self._messages[side].append((now_ns - self._start_ns, message))

    def _follow(self, message: bytes) -> None:
        if is_channel_message(message) and message[0] & 0xE0 == 0x80:
            key = (message[0] & 0x0F, message[1])
            step = 1 if is_note_on(message) else -1
            self._open[key] = max(0, self._open.get(key, 0) + step)
