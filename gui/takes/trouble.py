"""What can go wrong on a take's way out.

OutputError
ExportError   a file could not be written
ScoreError    there can be no score of this take

And what keeps takes from being kept at all: `not_kept`, asked when the list is empty.
"""

import os
import shutil
from pathlib import Path

LEAST_BYTES = 256 * 1024
"""A library, its journal and a few takes."""


class OutputError(Exception):
    """It did not work; the message is a sentence and a next step."""


class ExportError(OutputError):
    """The file could not be written."""


class ScoreError(OutputError):
    """There can be no score."""


def not_kept(folder: Path) -> str:
    """Why no take can be kept in this folder, with a next step; "" where that can be."""
    there = next((one for one in (folder, *folder.parents) if one.exists()), folder)
    if not os.access(there, os.W_OK):
        return (
            f"Takes are not kept: {there} cannot be written to.\nMake it writable, or name another "
            "folder in ANTIPHON_DATA and start Antiphon again."
        )
    try:
        full = shutil.disk_usage(there).free < LEAST_BYTES
    except OSError:
        full = False
    return f"Takes are not kept: the disk of {there} is full.\nFree some space." if full else ""
