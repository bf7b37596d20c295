"""Something that was played before, or could be, sounds once more: a take, a file, an alternative.

It goes out as partner and player do: never early, every note-on followed by its note-off whatever
happens, pedals and wheels put back at the end. Whoever hears it does not learn from it: no take, no
engine. What is far too late is left out, by the partner's rule. It refuses to read files and to
know when it may sound.

Thread: one. Real-time: yes.
"""

from collections import deque
from collections.abc import Callable, Sequence

from engine.events import Voice
from engine.smf.notes import is_note_on
from plugin.ensemble import Ensemble
from plugin.realtime.ledger import CONTROL, SUSTAIN, Ledger, means_all_notes_off
from plugin.realtime.performer import TOO_LATE_NS

Score = Sequence[tuple[int, Voice, bytes]]
"""Channel messages in order: nanoseconds from the first, whose they are, and what they say."""

MOST_AT_ONCE = 256
"""Messages in one round: a file may say anything."""
_WHEEL, _CENTRE = 0xE0, bytes((0, 64))


class Auditions:
    """One at a time; another takes its place."""

    def __init__(
        self,
        send: Callable[[int, bytes, int], None],
        make_room: Callable[[int, int, int], None],
        tell: Callable[[str], None],
    ) -> None:
        """send: as the performer's. tell is given a name when it begins, "" when it is over."""
        self._send, self._make_room, self._tell = send, make_room, tell
        self._waiting: deque[tuple[int, Voice, bytes]] = deque()
        self._ledger = Ledger()
        self._pedals: set[int] = set()
        self._wheels: set[int] = set()
        self.name = ""
        """Of what sounds; "" while nothing does."""

    @property
    def busy(self) -> bool:
        """Whether something sounds or is going to."""
        return bool(self.name)

    def play(self, now_ns: int, start_ns: int, score: Score, name: str) -> None:
        """This from `start_ns` on, in the place of what sounds now."""
        self.stop(now_ns)
        if not score or not name:
            return
        self._waiting.extend((start_ns + at_ns, side, message) for at_ns, side, message in score)
        self.name = name
        self._tell(name)

    def stop(self, now_ns: int) -> None:
        """Silent at once."""
        if not self.name:
            return
        self._waiting.clear()
        for message in self._ledger.stop_all():
            self._send(now_ns, message, now_ns)
        for channel in sorted(self._pedals):
            self._send(now_ns, bytes((CONTROL | channel, SUSTAIN, 0)), now_ns)
        for channel in sorted(self._wheels):
            self._send(now_ns, bytes((_WHEEL | channel,)) + _CENTRE, now_ns)
        self._pedals.clear()
        self._wheels.clear()
        self.name = ""
        self._tell("")

    def next_due_ns(self) -> int | None:
        """When `tick` must be called next; None while nothing waits."""
        return self._waiting[0][0] if self._waiting else None

    def tick(self, now_ns: int) -> None:
        """Send what is due."""
        if not self.name:
            return
        for _ in range(MOST_AT_ONCE):
            if not self._waiting or self._waiting[0][0] > now_ns:
                break
            due_ns, side, message = self._waiting.popleft()
            self._put(now_ns, due_ns, side, message)
        if not self._waiting:
            self.stop(now_ns)

    def release_key(self, now_ns: int, channel: int, pitch: int) -> None:
        """Somebody else strikes this key: it ends here first."""
        for side in Voice:
            for message in self._ledger.stop(_note_id(side, channel, pitch)):
                self._send(now_ns, message, now_ns)

    def _put(self, now_ns: int, due_ns: int, side: Voice, message: bytes) -> None:
        kind, channel = message[0] & 0xF0, message[0] & 0x0F
        out = [message]
        if is_note_on(message):
            if now_ns - due_ns > TOO_LATE_NS:
                return
            self._make_room(now_ns, channel, message[1])
            note_id = _note_id(side, channel, message[1])
            # The same key twice without a release: the first one ends here.
            out = self._ledger.stop(note_id)
            out += self._ledger.start(note_id, channel, message[1], message[2])
        elif kind in (0x80, 0x90):
            out = self._ledger.stop(_note_id(side, channel, message[1]))
        elif kind == CONTROL and message[1] == SUSTAIN:
            (self._pedals.add if message[2] >= 64 else self._pedals.discard)(channel)
        elif means_all_notes_off(message):
            out = [*self._ledger.stop_channel(channel), message]
        elif kind == _WHEEL:
            (self._wheels.discard if message[1:] == _CENTRE else self._wheels.add)(channel)
        for one in out:
            self._send(now_ns, one, due_ns)


def begin(now_ns: int, auditions: Auditions, band: Ensemble, score: Score, name: str) -> None:
    """Have this sound: on the next beat where bars pass, else at once. An answer makes room."""
    if score and band.turn is not None and band.turn.answering:
        band.silence(now_ns)
        band.close_turn(now_ns, yielded=True)
    on_beat_ns = band.grid.ns(band.grid.next_beat(band.grid.beat(now_ns)))
    start_ns = max(now_ns, on_beat_ns) if band.rolling else now_ns
    auditions.play(now_ns, start_ns, score, name)


def _note_id(side: Voice, channel: int, pitch: int) -> int:
    return (side * 16 + channel) * 128 + pitch
