"""The small networks that say what the votes are worth, beside what the prior believes.

One judge a field. It sees, for each symbol that has votes, what the prior thinks of it and how the
contexts voted; for the whole moment how sure the prior is, how much evidence each context has and
how much it agrees; and adds to the symbol's log chance what comes out. So one symbol at a time the
mixture is log-linear, with weights that hang on certainty, as in context mixing (Mahoney 2005,
"Adaptive weighing of context models for lossless data compression", Florida Tech TR CS-2005-16),
and where the memory says nothing the prior stays as it is.

The sum of all chances is 1 because the caller's softmax makes it so. Who plays is the prior's
affair: the memory knows the player's notes alone and would say that the player goes on for ever.
"""

import math
from typing import Any

import numpy as np

from engine.encoding import FAMILIES, VOICE, VOICE_CLASSES
from engine.memory.evidence import LEAST_VOTE, MOST_CLASSES, MOST_CONTEXTS, gather
from engine.memory.log import symbols
from engine.memory.views import FIRSTS, SYMBOLS
from engine.model.arithmetic import exp
from engine.model.compiled import fast

Array = np.ndarray

WIDTH = 16
"""Units of a judge; the last one is linear, the others are cut off below 0."""
PAIR, WHOLE, ALONE, KINDS = 3, 2, 4, 16
"""Inputs: of a symbol in a context, of a context, of a symbol and of the moment, of the music."""
MOST_TOLD = 5000
"""More notes than these are told to a judge as this many: it learnt with no more."""
MOST_GAIN = np.float32(12.0)
LEAST_CHANCE = np.float32(-30.0)
"""Log chances below this count as this."""
LEAST_SHOWN = np.float32(-20.0)
"""A judge is shown no smaller log chance."""
_ZERO, _ONE = np.float32(0), np.float32(1)
_AMOUNT, _MUCH, _CHANCE = np.float32(4.0), np.float32(0.2), np.float32(0.1)
_KIND = 7
_FIRSTS = np.array(FIRSTS, dtype=np.int64)


def parts(field: int) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Names and shapes of a judge's tensors, in the order in which they lie behind one another."""
    contexts = FIRSTS[field + 1] - FIRSTS[field]
    return (
        ("pair", (contexts, PAIR, WIDTH)),
        ("whole", (contexts, WHOLE, WIDTH)),
        ("alone", (ALONE, WIDTH)),
        ("kinds", (KINDS, WIDTH)),
        ("out", (WIDTH,)),
    )


def size(field: int) -> int:
    """Numbers of a field's judge."""
    return sum(math.prod(shape) for _, shape in parts(field))


@fast
def entropy_of(chances: Array) -> Any:
    """In nats, of log chances."""
    entropy = _ZERO
    for c in range(len(chances)):
        entropy -= exp(chances[c]) * chances[c]
    return entropy


@fast
def much_of(count: int) -> Any:
    """How a judge is told how many notes were heard in all."""
    return np.float32(math.log1p(min(count, MOST_TOLD))) * _MUCH


@fast
def _gains(
    field: int, weights: Array, kind: int, count: int, chances: Array, votes: Array,
    whole: Array, told: Array, tell: int, gains: Array,
) -> None:  # fmt: skip
    """What the votes add to the log chances (classes,) of the first `tell` symbols of `told`."""
    contexts = _FIRSTS[field + 1] - _FIRSTS[field]
    wholes = contexts * PAIR
    alone = wholes + contexts * WHOLE
    kinds = alone + ALONE
    out = (kinds + KINDS) * WIDTH
    entropy, much = entropy_of(chances), much_of(count)
    base, units = np.empty(WIDTH, np.float32), np.empty(WIDTH, np.float32)
    for i in range(WIDTH):
        base[i] = (
            weights[(kinds + kind) * WIDTH + i]
            + entropy * weights[(alone + 2) * WIDTH + i]
            + much * weights[(alone + 3) * WIDTH + i]
        )
    for k in range(contexts):
        if whole[k, 0] > LEAST_VOTE:
            amount = np.float32(math.log1p(whole[k, 0]))
            peak = whole[k, 1] / whole[k, 0]
            at = (wholes + WHOLE * k) * WIDTH
            for i in range(WIDTH):
                base[i] += amount * weights[at + i] + peak * weights[at + WIDTH + i]
    for n in range(tell):
        chance = max(chances[told[n]], LEAST_SHOWN)
        likely = exp(chance)
        for i in range(WIDTH):
            units[i] = (
                base[i]
                + chance * _CHANCE * weights[alone * WIDTH + i]
                + likely * weights[(alone + 1) * WIDTH + i]
            )
        for k in range(contexts):
            if votes[n, k, 0] > LEAST_VOTE:
                amount = np.float32(math.log1p(_AMOUNT * votes[n, k, 0]))
                share = votes[n, k, 0] / whole[k, 0] if whole[k, 0] > LEAST_VOTE else _ZERO
                latest = votes[n, k, 1]
                at = PAIR * k * WIDTH
                for i in range(WIDTH):
                    units[i] += (
                        amount * weights[at + i]
                        + share * weights[at + WIDTH + i]
                        + latest * weights[at + 2 * WIDTH + i]
                    )
        gain = units[WIDTH - 1] * weights[out + WIDTH - 1]
        for i in range(WIDTH - 1):
            gain += max(units[i], _ZERO) * weights[out + i]
        gains[n] = min(max(gain, -MOST_GAIN), MOST_GAIN)


@fast
def log_chances(logits: Array, chances: Array) -> None:
    """Log of the softmax, at least `LEAST_CHANCE`."""
    most = logits[0]
    for c in range(len(logits)):
        most = max(most, logits[c])
    total = _ZERO
    for c in range(len(logits)):
        total += exp(logits[c] - most)
    shift = most + np.float32(math.log(total))
    for c in range(len(logits)):
        chances[c] = max(logits[c] - shift, LEAST_CHANCE)


@fast
def fold(chances: Array) -> None:
    """Log chances of the families, whoever plays them, in the player's places."""
    for c in range(FAMILIES):
        both = exp(chances[c]) + exp(chances[c + FAMILIES])
        chances[c] = np.float32(math.log(both))
        chances[c + FAMILIES] = LEAST_CHANCE


@fast
def _keep_sides(before: Array, logits: Array) -> None:
    """Let each side have the chance that it had before."""
    for first in (0, FAMILIES):
        old = new = _ZERO
        for c in range(first, first + FAMILIES):
            old += exp(before[c])
            new += exp(logits[c])
        shift = np.float32(math.log(old / new))
        for c in range(first, first + FAMILIES):
            logits[c] += shift


@fast
def mix(
    field: int, weights: Array, closer: float, row: Array, known: int, log: Array, links: Array,
    head: Array, count: int, oldest: int, place: int, fading: float, logits: Array,
) -> None:  # fmt: skip
    """Change logits (classes,) of a field into those of prior and memory together.

    closer: how many times the memory's gains count; the others: see `engine.memory.evidence`.
    """
    votes = np.empty((MOST_CLASSES, MOST_CONTEXTS, 2), np.float32)
    whole = np.empty((MOST_CONTEXTS, 2), np.float32)
    told = np.empty(MOST_CLASSES, np.int64)
    now, chances = np.empty(SYMBOLS, np.int64), np.empty(len(logits), np.float32)
    gains = np.empty(MOST_CLASSES, np.float32)
    log_chances(logits, chances)
    for c in range(len(logits)):
        logits[c] = chances[c]
    symbols(row, log, count, place, now)
    tell = gather(
        field, log, links, head, count, oldest, place, now, known, fading, votes, whole, told
    )
    if field == VOICE:
        fold(chances)
    _gains(field, weights, row[_KIND], count, chances, votes, whole, told, tell, gains)
    if field == VOICE:
        for c in range(VOICE_CLASSES):
            chances[c] = logits[c]
    for n in range(tell):
        gain = np.float32(closer) * gains[n]
        logits[told[n]] += gain
        if field == VOICE:
            logits[told[n] + FAMILIES] += gain
    if field == VOICE:
        _keep_sides(chances, logits)
