"""MPE keyboards play each note on a channel of its own; for the music they are one player.

A zone is a master channel (1 or 16) and its members. It is known from the keyboard's own word (the
MPE Configuration Message, RPN 6), or guessed: notes that come on ever other channels, each with its
own bend or pressure just before it, and none on channel 1. `normalise` gives what the music is
told: notes of members on the master's channel, a member's bends and pressures not at all. What is
passed on to synthesizers (thru) is not touched by any of this.

It refuses to change a note that has begun: its end is told on the channel of its beginning.
"""

from plugin.realtime.ledger import CONTROL, NOTE_OFF, NOTE_ON

_MASTERS = LOWER_MASTER, UPPER_MASTER = 0, 15
GUESS_AFTER_CHANNELS = 3
"""So many channels with a note after a bend or pressure of its own, and it is taken for MPE."""
_RPN_HIGH, _RPN_LOW, _DATA, _TIMBRE = 101, 100, 6, 74
_MPE_CONFIGURATION = (0, 6)
_ALL_MEMBERS = 15


class Mpe:
    """One input's zones. Thread: one. Real-time: yes."""

    def __init__(self) -> None:
        self._masters: dict[int, int] = {}
        self._said = False
        self._rpn: dict[int, tuple[int | None, int | None]] = {}
        self._shaped: set[int] = set()
        self._own_shape: set[int] = set()
        self._told: dict[tuple[int, int], int] = {}

    @property
    def members(self) -> frozenset[int]:
        """Channels, from 0, whose notes belong to a zone's master; empty without MPE."""
        return frozenset(self._masters)

    def normalise(self, message: bytes) -> bytes | None:
        """What the music is told of one channel message; None if it is a member's expression."""
        kind, channel = message[0] & 0xF0, message[0] & 0x0F
        if kind in (NOTE_OFF, NOTE_ON):
            if kind == NOTE_ON and message[2] > 0:
                return self._note_on(channel, message)
            return self._note_off(channel, message)
        if kind == CONTROL:
            self._control(channel, message[1], message[2])
        shapes = kind in (0xD0, 0xE0) or (kind == CONTROL and message[1] == _TIMBRE)
        if shapes:
            self._shaped.add(channel)
        if channel in self._masters and (shapes or kind == 0xA0):
            return None
        return message

    def _note_on(self, channel: int, message: bytes) -> bytes:
        if channel in self._shaped:
            self._own_shape.add(channel)
            self._shaped.discard(channel)
        if channel == LOWER_MASTER or (channel not in self._own_shape and not self._masters):
            self._own_shape.clear()  # a keyboard of the usual kind
        elif len(self._own_shape) >= GUESS_AFTER_CHANNELS and not self._said:
            self._set_zone(LOWER_MASTER, _ALL_MEMBERS)
        told = self._masters.get(channel, channel)
        self._told[channel, message[1]] = told
        return bytes((NOTE_ON | told, message[1], message[2]))

    def _note_off(self, channel: int, message: bytes) -> bytes | None:
        key = channel, message[1]
        told = self._told.pop(key, self._masters.get(channel, channel))
        if (told, message[1]) in ((of, pitch) for (_, pitch), of in self._told.items()):
            return None  # another finger holds the same key of the zone
        return bytes((message[0] & 0xF0 | told, *message[1:]))

    def _control(self, channel: int, number: int, value: int) -> None:
        high, low = self._rpn.get(channel, (None, None))
        if number == _RPN_HIGH:
            self._rpn[channel] = value, low
        elif number == _RPN_LOW:
            self._rpn[channel] = high, value
        elif number == _DATA and (high, low) == _MPE_CONFIGURATION and channel in _MASTERS:
            self._said = True
            self._set_zone(channel, min(value, _ALL_MEMBERS))

    def _set_zone(self, master: int, members: int) -> None:
        """The zone of this master has so many members, next to it; 0 ends it."""
        self._masters = {c: of for c, of in self._masters.items() if of != master}
        step = 1 if master == LOWER_MASTER else -1
        for distance in range(1, members + 1):
            self._masters[master + step * distance] = master
        self._masters.pop(master, None)
