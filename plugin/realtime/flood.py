"""Thins what comes in faster than anybody plays, so that no flood delays the music.

    note-ons       as many at once as two hands, feet and a friend have, then so many a second; the
                   note-off of a note-on that was not let in is not let in either
    note-offs      of notes that were let in always pass
    pedals         always pass when they go down or up: one that stayed down would stick
    wheels, knobs  in a flood, each of them once in a few milliseconds, and its last value at last
    clock          passes until it is absurd; start, stop and continue always do
    no message     what is too long, cut off or garbage never passes

It refuses to forget a release, and to keep more than one value for each of the finitely many
controllers.
"""

from plugin.backends.common import is_message
from plugin.realtime.ledger import CONTROL, means_all_notes_off

NOTES_AT_ONCE, NOTES_A_SECOND = 64, 200
"""Ten fingers play 100 notes a second only in a glissando of both palms."""
CLOCKS_AT_ONCE, CLOCKS_A_SECOND = 48, 480
"""300 bpm have 120 ticks a second; twice that, and a burst after a pause, are still believed."""
VALUES_AT_ONCE, VALUES_A_SECOND = 500, 2_000
VALUE_EVERY_NS = 4_000_000
_SWITCHES = range(64, 70)
"""Sustain, portamento, sostenuto, soft, legato, hold: what sticks if a release is lost."""
_START, _CONTINUE, _STOP = 0xFA, 0xFB, 0xFC
TOLD_AFTER = 1_000


class _Bucket:
    """So many at once, and so many a second."""

    def __init__(self, at_once: int, a_second: int) -> None:
        self._most_ns, self._each_ns = at_once * 10**9 // a_second, 10**9 // a_second
        self._until_ns: int | None = None

    def takes(self, now_ns: int) -> bool:
        until_ns = now_ns if self._until_ns is None else max(self._until_ns, now_ns)
        if until_ns + self._each_ns > now_ns + self._most_ns:
            return False
        self._until_ns = until_ns + self._each_ns
        return True


class Thinner:
    """What of one port's messages passes. Thread: one. Real-time: yes (constant time a message)."""

    def __init__(self) -> None:
        self.thinned = 0
        """Messages that did not pass, ever; a value that came later is one of them."""
        self._notes = _Bucket(NOTES_AT_ONCE, NOTES_A_SECOND)
        self._clocks = _Bucket(CLOCKS_AT_ONCE, CLOCKS_A_SECOND)
        self._values = _Bucket(VALUES_AT_ONCE, VALUES_A_SECOND)
        self._held: set[tuple[int, int]] = set()
        self._kept_out: set[tuple[int, int]] = set()
        self._passed_ns: dict[bytes, int] = {}
        self._waiting: dict[bytes, bytes] = {}
        self._down: dict[bytes, bool] = {}
        self._told = False

    def passes(self, now_ns: int, message: bytes) -> bool:
        """Whether this message goes on; a value that does not is due from `late`."""
        passes = is_message(message) and self._passes(now_ns, message)
        self.thinned += not passes
        return passes

    def late(self, now_ns: int, channel: int | None = None) -> list[bytes]:
        """The last values that were held back and are due: those of a channel, before its note."""
        if not self._waiting:
            return []
        due = [
            knob
            for knob in self._waiting
            if knob[0] & 0x0F == channel
            or (channel is None and now_ns - self._passed_ns[knob] >= VALUE_EVERY_NS)
        ]
        self._passed_ns.update(dict.fromkeys(due, now_ns))
        return [self._waiting.pop(knob) for knob in due]

    def news(self) -> str | None:
        """A sentence for the player, once, when more has come than music has."""
        if self._told or self.thinned < TOLD_AFTER:
            return None
        self._told = True
        return (
            "More comes in than anybody plays: a loop of cables, a stuck controller or a dump of a "
            "synthesizer. The music goes on without the rest; see what sends to me."
        )

    def _passes(self, now_ns: int, message: bytes) -> bool:
        status, kind = message[0], message[0] & 0xF0
        if kind == 0xF0:
            sure = status in (_START, _CONTINUE, _STOP)
            return self._clocks.takes(now_ns) or sure
        if kind in (0x80, 0x90):
            key = status & 0x0F, message[1]
            return self._note(now_ns, key, begins=kind == 0x90 and message[2] > 0)
        # A controller or a key's pressure is one knob each, a wheel or a program one a channel.
        knob = message[:2] if kind in (0xA0, CONTROL) else message[:1]
        sure = False
        if means_all_notes_off(message):
            released = {key for key in self._held if key[0] == status & 0x0F}
            self._held -= released
            sure = bool(released)
        elif kind == CONTROL and message[1] in _SWITCHES:
            down = message[2] >= 64
            sure = self._down.get(knob) is not down
            self._down[knob] = down
        return self._value(now_ns, knob, message, sure=sure)

    def _note(self, now_ns: int, key: tuple[int, int], *, begins: bool) -> bool:
        if not begins:
            if key in self._held:
                self._held.discard(key)
                return True
            if key in self._kept_out:
                self._kept_out.discard(key)
                return False
            return self._notes.takes(now_ns)  # of nothing that we know
        if not self._notes.takes(now_ns):
            self._kept_out.add(key)
            return False
        self._held.add(key)
        self._kept_out.discard(key)
        return True

    def _value(self, now_ns: int, knob: bytes, message: bytes, *, sure: bool) -> bool:
        waited_ns = now_ns - self._passed_ns.get(knob, now_ns - VALUE_EVERY_NS)
        if sure or self._values.takes(now_ns) or waited_ns >= VALUE_EVERY_NS:
            self._passed_ns[knob] = now_ns
            self._waiting.pop(knob, None)
            return True
        self._waiting[knob] = message
        return False
