"""A player's taste: weights of an answer's features, learnt from what the player lets us know.

Every signal becomes comparisons "this answer rather than that one". A comparison is a difference x
of features and counts as one observation of a logistic model, sigma(w.x), times its strength
(Bradley and Terry with features). The weights have a normal prior around the shipped ones, which
need not be learnt; the taste is the most probable w, found exactly by Newton's method, and the
curvature there says how sure each weight is. The evidence itself is kept, so learning does not
depend on its order but for age: a comparison counts less with every signal after it.

It refuses to hold notes: a taste file has differences of features and nothing else.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.taste.features import BOUND, COUNT, NAMES, Vector
from engine.taste.signals import Kind, Signal

VERSION = 1
FORMAT = "antiphon taste"
FADE = 0.985
"""What is left of a comparison's strength after another signal: half of it after 46."""
MOST_COMPARISONS = 384
"""The oldest are dropped first; by then they weigh next to nothing."""
MOST_OTHERS = 8
EXPLORE = 0.3
"""Share of its doubt by which a taste tries out something else."""
_DIGITS = 3
"""Differences are rounded to so many digits: they are kept exactly, and short."""
_AVERAGE_FADE = 0.98
_NEWTON_STEPS = 50
_PRECISE = 1e-10

STRENGTH = {
    Kind.STAR: 1.0,
    Kind.KEEP: 0.8,
    Kind.DELETE: -1.0,
    Kind.AGAIN: -0.6,
    Kind.INTERRUPT: -0.4,
    Kind.HEARD: 0.0,
}
"""Of a comparison with the other answers to the phrase and with the average answer: above 0 it
speaks for the answer. An interruption has this strength before the first note and none at the last.
Fixed: a few dozen signals are too few to learn them from."""
AFTER_AGAIN = {Kind.STAR: 1.0, Kind.KEEP: 0.8, Kind.HEARD: 0.5}
"""Of a comparison with an answer that the player had asked to be replaced by this one."""
AVERAGE_SHARE = 1.0
"""Of the strength, where an answer is compared with the average one."""

Matrix = npt.NDArray[np.float64]


class TasteError(Exception):
    """Something about tastes cannot be read; the message is a sentence and a next step."""


@dataclass(frozen=True, slots=True, eq=False)
class Prior:
    """Where learning starts.

    weights: of the features, shape (COUNT,); deviation: how far the weights of one player are from
    them, in the same unit, above 0.
    """

    weights: Vector
    deviation: float


class Taste:
    """What one player likes. Used from one thread; random numbers are handed in."""

    def __init__(self, prior: Prior | None = None) -> None:
        """prior: the shipped one where None; raises TasteError where that is damaged."""
        if prior is None:
            from engine.taste.shipped import shipped

            prior = shipped().prior
        self.prior = prior
        self.signals = 0
        """How many signals were learnt from."""
        self._born = np.zeros(0, dtype=np.int64)
        self._strength = np.zeros(0)
        self._differences = np.zeros((0, COUNT))
        self._average = np.zeros(COUNT)
        self._fit()

    # ----------------------------------------------------------------------------- judging

    @property
    def weights(self) -> Vector:
        """The most probable weights, shape (COUNT,)."""
        return self._weights.copy()

    @property
    def deviations(self) -> Vector:
        """How sure each weight is: its standard deviation, shape (COUNT,)."""
        root: Vector = np.sqrt((self._spread**2).sum(axis=1))
        return root

    def score(self, standard: Vector) -> float:
        """How much this answer is liked; only differences of scores mean something.

        standard: shape (COUNT,), as `Features.standard`.
        """
        return float(self._weights @ standard)

    def rank(
        self,
        candidates: Sequence[Vector],
        rng: np.random.Generator | None = None,
        *,
        explore: float = EXPLORE,
    ) -> list[int]:
        """Numbers of the candidates, the best first; of equals the first is first.

        With rng the weights are drawn from what is believed of them (Thompson sampling), so an
        answer that may be better comes first now and then, more seldom the surer the taste is.
        explore: 0 is without, 1 as unsure as the taste is.
        """
        weights = self._weights
        if rng is not None:
            weights = weights + explore * (self._spread @ rng.standard_normal(COUNT))
        scores = [float(weights @ candidate) for candidate in candidates]
        return sorted(range(len(scores)), key=lambda number: -scores[number])

    # ---------------------------------------------------------------------------- learning

    def learn(
        self,
        signal: Signal,
        answer: Vector,
        others: Sequence[Vector] = (),
        before: Sequence[Vector] = (),
    ) -> int:
        """Take in a signal about an answer; returns its number, for `unlearn`.

        answer: its features on one scale, shape (COUNT,). others: of the other candidates for the
        same phrase, heard or not (the first few count); they stand for an average answer there.
        before: of answers to the same phrase that the player asked to be replaced. Raises
        ValueError for features that are not finite or of another shape; nothing is learnt then.
        """
        answer, *rest = [_checked(each) for each in (answer, *others, *before)]
        others, before = rest[: len(others)][:MOST_OTHERS], rest[len(others) :][-MOST_OTHERS:]
        strength = STRENGTH[signal.kind]
        if signal.kind is Kind.INTERRUPT:
            strength *= 1 - signal.played
        found: list[tuple[float, Vector]] = []
        if strength:
            found += [(strength / len(others), answer - other) for other in others]
            found.append((AVERAGE_SHARE * strength, answer - self._average))
        if signal.kind in AFTER_AGAIN:
            found += [(AFTER_AGAIN[signal.kind], answer - each) for each in before]
        number = self.signals
        self.signals += 1
        for strength, difference in found:
            self._add(number, abs(strength), difference if strength > 0 else -difference)
        for each in (answer, *others):
            keep = _AVERAGE_FADE
            self._average = np.round(keep * self._average + (1 - keep) * each, 6)
        self._fit()
        return number

    def unlearn(self, number: int) -> None:
        """Take a signal back, such as a star that was a slip; nothing where it is forgotten."""
        kept = self._born != number
        self._keep(kept)
        self._fit()

    def _add(self, born: int, strength: float, difference: Vector) -> None:
        rounded = np.round(difference, _DIGITS)
        self._born = np.append(self._born, born)
        self._strength = np.append(self._strength, round(strength, _DIGITS))
        self._differences = np.vstack([self._differences, rounded])
        newest = np.arange(len(self._born)) >= len(self._born) - MOST_COMPARISONS
        self._keep(newest)

    def _keep(self, kept: npt.NDArray[np.bool_]) -> None:
        self._born, self._strength = self._born[kept], self._strength[kept]
        self._differences = self._differences[kept]

    def _fit(self) -> None:
        """Newton's method on the log posterior, which has one maximum; halves a step that misses.

        Started from the prior, so the result is a function of the evidence alone.
        """
        x = self._differences
        strength = self._strength * FADE ** (self.signals - 1 - self._born)
        precision = 1 / self.prior.deviation**2
        start = self.prior.weights

        def loss(w: Vector) -> float:
            off = w - start
            return float(strength @ np.logaddexp(0, -x @ w) + precision * (off @ off) / 2)

        weights = start.astype(np.float64).copy()
        now = loss(weights)
        curvature = np.eye(COUNT) * precision
        for _ in range(_NEWTON_STEPS if len(x) else 0):
            surprise = 1 / (1 + np.exp(np.clip(x @ weights, -500, 500)))
            slope = precision * (weights - start) - x.T @ (strength * surprise)
            weight = strength * surprise * (1 - surprise)
            curvature = np.eye(COUNT) * precision + (x * weight[:, None]).T @ x
            step = np.linalg.solve(curvature, slope)
            length = 1.0
            while length > _PRECISE and loss(weights - length * step) > now:
                length /= 2
            weights = weights - length * step
            now = loss(weights)
            if float(np.abs(length * step).max()) < _PRECISE:
                break
        self._weights = weights
        # curvature = L L^T, so L^-T z has the covariance curvature^-1.
        lower = np.linalg.cholesky(curvature)
        self._spread = np.linalg.inv(lower).T

    # ----------------------------------------------------------------------------- keeping

    def as_json(self) -> str:
        """Everything that was learnt, as text; `from_json` gives the same taste again, exactly."""
        return json.dumps(
            {
                "format": FORMAT,
                "version": VERSION,
                "features": list(NAMES),
                "signals": self.signals,
                "average": self._average.tolist(),
                "comparisons": [
                    [born, strength, difference]
                    for born, strength, difference in zip(
                        self._born.tolist(),
                        self._strength.tolist(),
                        self._differences.tolist(),
                        strict=True,
                    )
                ],
            },
            separators=(",", ":"),
        )

    @classmethod
    def from_json(cls, text: str, prior: Prior | None = None) -> "Taste":
        """The taste that `as_json` wrote. Raises TasteError."""
        try:
            stored = json.loads(text)
            if not isinstance(stored, dict) or stored["format"] != FORMAT:
                raise ValueError("this is no taste")
            version = stored["version"]
            if isinstance(version, int) and version > VERSION:
                raise TasteError(
                    f"This taste is of a later Antiphon (version {version}, known is {VERSION}); "
                    "update Antiphon to read it."
                )
            if version != VERSION or stored["features"] != list(NAMES):
                raise ValueError("its features are not those of this Antiphon")
            taste = cls(prior)
            taste._take(stored["signals"], stored["average"], stored["comparisons"])
        except (ValueError, TypeError, LookupError, OverflowError, RecursionError) as error:
            raise TasteError(
                f"The taste cannot be read ({error}); restore it from an export of the profile, "
                "or begin a new one."
            ) from error
        return taste

    def _take(self, signals: object, average: object, comparisons: object) -> None:
        if type(signals) is not int or not 0 <= signals < 2**53:
            raise ValueError("the number of signals is none")
        if not isinstance(comparisons, list) or len(comparisons) > MOST_COMPARISONS:
            raise ValueError(f"it has not up to {MOST_COMPARISONS} comparisons")
        born, strength = [each[0] for each in comparisons], [each[1] for each in comparisons]
        if not all(type(each) is int and 0 <= each < signals for each in born):
            raise ValueError("a comparison is of no signal")
        if not all(type(each) in {int, float} and 0 <= each <= 1 for each in strength):
            raise ValueError("a comparison has no strength between 0 and 1")
        differences = np.array([each[2] for each in comparisons], dtype=np.float64)
        differences = differences.reshape(len(comparisons), COUNT)
        if not (np.abs(differences) <= 2 * BOUND + 10**-_DIGITS).all():
            raise ValueError("a difference is out of bounds")
        self._average = _checked(np.array(average, dtype=np.float64))
        self.signals = signals
        self._born = np.array(born, dtype=np.int64)
        self._strength = np.array(strength, dtype=np.float64)
        self._differences = differences
        self._fit()


def _checked(standard: Vector) -> Vector:
    """Features as they may be learnt from, bounded. Raises ValueError."""
    found = np.asarray(standard, dtype=np.float64)
    if found.shape != (COUNT,) or not np.isfinite(found).all():
        raise ValueError(f"features are {COUNT} finite numbers; make them with `features`")
    return np.clip(found, -BOUND, BOUND)
