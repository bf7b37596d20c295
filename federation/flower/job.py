"""One aggregation on disk, between the process that asks for it and the one that deals it out.

    job.npz      rows, weights, rows in a shard, seconds that a worker may take
    done.npz     sum, weight, count, shards, how often one was dealt again, seconds
    failed.txt   why there is no done.npz

Files are whole or not there, are read without pickling, and lie in a folder of this job alone. It
refuses to outlive the job: whoever made the folder removes it.
"""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.files import write_whole
from federation.aggregate.rules import Partial

JOB, DONE, FAILED = "job.npz", "done.npz", "failed.txt"


@dataclass(frozen=True, slots=True)
class Report:
    """How an aggregation went. again: how often a shard was dealt anew."""

    shards: int
    again: int
    seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """rows: one change each. per_shard: at most so many to a worker. timeout_s: for a shard."""

    rows: npt.NDArray[Any]
    weights: npt.NDArray[np.float64]
    per_shard: int
    timeout_s: float

    def shards(self) -> list[slice]:
        """The rows of each."""
        return [
            slice(at, min(at + self.per_shard, len(self.rows)))
            for at in range(0, len(self.rows), self.per_shard)
        ]


def ask(
    folder: Path, rows: Sequence[Any], weights: Sequence[float], per_shard: int, timeout_s: float
) -> None:
    """Write a job into its folder."""
    _write(
        folder / JOB,
        rows=np.stack(rows),
        weights=np.array(weights, np.float64),
        limits=np.array([per_shard, timeout_s], np.float64),
    )


def asked(folder: Path) -> Job:
    """The job in the folder. Raises OSError, ValueError, KeyError."""
    found = _read(folder / JOB)
    per_shard, timeout_s = found["limits"]
    return Job(found["rows"], found["weights"], int(per_shard), float(timeout_s))


def finish(folder: Path, partial: Partial, report: Report) -> None:
    """Write what came out."""
    _write(
        folder / DONE,
        sum=partial.sum,
        of=np.array([partial.weight], np.float64),
        counts=np.array([partial.count, report.shards, report.again], np.int64),
        seconds=np.array([report.seconds]),
    )


def fail(folder: Path, why: str) -> None:
    """Write that nothing came out."""
    write_whole(folder / FAILED, why.encode("utf-8", "replace"))


def outcome(folder: Path) -> tuple[Partial, Report] | str | None:
    """What came out, or why nothing did, or None as long as neither is known."""
    if (folder / DONE).exists():
        found = _read(folder / DONE)
        count, shards, again = (int(number) for number in found["counts"])
        partial = Partial(found["sum"], float(found["of"][0]), count)
        return partial, Report(shards, again, float(found["seconds"][0]))
    if (folder / FAILED).exists():
        return (folder / FAILED).read_text("utf-8", "replace")
    return None


def _write(path: Path, **arrays: npt.NDArray[Any]) -> None:
    whole = io.BytesIO()
    np.savez(whole, allow_pickle=False, **arrays)
    write_whole(path, whole.getvalue())


def _read(path: Path) -> dict[str, npt.NDArray[Any]]:
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            return dict(file)
    except zipfile.BadZipFile as error:
        raise ValueError(f"{path.name} is damaged") from error
