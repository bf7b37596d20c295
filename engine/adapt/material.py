"""What a player chose to be learnt from, made ready: rows, phrases, and what is left out and why.

Notes are read as the live model reads them, phrase by phrase in turns of player and partner, so
that the partner learns to go on as the player does. It refuses what cannot teach anything, in a
sentence.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from engine.encoding import (
    COLUMNS,
    DRUM_FAMILY,
    PITCH,
    TICKS_PER_BEAT,
    UNKNOWN_POSITION,
    IntArray,
    NoteEncoder,
    voice_of,
)
from engine.events import DRUM_CHANNEL, NOMINAL_BPM, Note, Timebase
from engine.learning import LearnPiece
from engine.phrases import phrase_starts

PHRASE_NOTES = 25
LEAST_NOTES, LONGEST_NOTES = 16, 40
LEAST_PHRASES = 2
LEAST_PIECE = 8
"""A piece of fewer notes is left out; one of fewer than `LEAST_NOTES` is a phrase by itself."""
NOTES_A_SECOND = 50
"""So many notes are learnt from for each second of training."""
_ON_THE_GRID = 0.2
BLOCK_PHRASES = 2
"""Of what is too long, so many phrases in a row are taken here and there."""
_VOICE, _KIND = COLUMNS.index("voice"), COLUMNS.index("kind")


class MaterialError(Exception):
    """Nothing can be learnt from this; the message is a sentence and a next step."""


@dataclass(frozen=True, slots=True)
class Take:
    """One piece that was played without a break: rows (n, 9), bounds of its phrases from 0 to n."""

    name: str
    rows: IntArray
    cuts: IntArray

    @property
    def phrases(self) -> int:
        """How many there are."""
        return len(self.cuts) - 1


@dataclass(frozen=True, slots=True)
class Material:
    """Takes to learn from, and what was left out of them, in sentences."""

    takes: tuple[Take, ...]
    remarks: tuple[str, ...] = ()
    drums: bool = False

    @property
    def phrases(self) -> int:
        """Of all takes."""
        return sum(take.phrases for take in self.takes)

    @property
    def notes(self) -> int:
        """Of all takes."""
        return sum(len(take.rows) for take in self.takes)


def material_of(
    pieces: Sequence[LearnPiece], *, seconds: float, drums: bool | None = None
) -> Material:
    """The pieces as takes. seconds: of training, which bound how much is taken.

    drums: what the profile has played so far, None for nothing yet. Raises MaterialError.
    """
    takes: list[Take] = []
    other: list[Take] = []
    remarks: list[str] = []
    scraps = 0
    for piece in pieces:
        hits = [note for note in piece.notes if note.channel == DRUM_CHANNEL]
        keys = [note for note in piece.notes if note.channel != DRUM_CHANNEL]
        for notes, kind in ((keys, False), (hits, True)):
            if len(notes) >= LEAST_PIECE:
                take = take_of(piece, notes, drums=kind)
                (other if kind else takes).append(take)
            else:
                scraps += len(notes)
    asked = drums
    if drums is None:
        drums = _notes(other) > _notes(takes)
    if drums:
        takes, other = other, takes
    if asked is not None and not takes and other:
        played, found = ("drums", "keys") if asked else ("keys", "drums")
        raise MaterialError(
            f"These are {found}, and this profile plays {played}: nothing was learnt. "
            "Learn them under another profile with --profile."
        )
    if other:
        what = "keys" if drums else "drums"
        remarks.append(
            f"{_notes(other)} notes of {what} were left out: one profile learns one kind."
        )
    phrases = sum(take.phrases for take in takes)
    if phrases < LEAST_PHRASES or _notes(takes) < LEAST_PHRASES * LEAST_NOTES:
        raise MaterialError(
            f"{_counted(_notes(takes) + scraps, 'is', 'are')} too little: play at least two "
            "phrases (some fifty notes)."
        )
    if scraps:
        left_out = _counted(scraps, "was", "were")
        remarks.append(f"{left_out} left out: too few in a row for a phrase.")
    if all(_alike(take.rows) for take in takes):
        raise MaterialError("All these notes are alike: there is nothing to learn. Play phrases.")
    chosen = sample(takes, int(max(seconds, 1.0) * NOTES_A_SECOND))
    if _notes(chosen) < _notes(takes):
        remarks.append(
            f"Of {_notes(takes)} notes {_notes(chosen)} were taken, from everywhere in them: "
            f"more does not fit into {seconds:g} seconds."
        )
    return Material(tuple(chosen), tuple(remarks), drums)


def take_of(piece: LearnPiece, notes: Sequence[Note], *, drums: bool) -> Take:
    """Notes of a piece as a take, in turns, phrase by phrase."""
    notes, timebase = as_played(piece, notes)
    beats = timebase.beats_per_bar if timebase.tempo_known else None
    family = DRUM_FAMILY if drums else 0
    encoder = NoteEncoder(beats)
    rows = np.array(
        [
            encoder.encode(note, drums=drums, voice=voice_of(0, family), turns=True)
            for note in notes
        ],
        dtype=np.int64,
    )
    onset = np.array([note.onset * TICKS_PER_BEAT for note in notes])
    duration = np.array([note.duration * TICKS_PER_BEAT for note in notes])
    bar = onset % (beats * TICKS_PER_BEAT) if beats else np.full(len(onset), UNKNOWN_POSITION)
    marked = np.zeros(len(notes), dtype=bool)
    starts = phrase_starts(onset, duration, bar.astype(np.int64), marked, np.random.default_rng(0))
    cuts = bounds(starts, len(notes))
    if len(cuts) == 1:
        cuts = np.array([0, len(notes)])
    for number, (first, end) in enumerate(pairwise(cuts)):
        rows[first:end, _VOICE] = voice_of(number % 2, family)
    return Take(piece.name, rows, cuts)


def as_played(piece: LearnPiece, notes: Sequence[Note]) -> tuple[list[Note], Timebase]:
    """Notes of a piece in order, and how their time counts.

    What was recorded without a click says nothing by the file's tempo: it is free time.
    """
    notes = sorted(notes, key=lambda note: (note.onset, note.pitch))
    if not piece.timebase.tempo_known or in_time([note.onset for note in notes]):
        return notes, piece.timebase
    pace = NOMINAL_BPM / piece.timebase.bpm  # free time counts in seconds
    moved = [
        replace(note, onset=note.onset * pace, duration=note.duration * pace) for note in notes
    ]
    return moved, Timebase()


def in_time(onset_beats: Sequence[float]) -> bool:
    """Whether onsets lie on halves, thirds or quarters of beats more than by chance.

    By the mean direction of their phases (the Rayleigh statistic): 1 on the grid, about the root of
    one over the notes by chance.
    """
    onsets = np.array(onset_beats)
    if len(onsets) < LEAST_NOTES:
        return True
    lengths = [abs(np.exp(2j * np.pi * parts * onsets).mean()) for parts in (1, 2, 3, 4)]
    return bool(max(lengths) > max(_ON_THE_GRID, 3.0 / len(onsets) ** 0.5))


def bounds(starts: Sequence[int] | IntArray, notes: int) -> IntArray:
    """Bounds of phrases of about `PHRASE_NOTES` notes, given where phrases begin: from 0 on.

    What is too short for one at the end belongs to the phrase before.
    """
    cuts = [0]
    for start in [*starts, notes]:
        while start - cuts[-1] > LONGEST_NOTES:
            cuts.append(cuts[-1] + PHRASE_NOTES)
        if start - cuts[-1] >= LEAST_NOTES:
            cuts.append(int(start))
    if len(cuts) > 1:
        cuts[-1] = notes
    return np.array(cuts, dtype=np.int64)


def sample(takes: Sequence[Take], most_notes: int) -> list[Take]:
    """Takes of `most_notes` notes or a few less: blocks of phrases from everywhere in them."""
    if _notes(takes) <= most_notes:
        return list(takes)
    blocks = [
        (take, first, min(first + BLOCK_PHRASES, take.phrases))
        for take in takes
        for first in range(0, take.phrases, BLOCK_PHRASES)
    ]
    sizes = [int(take.cuts[end] - take.cuts[first]) for take, first, end in blocks]
    wanted = max(1, int(most_notes / (sum(sizes) / len(sizes))))
    places = np.unique(np.linspace(0, len(blocks) - 1, wanted).round().astype(int))
    chosen = []
    for place in places:
        take, first, end = blocks[place]
        low, high = take.cuts[first], take.cuts[end]
        chosen.append(Take(take.name, take.rows[low:high], take.cuts[first : end + 1] - low))
    return chosen


def _alike(rows: IntArray) -> bool:
    return len(np.unique(rows[:, PITCH])) == 1 and len(np.unique(rows[1:, 0])) <= 1


def _notes(takes: Sequence[Take]) -> int:
    return sum(len(take.rows) for take in takes)


def _counted(notes: int, one: str, many: str) -> str:
    return f"{notes} note {one}" if notes == 1 else f"{notes or 'No'} notes {many}"
