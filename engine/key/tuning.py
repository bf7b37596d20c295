"""Chooses how the correlation method listens, by trying every way on the validation split.

The classifier learnt from music; for a fair table the older method gets its best setting, too:
profile, half-life, weighing by duration or not, a bias for minor keys, and the factor from
correlations to chances.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.key.profiles import PROFILES, Array, Setting, correlate, softmax
from engine.key.songs import NO_KEY, Ints
from engine.key.trials import AFTER, Trial

STEADY, FOLLOWING = "correlation, steady", "correlation, following"
_HALF_LIVES = (8.0, 16.0, 32.0, 64.0, 128.0, math.inf)
_BIASES = (-0.2, -0.15, -0.1, -0.05, 0.0, 0.05)
_SHARPNESS = (2.0, 4.0, 6.0, 8.0, 10.0, 14.0, 20.0, 30.0)


def tune(
    trials: Sequence[Trial], changes: Sequence[Trial]
) -> tuple[dict[str, Setting], dict[str, Any]]:
    """The settings of the correlation method that are best on these, and what each profile reached.

    "steady" has the most right keys after `AFTER` notes from the beginning (mean of these shares),
    "following" the most from the beginning and after changes of key alike.
    """
    ways = list(product(_HALF_LIVES, (True, False)))
    both = [_counts(part, ways) for part in (trials, changes)]
    labels = [_labels(part) for part in (trials, changes)]
    best: dict[str, dict[str, tuple[float, Setting]]] = {STEADY: {}, FOLLOWING: {}}
    for (number, (life, weigh)), profile, bias in product(enumerate(ways), PROFILES, _BIASES):
        reached = []
        for counts, (key, use) in zip(both, labels, strict=True):
            said = correlate(counts[:, :, number], profile, bias).argmax(axis=2)
            reached.append(float(np.mean(((said == key) & use).sum(0) / np.maximum(use.sum(0), 1))))
        for goal, mean in ((STEADY, reached[0]), (FOLLOWING, float(np.mean(reached)))):
            if profile not in best[goal] or mean > best[goal][profile][0]:
                best[goal][profile] = (mean, Setting(profile, life, weigh, bias))
    chosen: dict[str, Setting] = {}
    table: dict[str, Any] = {}
    for goal, entries in best.items():
        winner = max(entries.values(), key=lambda entry: entry[0])[1]
        number = ways.index((winner.half_life, winner.durations))
        scores = correlate(both[0][:, :, number], winner.profile, winner.minor_bias)
        chosen[goal] = replace(winner, sharpness=_sharpest(scores, *labels[0]))
        table[goal] = {
            name: {"valid_right": mean, **as_json(setting)}
            for name, (mean, setting) in entries.items()
        }
    return chosen, table


def _sharpest(scores: Array, key: Ints, use: npt.NDArray[np.bool_]) -> float:
    """The factor at which the chances of the true keys are best, by cross-entropy."""

    def nats(sharpness: float) -> float:
        chances = np.take_along_axis(softmax(scores * sharpness), np.maximum(key, 0)[..., None], 2)
        return float(-np.log(chances[..., 0] + 1e-12)[use].mean())

    return min(_SHARPNESS, key=nats)


def _labels(trials: Sequence[Trial]) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Keys after `AFTER` notes (m, 6), and which of them are there and known in full."""
    key = np.full((len(trials), len(AFTER)), NO_KEY)
    for number, trial in enumerate(trials):
        for place, notes in enumerate(AFTER):
            if len(trial) >= notes and trial.song.mode_known:
                key[number, place] = trial.key[notes - 1]
    return key, key != NO_KEY


def _counts(trials: Sequence[Trial], ways: Sequence[tuple[float, bool]]) -> Array:
    """Pitch-class weights after `AFTER` notes in each way of weighing: (m, 6, ways, 12)."""
    keep = np.array([0.5 ** (1.0 / life) for life, _ in ways])[:, None]
    by_duration = np.array([durations for _, durations in ways])
    found = np.zeros((len(trials), len(AFTER), len(ways), 12))
    for number, trial in enumerate(trials):
        counts = np.zeros((len(ways), 12))
        for place, (pitch, duration) in enumerate(zip(trial.pitch, trial.duration, strict=True)):
            counts *= keep
            counts[:, pitch % 12] += np.where(by_duration & (duration > 0), duration, 1.0)
            heard = place + 1 - trial.lead
            if heard in AFTER:
                found[number, AFTER.index(heard)] = counts
    return found


def as_json(setting: Setting) -> dict[str, Any]:
    """The setting for a report; a half-life of None is that of a memory that never fades."""
    return {
        "profile": setting.profile,
        "half_life": setting.half_life if math.isfinite(setting.half_life) else None,
        "durations": setting.durations,
        "minor_bias": setting.minor_bias,
        "sharpness": setting.sharpness,
    }
