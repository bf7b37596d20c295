"""Played notes onto paper: onsets and lengths in twelfths of a beat, bars full of chords and rests.

Each beat of a staff is read either in four or in three, whichever its onsets are nearer to. Notes
that begin together are one chord; a chord ends at the latest where the next begins, and a gap
shorter than an eighth is how it was touched, not a rest. It refuses several voices on a staff: what
rings on beneath a later note is written up to that note.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

UNITS = 12
"""Parts of a quarter note: a sixteenth has 3, an eighth of a triplet 4."""
SIXTEENTH, TRIPLET = 3, 4
_CLOSED_GAP = 6
_BIAS = 0.6
"""Triplets are read only where they fit so much better: a push is no triplet."""


class Played(NamedTuple):
    """A note in ticks: begin, end, pitch."""

    begin: int
    end: int
    pitch: int


@dataclass(frozen=True, slots=True)
class Piece:
    """What one note head, chord or rest on paper stands for.

    start: in units from the bar line. pitches: ascending, none for a rest. tied: to the next piece.
    triplet: whether it counts in three. opens, closes: the bracket of its triplet.
    """

    start: int
    length: int
    pitches: tuple[int, ...]
    tied: bool = False
    tied_back: bool = False
    triplet: bool = False
    opens: bool = False
    closes: bool = False


Bar = tuple[Piece, ...]


def bars_of(notes: Iterable[Played], ticks_per_beat: int, bar_units: int, count: int) -> list[Bar]:
    """The bars of one staff, at least `count` of them, each filled from end to end."""
    played = sorted(notes)
    triplets = _beats_in_three(played, ticks_per_beat, bar_units)
    spans = _spans(played, ticks_per_beat, triplets)
    last = max((end for _, end, _ in spans), default=0)
    count = max(count, -(-last // bar_units), 1)
    bars = []
    for number in range(count):
        low, high = number * bar_units, (number + 1) * bar_units
        pieces: list[Piece] = []
        at = low
        for begin, end, pitches in spans:
            if end <= low or begin >= high:
                continue
            start, stop = max(begin, low), min(end, high)
            pieces += _split(at - low, start - low, (), low, triplets)
            pieces += _split(start - low, stop - low, pitches, low, triplets, begin, end)
            at = stop
        pieces += _split(at - low, bar_units, (), low, triplets)
        bars.append(_bracketed(pieces))
    return bars


def _beats_in_three(played: Sequence[Played], tpb: int, bar_units: int) -> frozenset[int]:
    """Numbers of the beats, from the start, whose onsets are nearer to thirds than to quarters."""
    onsets: dict[int, list[float]] = defaultdict(list)
    for note in played:
        onsets[note.begin // tpb].append(note.begin % tpb / tpb)
    if bar_units % UNITS:
        return frozenset()  # a bar that ends within a beat is counted in halves of it
    found = set()
    for beat, places in onsets.items():
        in_four = sum(_off(place, 4) for place in places)
        in_three = sum(_off(place, 3) for place in places)
        inside = any(1 / 8 < place < 7 / 8 for place in places)
        if inside and in_three < _BIAS * in_four:
            found.add(beat)
    return frozenset(found)


def _off(place: float, parts: int) -> float:
    return (place - round(place * parts) / parts) ** 2


def _spans(
    played: Sequence[Played], tpb: int, triplets: frozenset[int]
) -> list[tuple[int, int, tuple[int, ...]]]:
    """Chords as (begin, end, pitches) in units, none reaching into the next."""

    def place(tick: int) -> int:
        beat, rest = divmod(tick, tpb)
        step = TRIPLET if beat in triplets else SIXTEENTH
        return beat * UNITS + round(rest * UNITS / tpb / step) * step

    chords: dict[int, list[Played]] = defaultdict(list)
    for note in played:
        chords[place(note.begin)].append(note)
    begins = sorted(chords)
    spans = []
    for number, begin in enumerate(begins):
        step = TRIPLET if begin // UNITS in triplets else SIXTEENTH
        end = max(begin + step, *(place(note.end) for note in chords[begin]))
        following = begins[number + 1] if number + 1 < len(begins) else None
        if following is not None and (end > following or following - end < _CLOSED_GAP):
            end = following
        spans.append((begin, end, tuple(sorted({note.pitch for note in chords[begin]}))))
    return spans


def _split(
    start: int,
    stop: int,
    pitches: tuple[int, ...],
    low: int,
    triplets: frozenset[int],
    begin: int | None = None,
    end: int | None = None,
) -> list[Piece]:
    """The note values that fill a stretch of a bar; of a chord they are tied.

    begin, end: of the whole chord, which may go beyond this bar.
    """
    pieces = []
    at = start
    while at < stop:
        length = _value(at, stop, low, triplets)
        pieces.append(
            Piece(
                at,
                length,
                pitches,
                tied=bool(pitches) and end is not None and low + at + length < end,
                tied_back=bool(pitches) and begin is not None and low + at > begin,
                triplet=length < UNITS and (low + at) // UNITS in triplets,
            )
        )
        at += length
    return pieces


def _value(at: int, stop: int, low: int, triplets: frozenset[int]) -> int:
    """The longest note value that may stand here and is no longer than what is left."""
    left, inside = stop - at, at % UNITS
    if inside or left < UNITS:
        return min(left, UNITS - inside)
    if left == UNITS + 6 and (low + at) // UNITS + 1 not in triplets:
        return left  # a dotted quarter
    beats = left // UNITS
    return UNITS * (4 if beats >= 4 and not at else min(beats, 3))


def _bracketed(pieces: Sequence[Piece]) -> Bar:
    """Triplets get their brackets, from the first to the last of a beat."""
    made = []
    for number, piece in enumerate(pieces):
        if not piece.triplet:
            made.append(piece)
            continue
        beat = piece.start // UNITS
        before = pieces[number - 1] if number else None
        after = pieces[number + 1] if number + 1 < len(pieces) else None
        opens = before is None or not before.triplet or before.start // UNITS != beat
        closes = after is None or not after.triplet or after.start // UNITS != beat
        made.append(replace(piece, opens=opens, closes=closes))
    return tuple(made)
