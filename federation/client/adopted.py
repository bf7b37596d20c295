"""The shared version that plays here, and the one before it: one file each, the way back one call.

The file is an adapter of the prior (`engine.adapt.adapter`), A and B and which version it is, and
`engine.building` merges it into the prior. Nobody else writes it. It refuses to judge a version
(`adoption`), and needs neither torch nor numpy to say which one plays.
"""

import json
import os
from pathlib import Path

from federation.client import places
from federation.client.places import Places
from federation.client.trouble import SharingError

VERSION = "shared_version"
"""Among the facts of the adapter."""
_MOST_HEADER_BYTES = 1024 * 1024


def facts(path: Path) -> dict[str, str]:
    """The words in the head of a safetensors file; nothing where there is none."""
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            head = json.loads(file.read(length)) if length <= _MOST_HEADER_BYTES else {}
        found = head.get("__metadata__", {})
        return {str(name): str(word) for name, word in found.items()}
    except (OSError, ValueError, AttributeError, RecursionError):
        return {}


def version(where: Places) -> int | None:
    """Of the shared model that plays; None for the prior alone."""
    return _number(facts(where.adopted).get(VERSION, ""))


def put(where: Places, data: bytes) -> None:
    """A new one plays from the next start on; the one before is kept. Raises OSError."""
    if where.adopted.exists():
        places.write(where.previous, where.adopted.read_bytes())
    else:
        places.write(where.previous, b"")  # before it the prior played alone
    places.write(where.adopted, data)


def back(where: Places) -> int | None:
    """What played before the last one plays again; its version. Raises SharingError."""
    if not where.adopted.exists():
        raise SharingError("The model plays as it came: there is nothing to go back from.")
    if where.previous.exists() and where.previous.stat().st_size:
        os.replace(where.previous, where.adopted)
    else:
        places.remove(where.adopted)
        places.remove(where.previous)
    return version(where)


def _number(word: str) -> int | None:
    return int(word) if word.isascii() and word.isdigit() and len(word) <= 9 else None
