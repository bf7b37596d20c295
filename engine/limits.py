"""What an answer may do, as plain values: the limits that a musician sets.

`Constraints` is frozen, made of numbers, strings and tuples, travels over a pipe, and imports the
standard library only. It says what is wanted; `engine.sampling.constraints` turns it into masks.
It refuses impossible values with a sentence. Values that merely contradict each other are
allowed: the cheapest limit gives way, in the order of `GIVES_WAY`.
"""

import math
from dataclasses import dataclass, fields

from engine.scales import Scale

FIELDS = ("onset", "pitch", "duration", "velocity", "voice")
"""What is chosen of a note, by name."""

GIVES_WAY: dict[str, str] = {
    "land": "the last note falls on the given beat",
    "voice": "only the given instruments play",
    "room": "no chord grows beyond the keys that are allowed",
    "at_once": "no more notes sound at once than allowed",
    "soon": "the answer begins without delay",
    "rest": "no rest is longer than allowed",
    "pitches": "only the given keys and pitch classes are used",
    "register": "the answer stays between its lowest and its highest key",
    "scale": "the answer keeps to its scale",
    "grid": "every onset falls on the grid",
    "entry": "the answer begins on a beat or between two",
    "most": "no beat and no bar has more onsets than allowed",
    "fewest": "no beat and no bar has fewer onsets than asked for",
    "reach": "the answer stays near the player's own register",
    "upwards": "each note of a chord is higher than the one before it",
    "duration": "no note is shorter or longer than allowed",
    "velocity": "no note is softer or louder than allowed",
}
"""Every limit that can give way, dearest first: where limits of one field contradict each other,
the one further down is left out, for this note only. The value is a phrase for people.

Two things stand above the list and never give way: no onset before the answer's start or before
the note before it, and no key twice at the same onset. Durations and velocities contradict nothing
else, so they hold always."""

_SHORTEST_BEATS = 1 / 96


@dataclass(frozen=True, slots=True)
class FieldDraw:
    """How one field is drawn, where it differs from the rest.

    field: one of `FIELDS`. temperature, top_p: as in `Constraints`.
    """

    field: str
    temperature: float = 0.95
    top_p: float = 0.98

    def __post_init__(self) -> None:
        if self.field not in FIELDS:
            raise ValueError(f"A note has no {self.field!r}; name one of {', '.join(FIELDS)}.")
        _check_draw(self.temperature, self.top_p)


@dataclass(frozen=True, slots=True)
class Constraints:
    """Limits of one answer. Everything has a default that limits next to nothing.

    Pitch
        scale: a root and a named scale, or None. Drums have no scale.
        follow_key: with no scale named, keep to the scale of the key that the player is in, once it
            is known.
        pitch_classes: the only pitch classes allowed, 0..11; empty allows all. Not for drums.
        keys: the only MIDI keys allowed; empty allows all.
        lowest, highest: MIDI keys the answer stays within.
        reach: semitones by which it may leave the player's own range, or None. Not for drums.
    Rhythm (grid, swing and entry count only where a tempo is known)
        grid: into how many equal parts a beat is divided; several make one grid, so (2, 3) takes
            eighths and triplets; empty means free.
        swing: share of a pair that its first note takes: 0.5 is straight, 2/3 is a triplet feel.
        swing_unit: 8 swings pairs of eighths, 16 pairs of sixteenths. Parts of a beat that are no
            power of two are never swung.
        most_per_beat, most_per_bar, fewest_per_beat, fewest_per_bar: onsets of the answer in one
            beat or bar; a chord is one onset. None is no limit.
        longest_rest: beats from one onset to the next, at most.
    Together
        most_at_once: notes that sound at the same time; 1 is a melody. None is no limit.
        most_struck: notes of one chord.
    One note
        shortest, longest: duration in beats; longest None is no limit.
        softest, loudest: MIDI velocity.
    The player
        closeness: 1 as close as can be to what the player played .. 0 as the model believes with
            what it remembers of them .. -1 as if it did not remember. A pull on the probabilities,
            not a limit.
    The end
        land: beat of the session that the last onset falls on exactly, or None.
        max_notes: no answer is longer than this.
    The draw
        temperature: 1 draws as the model believes, below 1 is safer; 0 is greedy.
        top_p: only the likeliest choices that together reach this probability.
        by_field: other values for single fields.

    Raises ValueError, a sentence and a next step, for what no answer can obey.
    """

    lowest: int = 0
    highest: int = 127
    temperature: float = 0.95
    top_p: float = 0.98
    max_notes: int = 256
    scale: Scale | None = None
    follow_key: bool = False
    pitch_classes: tuple[int, ...] = ()
    keys: tuple[int, ...] = ()
    reach: int | None = 9
    grid: tuple[int, ...] = ()
    swing: float = 0.5
    swing_unit: int = 8
    most_per_beat: int | None = None
    most_per_bar: int | None = None
    fewest_per_beat: int | None = None
    fewest_per_bar: int | None = None
    longest_rest: float = 4.0
    most_at_once: int | None = None
    most_struck: int = 6
    shortest: float = _SHORTEST_BEATS
    longest: float | None = None
    softest: int = 1
    loudest: int = 127
    closeness: float = 0.0
    land: float | None = None
    by_field: tuple[FieldDraw, ...] = ()

    def __post_init__(self) -> None:
        _check_order("key", self.lowest, self.highest, 0, 127)
        _check_order("velocity", self.softest, self.loudest, 1, 127)
        _check_draw(self.temperature, self.top_p)
        self._check_pitches()
        self._check_rhythm()
        for name in ("most_per_beat", "most_per_bar", "most_at_once", "most_struck"):
            _check_least(name, getattr(self, name), 1)
        for name in ("fewest_per_beat", "fewest_per_bar", "reach", "max_notes"):
            _check_least(name, getattr(self, name), 0)
        for span in ("beat", "bar"):
            most, fewest = getattr(self, f"most_per_{span}"), getattr(self, f"fewest_per_{span}")
            if most is not None and fewest is not None and fewest > most:
                raise ValueError(
                    f"At least {fewest} and at most {most} onsets a {span} cannot both hold; "
                    "raise the most or lower the fewest."
                )
        if not -1 <= self.closeness <= 1:
            raise ValueError(f"Closeness {self.closeness} is not between -1 and 1; set it between.")
        if self.land is not None and not (math.isfinite(self.land) and self.land >= 0):
            raise ValueError(
                f"No answer can end on beat {self.land}; count beats from the start of the session."
            )
        names = [own.field for own in self.by_field]
        if len(set(names)) < len(names):
            raise ValueError("A field is drawn in two ways; name each field once in by_field.")

    def _check_pitches(self) -> None:
        if not set(self.pitch_classes) <= set(range(12)):
            raise ValueError("Pitch classes run from 0 (C) to 11 (B); leave the others out.")
        if not set(self.keys) <= set(range(128)):
            raise ValueError("MIDI keys run from 0 to 127; leave the others out.")

    def _check_rhythm(self) -> None:
        if any(parts not in range(1, 97) for parts in self.grid):
            raise ValueError("A grid divides the beat into 1 to 96 parts; 4 is sixteenths.")
        if not 0.5 <= self.swing <= 0.75:
            raise ValueError(
                f"A swing of {self.swing} is none; 0.5 is straight, 0.75 is as far as it goes."
            )
        if self.swing_unit not in (8, 16):
            raise ValueError(f"Swing moves eighths (8) or sixteenths (16), not {self.swing_unit}.")
        if not (math.isfinite(self.longest_rest) and self.longest_rest > 0):
            raise ValueError("The longest rest is a number of beats above 0; 4 is the usual one.")
        if not (math.isfinite(self.shortest) and self.shortest > 0):
            raise ValueError("The shortest note is a number of beats above 0; 1/96 allows all.")
        if self.longest is not None and not self.longest >= self.shortest:
            raise ValueError(
                f"No note lasts at least {self.shortest:g} and at most {self.longest:g} beats; "
                "lower the shortest or raise the longest."
            )

    def draw_of(self, field: int) -> tuple[float, float]:
        """(temperature, top_p) of a field, by its place in `FIELDS`."""
        for own in self.by_field:
            if own.field == FIELDS[field]:
                return own.temperature, own.top_p
        return self.temperature, self.top_p

    def changed(self) -> tuple[str, ...]:
        """Names of the values that are not the usual ones, for a display."""
        return tuple(f.name for f in fields(self) if getattr(self, f.name) != f.default)


def _check_draw(temperature: float, top_p: float) -> None:
    if not (math.isfinite(temperature) and temperature >= 0):
        raise ValueError(
            f"A temperature of {temperature} cannot be drawn at; take 0 for greedy, 1 for free."
        )
    if not 0 <= top_p <= 1:
        raise ValueError(f"top_p {top_p} is no probability; take one between 0 and 1.")


def _check_order(what: str, low: int, high: int, least: int, most: int) -> None:
    if not least <= low <= most or not least <= high <= most:
        raise ValueError(
            f"A {what} between {low} and {high} leaves MIDI's range; stay within {least} to {most}."
        )
    if low > high:
        raise ValueError(
            f"No {what} is at least {low} and at most {high}; exchange the two, or widen them."
        )


def _check_least(name: str, value: int | None, least: int) -> None:
    if value is not None and value < least:
        raise ValueError(
            f"{name.replace('_', ' ')} cannot be {value}; take {least} or more, or leave it out."
        )
