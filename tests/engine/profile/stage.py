"""What the tests of profiles share: small profiles, what is in them, and a disk that fails."""

import errno
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from engine.adapt.adapter import Adapter
from engine.encoding import COLUMN_SIZES
from engine.profile.disk import Disk
from engine.profile.folder import names_in
from engine.profile.phrases import Phrase
from engine.profile.reading import Profile
from engine.profile.record import Outcome
from engine.profile.store import ProfileStore

PRIOR = "0123456789abcdef"
BETTER = Outcome(bits_before=8.5, bits_after=7.25, seconds=9.5)
WORSE = Outcome(bits_before=8.5, bits_after=8.6, seconds=9.5, kept=False)


def adapter(value: float = 1.0, *, rank: int = 2, prior: str = PRIOR) -> Adapter:
    """A small one of low rank; `value` tells one from another."""
    return Adapter(
        f"lora-{rank}",
        rank,
        prior,
        {
            "backbone.weight.up": np.full((6, rank), value, np.float32),
            "backbone.weight.down": np.ones((rank, 4), np.float32),
            "said": np.full(4, value, np.float32),
        },
        {"seed": "3", "start": "plain"},
    )


def phrase(name: str = "take", notes: int = 5, *, start: int = 0) -> Phrase:
    rows = np.arange(start, start + notes * 9).reshape(notes, 9) % np.array(COLUMN_SIZES)
    return Phrase(name, rows)


def clock() -> Callable[[], datetime]:
    """A minute later each time it is asked."""
    times = iter(range(10_000))
    return lambda: datetime(2026, 11, 21, tzinfo=UTC) + timedelta(minutes=next(times))


def store_in(folder: Path, disk: Disk | None = None) -> ProfileStore:
    return ProfileStore(folder / "profiles", disk=disk, now=clock())


def filled(folder: Path, name: str = "me", *, versions: int = 2) -> ProfileStore:
    """A store whose profile `name` has everything."""
    store = store_in(folder)
    if name != "me":
        store.create(name)
    for number in range(versions):
        store.add_adapter(name, adapter(float(number + 1)), BETTER, [phrase(), phrase("other", 3)])
    store.save_memory(name, memory(), notes=12)
    store.save_taste(name, '{"weights": [0.5, -1.25]}')
    store.save_settings(name, {"closeness": 0.25, "way": "trade"})
    return store


def memory(value: int = 7) -> dict[str, np.ndarray]:
    return {"rows": np.full((12, 9), value, np.int16), "weights": np.linspace(0, 1, 5)}


def of_arrays(found: Any) -> Any:
    """Arrays as values that can be compared: type, shape and bytes by name."""
    if found is None:
        return None
    return {
        name: (array.dtype.name, array.shape, np.asarray(array, order="C").tobytes())
        for name, array in found.items()
    }


def of_adapter(found: Adapter | None) -> Any:
    if found is None:
        return None
    return (found.kind, found.rank, found.prior, found.facts, of_arrays(found.tensors))


def of_profile(profile: Profile) -> dict[str, Any]:
    """All that a musician has in a profile, as values that can be compared."""
    versions = tuple(replace(version, sha256="") for version in profile.record.versions)
    return {
        "versions": versions,
        "now": profile.record.now,
        "undone": profile.record.undone,
        "version": profile.version,
        "adapter": of_adapter(profile.adapter),
        "memory": of_arrays(profile.memory),
        "notes": profile.memory_notes,
        "taste": profile.taste,
        "settings": dict(profile.settings),
        "says": profile.says,
    }


def of_store(folder: Path) -> dict[str, Any]:
    """All that is in the store of a folder, read with a disk that works."""
    store = store_in(folder)
    names = [name for name, _ in names_in(store.folder)]
    found: dict[str, Any] = {name: of_profile(store.open(name)) for name in names}
    for name, one in found.items():
        one["phrases"] = {
            version.number: [(p.name, p.rows.tolist()) for p in store.phrases(name, version.number)]
            for version in one["versions"]
            if version.kept
        }
    return {"in use": store.in_use(), "profiles": found}


def left_over(folder: Path) -> list[str]:
    """What only a killed writer leaves."""
    usual = {".lock", ".in-use.json"}
    return [
        str(path.relative_to(folder))
        for path in (folder / "profiles").rglob(".*")
        if path.name not in usual
    ]


class KilledError(BaseException):
    """The process ends here, without another step."""


class FailingDisk(Disk):
    """Its step number `at` fails, or is the last: `how` is "full", "dies" or "dies after".

    A write that is the last leaves half of its temporary file. steps: how many there were.
    """

    def __init__(self, at: int, how: str) -> None:
        self.at, self.how, self.steps = at, how, 0

    def folder(self, path: Path) -> None:
        self._step(lambda: super(FailingDisk, self).folder(path))

    def write(self, path: Path, data: bytes) -> None:
        self._step(lambda: super(FailingDisk, self).write(path, data), path)

    def write_by(self, path: Path, writer: Callable[[Path], object]) -> None:
        self._step(lambda: super(FailingDisk, self).write_by(path, writer), path)

    def rename(self, old: Path, new: Path) -> None:
        self._step(lambda: super(FailingDisk, self).rename(old, new))

    def remove(self, path: Path) -> None:
        self._step(lambda: super(FailingDisk, self).remove(path))

    def beside(self, folder: Path, purpose: str) -> Path:
        made: list[Path] = []
        self._step(lambda: made.append(super(FailingDisk, self).beside(folder, purpose)))
        return made[0]

    def _step(self, do: Callable[[], object], path: Path | None = None) -> None:
        number = self.steps
        self.steps += 1
        if number < self.at or (number > self.at and self.how == "full once"):
            do()
        elif self.how.startswith("full"):
            raise OSError(errno.ENOSPC, "No space left on device")
        elif number > self.at:
            raise KilledError
        elif self.how == "dies":
            if path is not None:
                path.with_name(f".{path.name}.abcd.tmp").write_bytes(b"half")
            raise KilledError
        else:
            do()
            raise KilledError


# ------------------------------------------------------------------------------- Hypothesis

_dtypes = st.sampled_from(["bool", "int8", "uint8", "int16", "int64", "uint32", "float32"])
_shapes = st.lists(st.integers(0, 4), max_size=3).map(tuple)


@st.composite
def named_arrays(draw: st.DrawFn) -> dict[str, np.ndarray]:
    names = draw(st.lists(st.text("abz_/.é0 ", min_size=1, max_size=8), max_size=4, unique=True))
    found = {}
    for name in names:
        rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
        found[name] = rng.integers(0, 100, draw(_shapes)).astype(draw(_dtypes))
    return found


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)

phrases = st.builds(phrase, st.text(max_size=10), st.integers(1, 8), start=st.integers(0, 10_000))
