"""Writes down how the window stands: at most once a second, off the GUI thread, and at the end.

A disk that is full or read-only costs a sentence (`trouble`), once, and nothing else. It refuses to
lose the newest state: what changes while a write is on its way is written after it.
"""

from pathlib import Path
from typing import Any

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from gui import background
from gui.kept import Kept, KeptError, Plain, save

EVERY_MS = 1000


class Keeping(QObject):
    """The present `Kept` and its file. Thread: the GUI's."""

    trouble = Signal(str)

    def __init__(self, path: Path, kept: Kept, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path, self._kept, self._written = path, kept, kept
        self._writing = self._closed = False
        self._told = ""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self._write)

    @property
    def kept(self) -> Kept:
        """What is kept now, written or about to be."""
        return self._kept

    def change(self, **fields: Any) -> None:
        """Keep these fields of `Kept` from now on."""
        self._kept = msgspec.structs.replace(self._kept, **fields)
        waits = self._timer.isActive() or self._writing or self._closed
        if self._kept != self._written and not waits:
            self._timer.start()

    def panel(self, name: str) -> dict[str, Plain]:
        """What the panel of this name kept; a copy."""
        return dict(self._kept.panels.get(name, {}))

    def keep_panel(self, name: str, values: dict[str, Plain]) -> None:
        """Keep these plain values for the panel of this name."""
        self.change(panels=self._kept.panels | {name: dict(values)})

    def close(self) -> None:
        """Write what waits, now; returns when it is written or cannot be."""
        self._closed = True  # the word of a write that is over may still be on its way
        self._timer.stop()
        background.finish()
        if self._kept != self._written:
            try:
                save(self._path, self._kept)
            except KeptError as error:
                self._failed(error)
            else:
                self._written = self._kept

    @Slot()
    def _write(self) -> None:
        kept, path = self._kept, self._path
        self._writing = True
        background.run(
            lambda: save(path, kept), lambda _: self._done(kept), self._failed, owner=self
        )

    def _done(self, kept: Kept) -> None:
        if self._closed:
            return
        self._writing, self._written, self._told = False, kept, ""
        if self._kept != kept:
            self._timer.start()

    def _failed(self, error: Exception) -> None:
        # It is tried again at the next change, and at the end: not once a second for an evening.
        self._writing = False
        if str(error) != self._told:
            self._told = str(error)
            self.trouble.emit(str(error))
