"""Variable-order n-grams of melodies: the long- and short-term models that a prior is held against.

PPM* with escape method C and interpolation (Cleary and Teahan 1997,
doi:10.1093/comjnl/40.2_and_3.67; for melodies Pearce and Wiggins 2004,
doi:10.1080/0929821052000343840; Pearce 2005, ch. 6). The contexts c_0 (none), c_1, ..., c_d of a
note are its last 0..d symbols, d the shortest context that was only ever followed by one symbol,
else the longest that was ever met. With n(c, x) counts and T(c) different symbols,

    N(c_k)   = sum of n(c_k, x) over the x that never followed c_(k+1)
    P(x|c_k) = (n(c_k, x) [if N > 0] + T(c_k) * P(x|c_(k-1))) / (N(c_k) + T(c_k))
    P(x|none below c_0) = 1 / (A + 1 - T(c_0)),  A the size of the alphabet

and P(.|c_d) is divided by its sum. Leaving what the longer context knows out of N is what makes it
the model that the published figures come from: with N the plain count of the context the long-term
figures are half a bit worse.

It knows symbols only: what they stand for, and which melodies are learnt, is the caller's affair.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from engine.evaluate.melody.sets import Chances

_ELEMENT_BITS = 40
DEEPEST = 24
"""Symbols in the longest context: more than any tune of the sets repeats by chance."""


class Grams:
    """Counts of what followed every context, and the prediction that they make.

    A context is a sequence of whole numbers from 0 on, below 2 ** 40, the nearest first: for plain
    n-grams the last symbol, the one before it, and so on. Contexts are nodes of a tree that is
    walked in that order.
    """

    def __init__(self, symbols: int) -> None:
        self._symbols = symbols
        self._child: dict[int, int] = {}
        self._counts = np.zeros((256, symbols), dtype=np.float32)
        self._different = np.zeros(256, dtype=np.int64)
        self._nodes = 1

    def learn(self, context: Sequence[int], symbol: int) -> None:
        """Count the symbol after this context and after every shorter one."""
        child = self._child
        nodes, node = [0], 0
        for element in context:
            node = child.setdefault(node << _ELEMENT_BITS | element, self._nodes)
            self._nodes += node == self._nodes
            nodes.append(node)
        while self._nodes > len(self._counts):
            self._counts = np.concatenate([self._counts, np.zeros_like(self._counts)])
            self._different = np.concatenate([self._different, np.zeros_like(self._different)])
        self._different[nodes] += self._counts[nodes, symbol] == 0
        self._counts[nodes, symbol] += 1

    def chances(self, context: Sequence[int]) -> Chances:
        """Probability of each symbol after this context: (symbols,)."""
        counts = self._counts[self._met(context)].astype(np.float64)
        met = counts > 0
        fresh = counts.copy()
        fresh[:-1][met[1:]] = 0
        # shares[k] of the whole reach context k; each keeps N / (N + T) of its share.
        new = fresh.sum(axis=1)
        different = met.sum(axis=1)
        of_all = new + different
        left = np.divide(different, of_all, out=np.ones_like(of_all), where=of_all > 0)
        shares = np.cumprod(np.append(left, 1.0)[::-1])[::-1]
        kept = np.divide(shares[1:], of_all, out=np.zeros_like(of_all), where=new > 0)
        total = kept @ counts + shares[0] / (self._symbols + 1 - different[0])
        return total / total.sum()

    def _met(self, context: Sequence[int]) -> list[int]:
        """Nodes of the contexts that speak, shortest first."""
        nodes, node = [0], 0
        for element in context:
            found = self._child.get(node << _ELEMENT_BITS | element)
            if found is None:
                break
            node = found
            nodes.append(node)
            if self._different[node] == 1:
                break
        return nodes


def long_and_short(
    known: Iterable[Sequence[int]],
    asked: Sequence[Sequence[int]],
    symbols: int,
    *,
    deepest: int = DEEPEST,
) -> tuple[Chances, Chances, Chances]:
    """Predictions of all notes of the asked melodies: long-term, short-term, long-term going on.

    known: what the long-term model learnt. The short-term one starts anew with each melody and
    learns within it; the last ("LTM+") goes on from the long-term one and learns every asked note
    once it has been predicted. Each result: (notes of all asked melodies, symbols).
    """
    long = Grams(symbols)
    for melody in known:
        for context, symbol in zip(contexts(melody, deepest), melody, strict=True):
            long.learn(context, symbol)
    fixed = [long.chances(context) for melody in asked for context in contexts(melody, deepest)]
    going_on, within = [], []
    for melody in asked:
        short = Grams(symbols)
        for context, symbol in zip(contexts(melody, deepest), melody, strict=True):
            going_on.append(long.chances(context))
            within.append(short.chances(context))
            long.learn(context, symbol)
            short.learn(context, symbol)
    return np.array(fixed), np.array(within), np.array(going_on)


def contexts(melody: Sequence[int], deepest: int) -> list[Sequence[int]]:
    """For each place the symbols before it, the nearest first."""
    return [melody[max(0, n - deepest) : n][::-1] for n in range(len(melody))]
