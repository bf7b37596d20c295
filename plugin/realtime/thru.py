"""Passes the player's messages on, with a note-off owed for every note-on as everywhere.

Channel messages go out as they came; a key that is struck twice is released in between; what is
still held when the session ends, pedals too, is released. Notes that are held when the turn passes
on can be handed over (`hand_over`): they sound on when the player lets go, until the partner's
model says. Clock and system messages are never passed on.
"""

from collections.abc import Callable, Collection

from plugin.outlet import Send
from plugin.realtime.echo import THRU_WINDOW_NS, EchoGuard
from plugin.realtime.ledger import CONTROL, SUSTAIN, Ledger, means_all_notes_off

LONGEST_HANDED_NS = 4_000_000_000
"""A note that was handed over sounds on for so long where nobody says how long."""


class Thru:
    """Thread: one. Real-time: yes. make_room is told of a key before it is struck.

    send is told with each message when it came in; None for what nobody played.
    """

    def __init__(
        self,
        send: Send,
        echo: EchoGuard,
        make_room: Callable[[int, int, int], None] = lambda now_ns, channel, pitch: None,
    ) -> None:
        self._send, self._echo, self._make_room = send, echo, make_room
        self._ledger = Ledger()
        self._pedals: set[int] = set()
        self._handed: dict[int, int] = {}
        """When each note ends that was handed over."""
        self._ends: dict[int, int] = {}
        """When keys end if they are handed over, as far as somebody has said."""

    def pass_on(self, now_ns: int, message: bytes, arrived_ns: int | None = None) -> None:
        """One whole channel message of the player; it goes out as long after it arrived as any."""
        kind, channel = message[0] & 0xF0, message[0] & 0x0F
        if kind in (0x80, 0x90):
            note_id = channel * 128 + message[1]
            starts = kind == 0x90 and message[2] > 0
            if not starts and note_id in self._handed:
                return  # it is the partner's note now
            self._handed.pop(note_id, None)
            out = self._ledger.stop(note_id)
            if starts:
                self._make_room(now_ns, channel, message[1])
                out += self._ledger.start(note_id, channel, message[1], message[2])
        else:
            out = []
            if means_all_notes_off(message):
                out = self._ledger.stop_channel(channel)
            elif kind == CONTROL and message[1] == SUSTAIN:
                (self._pedals.add if message[2] >= 64 else self._pedals.discard)(channel)
            out.append(message)
        self._put(now_ns, out, arrived_ns)

    def hand_over(self, now_ns: int) -> None:
        """What sounds now is the partner's: the player's releases do not end it any more."""
        longest_ns = now_ns + LONGEST_HANDED_NS
        for note_id in self._ledger.note_ids:
            end_ns = min(self._ends.get(note_id % 128, longest_ns), longest_ns)
            self._handed.setdefault(note_id, end_ns)
        self._ends.clear()

    def end_at(self, pitch: int, end_ns: int) -> None:
        """A key that was handed over, or will be, sounds until then."""
        self._ends[pitch] = end_ns
        for note_id, longest_ns in self._handed.items():
            if note_id % 128 == pitch:
                self._handed[note_id] = min(end_ns, longest_ns)

    def take_back(self, end_ns: int, held: Collection[tuple[int, int]]) -> None:
        """The partner is silent from then on: keys that are held are the player's, the rest ends.

        held: channel and pitch of the keys that are down.
        """
        for note_id, longest_ns in list(self._handed.items()):
            if divmod(note_id, 128) in held:
                del self._handed[note_id]
            else:
                self._handed[note_id] = min(end_ns, longest_ns)

    def tick(self, now_ns: int) -> None:
        """End what was handed over and is due."""
        due = [note_id for note_id, end_ns in self._handed.items() if end_ns <= now_ns]
        for note_id in due:
            del self._handed[note_id]
            self._put(now_ns, self._ledger.stop(note_id))

    def release_key(self, now_ns: int, channel: int, pitch: int) -> None:
        """Somebody else strikes this key: it is released first."""
        note_id = channel * 128 + pitch
        self._handed.pop(note_id, None)
        self._put(now_ns, self._ledger.stop(note_id))

    def release(self, now_ns: int) -> None:
        """Release what is held: keys and pedals."""
        self._handed.clear()
        out = self._ledger.stop_all()
        out += [bytes((CONTROL | channel, SUSTAIN, 0)) for channel in sorted(self._pedals)]
        self._pedals.clear()
        self._put(now_ns, out)

    def _put(self, now_ns: int, messages: list[bytes], arrived_ns: int | None = None) -> None:
        for message in messages:
            self._send(message, arrived_ns)
            self._echo.sent(now_ns, message, window_ns=THRU_WINDOW_NS)
