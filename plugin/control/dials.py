"""Every dial that a musician can turn, declared once: terminal, knobs, window and help read this.

A `Dial` is one setting with a name, words for people, a kind and two pure functions. It refuses to
hold a value: `plugin.settings.Settings` does. What a kind allows, `put` can always put: where two
limits bound a range, one pushes the other along, as the two knobs of a range do.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from operator import attrgetter

import msgspec

from plugin.control.kinds import Kind, Value
from plugin.settings import Settings

USUAL = Settings()
_RANGES = (
    ("lowest", "highest"),
    ("softest", "loudest"),
    ("shortest", "longest"),
    ("fewest_per_beat", "most_per_beat"),
    ("fewest_per_bar", "most_per_bar"),
)
"""Limits that bound a range from both sides, by their names in `Constraints`."""
LONGEST_QUOTE = 40


@dataclass(frozen=True, slots=True)
class Dial:
    """One setting.

    name: what is typed. label: what a window writes beside it. says: one line on what it does.
    example: a value that shows how it is written. also: other names. unit: of a number.
    part_of: the dial that has this one's value in its own.
    """

    name: str
    label: str
    says: str
    kind: Kind
    example: str
    get: Callable[[Settings], Value]
    put: Callable[[Settings, Value], Settings]
    unit: str = ""
    also: tuple[str, ...] = ()
    part_of: str = ""

    @property
    def default(self) -> Value:
        """The value of a fresh start."""
        return self.get(USUAL)

    def read(self, text: str) -> Value:
        """The value that a musician wrote. Raises ValueError, a sentence and a next step."""
        plain = text.strip()
        for unit in (self.unit, self.unit.removesuffix("s")):
            if unit and plain[:1].isdigit() and plain.casefold().endswith(unit):
                plain = plain[: -len(unit)]
        try:
            return self.kind.read(plain)
        except ValueError as error:
            says = str(error) or f"it takes {self.kind.takes}"
            raise ValueError(f"{quoted(text)} does not fit {self.name}: {says}.") from None

    def show(self, settings: Settings) -> str:
        """Its present value in words, with its unit."""
        return self.words(self.get(settings))

    def words(self, value: Value) -> str:
        """A value in words, with the unit where it is a number."""
        text = self.kind.show(value)
        if not self.unit or not text[:1].isdigit():
            return text
        one = text == "1" and self.unit.endswith("s") and self.unit != "ms"
        return f"{text} {self.unit.removesuffix('s') if one else self.unit}"


@dataclass(frozen=True, slots=True)
class Span:
    """Two dials that bound one range, set together: "register C2 C5"."""

    name: str
    says: str
    low: Dial
    high: Dial
    example: str


def quoted(text: str) -> str:
    """What somebody typed as it may stand in a sentence: printable, in quotes, not endless."""
    plain = "".join(char if char.isprintable() else "?" for char in text.strip())
    short = plain if len(plain) <= LONGEST_QUOTE else plain[: LONGEST_QUOTE - 3] + "..."
    return f"“{short}”"


def setting(
    field: str,
) -> tuple[Callable[[Settings], Value], Callable[[Settings, Value], Settings]]:
    """How to get and put a field of `Settings`."""

    def put(settings: Settings, value: Value) -> Settings:
        return msgspec.structs.replace(settings, **{field: value})

    return attrgetter(field), put


def limit(
    field: str,
) -> tuple[Callable[[Settings], Value], Callable[[Settings, Value], Settings]]:
    """How to get and put a field of the `Constraints` in `Settings`."""

    def put(settings: Settings, value: Value) -> Settings:
        new = {field: value}
        for low, high in _RANGES:
            if value is None or field not in (low, high):
                continue
            other = high if field == low else low
            bound = getattr(settings.limits, other)
            if bound is not None and (value > bound if field == low else value < bound):
                new[other] = value
        return msgspec.structs.replace(settings, limits=replace(settings.limits, **new))

    return attrgetter(f"limits.{field}"), put


class Dials:
    """The table: dials by name, in groups, in the order of a page."""

    def __init__(self, groups: dict[str, tuple[Dial, ...]], spans: tuple[Span, ...]) -> None:
        self.groups, self.spans = groups, spans
        self._by_name = {dial.name: dial for dial in self}

    def __iter__(self) -> Iterator[Dial]:
        for dials in self.groups.values():
            yield from dials

    def __getitem__(self, name: str) -> Dial:
        """A dial by its name. Raises KeyError."""
        return self._by_name[name]

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def changed(self, before: Settings, after: Settings) -> tuple[Dial, ...]:
        """Those with another value after than before; a part goes with its whole."""
        return tuple(
            dial for dial in self if not dial.part_of and dial.get(before) != dial.get(after)
        )
