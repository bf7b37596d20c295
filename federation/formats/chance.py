"""Noise that nobody can guess and no rounding gives away: whole numbers from secure bytes.

Noise added as floating-point numbers leaks: the gaps between the numbers that can come out show
what was underneath (Mironov 2012, "On significance of the least significant bits for differential
privacy"). So all noise here is the discrete Gaussian, P(k) proportional to exp(-k²/2σ²) on whole
numbers, drawn exactly (Canonne, Kamath, Steinke, arXiv:2004.00010, algorithms 1 to 3): from uniform
whole numbers by rejection, with no logarithm, no square root and no floating-point number. Scaled
to a grid far finer than σ it is what a Gaussian would be, with the same zero-concentrated privacy
(their theorem 4).

Bytes come from `SECURE` (os.urandom); tests hand in a generator with a seed instead. It refuses to
know what the noise is for.
"""

import os
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Bytes = Callable[[int], bytes]
"""So many bytes, each independent of all before."""

SECURE: Bytes = os.urandom

MOST_SIGMA = 1 << 24
"""All arithmetic below stays within 63 bits."""

Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def discrete_gaussian(count: int, sigma: int, source: Bytes) -> Whole:
    """So many independent draws with P(k) ~ exp(-k²/2σ²). sigma: from 1 to MOST_SIGMA."""
    if not 1 <= sigma <= MOST_SIGMA:
        raise ValueError(f"sigma is {sigma} and must be from 1 to {MOST_SIGMA}")
    found, have = np.empty(count, np.int64), 0
    while have < count:
        draws = _discrete_laplace(count - have + 16, sigma, source)
        # With a Laplace of scale σ, the chance to keep k is exp(-(|k| - σ)² / 2σ²).
        off = np.abs(draws) - sigma
        kept = draws[_happens(off * off, 2 * sigma * sigma, source)][: count - have]
        found[have : have + len(kept)] = kept
        have += len(kept)
    return found


def uniform(below: Whole, source: Bytes) -> Whole:
    """For each number n ≥ 1 one from 0 to n-1, all equally likely."""
    spare = np.uint64(1 << 63)
    limit = spare - spare % below.astype(np.uint64)  # the largest multiple of n that fits
    found = np.zeros(len(below), np.int64)
    open_ = np.arange(len(below))
    while len(open_):
        drawn = np.frombuffer(source(8 * len(open_)), np.uint64) >> np.uint64(1)
        good = drawn < limit[open_]
        chosen = open_[good]
        found[chosen] = (drawn[good] % below[chosen].astype(np.uint64)).astype(np.int64)
        open_ = open_[~good]
    return found


def _discrete_laplace(count: int, scale: int, source: Bytes) -> Whole:
    """P(k) ~ exp(-|k|/scale): how many came out depends on chance, about half of `count`."""
    rest = uniform(np.full(count, scale, np.int64), source)
    rest = rest[_happens(rest, scale, source)]
    size = rest + scale * _geometric(len(rest), source)
    negative = uniform(np.full(len(size), 2, np.int64), source) == 1
    kept = ~(negative & (size == 0))  # or zero would come twice as often
    signed: Whole = np.where(negative, -size, size)[kept]
    return signed


def _geometric(count: int, source: Bytes) -> Whole:
    """How often in a row something of chance exp(-1) happens."""
    found, going = np.zeros(count, np.int64), np.arange(count)
    while len(going):
        going = going[_happens_below_one(np.ones(len(going), np.int64), 1, source)]
        found[going] += 1
    return found


def _happens(above: Whole, below: int, source: Bytes) -> Flags:
    """Whether something of chance exp(-above/below) happens; both whole, above ≥ 0."""
    alive = np.ones(len(above), np.bool_)
    times, rest = above // below, above % below
    going = np.flatnonzero(times > 0)
    while len(going):
        once = _happens_below_one(np.ones(len(going), np.int64), 1, source)
        alive[going[~once]] = False
        times[going] -= 1
        going = going[once & (times[going] > 0)]
    left = np.flatnonzero(alive)
    alive[left] = _happens_below_one(rest[left], below, source)
    return alive


def _happens_below_one(above: Whole, below: int, source: Bytes) -> Flags:
    """The same for above ≤ below: von Neumann's series, which only compares whole numbers."""
    rounds, going, k = np.zeros(len(above), np.int64), np.arange(len(above)), 0
    while len(going):
        k += 1
        rounds[going] = k
        drawn = uniform(np.full(len(going), below * k, np.int64), source)
        going = going[drawn < above[going]]
    odd: Flags = rounds % 2 == 1
    return odd
