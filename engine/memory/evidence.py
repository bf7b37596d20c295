"""What followed when it was like now: votes for the symbols of one field, context by context.

Each context of the field is looked up; the notes that followed it, the latest first, vote for what
they were, less the older they are and the more came after them. Some contexts are heard by numbers
that are never exactly alike (touch, played time): their votes spread to the neighbours.

Several keys may share a place in `head`, so chains are walked past other keys, a little further
than would be needed. It refuses to judge what votes are worth: that is `engine.memory.judge`.
"""

import numpy as np

from engine.encoding import DURATION, FIELD_SIZES, VELOCITY
from engine.memory.log import BEFORE, KEY, SAID, key_of
from engine.memory.views import FIRSTS, FROM, MOST, NEEDS, SPREAD, TABLE
from engine.model.arithmetic import exp
from engine.model.compiled import fast

Array = np.ndarray

MOST_CLASSES = max(FIELD_SIZES)
MOST_CONTEXTS = max(FIRSTS[n + 1] - FIRSTS[n] for n in range(len(FIELD_SIZES)))
LEAST_VOTE = np.float32(1e-3)
"""Less than this counts as nothing."""
LATER_FADE = np.float32(0.97)
"""What each later note that followed the same context leaves of a vote."""
_NEAR, _NEXT = np.float32(0.5), np.float32(0.2)
"""What the class beside gets of a vote that spreads, and the one beside that."""
_LOOKS = 3
"""Notes that are looked at for each that may vote: others share the place in `head`."""
_ZERO, _ONE = np.float32(0), np.float32(1)
_SIZES = np.array(FIELD_SIZES, dtype=np.int64)
_FIRSTS = np.array(FIRSTS, dtype=np.int64)
_TABLE = np.ascontiguousarray(TABLE)


@fast
def _vote(
    votes: Array, places: Array, told: Array, symbol: int, context: int, weight: float, tell: int
) -> int:
    """Add a vote for a symbol; returns how many symbols have any."""
    at = places[symbol]
    if at < 0:
        at = tell
        places[symbol] = at
        told[at] = symbol
        votes[at] = _ZERO
        tell += 1
    votes[at, context, 0] += weight
    return tell


@fast
def gather(
    field: int, log: Array, links: Array, head: Array, count: int, oldest: int, place: int,
    now: Array, known: int, fading: float, votes: Array, whole: Array, told: Array,
) -> int:  # fmt: skip
    """Collect the votes of all contexts of a field; returns how many symbols have any.

    now (SYMBOLS,): the note to come, as far as the fields in `known` (bits) say; it would be number
    `count` and `place` of its stream; notes before `oldest` are forgotten; fading: e-folds a note.
    told (classes,): the symbols voted for; votes (classes, contexts, 2), in the order of `told`:
    sum, and 1 where the latest vote was theirs; whole (contexts, 2): sum of the votes (without what
    spread), and the most that one symbol got.
    """
    first, end, tell, classes = _FIRSTS[field], _FIRSTS[field + 1], 0, _SIZES[field]
    least = 1 if field in (DURATION, VELOCITY) else 0
    places = np.full(MOST_CLASSES, -1, np.int64)
    for context in range(first, end):
        k = context - first
        whole[k, 0] = whole[k, 1] = _ZERO
        rule = _TABLE[context]
        if rule[NEEDS] & ~known:
            continue
        origin = np.int64(0)
        if rule[FROM] >= 0:
            if place == 0:
                continue
            origin = np.int64(log[(count - 1) & (len(log) - 1), rule[FROM]])
        key = key_of(context, now, log, count, place)
        position = np.int64(head[context, key & np.int64(head.shape[1] - 1)])
        looked, taken, fade, total = 0, 0, _ONE, _ZERO
        while position >= oldest and looked < _LOOKS * rule[MOST] and taken < rule[MOST]:
            link = links[context, position & (len(log) - 1)]
            looked += 1
            if link[KEY] == key:
                symbol = np.int64(link[SAID]) + origin
                if least <= symbol < classes:
                    weight = fade * exp(np.float32((position - count) * fading))
                    if rule[SPREAD]:
                        for by in (-2, -1, 1, 2):
                            other = symbol + by
                            if least <= other < classes:
                                part = weight * (_NEAR if by * by == 1 else _NEXT)
                                tell = _vote(votes, places, told, other, k, part, tell)
                    tell = _vote(votes, places, told, symbol, k, weight, tell)
                    if taken == 0:
                        votes[places[symbol], k, 1] = _ONE
                    total += weight
                    taken += 1
                    fade *= LATER_FADE
            position = np.int64(link[BEFORE])
        whole[k, 0] = total
    for n in range(tell):
        for k in range(end - first):
            whole[k, 1] = max(whole[k, 1], votes[n, k, 0])
    return tell
