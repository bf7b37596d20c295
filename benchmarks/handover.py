"""How soon and how rightly the partner comes in, beside fixed silences.

    python -m benchmarks.handover [--data DIR]

Transcribed solos with marked phrases (held-out pieces of the collection wjd) are played to
`plugin.turns.HandOver` note by note. Between two phrases it should come in; within a phrase it
should not. Printed: mistakes per 1,000 notes within phrases, the share of phrase ends at which it
came in before the player went on, and its delay after the last release.
"""

import argparse
import json
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np

from plugin.turns import HandOver

HELD_OUT = ("valid", "test", "task_valid", "task_test")
SOLO_ROLE = 7


class Turns(Protocol):
    """What is measured."""

    def note_on(self, now_ns: int) -> None:
        """The player struck a key."""

    def note_off(self, now_ns: int) -> None:
        """The player released a key."""

    def deadline_ns(self) -> int | None:
        """When the turn passes on."""


class FixedSilence:
    """What others do: so many seconds after the last release."""

    def __init__(self, silence_s: float) -> None:
        self._silence_ns, self._release_ns = round(silence_s * 1e9), 0

    def note_on(self, now_ns: int) -> None:
        """Nothing to learn from it."""

    def note_off(self, now_ns: int) -> None:
        """The silence begins."""
        self._release_ns = now_ns

    def deadline_ns(self) -> int:
        """The same after every note."""
        return self._release_ns + self._silence_ns


Solo = tuple[np.ndarray, np.ndarray, set[int]]


def solos(data: Path) -> list[Solo]:
    """(onsets, ends, onsets of phrase starts) in ns of each held-out solo."""
    held_out = set()
    for line in (data / "index.csv").read_text(encoding="utf-8").splitlines():
        columns = line.split(",")
        if columns[1] == "wjd" and columns[3] in HELD_OUT:
            held_out.add(columns[0])
    with np.load(data / "ship" / "wjd.npz") as archive:
        arrays = {name: archive[name] for name in archive.files}
    found = []
    for number, piece in enumerate(bytes(arrays["ids"]).decode().split("\n")):
        if piece not in held_out:
            continue
        notes = slice(*arrays["n_off"][number : number + 2])
        tracks = slice(*arrays["t_off"][number : number + 2])
        marks = slice(*arrays["phrase_off"][number : number + 2])
        solo = int(np.argmax(arrays["t_role"][tracks] == SOLO_ROLE))
        mine = arrays["n_trk"][notes] == solo
        onsets = np.cumsum(arrays["n_don"][notes].astype(np.int64))
        ends = onsets + arrays["n_dur"][notes]
        starts = np.cumsum(arrays["phrase_dt"][marks].astype(np.int64)) * 10**6
        found.append((onsets[mine] * 10**6, ends[mine] * 10**6, set(starts.tolist())))
    return found


def measure(pieces: list[Solo], make: Callable[[], Turns]) -> dict[str, float]:
    """Play every solo to a fresh listener."""
    early = within = ends = 0
    delays_s = []
    for onsets, releases, starts in pieces:
        turns = make()
        for onset, release, following in zip(onsets, releases, onsets[1:], strict=False):
            turns.note_on(int(onset))
            turns.note_off(int(release))
            deadline_ns = turns.deadline_ns()
            came_in = deadline_ns is not None and deadline_ns < following
            if int(following) in starts:
                ends += 1
                if came_in:
                    delays_s.append((deadline_ns - release) / 1e9)
            else:
                within += 1
                early += came_in
    return {
        "early_per_1000_notes": round(1000 * early / within, 2),
        "ends_taken_percent": round(100 * len(delays_s) / ends, 1),
        "delay_s_p50": round(statistics.median(delays_s), 3),
        "delay_s_p90": round(float(np.percentile(delays_s, 90)), 3),
    }


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    args = parser.parse_args()
    pieces = solos(args.data)
    result: dict[str, object] = {"solos": len(pieces), "ours": measure(pieces, HandOver)}
    for silence_s in (0.3, 0.5, 1.0):
        result[f"fixed_{silence_s}_s"] = measure(
            pieces, lambda silence_s=silence_s: FixedSilence(silence_s)
        )
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
