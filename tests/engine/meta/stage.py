"""What the tests of meta-training share: data folders with tasks, episodes of made-up players."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.encoding import IntArray
from engine.meta.tasks import ANOTHER_DAY, SAME_EVENING, Episode
from tests.engine.music import Piece, rows, tune, write_folder


@dataclass(frozen=True)
class Task:
    """So many pieces of one player. meta: which split of tasks; split: of the pieces."""

    name: str
    meta: str = "meta_train"
    pieces: int = 3
    count: int = 90
    split: str = "train"
    tier: str = "ship"
    collection: str = "tunes"


PLAYERS = (
    Task("anna"),
    Task("bela"),
    Task("cleo", collection="other"),
    Task("dora", meta="meta_valid", split="valid"),
    Task("emil", meta="meta_test", split="test"),
    Task("fran", meta="meta_test", split="test", collection="other"),
)


def write_tasks(folder: Path, tasks: Sequence[Task] = PLAYERS) -> Path:
    """A data folder of these players, as `tests.engine.music.write_folder` writes it."""
    pieces: list[Piece] = []
    told: dict[str, Task] = {}
    for number, task in enumerate(tasks):
        for n in range(task.pieces):
            name = f"{task.name}-{n}"
            more = {"tier": task.tier, "collection": task.collection}
            pieces.append(
                tune(name, seed=10 * number + n, count=task.count, split=task.split, **more)
            )
            told[name] = task
    write_folder(folder, pieces)
    index = folder / "index.csv"
    with index.open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    with index.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*found[0], "task", "meta_split"])
        writer.writeheader()
        for row in found:
            task = told[row["id"]]
            writer.writerow({**row, "task": task.name, "meta_split": task.meta})
    return folder


def episode(*, same: bool = True, seed: int = 0) -> Episode:
    """Forty notes to learn from, and twenty more that follow."""
    notes: IntArray = np.array(rows(60, seed=seed))
    if same:
        return Episode("player", "tunes", SAME_EVENING, (notes[:40],), notes, 40)
    return Episode("player", "tunes", ANOTHER_DAY, (notes[:15], notes[15:40]), notes[40:], 0)
