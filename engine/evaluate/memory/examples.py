"""What a judge sees, note by note, while a memory follows players: the votes, laid out for fitting.

The compiled parts of the live memory gather them here, too, so nothing can differ between fitting
and playing. Some notes are asked as if fewer fields were known, because fields may be chosen in any
order. It refuses to fit: that is `engine.evaluate.memory.judges`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from engine.encoding import FAMILIES, FIELD_SIZES, VOICE
from engine.evaluate.memory.base import KNOWN
from engine.evaluate.memory.chances import Chances
from engine.evaluate.memory.players import Player
from engine.memory import evidence, judge, kernels, log
from engine.memory.views import FIRSTS, SYMBOLS
from engine.memory.weights import Vector

FEWER_KNOWN = 0.15
"""Share of the notes that are asked as if only some of the fields before were known."""
_CAPACITY = 1 << 14
_ROOM = 6_000_000
_LEAST_VOTE, _LEAST_SHOWN = evidence.LEAST_VOTE, judge.LEAST_SHOWN
_AMOUNT = 4.0
_KIND = 7

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """n notes, c symbols that got votes, p votes of contexts for symbols; ordered by note.

    player, kind, wanted (n,): who, what kind of music, number of the symbol that came or -1 if it
    had no votes. moment (n, 3): entropy, how much was heard, and the log chance of what came;
    whole (n, contexts, 2). first (n + 1,): where each note's symbols begin; chance (c,): their log
    chances; pairs (c + 1,): where each symbol's votes begin; context (p,), vote (p, 3).
    """

    player: Ints
    kind: Ints
    wanted: Ints
    moment: Floats
    whole: Floats
    first: Ints
    chance: Floats
    pairs: Ints
    context: npt.NDArray[np.int8]
    vote: npt.NDArray[np.float16]


@numba.njit(cache=True, fastmath=True)  # type: ignore[untyped-decorator]
def _follow(  # type: ignore[no-untyped-def]  # noqa: PLR0913, PLR0917
    field, rows, known, chances, asked, place, lines, links, head, count, fading,
    moment, wanted, whole_of, first, chance, pairs, context, vote, filled,
):  # fmt: skip
    """A memory follows rows; the asked ones become examples. filled: symbols and votes so far."""
    votes = np.empty((evidence.MOST_CLASSES, evidence.MOST_CONTEXTS, 2), np.float32)
    whole = np.empty((evidence.MOST_CONTEXTS, 2), np.float32)
    told = np.empty(evidence.MOST_CLASSES, np.int64)
    now = np.empty(SYMBOLS, np.int64)
    own = np.empty(chances.shape[1], np.float32)
    at = 0
    for n in range(len(rows)):
        row = rows[n]
        if asked[n]:
            log.symbols(row, lines, count, place + n, now)
            judge.log_chances(chances[n], own)
            answer = row[field]
            if field == VOICE:
                judge.fold(own)
                answer %= FAMILIES
            tell = evidence.gather(
                field, lines, links, head, count, max(count - _CAPACITY, 0), place + n, now,
                known[n], fading, votes, whole, told,
            )  # fmt: skip
            moment[at, 0] = judge.entropy_of(own)
            moment[at, 1] = judge.much_of(count)
            moment[at, 2] = own[answer]
            wanted[at] = -1
            for k in range(whole_of.shape[1]):
                if whole[k, 0] > _LEAST_VOTE:
                    whole_of[at, k, 0] = math.log1p(whole[k, 0])
                    whole_of[at, k, 1] = whole[k, 1] / whole[k, 0]
            for s in range(tell):
                if told[s] == answer:
                    wanted[at] = filled[0]
                chance[filled[0]] = max(own[told[s]], _LEAST_SHOWN)
                for k in range(whole_of.shape[1]):
                    if votes[s, k, 0] > _LEAST_VOTE:
                        context[filled[1]] = k
                        vote[filled[1], 0] = math.log1p(_AMOUNT * votes[s, k, 0])
                        if whole[k, 0] > _LEAST_VOTE:
                            vote[filled[1], 1] = votes[s, k, 0] / whole[k, 0]
                        else:
                            vote[filled[1], 1] = 0.0
                        vote[filled[1], 2] = votes[s, k, 1]
                        filled[1] += 1
                filled[0] += 1
                pairs[filled[0]] = filled[1]
            at += 1
            first[at] = filled[0]
        log.learn(row, lines, links, head, count, place + n, log.evidence_of(row, place + n))
        count += 1
    return count


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _lay(field, tables, rows, known, place, lines, links, head, count, logits):  # type: ignore[no-untyped-def]
    """The base's logits of rows that follow one another: (n, classes)."""
    for n in range(len(rows)):
        kernels.based(field, tables, rows[n], known, lines, count + n, place + n, logits[n])
        log.learn(rows[n], lines, links, head, count + n, place + n, 0)


def base_chances(field: int, tables: Vector, rows: Ints) -> Floats:
    """What the base alone says of a field of a stream: logits (n, classes)."""
    lines = np.zeros((1 << len(rows).bit_length(), log.LINE), dtype=np.int32)
    links = np.zeros((log.CONTEXTS, 1, log.LINK), dtype=np.int32)  # nothing is evidence
    head = np.full((log.CONTEXTS, 2), -1, dtype=np.int32)
    logits = np.empty((len(rows), FIELD_SIZES[field]), dtype=np.float32)
    _lay(field, tables, rows, KNOWN[field], 0, lines, links, head, 0, logits)
    return logits


def examples_of(
    field: int,
    players: Sequence[Player],
    chances: Sequence[Sequence[Chances]] | None,
    tables: Vector,
    fading: float,
    *,
    seed: int = 0,
) -> Examples:
    """Every counted note of the players, each player met with an empty memory.

    chances: of the prior, by player and piece; None for the base alone, whose tables these are.
    """
    rng = np.random.default_rng(seed)
    contexts = FIRSTS[field + 1] - FIRSTS[field]
    lines = np.zeros((_CAPACITY, log.LINE), dtype=np.int32)
    links = np.zeros((log.CONTEXTS, len(lines), log.LINK), dtype=np.int32)
    head = np.empty((log.CONTEXTS, _CAPACITY), dtype=np.int32)
    pairs, chance = np.zeros(_ROOM // 2, np.int64), np.zeros(_ROOM // 2, np.float32)
    context, vote = np.zeros(_ROOM, np.int8), np.zeros((_ROOM, 3), np.float32)
    parts: list[dict[str, Any]] = []
    symbols, votes_so_far = 0, 0
    for number, player in enumerate(players):
        head[:] = -1
        count = 0
        for which, piece in enumerate(player.pieces):
            asked = piece.counted[:, field].copy()
            of_prior = None if chances is None else chances[number][which]
            told = _logits(field, tables, piece.rows, of_prior)
            n = int(asked.sum())
            part = {
                "player": np.full(n, number, dtype=np.int64),
                "kind": piece.rows[asked, _KIND],
                "wanted": np.empty(n, dtype=np.int64),
                "moment": np.empty((n, 3), dtype=np.float32),
                "whole": np.zeros((n, contexts, 2), dtype=np.float32),
                "first": np.zeros(n + 1, dtype=np.int64),
            }
            filled = np.zeros(2, dtype=np.int64)
            known = _known(field, len(piece), rng)
            count = _follow(
                field, piece.rows, known, told, asked, 0, lines, links, head, count, fading,
                part["moment"], part["wanted"], part["whole"], part["first"], chance, pairs,
                context, vote, filled,
            )  # fmt: skip
            part["wanted"][part["wanted"] >= 0] += symbols
            part["first"] = part["first"][:-1] + symbols
            part["chance"] = chance[: filled[0]].copy()
            part["pairs"] = pairs[: filled[0]] + votes_so_far
            part["context"] = context[: filled[1]].copy()
            part["vote"] = vote[: filled[1]].astype(np.float16)
            symbols, votes_so_far = symbols + int(filled[0]), votes_so_far + int(filled[1])
            parts.append(part)
    whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    whole["first"] = np.append(whole["first"], symbols)
    whole["pairs"] = np.append(whole["pairs"], votes_so_far)
    return Examples(**whole)


def _logits(field: int, tables: Vector, rows: Ints, chances: Chances | None) -> Floats:
    if chances is None:
        return base_chances(field, tables, rows)
    return chances[field].astype(np.float32)


def _known(field: int, count: int, rng: np.random.Generator) -> Ints:
    """Bits of the fields that are known of each note."""
    some = rng.integers(0, 1 << len(FIELD_SIZES), count) & KNOWN[field]
    return np.where(rng.random(count) < FEWER_KNOWN, some, KNOWN[field]).astype(np.int64)
