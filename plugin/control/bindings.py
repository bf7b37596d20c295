"""Which knob, pedal or key does what: values that are frozen, and kept in a file as they are.

A `Source` is what a hand or foot moves, a `Target` what it moves, a `Binding` the two together
with the manner. It refuses to hear messages: `plugin.control.learn` does.
"""

import enum

import msgspec

from plugin.console import pitch_name
from plugin.control.actions import INVERSE, Action
from plugin.control.kinds import Choice, Switch
from plugin.control.table import DIALS

PEDALS = {64: "sustain pedal", 66: "sostenuto pedal", 67: "soft pedal"}
"""Controllers that are pedals, and that an instrument also wants to hear."""
NEVER = frozenset({0, 6, 32, 38, *range(96, 102), *range(120, 128)})
"""Controllers that are no knobs: bank select, data entry, parameter numbers, channel modes."""
MOST_BINDINGS = 256
_NAMES = {1: "mod wheel", 2: "breath", 4: "foot pedal", 7: "volume", 11: "expression"} | PEDALS


class SourceKind(enum.StrEnum):
    """What kind of message a hand or foot sends."""

    CONTROL = "control"
    KEY = "key"
    PROGRAM = "program"


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A controller, key or program by its number; channel 0..15, None is any."""

    kind: SourceKind
    number: int
    channel: int | None = None

    def __post_init__(self) -> None:
        if self.number not in range(128):
            raise ValueError("Controllers, keys and programs run from 0 to 127.")
        if self.channel is not None and self.channel not in range(16):
            raise ValueError("There are MIDI channels 1 to 16.")
        if self.kind is SourceKind.CONTROL and self.number in NEVER:
            raise ValueError(f"Controller {self.number} is no knob; choose another one.")

    def __str__(self) -> str:
        where = "" if self.channel is None else f" on channel {self.channel + 1}"
        match self.kind:
            case SourceKind.CONTROL:
                named = f" ({_NAMES[self.number]})" if self.number in _NAMES else ""
                return f"controller {self.number}{named}{where}"
            case SourceKind.KEY:
                return f"key {pitch_name(self.number)}{where}"
            case SourceKind.PROGRAM:
                return f"program {self.number + 1}{where}"


class TargetKind(enum.StrEnum):
    """What kind of thing is moved."""

    DIAL = "dial"
    ACTION = "action"
    PRESET = "preset"


class Target(msgspec.Struct, frozen=True):
    """A dial by name, an action by its word, or a preset by name."""

    kind: TargetKind
    name: str

    def __post_init__(self) -> None:
        if self.kind is TargetKind.DIAL and self.name not in DIALS:
            raise ValueError(f"There is no dial {self.name!r}; `help` lists them.")
        if self.kind is TargetKind.ACTION and self.name not in set(Action):
            raise ValueError(f"There is no action {self.name!r}; `help` lists them.")

    def __str__(self) -> str:
        return f"preset {self.name}" if self.kind is TargetKind.PRESET else self.name


class Manner(enum.StrEnum):
    """How the source moves its target."""

    FOLLOW = "follow"
    """The dial has the value of the knob; a switch is on from the middle."""
    PRESS = "press"
    """Each press does it: the action, the preset, the next choice, the switch the other way."""
    HELD = "held"
    """A press does it, the release undoes it: a switch, or an action that has an opposite."""


class Binding(msgspec.Struct, frozen=True, kw_only=True):
    """One source moves one target.

    low, high: places on the dial, 0..1, that the two ends of a knob reach; low above high turns it
    round (for presses: a pedal that is pressed at its low end). passes: whether the music hears the
    message too. pick_up: a knob moves its dial only once it has reached where the dial stands.
    """

    source: Source
    target: Target
    manner: Manner
    passes: bool = False
    low: float = 0.0
    high: float = 1.0
    pick_up: bool = False

    def __post_init__(self) -> None:
        if not (0 <= self.low <= 1 and 0 <= self.high <= 1):
            raise ValueError("The ends of a knob lie between 0 and 1 of its dial; set them so.")
        check_manner(self.target, self.manner)
        if self.manner is Manner.FOLLOW and self.source.kind is not SourceKind.CONTROL:
            raise ValueError("A key or a program cannot be turned; bind a knob to this dial.")
        if self.manner is Manner.HELD and self.source.kind is SourceKind.PROGRAM:
            raise ValueError("A program is never released; bind a key or a pedal to be held.")

    def __str__(self) -> str:
        how = {Manner.HELD: " while held"}.get(self.manner, "")
        return f"{self.source} → {self.target}{how}{', passed on' if self.passes else ''}"


def check_manner(target: Target, manner: Manner) -> None:
    """Raises ValueError, a sentence and a next step, where a target cannot be moved so."""
    if target.kind is not TargetKind.DIAL:
        if manner is Manner.FOLLOW:
            raise ValueError(f"{target} is done, not turned: leave out the range.")
        if manner is Manner.HELD and target.name not in INVERSE:
            able = " and ".join(INVERSE)
            raise ValueError(f"{target} has no opposite for the release: {able} can be held.")
        return
    kind = DIALS[target.name].kind
    if not kind.turns:
        others = "root or mode" if target.name == "scale" else "a preset that has it"
        raise ValueError(f"{target} cannot be put on a knob: bind {others} instead.")
    if manner is Manner.PRESS and not isinstance(kind, Switch | Choice):
        raise ValueError(f"{target} is a number: bind a knob that turns.")
    if manner is Manner.HELD and not isinstance(kind, Switch):
        raise ValueError(f"{target} is no switch: leave out “held”.")


class ControlMap(msgspec.Struct, frozen=True):
    """All bindings; each source has one. Raises ValueError for two of one source."""

    bindings: tuple[Binding, ...] = ()

    def __post_init__(self) -> None:
        sources = [binding.source for binding in self.bindings]
        if len(set(sources)) < len(sources):
            raise ValueError("A control is bound twice; keep one of the two.")
        if len(sources) > MOST_BINDINGS:
            raise ValueError(f"More than {MOST_BINDINGS} controls are bound; unlearn some first.")

    def bound(self, binding: Binding) -> "ControlMap":
        """With this binding in place of what its source did before."""
        others = tuple(kept for kept in self.bindings if kept.source != binding.source)
        return ControlMap((*others, binding))

    def without(self, target: Target) -> "ControlMap":
        """Without all that moves this target."""
        return ControlMap(tuple(kept for kept in self.bindings if kept.target != target))
