"""Which of the pieces that were read are kept, and in which split each of them is.

Copies: pieces with the same notes (whatever they are called), and scores of the same tune of about
the same length. One of them stays. Two performances of a tune are no copies, nor are a score with
and a score without dynamics: there is something to learn from both.

Splits: pieces that share a tune are one group, and a group is in one split, by a hash of the notes
of one of its pieces, so that nothing that is trained on is measured. A piece that brings a split
along keeps it, and a new piece follows the held-out pieces of its group.

It refuses to look at names: they say nothing about notes.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from engine.data.pieces import Piece
from engine.data.sources import Read
from engine.data.tunes import Pair, alike

COPY_CONTAINMENT = 0.85
GROUP_CONTAINMENT = 0.4
_SIMILAR_LENGTH = 0.8
TRAIN = "train"
_SPLITS = ((0.90, TRAIN), (0.95, "valid"), (1.01, "test"))
_HELD_OUT_FIRST = ("test", "valid")


@dataclass(frozen=True, slots=True)
class Copy:
    """A piece that was left out because `of` is kept; containment 1 and exact: the same notes."""

    id: str
    of: str
    exact: bool
    containment: float


@dataclass(frozen=True, slots=True)
class Chosen:
    """The pieces that are kept, with their splits and groups, in the order of their sources.

    straddling: pieces whose own split is kept although another of their group is in another one.
    """

    pieces: tuple[Piece, ...]
    copies: tuple[Copy, ...]
    straddling: int


def choose(found: Sequence[Read], *, keep_copies: bool = False) -> Chosen:
    """Settle copies, groups and splits of everything that was read."""
    pairs = alike([one.shingles for one in found], GROUP_CONTAINMENT)
    copies = {} if keep_copies else _copies(found, pairs)
    group = _groups(found, pairs)
    members: dict[int, list[int]] = {}
    for number, root in enumerate(group):
        members.setdefault(root, []).append(number)
    pieces = []
    straddling = 0
    for number, one in enumerate(found):
        if number in copies:
            continue
        together = members[group[number]]
        given = {found[n].piece.about.get("split", "") for n in together} - {""}
        name = min(found[n].digest for n in together)[:12]
        own = one.piece.about.get("split", "")
        straddling += bool(own) and len(given) > 1
        row = {**one.piece.about, "split": own or _split(given, name)}
        row["group"] = row.get("group") or (name if len(together) > 1 or not own else "")
        pieces.append(replace(one.piece, about=row))
    return Chosen(tuple(pieces), tuple(copies[n] for n in sorted(copies)), straddling)


def _split(given: set[str], name: str) -> str:
    """The split of a new piece whose group has these splits already."""
    held_out = [split for split in _HELD_OUT_FIRST if split in given]
    held_out += sorted(given - {TRAIN, *_HELD_OUT_FIRST})
    if held_out:
        return held_out[0]
    if given:
        return TRAIN
    share = int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) / 2**32
    return next(split for below, split in _SPLITS if share < below)


def _copies(found: Sequence[Read], pairs: Sequence[Pair]) -> dict[int, Copy]:
    """By number, the pieces that are left out. Held-out pieces stay before others, then the first.

    Whoever is left out is a copy of one that stays, not of another copy.
    """
    near: dict[int, list[tuple[float, int]]] = {}
    for pair in pairs:
        if pair.containment >= COPY_CONTAINMENT and _same_score(
            found[pair.first].piece, found[pair.second].piece
        ):
            near.setdefault(pair.first, []).append((pair.containment, pair.second))
            near.setdefault(pair.second, []).append((pair.containment, pair.first))
    order = sorted(
        range(len(found)), key=lambda n: found[n].piece.about.get("split", "") in ("", TRAIN)
    )
    copies: dict[int, Copy] = {}
    stays: set[int] = set()
    first_of: dict[str, int] = {}
    for number in order:
        mine = found[number].piece.id
        original = first_of.setdefault(found[number].digest, number)
        if original != number:
            if original in copies:  # the one with the same notes is itself a near copy
                copies[number] = replace(copies[original], id=mine)
            else:
                copies[number] = Copy(mine, found[original].piece.id, True, 1.0)
            continue
        of = max((one for one in near.get(number, ()) if one[1] in stays), default=None)
        if of is None:
            stays.add(number)
        else:
            copies[number] = Copy(mine, found[of[1]].piece.id, False, round(of[0], 3))
    return copies


def _same_score(one: Piece, other: Piece) -> bool:
    """Whether two pieces of one tune hold the same to learn from."""
    if one.milliseconds or other.milliseconds:
        return False
    if one.velocity.any() != other.velocity.any():
        return False
    return min(len(one), len(other)) >= _SIMILAR_LENGTH * max(len(one), len(other))


def _groups(found: Sequence[Read], pairs: Sequence[Pair]) -> list[int]:
    """For each piece the number of the first piece of its group."""
    above = list(range(len(found)))

    def root(number: int) -> int:
        while above[number] != number:
            above[number] = above[above[number]]
            number = above[number]
        return number

    def join(one: int, other: int) -> None:
        first, second = sorted((root(one), root(other)))
        above[second] = first

    by_name: dict[str, int] = {}
    for number, one in enumerate(found):
        join(by_name.setdefault(one.digest, number), number)
        # A packed piece may bring its own group, found by better means than ours.
        if name := _own_group(one.piece.about):
            join(by_name.setdefault(name, number), number)
    for pair in pairs:
        join(pair.first, pair.second)
    return [root(number) for number in range(len(found))]


def _own_group(about: Mapping[str, str]) -> str:
    return f"group {about['group']}" if about.get("group") else ""
