"""What the sheet says in words: the name of a saved file, what is held, what is in the file.

Plain values in, plain strings out. It refuses to know a widget.
"""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gui.sharing.seen import Seen

if TYPE_CHECKING:
    from federation.client.preview import Preview


def file_name(found: "Preview") -> str:
    """What a saved one is called."""
    return f"antiphon-change-{found.sha256[:8]}{Path(found.path).suffix or '.safetensors'}"


def needs_yes(seen: Seen) -> bool:
    """Whether what is shown was worked out before anything was asked of the server."""
    return seen.preview is not None and not seen.preview.version


def any_ripe(seen: Seen) -> bool:
    """Whether anything that waits may go now."""
    found = [parcel.not_before for parcel in seen.waiting]
    return any(not when or datetime.fromisoformat(when) <= seen.now for when in found)


def held(seen: Seen) -> str:
    """What was approved and is still here."""
    says = []
    for parcel in seen.waiting:
        when = "goes as soon as the server can be reached"
        if parcel.not_before and datetime.fromisoformat(parcel.not_before) > seen.now:
            then = datetime.fromisoformat(parcel.not_before).astimezone(seen.now.tzinfo)
            when = f"is held until {then:%Y-%m-%d %H:%M}"
        says.append(f"A change of {parcel.bytes:,} bytes ({parcel.sha256[:8]}…) {when}.")
    return "\n".join(says)


def inside(found: "Preview") -> str:
    """Its lists of numbers by name, and every word."""
    lists = [
        f"{name}  {rows} × {columns} = {rows * columns:,} numbers"
        for name, (rows, columns) in sorted(found.shapes.items())
    ]
    words = [f"{name}: {word}" for name, word in sorted(found.words.items())]
    return "\n".join([*lists, "", "Words in the file:", *words])
