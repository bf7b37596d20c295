"""What the tests of the dock share: a data folder with takes, a profile, a session's words."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np
from PySide6.QtWidgets import QApplication, QWidget

from engine.adapt.adapter import SAID, Adapter
from engine.encoding import COLUMNS
from engine.events import Timebase, Voice
from engine.model import checkpoint
from engine.profile.disk import Disk
from engine.profile.fitting import shipped_prior
from engine.profile.phrases import Phrase
from engine.profile.store import ProfileStore
from gui.personalise.asking import Kind
from gui.personalise.shelf import Shelf
from plugin.midifile_writer import Part, write_midi
from plugin.protocol import EngineReady, PartnerOf
from plugin.served.messages import Opened, Sounding
from plugin.takes import TakeWriter
from plugin.takes_store import library_path
from tests.engine.profile.stage import BETTER, clock, memory

NOW = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)
SECOND = 1_000_000_000
COUNTED = Timebase(100.0, 4.0, tempo_known=True)
OPENED = Opened(1, "memory", "Antiphon In", "Antiphon Out", 7, demo=False)
READY = EngineReady("prior", 1000)
PHRASE = (Sounding(0.0, 0.5, 60, 80), Sounding(0.5, 0.5, 64, 80))
LEARNT = (Sounding(2.0, 0.5, 72, 90), Sounding(2.5, 0.5, 74, 90))
UNLEARNT = (Sounding(2.0, 1.0, 48, 60),)


def partner(profile: str = "me", adapter: int | None = 2, notes: int = 12) -> PartnerOf:
    return PartnerOf(profile, adapter, notes)


@cache
def _width() -> int:
    return len(checkpoint.load(checkpoint.SHIPPED)[0]["start"])


def adapter(value: float = 0.01) -> Adapter:
    """One that fits the shipped weights; `value` tells one from another."""
    said = np.full(_width(), value, np.float32)
    return Adapter("state", 0, shipped_prior(), {SAID: said}, {"seed": "3"})


def profiles(data: Path, *, versions: int = 2, disk: Disk | None = None) -> ProfileStore:
    """“me” has learnt `versions` times and remembers twelve notes."""
    store = ProfileStore(data / "profiles", disk=disk, now=clock())
    for number in range(versions):
        store.add_adapter(
            "me", adapter(0.01 * (number + 1)), BETTER, [keys("a take"), keys("another", 3)]
        )
    store.save_memory("me", memory(), notes=12)
    return store


def keys(name: str, count: int = 5, *, drums: bool = False) -> Phrase:
    """A phrase as it is kept, of a piano or of drums."""
    rows = np.ones((count, len(COLUMNS)), np.int16)
    rows[:, COLUMNS.index("kind")] = 2 if drums else 0
    return Phrase(name, rows)


def notes(count: int, *, every_s: float = 0.3, channel: int = 0) -> list[tuple[int, bytes]]:
    """Raw messages of notes that differ, at `every_s`."""
    found = []
    for number in range(count):
        t_ns = round(number * every_s * SECOND)
        pitch = 55 + number * 7 % 24
        found.append((t_ns, bytes((0x90 | channel, pitch, 60 + number % 40))))
        found.append((t_ns + round(every_s * 0.8 * SECOND), bytes((0x80 | channel, pitch, 64))))
    return found


def take(writer: TakeWriter, count: int, name: str = "", *, attempt: int = 0) -> str:
    """A take of `count` notes of the player's, answered by one note."""
    settings = {"attempt": attempt}
    take_id = writer.begin_take(COUNTED, model="prior", seed=7, settings=settings, name=name)
    for t_ns, message in notes(count):
        writer.message(take_id, Voice.PLAYER, t_ns, message)
    writer.message(take_id, Voice.PARTNER, 60 * SECOND, b"\x90\x48\x50")
    writer.message(take_id, Voice.PARTNER, 61 * SECOND, b"\x80\x48\x40")
    writer.finish(take_id)
    return take_id


def takes(data: Path, *counts: int) -> list[str]:
    """Takes with so many notes each; their ids."""
    writer = TakeWriter(library_path(data))
    ids = [take(writer, count) for count in counts]
    writer.close()
    return ids


def midi_file(path: Path, count: int, *, channel: int = 0) -> Path:
    """A MIDI file of `count` notes."""
    return write_midi(path, [Part("You", notes(count, channel=channel))], COUNTED)


class Asked:
    """Stands in for the file dialog: answers at once with `paths`."""

    def __init__(self) -> None:
        self.paths: list[Path] = []
        self.kinds: list[Kind] = []

    def __call__(
        self, _parent: QWidget, kind: Kind, _name: str, take: Callable[[list[Path]], None]
    ) -> None:
        self.kinds.append(kind)
        if self.paths:
            take(self.paths)


def shelf(data: Path, disk: Disk | None = None) -> Shelf:
    """Over a store whose disk may fail."""
    return Shelf(data / "profiles", lambda folder: ProfileStore(folder, disk=disk))


def later(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def settle(app: QApplication) -> None:
    """Whatever is on its way in this thread arrives."""
    app.processEvents()
