"""What is told of an evening: pure functions over what the server and the players said.

For `federation_evening`.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select

from federation.server import schema
from federation.server.setup import Opened

PITCHES, LEAST_DIFFERENT = 12, 5
"""So many pitches in a row would be a phrase of somebody's, if there are so many different ones."""
_OF_A_VERSION = ("version", "parent", "contributions", "rule", "clip", "bytes", "gate", "privacy")


def of_versions(found: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Of each manifest what matters here."""
    return [{name: one[name] for name in _OF_A_VERSION} for one in found]


def of_book(here: Opened) -> dict[str, Any]:
    """What the book says of contributions, and which raw changes lie on disk."""
    on_disk = {name.removeprefix("deltas/") for name, _ in here.store.names("deltas")}
    with here.database.reading() as read:
        rows = read.execute(select(schema.contributions)).all()
    used = {f"{row.uuid}.{row.sha256}" for row in rows if row.status == schema.USED}
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.status] = counts.get(row.status, 0) + 1
    return {
        "contributions": counts,
        "used_but_not_deleted": len(used & on_disk),
        "raw_changes_on_disk": len(on_disk),
        "waiting": len(here.book.waiting_blobs()),
    }


def of_changes(given: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """How large they were, and what the leak test of each said before it was sent."""
    return {
        "given": len(given),
        "bytes_of_a_change": sorted({one["bytes"] for one in given}),
        "notes_of_a_change": sorted(one["notes"] for one in given),
        "leak_test": {
            "longer_with_the_change": sum(one["leak_with"] > one["leak_without"] for one in given),
            "longest_run_with": max((one["leak_with"] for one in given), default=0),
            "longest_run_without": max((one["leak_without"] for one in given), default=0),
        },
        "words_beside_the_numbers": sorted({word for one in given for word in one["words"]}),
    }


def of_player(
    style: str, tried: Iterable[Mapping[str, Any]], end: Mapping[str, Any]
) -> dict[str, Any]:
    """tried: what each look for a newer version said; end: how it stands in the end."""
    names = ("version", "adopted", "before", "after", "unasked")
    return {
        "style": style,
        "plays": end.get("version"),
        "sent": end.get("sent"),
        "tried": [{name: one.get(name) for name in names} for one in tried],
        "log_lines": end.get("log"),
    }


def saved(players: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Bits a note saved by what plays in the end, in %: of everybody, and of who adopted.

    The first `before` is the prior's; each adoption's `before` is what played until then.
    """
    every, adopters = [], []
    for one in players:
        left = 1.0
        for tried in one["tried"]:
            if tried["adopted"] and tried["before"]:
                left *= tried["after"] / tried["before"]
        every.append(100.0 * (1.0 - left))
        if one["plays"] is not None:
            adopters.append(every[-1])
    return {
        "mean_of_all": round(float(np.mean(every)), 2) if every else 0.0,
        "mean_of_adopters": round(float(np.mean(adopters)), 2) if adopters else 0.0,
    }


def found_of_players(music: Iterable[Mapping[str, Any]], folders: Iterable[Path]) -> list[str]:
    """Names of takes, or pitches in a row, in any file of the server but the gate's own music."""
    needles = {}
    for one in music:
        for take in one["takes"]:
            needles[take["name"].encode()] = take["name"]
            pitches = bytes(int(note[2]) for note in take["notes"][:PITCHES])
            if len(set(pitches)) >= LEAST_DIFFERENT:
                needles[pitches] = f"pitches of {take['name']}"
    found = []
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and "gate" not in path.parts:
                data = path.read_bytes()
                found += [
                    f"{words} in {path.name}" for key, words in needles.items() if key in data
                ]
    return found
