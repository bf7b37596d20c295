"""Knobs, pedals, keys: what a MIDI message means as a control, and whether the music hears it.

A message that is bound is eaten: the music does not hear it and thru does not pass it on, unless
its binding says so (pedals are passed on, because the instrument wants them too). A key's release
goes the way of its press, whatever was bound in between, so that nothing hangs.

Learning waits for the next control that a hand or foot clearly moved: a key, a program, a pedal
pressed, a knob moved by more than it trembles. It refuses to change settings: it says what changes.

Thread: one. Real-time: yes, a few look-ups for each message.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

from plugin.control.actions import INVERSE, Action
from plugin.control.bindings import (
    NEVER,
    PEDALS,
    Binding,
    ControlMap,
    Manner,
    Source,
    SourceKind,
    Target,
    TargetKind,
    check_manner,
)
from plugin.control.kinds import Choice, Switch, Value
from plugin.control.table import DIALS
from plugin.settings import Settings

MOVED = 12
"""Steps of 127 that a knob moves before learning believes that it was meant."""
PRESSED, RELEASED = 64, 48
"""A pedal is down from the one, up again below the other: half a pedal does not flutter."""
NEAR = 3 / 127
"""How near a knob must come to its dial to pick it up."""
LEARN_FOR_NS = 30_000_000_000
_SWITCHED = range(64, 70)
"""Controllers that an instrument holds until it hears their release."""
_ANY = -1
_KINDS = {0x80: SourceKind.KEY, 0x90: SourceKind.KEY, 0xB0: SourceKind.CONTROL}
_KINDS |= {0xC0: SourceKind.PROGRAM}


class Wish(NamedTuple):
    """What the next control that moves shall do; see `Binding`. passes None: only pedals."""

    target: Target
    manner: Manner | None = None
    low: float = 0.0
    high: float = 1.0
    passes: bool | None = None
    pick_up: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """What a message meant. `eaten`: the music must not hear it.

    At most one of dial (with its new value), action and preset is set; `learned` is a new binding,
    which is in force already.
    """

    eaten: bool
    dial: str = ""
    value: Value = None
    action: Action | None = None
    preset: str = ""
    learned: Binding | None = None


_EATEN, _PASSED = Heard(True), Heard(False)


class Controls:
    """A `ControlMap` at work."""

    def __init__(self, control_map: ControlMap | None = None) -> None:
        self._wish: Wish | None = None
        self._wish_until_ns = 0
        # All bounded by what MIDI can name: 16 channels of 128 keys and controllers.
        self._values: dict[tuple[int, int], int] = {}
        self._rest: dict[tuple[int, int], int] = {}
        self._eaten_keys: set[tuple[int, int]] = set()
        self._passed_down: set[tuple[int, int]] = set()
        self._pressed: set[Source] = set()
        self._learnt_down: set[Source] = set()
        self._set_last: dict[Source, Value] = {}
        self._turned_last: dict[Source, float] = {}
        self.map = control_map or ControlMap()

    @property
    def map(self) -> ControlMap:
        """What is bound."""
        return self._map

    @map.setter
    def map(self, control_map: ControlMap) -> None:
        self._map = control_map
        self._by_source = {
            (
                binding.source.kind,
                _ANY if binding.source.channel is None else binding.source.channel,
                binding.source.number,
            ): binding
            for binding in control_map.bindings
        }

    @property
    def learning(self) -> Wish | None:
        """What waits for a control, if anything does."""
        return self._wish

    def learn(self, now_ns: int, wish: Wish) -> None:
        """Bind the next suitable control that moves within half a minute.

        Raises ValueError, a sentence and a next step, where nothing could move this so.
        """
        check_manner(wish.target, wish.manner or _usual_manner(wish.target, SourceKind.CONTROL))
        self._wish, self._wish_until_ns = wish, now_ns + LEARN_FOR_NS
        self._rest = dict(self._values)

    def stop_learning(self) -> None:
        """Wait no longer."""
        self._wish = None

    def expire(self, now_ns: int) -> None:
        """Nobody moved anything in time: wait no longer."""
        if self._wish is not None and now_ns >= self._wish_until_ns:
            self._wish = None

    def message(self, now_ns: int, message: bytes, settings: Settings) -> Heard | None:
        """What one message of the player means as a control; None is: nothing, it is music.

        settings: the present ones, which switches and choices step on from.
        """
        kind = _KINDS.get(message[0] & 0xF0) if message else None
        size = 2 if kind is SourceKind.PROGRAM else 3
        if kind is None or len(message) != size or max(message[1:]) > 127:
            return self._touch(message)
        channel, number = message[0] & 0x0F, message[1]
        value = 127 if kind is SourceKind.PROGRAM else message[2]
        if message[0] & 0xF0 == 0x80:
            value = 0
        learned = self._learned(now_ns, kind, channel, number, value)
        if kind is SourceKind.CONTROL:
            self._values[channel, number] = value
        heard = None
        if learned is not None:
            heard = Heard(not learned.passes, learned=learned)
            # The move that was learnt does nothing yet, and neither does its release.
            if self._is_down(learned, value):
                self._learnt_down.add(learned.source)
        elif (binding := self._binding(kind, channel, number)) is not None:
            heard = self._moved(binding, value, settings)
        return self._kept_whole(kind, (channel, number), value, heard)

    def _touch(self, message: bytes) -> Heard | None:
        """Aftertouch of a key goes where its note-on went."""
        if len(message) == 3 and message[0] & 0xF0 == 0xA0:
            key = (message[0] & 0x0F, message[1])
            return _EATEN if key in self._eaten_keys else None
        return None

    def _binding(self, kind: SourceKind, channel: int, number: int) -> Binding | None:
        found = self._by_source.get((kind, channel, number))
        return found or self._by_source.get((kind, _ANY, number))

    def _kept_whole(
        self, kind: SourceKind, key: tuple[int, int], value: int, heard: Heard | None
    ) -> Heard | None:
        """A release follows its press: to the music if it heard that, else nowhere."""
        eaten = heard is not None and heard.eaten
        if kind is SourceKind.KEY:
            if value:
                (self._eaten_keys.add if eaten else self._eaten_keys.discard)(key)
            else:
                eaten = key in self._eaten_keys
                self._eaten_keys.discard(key)
        elif kind is SourceKind.CONTROL and key[1] in _SWITCHED:
            if value >= PRESSED and not eaten:
                self._passed_down.add(key)
            elif value < PRESSED and key in self._passed_down:
                self._passed_down.discard(key)
                eaten = False
        if heard is None:
            return _EATEN if eaten else None
        return heard if heard.eaten == eaten else replace(heard, eaten=eaten)

    # -- what is bound --

    def _moved(self, binding: Binding, value: int, settings: Settings) -> Heard:
        nothing = _PASSED if binding.passes else _EATEN
        if binding.manner is Manner.FOLLOW:
            return self._follow(binding, value, settings) or nothing
        was_down = binding.source in self._pressed
        down = self._is_down(binding, value)
        struck = down and binding.source.kind is SourceKind.KEY  # again, its release was lost
        if down == was_down and not struck:
            return nothing
        if binding.source in self._learnt_down:
            self._learnt_down.discard(binding.source)
            if not down:
                return nothing
        return self._edge(binding, down, settings) or nothing

    def _is_down(self, binding: Binding, value: int) -> bool:
        """Whether the key or pedal is down now; remembers it. A program is never held down."""
        source = binding.source
        if source.kind is SourceKind.PROGRAM:
            return True
        if source.kind is SourceKind.KEY:
            down = value > 0
        else:
            reach = 127 - value if binding.low > binding.high else value
            down = reach >= (RELEASED if source in self._pressed else PRESSED)
        (self._pressed.add if down else self._pressed.discard)(source)
        return down

    def _edge(self, binding: Binding, down: bool, settings: Settings) -> Heard | None:
        target, eaten = binding.target, not binding.passes
        if not down and binding.manner is not Manner.HELD:
            return None
        if target.kind is TargetKind.ACTION:
            action = Action(target.name)
            return Heard(eaten, action=action if down else INVERSE[action])
        if target.kind is TargetKind.PRESET:
            return Heard(eaten, preset=target.name)
        dial = DIALS[target.name]
        before = dial.get(settings)
        if binding.manner is Manner.HELD:
            value = down
        else:
            value = dial.kind.after(before) if isinstance(dial.kind, Choice) else not before
        return Heard(eaten, dial.name, value) if value != before else None

    def _follow(self, binding: Binding, value: int, settings: Settings) -> Heard | None:
        dial, source = DIALS[binding.target.name], binding.source
        before = dial.get(settings)
        if isinstance(dial.kind, Switch):
            new = self._is_down(binding, value)
        else:
            turn = binding.low + (binding.high - binding.low) * value / 127
            new = dial.kind.at(turn)
            if binding.pick_up and not self._picks_up(binding, turn, before):
                return None
            self._set_last[source] = new
        return Heard(not binding.passes, dial.name, new) if new != before else None

    def _picks_up(self, binding: Binding, turn: float, before: Value) -> bool:
        """Whether the knob has hold of the dial: it set it last, or has come to where it is."""
        source, place = binding.source, DIALS[binding.target.name].kind.turn(before)
        last = self._turned_last.get(source, turn)
        self._turned_last[source] = turn
        if source in self._set_last and self._set_last[source] == before:
            return True
        return abs(turn - place) <= NEAR or (last - place) * (turn - place) < 0

    # -- learning --

    def _learned(
        self, now_ns: int, kind: SourceKind, channel: int, number: int, value: int
    ) -> Binding | None:
        wish = self._wish
        if wish is None:
            return None
        if now_ns >= self._wish_until_ns:
            self._wish = None
            return None
        manner = wish.manner or _usual_manner(wish.target, kind)
        turned_round = wish.low > wish.high
        if not self._is_meant(kind, (channel, number), value, manner, turned_round):
            return None
        source = Source(kind=kind, number=number, channel=channel)
        passes = kind is SourceKind.CONTROL and number in PEDALS
        try:
            binding = Binding(
                source=source,
                target=wish.target,
                manner=manner,
                passes=passes if wish.passes is None else wish.passes,
                low=wish.low,
                high=wish.high,
                pick_up=wish.pick_up,
            )
            self.map = self._map.bound(binding)
        except ValueError:
            return None  # a key for a number, say: it stays music, and a knob is waited for
        self._wish = None
        self._pressed.discard(source)
        self._set_last.pop(source, None)
        self._turned_last.pop(source, None)
        return binding

    def _is_meant(
        self,
        kind: SourceKind,
        key: tuple[int, int],
        value: int,
        manner: Manner,
        turned_round: bool,
    ) -> bool:
        if kind is not SourceKind.CONTROL:
            return value > 0
        channel, number = key
        if number in NEVER or (32 <= number < 64 and (channel, number - 32) in self._values):
            return False  # the fine half of another controller runs through all its values
        if manner is Manner.FOLLOW:
            return abs(value - self._rest.setdefault(key, value)) >= MOVED
        # A button says 127 (or 0, the other way round) out of nowhere; a knob that is turned says
        # first what is next to where it was.
        up, top = (127 - value, 127) if turned_round else (value, 0)
        rest = self._rest.setdefault(key, top if up == 127 else value)
        self._rest[key] = max(rest, value) if turned_round else min(rest, value)
        rest_up = 127 - rest if turned_round else rest
        return up >= PRESSED > rest_up and up - rest_up >= MOVED


def _usual_manner(target: Target, kind: SourceKind) -> Manner:
    if target.kind is TargetKind.DIAL and kind is SourceKind.CONTROL:
        return Manner.FOLLOW
    return Manner.PRESS
