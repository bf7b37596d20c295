"""Where the shared music lies, for tests that need it: `../shared`, or $ANTIPHON_SHARED.

A test takes the fixture `shared` (a path; the test is skipped with a reason where there is none).
A test that is parametrised over files of it takes `SHARED` at collection time and carries the mark
`needs_shared`.
"""

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent

_folder = Path(os.environ.get("ANTIPHON_SHARED") or REPOSITORY.parent / "shared")

SHARED: Path | None = _folder if _folder.is_dir() else None
"""The folder, or None: usable at collection time, for example to parametrise."""

WHY_NOT_SHARED = f"no shared music at {_folder}: set ANTIPHON_SHARED to the folder that has it"

needs_shared = pytest.mark.skipif(SHARED is None, reason=WHY_NOT_SHARED)
