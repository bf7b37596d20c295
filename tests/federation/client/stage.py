"""A player's machine for the tests: a data folder, a clock, a small prior, tasks run at once."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from engine.events import Note, Timebase
from engine.learning import LearnPiece
from engine.model.checkpoint import fingerprint, load
from federation.client.child import Line
from federation.client.consent import LOOK, SEND, Choices, Server
from federation.client.keys import device_key
from federation.client.mailbox import Mailbox
from federation.client.sharing import Sharing
from federation.client.tasks import Means, run
from federation.client.trouble import SharingError
from federation.formats.lineage import Lineage
from tests.fakes import tiny_prior
from tests.federation.client.pupil import Pupil

DAWN = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def piece(seed: int = 0, notes: int = 120) -> LearnPiece:
    """A line in time, of its own for each seed."""
    rng = np.random.default_rng(seed)
    pitches = 60 + np.cumsum(rng.integers(-3, 4, notes)) % 24
    gaps = rng.choice([0.25, 0.5, 0.5, 1.0], notes)
    onsets = np.cumsum(gaps) - gaps
    made = tuple(
        Note(float(onset), float(gap) * 0.9, int(pitch), 70)
        for onset, gap, pitch in zip(onsets, gaps, pitches, strict=True)
    )
    return LearnPiece(f"piece {seed}", made, Timebase(100.0, 4.0, True))


class Done:
    """A task that has already run."""

    def __init__(self, line: Line) -> None:
        self._line, self.over = line, False

    def poll(self) -> list[Line]:
        self.over = True
        return [self._line]

    def wait(self, tell: Callable[[Line], object] = lambda _: None) -> Line:
        self.over = True
        return self._line

    def cancel(self) -> None:
        self.over = True


class Machine:
    """See the module. now moves by `later`; sharing: with tasks that run in this process."""

    def __init__(self, folder: Path, weights: Path, trainer: Any = None) -> None:
        self.folder, self.weights, self.now = folder, weights, DAWN
        self.mains: bool | None = True
        self.environment: dict[str, str] = {}
        self.slept: list[float] = []
        self.told: list[dict[str, Any]] = []
        self.started: list[str] = []
        self._drawn = 0
        self.sharing = Sharing(
            folder,
            self.environment,
            now=lambda: self.now,
            start=self._run,
            chance=self.chance,
            mains=lambda: self.mains,
        )
        self.means = Means(
            self.sharing,
            lambda: self.now,
            self.chance,
            self._mailbox,
            weights,
            "0.1.0",
            lambda where: device_key(where, lambda: None),
            trainer or Pupil,
        )

    def chance(self, count: int) -> bytes:
        """Never the same twice, always the same in a test."""
        self._drawn += 1
        return np.random.default_rng(self._drawn).bytes(count)

    def later(self, **how: float) -> None:
        self.now += timedelta(**how)

    def agree(self, server: Server, choices: Choices | None = None, pieces: int = 2) -> None:
        """All steps of a yes, in order."""
        self.sharing.set_server(server)
        self.sharing.turn_on(self.sharing.record(LOOK, choices))
        for seed in range(pieces):
            self.sharing.add_material(f"piece {seed}", piece(seed))
        self.good(self.sharing.prepare().wait())
        seen = self.sharing.preview()
        assert seen is not None
        self.sharing.turn_on(self.sharing.record(SEND, choices, seen=seen.sha256))

    def good(self, line: Line) -> Any:
        assert "done" in line, line
        return line["done"]

    def files(self) -> set[str]:
        """Everything in the data folder."""
        return {str(p.relative_to(self.folder)) for p in self.folder.rglob("*") if p.is_file()}

    def _run(self, words: Sequence[str]) -> Done:
        task = words[0]
        self.started.append(task)
        try:
            self.sharing.may(task)
            done, says = run(task, self.means, self.told.append)
        except SharingError as error:
            return Done({"failed": str(error)})
        return Done({"done": done, "says": says})

    def _mailbox(self, server: Server) -> Mailbox:
        return Mailbox(
            server,
            now_s=lambda: int(datetime.now(UTC).timestamp()),
            chance=self.chance,
            sleep=self.slept.append,
            version="0.1.0",
        )


def weights(folder: Path) -> Path:
    """Of the small prior."""
    folder.mkdir(parents=True, exist_ok=True)
    return tiny_prior.write(folder / "tiny.safetensors")


def lineage(path: Path) -> Lineage:
    """Of changes of it."""
    return Lineage.of_prior(load(path)[0], fingerprint(path))
