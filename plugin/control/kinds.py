"""Kinds of values that a dial can have: how each is written, shown, and turned by a knob.

A kind reads what a musician types, prints it again, and knows where on a knob a value lies. All
of it is pure. It refuses to know which dial it serves: `plugin.control.dials` puts the two
together. What belongs to music alone stands in `plugin.control.kinds_music`.
"""

import enum
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from fractions import Fraction
from functools import lru_cache
from typing import Any

Value = Any
"""What a dial holds: a number, a word of an enumeration, a scale, a tuple ... as its kind says."""

OFF_WORDS = ("off", "none", "no")
ON_WORDS = ("on", "yes")


class Kind:
    """What every kind can do; a new one writes the methods with a leading underscore."""

    @property
    def takes(self) -> str:
        """What may be written, in words: "a number from 0 to 1"."""
        return self._takes()

    @property
    def turns(self) -> bool:
        """Whether a knob can turn it."""
        return type(self)._at is not Kind._at

    def read(self, text: str) -> Value:
        """The value that a musician wrote.

        Raises ValueError, with the nearest words or nothing as its message.
        """
        return self._read(text)

    def show(self, value: Value) -> str:
        """The value in words that `read` understands."""
        return self._show(value)

    def at(self, turn: float) -> Value:
        """The value at a place of a knob, 0 left .. 1 right; only where it `turns`."""
        return self._at(turn)

    def turn(self, value: Value) -> float:
        """Where on the knob a value lies, 0..1; only where it `turns`."""
        return self._turn(value)

    def _takes(self) -> str:
        raise NotImplementedError

    def _read(self, text: str) -> Value:
        raise NotImplementedError

    def _show(self, value: Value) -> str:
        raise NotImplementedError

    def _at(self, turn: float) -> Value:
        raise NotImplementedError

    def _turn(self, value: Value) -> float:
        raise NotImplementedError


def tidy(text: str) -> str:
    """Small letters, single spaces, no underscores: as all words are compared."""
    return " ".join(text.casefold().replace("_", " ").split())


def nearest(word: str, known: Sequence[str]) -> str:
    """Words like "perhaps dorian or ionian", or nothing where no known word is near."""
    close = get_close_matches(word, known, n=3, cutoff=0.6)
    return f"perhaps {' or '.join(close)}" if close else ""


def number_of(text: str) -> float:
    """A number as people write it: 0.7, 0,7, 70%, 1/3. Raises ValueError."""
    plain = text.strip().replace(",", ".")
    per_cent = plain.endswith("%")
    if per_cent:
        plain = plain[:-1].strip()
    above, slash, below = plain.partition("/")
    try:
        value = float(above) / float(below) if slash else float(plain)
    except (ValueError, ZeroDivisionError):
        raise ValueError("") from None
    if not math.isfinite(value):
        raise ValueError("")
    return value / 100 if per_cent else value


def number_text(value: float) -> str:
    """A number as short as it goes: 0.7, 1/96."""
    short = f"{value:g}"
    part = Fraction(value).limit_denominator(96)
    # 1/96 of a beat is no decimal; 0.7 is one, and so is what a hand has tapped.
    if float(short) != value and float(part) == value:
        return f"{part.numerator}/{part.denominator}"
    return short


@lru_cache(4096)
def _plain(value: float) -> float:
    """The nearest number that people write: 0.7 + 0.1 is 0.8, and 3/96 is 1/32.

    Every step of a dial is a hundredth, a quarter, a 96th or a whole. Kept: a knob asks each time.
    """
    return float(Fraction(value).limit_denominator(9600))


@dataclass(frozen=True)
class Number(Kind):
    """A number from low to high; `nothing` is the word for None where that is allowed too.

    step: what one click of a wheel moves. whole: whole numbers only. nothing_last: None lies
    behind the highest value of a knob, else before the lowest. shown_from: what 0 is shown as.
    """

    low: float
    high: float
    step: float
    whole: bool = False
    nothing: str = ""
    nothing_last: bool = False
    shown_from: int = 0

    def moved(self, value: float, text: str) -> float | int:
        """`value` moved by what somebody wrote, "+5" or "-0.1", as far as the range goes.

        Raises ValueError for what is no number.
        """
        new = min(max(value + number_of(text), self.low), self.high)
        return round(new) if self.whole else _plain(new)

    def _takes(self) -> str:
        what = "a whole number" if self.whole else "a number"
        words = f"{what} from {self.show(self.low)} to {self.show(self.high)}"
        return f"{words}, or {self.nothing}" if self.nothing else words

    def _read(self, text: str) -> float | int | None:
        if self.nothing and tidy(text) in (self.nothing, *OFF_WORDS):
            return None
        value = number_of(text) - self.shown_from
        if not self.low <= value <= self.high or (self.whole and value != int(value)):
            raise ValueError("")
        return int(value) if self.whole else value

    def _show(self, value: Value) -> str:
        return self.nothing if value is None else number_text(value + self.shown_from)

    def _at(self, turn: float) -> float | int | None:
        steps = round((self.high - self.low) / self.step)
        place = round(turn * (steps + bool(self.nothing)))
        if self.nothing:
            if self.nothing_last and place > steps:
                return None
            if not self.nothing_last:
                place -= 1
                if place < 0:
                    return None
        value = _plain(self.low + place * self.step)
        return int(value) if self.whole else value

    def _turn(self, value: Value) -> float:
        if value is None:
            return float(self.nothing_last)
        steps = round((self.high - self.low) / self.step)
        place = (value - self.low) / (self.high - self.low) * steps
        if self.nothing and not self.nothing_last:
            place += 1
        share: float = place / (steps + bool(self.nothing))
        return min(max(share, 0.0), 1.0)


@dataclass(frozen=True)
class Switch(Kind):
    """On or off; a knob is on from its middle."""

    def _takes(self) -> str:
        return "on or off"

    def _read(self, text: str) -> bool:
        word = tidy(text)
        if word in ON_WORDS:
            return True
        if word in OFF_WORDS:
            return False
        raise ValueError("")

    def _show(self, value: Value) -> str:
        return "on" if value else "off"

    def _at(self, turn: float) -> bool:
        return turn >= 0.5

    def _turn(self, value: Value) -> float:
        return float(value)


@dataclass(frozen=True)
class Choice(Kind):
    """One of a few words; `also` are other words for them.

    A word may be left unfinished, and one word of several is enough, as long as it fits only one.
    """

    options: tuple[tuple[str, Value], ...]
    also: Mapping[str, Value] = field(default_factory=dict)

    @classmethod
    def of(cls, names: type[enum.StrEnum], **also: Value) -> "Choice":
        """The words of an enumeration."""
        return cls(tuple((name.value, name) for name in names), also)

    @property
    def words(self) -> tuple[str, ...]:
        """What can be chosen, in order."""
        return tuple(word for word, _ in self.options)

    def _takes(self) -> str:
        *most, last = self.words
        return f"{', '.join(most)} or {last}"

    def _read(self, text: str) -> Value:
        wanted = tidy(text)
        known = {tidy(word): value for word, value in self.options} | dict(self.also)
        if wanted in known:
            return known[wanted]
        begun = [word for word in map(tidy, self.words) if wanted and word.startswith(wanted)]
        parts = [word for word in map(tidy, self.words) if wanted in word.split()]
        for found in (begun, parts):
            if len(found) == 1:
                return known[found[0]]
        raise ValueError(nearest(wanted, tuple(known)))

    def _show(self, value: Value) -> str:
        for word, known in self.options:
            if known == value:
                return word
        return str(value)

    def _at(self, turn: float) -> Value:
        return self.options[min(int(turn * len(self.options)), len(self.options) - 1)][1]

    def _turn(self, value: Value) -> float:
        for place, (_, known) in enumerate(self.options):
            if known == value:
                return (place + 0.5) / len(self.options)
        return 0.0

    def after(self, value: Value) -> Value:
        """The next choice, the first after the last."""
        values = [known for _, known in self.options]
        return values[(values.index(value) + 1) % len(values) if value in values else 0]
