"""Kinds of values that only music has: keys, scales, meters, grids, styles, controllers.

As `plugin.control.kinds`. It refuses to know which styles the model has learnt: the engine says so
when it is asked for one.
"""

from dataclasses import dataclass

from engine.scales import ROOTS, SCALES, Scale, root_of
from plugin.console import pitch_name
from plugin.control.kinds import (
    OFF_WORDS,
    Choice,
    Kind,
    Number,
    Value,
    number_of,
    number_text,
    tidy,
)

MOST_STYLES = 8
_OTHER_SCALES = {
    "minor": "natural minor",
    "min": "natural minor",
    "m": "natural minor",
    "maj": "major",
    "ionian": "major",
    "aeolian": "natural minor",
    "pentatonic": "major pentatonic",
    "diminished": "octatonic",
}


def key_of(text: str) -> int:
    """MIDI key of a name with its octave, C4 = 60, or of a number. Raises ValueError."""
    word = text.strip()
    if word.isdecimal():
        key = int(word[:4])
    else:
        letters = word.rstrip("0123456789")
        letters = letters[:-1] if letters.endswith("-") else letters
        octave = word[len(letters) :]
        if not octave.lstrip("-").isdecimal():
            raise ValueError("")
        natural = root_of(letters[:1])
        # Counted from the letter: Cb4 is one below C4, not eleven above it.
        shift = (root_of(letters) - natural + 6) % 12 - 6
        key = (int(octave[:4]) + 1) * 12 + natural + shift
    if not 0 <= key <= 127:
        raise ValueError("")
    return key


class Key(Number):
    """A key by name and octave; a number is understood too."""

    def __init__(self) -> None:
        super().__init__(0, 127, 1, whole=True)

    def _takes(self) -> str:
        return "a key from C-1 to G9 (C4 is middle C)"

    def _read(self, text: str) -> int:
        try:
            return key_of(text)
        except ValueError:
            raise ValueError("") from None

    def _show(self, value: Value) -> str:
        return pitch_name(value)


class Root(Choice):
    """The root of a scale, or off; every usual spelling."""

    def __init__(self) -> None:
        super().__init__((("off", None), *((name, root) for root, name in enumerate(ROOTS))))

    def _takes(self) -> str:
        return "a note name like D, F# or Bb, or off"

    def _read(self, text: str) -> int | None:
        if tidy(text) in OFF_WORDS:
            return None
        try:
            return root_of(text)
        except ValueError:
            raise ValueError("") from None


MODE = Choice(
    (("off", None), *((name, name) for name in SCALES)),
    {word: name for word, name in _OTHER_SCALES.items() if word != "m"},
)
"""The name of a scale, without its root."""


@dataclass(frozen=True)
class WholeScale(Kind):
    """A root and the name of a scale: "D dorian", "Bb" (major), "off"."""

    def _takes(self) -> str:
        return "a root and a scale like D dorian, or off"

    def _read(self, text: str) -> Scale | None:
        words = text.split()
        if not words or tidy(text) in OFF_WORDS:
            if not words:
                raise ValueError("")
            return None
        name, first = " ".join(words[1:]), words[0]
        if not name and len(first) > 1 and first[-1] == "m":
            first, name = first[:-1], "m"  # Am, F#m
        try:
            root = root_of(first)
        except ValueError:
            raise ValueError("the root comes first, as in D dorian") from None
        name = _OTHER_SCALES.get(tidy(name), tidy(name)) or "major"
        if name in SCALES:
            return Scale(root, name)
        return Scale(root, MODE.read(name))

    def _show(self, value: Value) -> str:
        return "off" if value is None else str(value)


METERS = ("2/4", "3/4", "4/4", "5/4", "6/4", "7/4", "3/8", "5/8", "7/8", "9/8", "11/8")


class Meter(Choice):
    """A meter by its length in quarter notes; 6/8 is as long as 3/4: it is shown as both."""

    def __init__(self) -> None:
        super().__init__(tuple((meter, _quarters(meter)) for meter in METERS))

    def _takes(self) -> str:
        return "a meter like 4/4, 6/8 or 7/8"

    def _read(self, text: str) -> float:
        quarters = _quarters(tidy(text).partition(" or ")[0])
        if not 0.5 <= quarters <= 16:
            raise ValueError("")
        return quarters

    def _show(self, value: Value) -> str:
        for unit in (4, 8, 16, 32):
            beats = value * unit / 4
            if beats == int(beats):
                compound = f" or {int(beats) * 2}/8" if unit == 4 and beats % 3 == 0 else ""
                return f"{int(beats)}/{unit}{compound}"
        return f"{number_text(value)} quarters"


def _quarters(text: str) -> float:
    word = text.strip().removesuffix("quarters").strip()
    above, slash, below = word.partition("/")
    if not slash:
        return number_of(word)
    if below.strip() not in ("1", "2", "4", "8", "16", "32") or not above.strip().isdecimal():
        raise ValueError("")
    return int(above.strip()[:4]) * 4 / int(below)


GRIDS = ((), (1,), (2,), (3,), (2, 3), (4,), (4, 3), (6,), (8,))


class Grid(Choice):
    """Into how many parts a beat is divided; several numbers make one grid."""

    def __init__(self) -> None:
        super().__init__(tuple((_grid_text(grid), grid) for grid in GRIDS))

    def _takes(self) -> str:
        return "one or a few numbers from 1 to 96 (4 is sixteenths, 3 is triplets), or off"

    def _read(self, text: str) -> tuple[int, ...]:
        if tidy(text) in OFF_WORDS:
            return ()
        words = text.replace(",", " ").split()
        if not words or len(words) > 4 or not all(word.isdecimal() for word in words):
            raise ValueError("")
        parts = tuple(int(word[:4]) for word in words)
        if not all(1 <= part <= 96 for part in parts):
            raise ValueError("")
        return parts

    def _show(self, value: Value) -> str:
        return _grid_text(value)


def _grid_text(value: tuple[int, ...]) -> str:
    return " ".join(map(str, value)) or "off"


@dataclass(frozen=True)
class Styles(Kind):
    """Names of styles, each with its share where it is not all: "blues, ragtime 0.3"."""

    def _takes(self) -> str:
        return "names of styles (`antiphon styles` lists them), commas between, or off"

    def _read(self, text: str) -> tuple[tuple[str, float], ...]:
        if tidy(text) in OFF_WORDS:
            return ()
        found: dict[str, float] = {}
        for part in text.split(","):
            name, _, last = tidy(part).rpartition(" ")
            try:
                share = number_of(last)
            except ValueError:
                name, share = tidy(part), 1.0
            # Several shares of one name have no meaning; more styles than these are mush.
            if not name or name in found or not 0 < share <= 1 or len(found) == MOST_STYLES:
                raise ValueError("")
            found[name] = share
        return tuple(found.items())

    def _show(self, value: Value) -> str:
        return (
            ", ".join(
                name if share == 1 else f"{name} {number_text(share)}" for name, share in value
            )
            or "off"
        )


@dataclass(frozen=True)
class Controller(Kind):
    """A controller number and its channel, "20 channel 16", or off."""

    def _takes(self) -> str:
        return "a controller from 0 to 119 and a channel, like 20 channel 16, or off"

    def _read(self, text: str) -> tuple[int, int] | None:
        if tidy(text) in OFF_WORDS:
            return None
        words = [word for word in tidy(text).split() if word not in ("cc", "channel", "on")]
        if len(words) not in (1, 2) or not all(word.isdecimal() for word in words):
            raise ValueError("")
        number, channel = int(words[0][:4]), int(words[1][:4]) - 1 if len(words) > 1 else 0
        if number not in range(120) or channel not in range(16):
            raise ValueError("")
        return channel, number

    def _show(self, value: Value) -> str:
        return "off" if value is None else f"{value[1]} channel {value[0] + 1}"
