"""Passages that are continued: some bars that are given, and the bars that really came next.

A passage is taken from a piece that no model has seen: `BARS` bars as prime and `BARS` bars that
follow it in the same meter, or `FREE_BEATS` nominal beats of each (8 s) where no tempo is known.
Every piece gives at most one, so passages are as independent as pieces are, and collections come
in proportion to their pieces. Drums are taken only from collections that hold nothing else.

It refuses to judge music: what it takes is decided by bars, by numbers of notes and by a seed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engine.corpus import Stream
from engine.encoding import TICKS_PER_BEAT, TIME_VALUES, duration_classes
from engine.events import DRUM_CHANNEL, NOMINAL_BPM, Note, Timebase

BARS = 4
FREE_BEATS = 16.0
LEAST_PRIME_NOTES = 8
LEAST_TRUE_NOTES = 4
RING_BEATS = 1.0
"""How long the last notes may sound on after the end, in the truth as in a plan."""
_LONGEST_BAR_TICKS = 8 * TICKS_PER_BEAT

Ticks = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Notes that start in `start_beat` <= onset < `end_beat`, by onset, then pitch.

    bar_beats: length of a bar in beats, the first of which starts at `start_beat`; None where
    nobody knows bars. Times are beats, nominal ones (half a second) where no tempo is known.
    """

    notes: tuple[Note, ...]
    start_beat: float
    end_beat: float
    bar_beats: float | None
    drums: bool

    @property
    def beats(self) -> float:
        """Length in beats."""
        return self.end_beat - self.start_beat

    def moved(self, beats: float) -> "Excerpt":
        """The same notes so many beats later."""
        notes = tuple(replace(note, onset=note.onset + beats) for note in self.notes)
        return replace(
            self, notes=notes, start_beat=self.start_beat + beats, end_beat=self.end_beat + beats
        )


@dataclass(frozen=True, slots=True)
class Passage:
    """A prime and its true continuation. Beat 0 is the first bar line of the prime."""

    piece: str
    collection: str
    timebase: Timebase
    prime: Excerpt
    truth: Excerpt

    @property
    def velocity_known(self) -> bool:
        """Whether the data says how loud these notes were."""
        return any(note.velocity for note in self.prime.notes)

    def continued_by(self, notes: Sequence[Note]) -> Excerpt:
        """These notes as a continuation of the prime."""
        ordered = sorted(notes, key=lambda note: (note.onset, note.pitch))
        return replace(self.truth, notes=tuple(ordered))


def choose(streams: Sequence[Stream], count: int, *, seed: int) -> list[Passage]:
    """Up to `count` passages, the same ones for the same streams and seed.

    Collections have the share of passages that they have of the pieces which hold one, and one
    passage at least; the order is by collection, then by piece.
    """
    rng = np.random.default_rng(seed)
    pieces: dict[str, dict[str, list[tuple[Stream, Ticks, int]]]] = {}
    for stream in _allowed(streams):
        starts, bar = places(stream)
        if len(starts):
            of_collection = pieces.setdefault(stream.collection, {})
            of_collection.setdefault(stream.piece, []).append((stream, starts, bar))
    quotas = _quotas({name: len(found) for name, found in pieces.items()}, count)
    passages = []
    for name in sorted(pieces):
        names = sorted(pieces[name])
        chosen = rng.choice(len(names), size=quotas[name], replace=False)
        for number in sorted(chosen):
            lines = pieces[name][names[number]]
            stream, starts, bar = lines[int(rng.integers(len(lines)))]
            passages.append(cut(stream, int(rng.choice(starts)), bar))
    return passages


def _allowed(streams: Sequence[Stream]) -> Iterator[Stream]:
    only_drums = {stream.collection for stream in streams}
    only_drums -= {stream.collection for stream in streams if not stream.drums}
    return (stream for stream in streams if not stream.drums or stream.collection in only_drums)


def _quotas(sizes: dict[str, int], count: int) -> dict[str, int]:
    """`count` shared out by size (largest remainders), at least one each, at most all."""
    total = sum(sizes.values())
    if count >= total:
        return sizes
    share = {name: count * size / total for name, size in sizes.items()}
    quotas = {name: max(1, int(part)) for name, part in share.items()}
    by_rest = sorted(sizes, key=lambda name: (quotas[name] - share[name], name))
    while sum(quotas.values()) < count:
        room = [name for name in by_rest if quotas[name] < sizes[name]]
        for name in room[: count - sum(quotas.values())]:
            quotas[name] += 1
    while sum(quotas.values()) > count and max(quotas.values()) > 1:
        quotas[max(quotas, key=lambda name: (quotas[name], name))] -= 1
    return quotas


def places(stream: Stream) -> tuple[Ticks, int]:
    """(ticks at which a passage may start, length of a bar in ticks; 0 where bars are unknown).

    A place is a bar line with a note in its bar, followed by 2 * `BARS` bars of the same length,
    in the last of which something still sounds; without a tempo any note may start one.
    """
    tick = np.floor(stream.onset + 0.5).astype(np.int64)
    none = np.zeros(0, dtype=np.int64)
    if stream.tempo_known:
        bar_tick = stream.bar_tick.astype(np.int64)
        lines = np.unique((tick - bar_tick)[bar_tick >= 0])
        if len(lines) < 2:
            return none, 0
        lengths, times = np.unique(np.diff(lines), return_counts=True)
        bar = int(lengths[times.argmax()])
        if not TICKS_PER_BEAT <= bar <= _LONGEST_BAR_TICKS:
            return none, 0
        half = BARS * bar
        # Where a bar is not in this meter no passage may reach over it.
        strange = (bar_tick < 0) | (bar_tick >= bar)
        line = np.where(bar_tick >= 0, tick - bar_tick, 0)
    else:
        lines, bar, half = np.unique(tick), 0, int(FREE_BEATS * TICKS_PER_BEAT)
        strange, line = np.zeros(len(tick), dtype=bool), np.zeros(len(tick), dtype=np.int64)
    over = float((stream.onset + stream.duration).max())
    first, middle, end = (np.searchsorted(tick, lines + later) for later in (0, half, 2 * half))
    enough = (middle - first >= LEAST_PRIME_NOTES) & (end - middle >= LEAST_TRUE_NOTES)
    enough &= lines + 2 * half - half // BARS < over
    # The truth goes on at once: its first quarter is not empty.
    enough &= tick[np.minimum(middle, len(tick) - 1)] < lines + half + half // BARS
    if bar:
        # Bar lines a whole number of bars apart: no note of a passage starts another count.
        turns = np.diff(line % bar, prepend=line[:1] % bar) != 0
        changes = np.cumsum(strange | turns)
        enough &= (line[first] == lines) & ~strange[first]
        enough &= changes[np.maximum(end, 1) - 1] == changes[first]
    return lines[enough], bar


def cut(stream: Stream, start: int, bar: int) -> Passage:
    """The passage of the stream at tick `start`, with bars of `bar` ticks (0: unknown)."""
    half = BARS * bar if bar else int(FREE_BEATS * TICKS_PER_BEAT)
    beats = half / TICKS_PER_BEAT
    bar_beats = bar / TICKS_PER_BEAT if bar else None
    tick = np.floor(stream.onset + 0.5).astype(np.int64) - start
    long = np.floor(stream.duration + 0.5).astype(np.int64)
    # Durations as the model would write them, so that all continuations stand on one grid.
    duration = TIME_VALUES[duration_classes(long)] / TICKS_PER_BEAT
    channel = DRUM_CHANNEL if stream.drums else 0

    def excerpt(first: int, end: int, last_beat: float) -> Excerpt:
        chosen = np.flatnonzero((tick >= first) & (tick < end))
        chosen = chosen[np.lexsort((stream.pitch[chosen], tick[chosen]))]
        notes = tuple(
            Note(
                onset=float(tick[n] / TICKS_PER_BEAT),
                duration=float(min(duration[n], last_beat - tick[n] / TICKS_PER_BEAT)),
                pitch=int(stream.pitch[n]),
                velocity=int(stream.velocity[n]),
                channel=channel,
            )
            for n in chosen
        )
        beat, over = first / TICKS_PER_BEAT, end / TICKS_PER_BEAT
        return Excerpt(notes, beat, over, bar_beats, stream.drums)

    return Passage(
        piece=stream.piece,
        collection=stream.collection,
        timebase=Timebase(
            bpm=stream.bpm if stream.tempo_known else NOMINAL_BPM,
            beats_per_bar=bar_beats or 4.0,
            tempo_known=stream.tempo_known,
        ),
        prime=excerpt(0, half, np.inf),
        truth=excerpt(half, 2 * half, 2 * beats + RING_BEATS),
    )
