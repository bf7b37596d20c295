"""The time of a MIDI file: from ticks to seconds by its tempo changes, and its bars.

The tempo map is exact in whole numbers up to one last division, so that no rounding adds up over
a long file. It refuses tempos and meters that do not exist (a beat of 0 s, a bar of 0 notes) and
says so in the file's warnings.
"""

import itertools
from bisect import bisect_right
from dataclasses import dataclass

from engine.events import NOMINAL_BPM
from engine.smf.chunks import RawFile

NOMINAL_US_PER_BEAT = round(60e6 / NOMINAL_BPM)
ASSUMED_TICKS_PER_BEAT = 480


@dataclass(frozen=True, slots=True)
class TempoChange:
    """From this tick on a beat lasts so many microseconds."""

    tick: int
    seconds: float
    us_per_beat: int

    @property
    def bpm(self) -> float:
        """Beats (quarter notes) per minute."""
        return 60e6 / self.us_per_beat


@dataclass(frozen=True, slots=True)
class MeterChange:
    """From this tick on a bar has `numerator` notes of 1/`denominator`."""

    tick: int
    numerator: int
    denominator: int

    @property
    def beats_per_bar(self) -> float:
        """Length of a bar in quarter notes."""
        return self.numerator * 4 / self.denominator


@dataclass(frozen=True, slots=True)
class TempoMap:
    """Ticks to seconds; exact in integers up to the last division."""

    ticks: tuple[int, ...]
    elapsed: tuple[int, ...]
    """Microseconds times ticks per beat at each of `ticks`."""
    us_per_beat: tuple[int, ...]
    ticks_per_beat: float

    def seconds(self, tick: int) -> float:
        """Seconds from the start of the song at this tick."""
        at = bisect_right(self.ticks, tick) - 1
        units = self.elapsed[at] + (tick - self.ticks[at]) * self.us_per_beat[at]
        return units / (self.ticks_per_beat * 1e6)


def read_division(division: int, warnings: list[str]) -> tuple[float, bool]:
    """The header's division word: ticks per beat, or ticks counted in film frames (true)."""
    if division & 0x8000:
        frames_per_s = 256 - (division >> 8)
        ticks_per_frame = max(1, division & 0xFF)
        if frames_per_s not in (24, 25, 29, 30):
            warnings.append(f"The header counts {frames_per_s} frames a second; taken as said.")
        exact = 30000 / 1001 if frames_per_s == 29 else float(frames_per_s)
        return exact * ticks_per_frame * 60 / NOMINAL_BPM, True
    if division == 0:
        warnings.append(f"The header gives no time unit; {ASSUMED_TICKS_PER_BEAT} was assumed.")
        return float(ASSUMED_TICKS_PER_BEAT), False
    return float(division), False


def read_tempos(
    raw: RawFile, offsets: list[int], ticks_per_beat: float, counts_frames: bool
) -> tuple[TempoMap, bool]:
    """The tempo at every tick, and whether the file names one."""
    changes: dict[int, int] = {0: NOMINAL_US_PER_BEAT}
    known = False
    bad = 0
    for track, offset in zip(raw.tracks, offsets, strict=True):
        if offset:
            # The pattern before must not lend its tempo to this one.
            changes[offset] = NOMINAL_US_PER_BEAT
        for tick, us_per_beat in track.tempos:
            if us_per_beat and not counts_frames:
                changes[tick + offset] = us_per_beat
                known = True
            else:
                bad += 1
    if bad:
        reason = "the file counts film frames" if counts_frames else "a beat cannot last 0 s"
        raw.warnings.append(f"Tempo changes were ignored ({bad}×): {reason}.")
    ticks = sorted(changes)
    elapsed = [0]
    for before, tick in itertools.pairwise(ticks):
        elapsed.append(elapsed[-1] + (tick - before) * changes[before])
    us = tuple(changes[tick] for tick in ticks)
    return TempoMap(tuple(ticks), tuple(elapsed), us, ticks_per_beat), known


def read_meters(raw: RawFile, offsets: list[int]) -> tuple[MeterChange, ...]:
    """The time signatures that make sense, by tick."""
    meters: dict[int, MeterChange] = {}
    bad = 0
    for track, offset in zip(raw.tracks, offsets, strict=True):
        for tick, numerator, power in track.meters:
            if numerator and power <= 7:
                meters[tick + offset] = MeterChange(tick + offset, numerator, 1 << power)
            else:
                bad += 1
    if bad:
        raw.warnings.append(f"Time signatures were ignored ({bad}×): there is no such meter.")
    return tuple(meters[tick] for tick in sorted(meters))
