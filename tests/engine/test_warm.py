"""Everything that is compiled for live playing is compiled when Antiphon is installed."""

import re
from pathlib import Path

import engine
from engine.warm import MODULES

ROOT = Path(engine.__file__).parent
OFFLINE = {"engine.quote.filling"}
"""Compiled for making the shipped index alone."""


def test_every_module_that_compiles_for_live_playing_is_named() -> None:
    uses = re.compile(r"^from engine\.model\.compiled import .*\bkernel\b", re.MULTILINE)
    found = {
        ".".join(("engine", *path.relative_to(ROOT).with_suffix("").parts))
        for path in ROOT.rglob("*.py")
        if uses.search(path.read_text("utf-8"))
    }
    assert found - OFFLINE == set(MODULES)
