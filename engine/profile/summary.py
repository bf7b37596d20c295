"""A profile in a line: what a list or a window shows without reading all of it.

It refuses to read the arrays.
"""

import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.profile import arrays
from engine.profile.reading import MEMORY, RECORD, SETTINGS, TASTE, notes_of, read_record
from engine.profile.trouble import DamagedError, ProfileError


@dataclass(frozen=True, slots=True)
class Summary:
    """See the module. versions: how many can be gone to. gain_bits: per note, of the one in use.

    memory_notes: None where nobody said. changed: ISO 8601 in UTC. says: "" or what is wrong.
    """

    name: str
    in_use: bool
    version: int | None = None
    versions: int = 0
    kind: str = ""
    prior: str = ""
    bits_before: float | None = None
    bits_after: float | None = None
    gain_bits: float | None = None
    memory_notes: int | None = None
    changed: str = ""
    says: str = ""


def summary_of(folder: Path, name: str, *, in_use: bool) -> Summary:
    """The summary of the profile in a folder; never raises for what is in it."""
    changed = _changed(folder)
    try:
        record, says = read_record(folder, name)
    except ProfileError as error:
        return Summary(name, in_use, changed=changed, says=str(error))
    notes = None
    with contextlib.suppress(OSError, DamagedError):
        notes = notes_of(arrays.about_of(folder / MEMORY))
    now = record.version(record.now)
    known: dict[str, Any] = {
        "versions": len(record.kept),
        "memory_notes": notes,
        "changed": changed,
        "says": " ".join(says),
    }
    if now is None:
        return Summary(name, in_use, **known)
    return Summary(
        name,
        in_use,
        version=now.number,
        kind=now.kind,
        prior=now.prior,
        bits_before=now.bits_before,
        bits_after=now.bits_after,
        gain_bits=now.gain_bits,
        **known,
    )


def _changed(folder: Path) -> str:
    times = []
    for file in (RECORD, MEMORY, TASTE, SETTINGS):
        with contextlib.suppress(OSError):
            times.append((folder / file).stat().st_mtime)
    if not times:
        return ""
    return datetime.fromtimestamp(max(times), UTC).isoformat(timespec="seconds")
