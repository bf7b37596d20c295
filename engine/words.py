"""What the engine says alike everywhere: where the music is, names, and how to complain."""

import os
import sys
from pathlib import Path

DEFAULT_DATA = Path("..") / "shared" / "data"
INSTALL = "install it: pip install 'antiphon[engine]', or in a checkout make venv"
NO_DATA = f"There is no music at {DEFAULT_DATA}: name a data folder with --data."


def data_folder(named: Path | None) -> Path | None:
    """The folder that was named, else the default one if it is there."""
    return named or (DEFAULT_DATA if DEFAULT_DATA.is_dir() else None)


def positive(word: str) -> int:
    """A whole number from 1 on. Raises ValueError."""
    number = int(word)
    if number < 1:
        raise ValueError(word)
    return number


def complain(words: str) -> int:
    """A sentence and a next step on standard error; the exit code that goes with it."""
    print(words, file=sys.stderr, flush=True)
    return 1


def shown_name(path: str | os.PathLike[str]) -> str:
    """The last part of a path as it may stand in a sentence: printable, in quotes, not endless."""
    text = os.path.basename(os.fspath(path).rstrip("/\\")) or os.fspath(path)
    text = "".join(char if char.isprintable() else "?" for char in text)
    return f"“{text if len(text) <= 80 else text[:77] + '...'}”"
