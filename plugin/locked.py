"""What is kept of an answer when it is asked for again: its first bars; the rest is drawn anew.

Bars are those of the beat, where there is one, and the kept notes come again at the same place of a
bar; in free time a bar is `FREE_BAR_BEATS` from the answer's first note on. It refuses to know who
asks, and clocks: moments are handed in.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.events import Note
from plugin.realtime.beats import CLOSE_BEATS, BeatGrid

FREE_BAR_BEATS = 4.0
UPBEAT = 0.25
"""What begins in this last share of a bar is the upbeat to the next one: no bar by itself."""


@dataclass(frozen=True, slots=True)
class Locked:
    """Notes that are kept, in order of onset, and the beat from which on others take their place.

    A note that rings beyond that beat does so still.
    """

    notes: tuple[Note, ...]
    boundary_beat: float

    def moved(self, start_ns: int, grid: BeatGrid) -> "Locked":
        """The same as early as its first note is not due before `start_ns`.

        By whole bars, where there are any: a kept bar stays a bar.
        """
        first = self.notes[0].onset
        shift = grid.beat(start_ns) - first
        if grid.timebase.tempo_known:
            bars = grid.next_bar(shift) / grid.timebase.beats_per_bar
            shift = round(bars) * grid.timebase.beats_per_bar
        notes = tuple(replace(note, onset=note.onset + shift) for note in self.notes)
        return Locked(notes, self.boundary_beat + shift)


def first_bars(notes: Sequence[Note], bars: int, grid: BeatGrid) -> Locked | None:
    """What an answer of these notes keeps if `bars` bars of it are; None where that is nothing.

    An answer that has no more bars than that is kept whole: what comes is its continuation.
    """
    ordered = sorted(notes, key=lambda note: note.onset)
    if bars < 1 or not ordered:
        return None
    first, last = ordered[0].onset, ordered[-1].onset
    if grid.timebase.tempo_known:
        bar = grid.timebase.beats_per_bar
        begins = grid.bar_start(first + UPBEAT * bar)
    else:
        bar, begins = FREE_BAR_BEATS, first
    whole = max(1, int((last - begins + CLOSE_BEATS) // bar) + 1)
    boundary = begins + min(bars, whole) * bar
    kept = tuple(note for note in ordered if note.onset < boundary - CLOSE_BEATS)
    return Locked(kept, boundary)
