"""What the tests of the dock share: takes, a save dialog that answers, a child that waits."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtWidgets import QWidget

from engine.events import Timebase, Voice
from federation.client.child import Line
from gui.sharing.dock import SharingDock
from plugin.takes import TakeWriter, library_path
from tests.federation.client.stage import Machine

SECOND = 1_000_000_000


def takes(data: Path, *counts: int) -> list[str]:
    """Takes with so many notes each, all different; their ids."""
    writer = TakeWriter(library_path(data))
    ids = [_take(writer, count, at) for at, count in enumerate(counts)]
    assert writer.flush()
    writer.close()
    return ids


def _take(writer: TakeWriter, count: int, at: int) -> str:
    take_id = writer.begin_take(
        Timebase(100.0, 4.0, tempo_known=True), model="prior", seed=7, settings={}, name=f"No. {at}"
    )
    for number in range(count):
        t_ns = round(number * 0.3 * SECOND)
        pitch = 55 + (number * 7 + at) % 24
        writer.message(take_id, Voice.PLAYER, t_ns, bytes((0x90, pitch, 60 + number % 40)))
        writer.message(take_id, Voice.PLAYER, t_ns + SECOND // 5, bytes((0x80, pitch, 64)))
    writer.finish(take_id)
    return take_id


class Asked:
    """Stands in for the save dialog: answers at once."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.names = folder, list[str]()

    def __call__(
        self, _parent: QWidget, _title: str, name: str, take: Callable[[Path], None]
    ) -> None:
        self.names.append(name)
        take(self.folder / name)


class Waiting:
    """A child process that says what the test tells it to."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.over = self.cancelled = False

    def poll(self) -> list[Line]:
        found, self.lines = self.lines, []
        self.over = bool(found) and ("done" in found[-1] or "failed" in found[-1])
        return found

    def wait(self, tell: Callable[[Line], object] = lambda _: None) -> Line:
        raise AssertionError("nobody waits in a window")

    def cancel(self) -> None:
        self.over = self.cancelled = True


class Slow:
    """Instead of the tasks of a machine: each waits for the test."""

    def __init__(self, machine: Machine) -> None:
        self.begun: list[tuple[str, Waiting]] = []
        machine.sharing._start = self._start  # what a test hands in, in the place of the usual one

    @property
    def last(self) -> Waiting:
        return self.begun[-1][1]

    def _start(self, words: Sequence[str]) -> Waiting:
        self.begun.append((words[0], Waiting()))
        return self.last


def tick(dock: SharingDock, row: int) -> None:
    """A click on the box of a row."""
    model = dock.cards.teach.model
    from PySide6.QtCore import Qt

    model.setData(model.index(row), Qt.CheckState.Checked.value, Qt.ItemDataRole.CheckStateRole)
