"""Few-shot training from beginning to end: how many steps, whether to keep it, and the adapter.

The player's phrases are divided into folds. Each fold is held back once while the others are
learnt, and predicted after every step: what helps on phrases that were not learnt says how many
steps are good, and whether learning helps at all. Kept is only what predicts the held-back phrases
better than the prior by more than noise; then all phrases are learnt with as many steps. Held-back
phrases are heard where they were played, as live: they lead in to others, and are not learnt.

It refuses to read notes (`engine.adapt.material`), and to know processes and files
(`engine.adapt.trainer`).
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from engine.adapt.descent import Start, Values, step
from engine.adapt.lesson import Lesson, Scorer, lesson_of
from engine.adapt.material import Material

FOLDS = 4
NOISE = 1.64
"""A gain counts if it is more than so many standard errors above nothing: one chance in twenty."""
_LEAST_FOLDS = 2

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Step:
    """How far training is. bits: a note of what is learnt; held_back: of a fold, else None.

    part: the fold, or one more than the last fold: all phrases. Each begins at the starting point.
    """

    done: int
    of: int
    seconds_left: float
    bits: float
    held_back: float | None
    part: int


@dataclass(frozen=True, slots=True)
class Trial:
    """What one fold showed. bits (steps + 1, phrases): sums over each phrase, NaN if not held back.

    Row 0 is the starting point before any step.
    """

    bits: Array


@dataclass(frozen=True, slots=True)
class Result:
    """values: of the adapter, None if the prior stays. before, after: bits a note held back.

    error: standard error of the difference; steps: how many were good; curve: bits a note held
    back by number of steps, the starting point first.
    """

    values: Values | None
    before: float
    after: float
    error: float
    steps: int
    seconds: float
    curve: tuple[float, ...]


class CancelledError(Exception):
    """Somebody said stop."""


class Learning:
    """One run over one material. Thread: one."""

    def __init__(
        self,
        scorer: Scorer,
        start: Start,
        material: Material,
        *,
        seconds: float,
        watch: Callable[[Step], bool] = lambda _: True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """watch: is told every step; false stops the run with `CancelledError`."""
        self._scorer, self._start = scorer, start
        self._watch, self._clock = watch, clock
        self._began = clock()
        self._ends, self._slowest_s = self._began + seconds, 0.0
        self._lesson = lesson_of([take.rows for take in material.takes])
        owners, phrase = [], 0
        for take in material.takes:
            for first, end in zip(take.cuts[:-1], take.cuts[1:], strict=True):
                owners.append(np.full(int(end - first), phrase))
                phrase += 1
        self._owner = np.concatenate(owners)
        self.phrases = phrase
        self.folds = min(FOLDS, phrase)
        counted = self._lesson.counted[0].numpy()
        self._notes = np.bincount(self._owner, counted[:, 1], minlength=phrase).astype(np.float64)
        self._done, self._of = 0, (self.folds + 1) * start.steps
        self._taken = 0  # as `_done`, without what an earlier run had done
        self._steps = start.steps

    @property
    def table(self) -> tuple[int, int]:
        """Shape of a trial's bits."""
        return self._steps + 1, self.phrases

    def prior(self) -> Array:
        """Bits of each phrase under the prior: (phrases,)."""
        nothing = {name: torch.zeros_like(value) for name, value in self._start.values.items()}
        with torch.no_grad():
            return self._by_phrase(self._lesson, nothing)

    def trials(self, done: dict[int, Trial] | None = None) -> Iterator[tuple[int, Trial]]:
        """(number, trial) of every fold that is not `done` and for which there is time.

        Two are always tried. Raises CancelledError.
        """
        for fold in range(self.folds):
            if done and fold in done:
                self._done += self._steps
                continue
            # This fold, and all phrases in the end, which takes a little less.
            began = self._clock()
            if fold >= _LEAST_FOLDS and began + 2 * self._slowest_s > self._ends:
                self._of = self._done + self._steps
                return
            yield fold, self._trial(fold)
            self._slowest_s = max(self._slowest_s, self._clock() - began)

    def finish(self, before: Array, trials: dict[int, Trial]) -> Result:
        """Decide, and learn all phrases where that helps. trials: two or more, by number.

        Raises CancelledError.
        """
        fold_of = np.arange(self.phrases) % self.folds
        tried = np.isin(fold_of, list(trials))
        table = [trials[int(fold_of[n])].bits[:, n] for n in np.flatnonzero(tried)]
        bits, weight = np.stack(table, axis=1), self._notes[tried]
        notes = max(float(weight.sum()), 1.0)
        gains = (before[tried] - bits).sum(axis=1) / notes
        nowhere = ~np.isfinite(gains)
        gains[nowhere] = -np.inf
        if nowhere.all():
            gains[0] = 0.0  # every step made nonsense of the model: the prior stays
        steps = int(gains.argmax())
        error = np.inf if nowhere.all() else _error(before[tried] - bits[steps], weight)
        curve = tuple((bits.sum(axis=1) / notes).tolist())
        held = float(before[tried].sum() / notes)
        found = Result(None, held, held - float(gains[steps]), error, steps, 0.0, curve)
        if gains[steps] > NOISE * error:
            found = replace(found, values=self._all(steps))
        return replace(found, seconds=self._clock() - self._began)

    def _trial(self, fold: int) -> Trial:
        held = self._owner % self.folds == fold
        learnt = self._part(~held)
        bits = np.full((self._steps + 1, self.phrases), np.nan)
        mine = np.arange(self.phrases) % self.folds == fold
        values = self._fresh()
        for number in range(self._steps + 1):
            with torch.no_grad():
                bits[number, mine] = self._by_phrase(self._part(held), values)[mine]
            if number == self._steps:
                break
            values, loss = step(self._scorer, learnt, values, self._start.rates, number)
            values = {name: value.detach().requires_grad_() for name, value in values.items()}
            scored = float(bits[number, mine].sum() / self._notes[mine].sum())
            self._tell(float(loss), scored, fold)
        return Trial(bits)

    def _all(self, steps: int) -> Values:
        values = self._fresh()
        for number in range(steps):
            values, loss = step(self._scorer, self._lesson, values, self._start.rates, number)
            values = {name: value.detach().requires_grad_() for name, value in values.items()}
            self._tell(float(loss), None, self.folds)
        return {name: value.detach() for name, value in values.items()}

    def _fresh(self) -> Values:
        return {name: v.clone().requires_grad_() for name, v in self._start.values.items()}

    def _part(self, notes: npt.NDArray[np.bool_]) -> Lesson:
        counted = self._lesson.counted & torch.from_numpy(notes)[None, :, None]
        return Lesson(self._lesson.music, counted)

    def _by_phrase(self, lesson: Lesson, values: Values) -> Array:
        bits = self._scorer.bits(lesson, values).sum(dim=1).numpy()
        return np.bincount(self._owner, bits, minlength=self.phrases).astype(np.float64)

    def _tell(self, bits: float, held_back: float | None, part: int) -> None:
        self._done += 1
        self._taken += 1
        spent = self._clock() - self._began
        left = spent / self._taken * max(self._of - self._done, 0)
        of = max(self._of, self._done)
        if not self._watch(Step(self._done, of, left, bits, held_back, part)):
            raise CancelledError


def _error(gain: Array, notes: Array) -> float:
    """Standard error of the mean gain a note: phrases are what is drawn, not notes.

    gain, notes: bits saved, and notes, of each phrase.
    """
    if len(gain) < 2:
        return float("inf")
    total = max(float(notes.sum()), 1.0)
    rest = gain - gain.sum() / total * notes
    return float(np.sqrt((rest**2).sum() * len(gain) / (len(gain) - 1))) / total
