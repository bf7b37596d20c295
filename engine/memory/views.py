"""The ways in which the memory looks at a note: symbols, and the contexts made of them.

Multiple viewpoints (Conklin and Witten 1995, doi:10.1080/09298219508570672): a note is several
symbols (pitch, interval, coarse time, place in the bar, ...), a context is some of the symbols of
the note itself and of notes before it, and each field is asked for in several contexts, short and
long. What followed a context may be counted from somewhere (the note before, the bass): then it is
the same in every transposition.

It refuses to count: numbers and names only. `TABLE` is what the kernels read.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from engine.encoding import DURATION, FIELDS, ONSET, PITCH, VELOCITY, VOICE


class Symbol(IntEnum):
    """What is kept of a note; its column in the memory's log.

    TIME, LENGTH, TOUCH: onset, duration and velocity, coarse. CHORD: 1 if it sounds with the note
    before. BASS: lowest (first) pitch of the notes that sound together so far, PLACE how many they
    are. INTERVAL, FROM_BASS, STEP: pitch from the note before, from the bass at the note before,
    velocity from the note before. SIDE: 1 for the partner.
    """

    ONSET = 0
    PITCH = 1
    DURATION = 2
    VELOCITY = 3
    FAMILY = 4
    BEAT = 5
    BAR = 6
    TIME = 7
    LENGTH = 8
    TOUCH = 9
    CHORD = 10
    BASS = 11
    PLACE = 12
    INTERVAL = 13
    FROM_BASS = 14
    STEP = 15
    SIDE = 16


SYMBOLS = len(Symbol)
NONE = -1000
"""The symbol of a note that is not there."""
S = Symbol
NEEDED = {
    S.ONSET: {ONSET}, S.TIME: {ONSET}, S.CHORD: {ONSET}, S.BEAT: {ONSET}, S.BAR: {ONSET},
    S.PITCH: {PITCH}, S.INTERVAL: {PITCH}, S.FROM_BASS: {PITCH},
    S.DURATION: {DURATION}, S.LENGTH: {DURATION},
    S.VELOCITY: {VELOCITY}, S.TOUCH: {VELOCITY}, S.STEP: {VELOCITY}, S.FAMILY: {VOICE},
    S.SIDE: {VOICE},
}  # fmt: skip
"""Fields of the note itself that must be chosen before a symbol of it is known."""


@dataclass(frozen=True, slots=True)
class Context:
    """One context of a field.

    of: (symbol, notes ago), 0 for the note itself. says: the symbol that is counted; with `from_`
    it is added to that symbol of the note before. most: notes that followed it and are looked at,
    the latest first. spread: neighbouring classes get a part of each vote.
    """

    field: int
    of: tuple[tuple[Symbol, int], ...]
    says: Symbol
    from_: Symbol | None = None
    most: int = 16
    spread: bool = False


def _of(*parts: str) -> tuple[tuple[Symbol, int], ...]:
    """("CHORD0", "INTERVAL1-3") to (symbol, notes ago)."""
    found: list[tuple[Symbol, int]] = []
    for part in parts:
        name = part.rstrip("0123456789-")
        first, _, last = part[len(name) :].partition("-")
        found.extend((Symbol[name], ago) for ago in range(int(first), int(last or first) + 1))
    return tuple(found)


def _when(*parts: str, most: int = 16, spread: bool = False) -> Context:
    return Context(ONSET, _of(*parts), S.ONSET, most=most, spread=spread)


def _key(*parts: str, most: int = 16) -> Context:
    return Context(PITCH, _of(*parts), S.PITCH, most=most)


def _leap(*parts: str, most: int = 16) -> Context:
    return Context(PITCH, _of(*parts), S.INTERVAL, S.PITCH, most=most)


def _above(*parts: str, most: int = 16) -> Context:
    return Context(PITCH, _of(*parts), S.FROM_BASS, S.BASS, most=most)


def _long(*parts: str, most: int = 16, spread: bool = False) -> Context:
    return Context(DURATION, _of(*parts), S.DURATION, most=most, spread=spread)


def _loud(*parts: str, most: int = 16, spread: bool = False) -> Context:
    return Context(VELOCITY, _of(*parts), S.VELOCITY, most=most, spread=spread)


def _step(*parts: str, most: int = 16) -> Context:
    return Context(VELOCITY, _of(*parts), S.STEP, S.VELOCITY, most=most)


def _who(*parts: str, most: int = 16) -> Context:
    return Context(VOICE, _of(*parts), S.FAMILY, most=most)


CONTEXTS: tuple[Context, ...] = (
    _when(most=48, spread=True),
    _when("ONSET1", most=24, spread=True),
    _when("ONSET1-2"),
    _when("TIME1-4"),
    _when("TIME1-8"),
    _when("BEAT1", "BAR1"),
    _when("BEAT1", "ONSET1", spread=True),
    _when("BEAT1", "BAR1", "PITCH1"),
    _when("INTERVAL1", "TIME1-2"),
    _when("INTERVAL1-3", "TIME1-3"),
    _when("PITCH1-2", "TIME1"),
    _when("PLACE1", "LENGTH1", spread=True),
    _key("CHORD0", most=40),
    _key("CHORD0", "PITCH1"),
    _key("CHORD0", "PITCH1-2"),
    _key("CHORD0", "PITCH1-3"),
    _key("PITCH1-6"),
    _leap("CHORD0", "INTERVAL1", most=24),
    _leap("CHORD0", "INTERVAL1-2"),
    _leap("CHORD0", "INTERVAL1-4"),
    _leap("INTERVAL1-8"),
    _leap("TIME0-1", "INTERVAL1"),
    _leap("TIME0-2", "INTERVAL1-2"),
    _key("BEAT0", "BAR0", "CHORD0"),
    _key("BEAT0", "CHORD0", "BASS1", "PITCH1"),
    _key("CHORD0", "BASS1", "PLACE1"),
    _above("CHORD0", "PLACE1", most=24),
    _above("CHORD0", "PLACE1", "FROM_BASS1-2"),
    _long(most=48, spread=True),
    _long("DURATION1", spread=True),
    _long("CHORD0", "LENGTH1", spread=True),
    _long("ONSET0", "DURATION1"),
    _long("PITCH0", spread=True),
    _long("INTERVAL0", "LENGTH1", "TIME0"),
    _long("TIME0", "LENGTH1-3"),
    _long("BEAT0", "BAR0", "TIME0"),
    _long("BEAT0", "PITCH0"),
    _long("PITCH0-2"),
    _long("INTERVAL0-2", "TIME0-1"),
    _long("FAMILY0", "ONSET0", spread=True),
    _loud(most=48, spread=True),
    _loud("VELOCITY1", spread=True),
    _loud("CHORD0", "VELOCITY1", spread=True),
    _loud("VELOCITY1-2"),
    _loud("PITCH0", spread=True),
    _loud("BEAT0", "BAR0", spread=True),
    _loud("BEAT0", "PITCH0"),
    _loud("BEAT0", "BAR0", "PITCH0"),
    _loud("INTERVAL0", "TOUCH1", spread=True),
    _loud("PITCH0-2"),
    _loud("LENGTH0", "TOUCH1", spread=True),
    _step("CHORD0", "PLACE1", most=24),
    _step("INTERVAL0", "TIME0"),
    _who(most=40),
    _who("FAMILY1"),
    _who("FAMILY1-2"),
    _who("FAMILY1-4"),
    _who("FAMILY1", "PITCH1"),
    _who("FAMILY1", "BEAT1", "BAR1"),
)
"""Field by field, in the order of the fields."""

_PER_FIELD = [sum(context.field == field for context in CONTEXTS) for field in range(len(FIELDS))]
FIRSTS = tuple(sum(_PER_FIELD[:field]) for field in range(len(FIELDS) + 1))
"""Where the contexts of each field begin, and their number."""

FIELD, NEEDS, SAYS, FROM, MOST, SPREAD, PARTS, FIRST_PART = range(8)
"""Columns of `TABLE`: NEEDS are bits of fields, FROM is -1 for nothing; then pairs follow."""


def _table() -> np.ndarray:
    longest = max(len(context.of) for context in CONTEXTS)
    table = np.zeros((len(CONTEXTS), FIRST_PART + 2 * longest), dtype=np.int64)
    for number, context in enumerate(CONTEXTS):
        needs = {n for symbol, ago in context.of if ago == 0 for n in NEEDED.get(symbol, ())}
        assert context.field not in needs, "a context must not tell what it is asked for"
        table[number, :FIRST_PART] = (
            context.field,
            sum(1 << field for field in needs),
            context.says,
            -1 if context.from_ is None else context.from_,
            context.most,
            context.spread,
            len(context.of),
        )
        pairs = [value for pair in context.of for value in pair]
        table[number, FIRST_PART : FIRST_PART + len(pairs)] = pairs
    return table


TABLE = _table()
TABLE.flags.writeable = False
