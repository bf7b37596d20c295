"""What a partner meets, made from plain pieces: turns, held notes, hidden rhythm, free order.

Each function takes encoded rows of one piece and changes them in place, or says how they are to be
seen. It refuses to change the notes themselves: that is `engine.train.augment`.
"""

import numpy as np
import numpy.typing as npt

from engine.corpus import Stream
from engine.encoding import (
    DURATION,
    FAMILIES,
    FIELDS,
    ONSET,
    OPEN,
    ORDER,
    TICKS_PER_BEAT,
    VELOCITY,
    VOICE,
    IntArray,
    kind_of,
    time_class,
    to_go_classes,
)
from engine.phrases import phrase_starts

BEAT_POS, BAR_POS, KIND, TO_GO = 5, 6, 7, 8
TURNS = kind_of(tempo_known=False, turns=True)
PLAIN_KIND = kind_of(tempo_known=True, plain=True)
PLAIN_TIME = time_class(TICKS_PER_BEAT)
FREE_ORDER = 0.4
"""Share of the notes whose fields are chosen in any order; the others in the usual one."""


def take_turns(rows: IntArray, stream: Stream, rng: np.random.Generator) -> IntArray:
    """Let two sides play the phrases in turn; returns the indices where phrases begin."""
    starts = phrase_starts(stream.onset, stream.duration, stream.bar_tick, stream.phrase, rng)
    if rng.random() < 0.4:  # some turns are of several phrases
        starts = starts[rng.random(len(starts)) < 0.5]
    turn = np.zeros(len(rows), dtype=np.int64)
    turn[starts] = 1
    who = (np.cumsum(turn) + rng.integers(2)) % 2
    rows[:, VOICE] += who * FAMILIES
    rows[:, KIND] += TURNS
    if rng.random() < 0.5:
        rows[:, TO_GO] = _to_go(stream.onset, starts)
    return starts


def _to_go(onset: np.ndarray, starts: IntArray) -> IntArray:
    """Class of the time from each note's predecessor to the last onset of the note's own phrase.

    The last phrase of an excerpt may have been cut: nothing is said of it.
    """
    tick = np.floor(onset + 0.5).astype(np.int64)
    before = np.concatenate([tick[:1], tick[:-1]])
    phrase = np.searchsorted(starts, np.arange(len(onset)), "right")
    last = np.append(tick[starts - 1], 0)
    return np.where(phrase < len(starts), to_go_classes(np.maximum(last[phrase] - before, 0)), 0)


def hold(rows: IntArray, stream: Stream, at: int) -> IntArray:
    """The rows as they look when note `at` is next: what still sounds then has no end yet."""
    read = rows.copy()
    sounding = stream.onset[:at] + stream.duration[:at] > stream.onset[at - 1] + 1
    read[:at][sounding, DURATION] = OPEN
    return read


def is_melody(stream: Stream) -> bool:
    """Whether no two notes begin together."""
    return not stream.drums and bool((np.diff(stream.onset) >= 1).all())


def hide_rhythm(rows: IntArray, counted: npt.NDArray[np.bool_]) -> None:
    """Leave only the pitches: each note lasts a beat, and nothing else is scored."""
    rows[:, ONSET] = PLAIN_TIME
    rows[0, ONSET] = 0
    rows[:, DURATION] = PLAIN_TIME
    rows[:, (VELOCITY, VOICE, BEAT_POS, BAR_POS, TO_GO)] = 0
    rows[:, KIND] = PLAIN_KIND
    counted[:] = False
    counted[:, 1] = True


def ranks(count: int, free_order: float, rng: np.random.Generator) -> IntArray:
    """Place of each field in the order of choosing, for `count` notes: shape (count, 5).

    free_order: share of the notes whose fields are chosen in any order.
    """
    usual = np.argsort(np.array(ORDER))
    free = np.argsort(rng.random((count, len(FIELDS))), axis=1)
    return np.where(rng.random((count, 1)) < free_order, free, usual)
