"""The MIDI files that leave the window: written before they are dragged, copied or shown.

They lie in the data folder, `takes/export`, named as a DAW will show them, and outlive the drag by
30 days, because some programs read them late. The same take is the same file again; another take of
the same name gets a name of its own, so that nobody is handed a stale file. Without Qt, called in a
worker. It refuses to write anything but what the library exports.
"""

import contextlib
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from engine.files import write_whole
from gui.takes.trouble import ExportError
from plugin.files import unused_path
from plugin.takes import TakeLibrary, export_stem

FOLDER = Path("takes") / "export"
"""Below the data folder."""
KEPT = timedelta(days=30)
"""So long a file stays after it was handed out last."""
ENDING = ".mid"


class Exports:
    """See the module. Thread: one at a time, not the GUI's."""

    def __init__(self, data_folder: Path) -> None:
        self.folder = data_folder / FOLDER

    def write(self, library: TakeLibrary, take_id: str) -> Path:
        """The file of this take, written if it is not there. Raises ExportError, TakeError."""
        take = library.get(take_id)
        content = library.midi(take.id)
        stem = export_stem(take)
        with _in_words(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path = self._same(stem, content)
            if path is None:
                path = unused_path(self.folder, stem, ENDING)
                write_whole(path, content)
            else:
                os.utime(path)  # its 30 days begin anew
        return path

    def write_to(self, library: TakeLibrary, take_id: str, target: Path) -> Path:
        """Write the same bytes where the player said. Raises ExportError, TakeError."""
        content = library.midi(library.get(take_id).id)
        if target.suffix.casefold() not in (ENDING, ".midi"):
            target = target.with_name(target.name + ENDING)
        with _in_words(target.parent):
            write_whole(target, content)
        return target

    def tidy(self, now: datetime) -> int:
        """Remove files that nobody was handed for 30 days; how many. Only MIDI files, only here."""
        oldest = (now - KEPT).timestamp()
        removed = 0
        with contextlib.suppress(OSError):
            for path in self.folder.glob(f"*{ENDING}"):
                with contextlib.suppress(OSError):
                    if path.is_file() and path.stat().st_mtime < oldest:
                        path.unlink()
                        removed += 1
        return removed

    def _same(self, stem: str, content: bytes) -> Path | None:
        """The file of this name, or of this name with a number, that holds exactly this."""
        number, path = 1, self.folder / f"{stem}{ENDING}"
        while path.exists():
            if path.stat().st_size == len(content) and path.read_bytes() == content:
                return path
            number += 1
            path = self.folder / f"{stem} ({number}){ENDING}"
        return None


@contextlib.contextmanager
def _in_words(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise ExportError(
            f"The MIDI file could not be written into {folder} ({reason}): free some space, or "
            "save it into another folder."
        ) from error
