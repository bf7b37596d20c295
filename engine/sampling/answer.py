"""The answer so far, as far as limits ask for it: what sounds, what was struck, what the bar holds.

Times are ticks of the session. It refuses to judge: `engine.sampling.constraints` does.
"""

from dataclasses import dataclass

import numpy as np

from engine.encoding import PITCH_CLASSES, TICKS_PER_BEAT
from engine.sampling.fields import Mask

_NOMINAL_BAR_TICKS = 4 * TICKS_PER_BEAT


@dataclass(frozen=True, slots=True)
class Frame:
    """What is settled before the first note of an answer.

    start_tick: no onset before it. end_tick: no onset on it or after it; a note that would fall
        there means that the answer is over.
    last_tick: the last onset that was heard; the first time class counts from there.
    drums: whether all that can be played is unpitched.
    heard_range: lowest and highest key of the player, or None.
    voices: voice classes that may play; empty allows all. hand_over: voice classes that mean that
        the answer is over and the other side plays on. hand_over_from_tick: only after a note at
        this tick or later.
    sounding: ticks at which notes end that sound already; they count as sounding at once.
    holds_back: the caller keeps the last chord to itself until the next onset is placed. Then a
        limit of sounding notes shortens that chord (`Answer.cuts`) instead of waiting for its end.
    """

    start_tick: int
    end_tick: int
    last_tick: int
    drums: bool = False
    heard_range: tuple[int, int] | None = None
    voices: tuple[int, ...] = ()
    hand_over: tuple[int, ...] = ()
    hand_over_from_tick: int = 0
    sounding: tuple[int, ...] = ()
    holds_back: bool = False


@dataclass(slots=True)
class _Sounding:
    number: int
    onset: int
    end: int


class Answer:
    """The notes that were placed, in order of onset. `count` of them; `last` is the last onset."""

    def __init__(self, frame: Frame, bar_ticks: int) -> None:
        """bar_ticks: length of the bar, 0 where no tempo is known."""
        self._frame = frame
        self.count = 0
        self.last = frame.last_tick
        self.chord: list[int] = []
        self.free: Mask = np.ones(PITCH_CLASSES, dtype=bool)
        """Keys that the chord at the last onset has not taken."""
        self.in_beat = 0
        self.in_bar = 0
        self.cuts: dict[int, int] = {}
        """Notes that end earlier than they were placed: number of the note -> duration in ticks."""
        # Of an onset of their own, before any of the answer's: they are never cut.
        self._sounding = [_Sounding(-1, frame.last_tick - 1, end) for end in frame.sounding]
        self._bar = bar_ticks or _NOMINAL_BAR_TICKS

    def place(self, tick: int, pitch: int, duration_ticks: int, most_at_once: int | None) -> None:
        """Take in a note. Raises ValueError for an onset before the last or a key struck twice."""
        if tick < self.last and self.count:
            raise ValueError("A note before the last one cannot be placed; place them by onset.")
        if self.count == 0 or tick > self.last:
            self._begin_onset(tick, most_at_once)
        elif not self.free[pitch]:
            raise ValueError(f"Key {pitch} is struck already; ask for masks before choosing.")
        self.chord.append(pitch)
        self.free[pitch] = False
        self._sounding.append(_Sounding(self.count, tick, tick + duration_ticks))
        self.count += 1

    def _begin_onset(self, tick: int, most_at_once: int | None) -> None:
        self._sounding = [note for note in self._sounding if note.end > tick]
        if self._frame.holds_back and most_at_once is not None:
            self._cut_down_to(most_at_once - 1, tick)
        if self.count == 0 or tick >= self.beat_end:
            self.in_beat = 0
        if self.count == 0 or tick >= self.bar_end:
            self.in_bar = 0
        self.in_beat += 1
        self.in_bar += 1
        self.last = tick
        self.chord = []
        self.free.fill(True)

    def _cut_down_to(self, most: int, tick: int) -> None:
        """End notes of the last chord at `tick`, those first that would end first anyway."""
        loose = sorted(
            (note for note in self._sounding if note.onset == self.last), key=lambda note: note.end
        )
        for note in loose[: max(len(self._sounding) - most, 0)]:
            self.cuts[note.number] = tick - note.onset
            self._sounding.remove(note)

    @property
    def bar_end(self) -> int:
        """First tick of the bar after the last onset's."""
        return self.last - self.last % self._bar + self._bar

    @property
    def beat_end(self) -> int:
        """First tick of the beat after the last onset's; the last beat of a bar may be short."""
        return self._beat_end(self.last)

    @property
    def next_beat_end(self) -> int:
        """First tick after that beat."""
        return self._beat_end(self.beat_end)

    @property
    def next_bar_end(self) -> int:
        """First tick after the bar that follows the last onset's."""
        return self.bar_end + self._bar

    def _beat_end(self, tick: int) -> int:
        inside = tick % self._bar
        beat = inside // TICKS_PER_BEAT + 1
        return tick - inside + min(beat * TICKS_PER_BEAT, self._bar)

    def sounding_now(self) -> int:
        """Notes that sound at the last onset, its own included."""
        return sum(note.end > self.last for note in self._sounding)

    def room_from(self, most_at_once: int) -> int:
        """First tick after the last onset at which fewer than `most_at_once` notes sound.

        Notes that can still be cut do not count.
        """
        ends = [
            note.end
            for note in self._sounding
            if not (self._frame.holds_back and note.onset == self.last)
        ]
        if len(ends) < most_at_once:
            return self.last
        ends.sort()
        return ends[-most_at_once]
