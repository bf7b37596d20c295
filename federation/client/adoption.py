"""Whether a new shared version is better for this player: tried on phrases that were never given.

Those are the phrases held back of what may teach, and what the profile in use was learnt from,
which stays here. Better is fewer bits a note than with what plays now (the prior with the version
that was adopted last; the private adapter has no part in it). Without any phrases nothing can be
tried, and nothing is changed. It refuses to fetch, and loads no torch itself.
"""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from engine.adapt.adapter import UP, Adapter, AdapterError, load, save
from engine.adapt.material import Material, MaterialError, Take
from engine.learning import LearnPiece
from federation.client import adopted
from federation.client.adopted import VERSION
from federation.client.lesson import Phrases, phrases_of
from federation.client.places import Places
from federation.formats.lineage import Lineage
from federation.formats.shared import SharedVersion

Tensors = Mapping[str, npt.NDArray[Any]]
MOST_PHRASES = 60


class Scores(Protocol):
    """What is used of `training.Trainer`."""

    def bits(self, phrases: Phrases, tensors: Any, *, held: bool = True) -> float:
        """Bits a note with these B in the prior; None: with the prior alone."""

    def frozen(self) -> dict[str, npt.NDArray[np.float32]]:
        """A of the lineage."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """before, after: bits a note with what plays now and with the new version; NaN: not tried."""

    better: bool
    before: float
    after: float
    says: str


def judge(
    trainer: Scores, tried_on: Sequence[Phrases], now: Tensors | None, new: SharedVersion
) -> Verdict:
    """See the module. tried_on: of each only the notes that are held back count."""
    number = new.manifest.version
    notes = [int(one.held.sum()) for one in tried_on]
    if not sum(notes):
        return Verdict(
            False, float("nan"), float("nan"),
            f"Shared version {number} is here, but there are no phrases of yours to try it on: "
            "learn some in a profile, or choose some that may teach, then look again.",
        )  # fmt: skip
    before = float(np.average([trainer.bits(one, now) for one in tried_on], weights=notes))
    after = float(np.average([trainer.bits(one, new.tensors) for one in tried_on], weights=notes))
    figures = f"({before:.2f} -> {after:.2f} bits a note)"
    if after < before:
        says = f"Shared version {number} suits your phrases better {figures} and plays from the "
        return Verdict(
            True, before, after, says + "next start on; `antiphon share back` undoes it."
        )
    says = f"Shared version {number} does not suit your phrases better {figures}; yours stays."
    return Verdict(False, before, after, says)


def tried_on(where: Places, pieces: Sequence[LearnPiece]) -> list[Phrases]:
    """What a version is tried on: of the material what is held back, of the profile everything."""
    found = []
    with contextlib.suppress(MaterialError):
        found.append(phrases_of(pieces))
    takes = _of_profile(where.data)
    if takes:
        whole = Phrases(Material(tuple(takes)), np.ones(sum(len(t.rows) for t in takes), np.bool_))
        found.append(whole)
    return found


def plays_now(where: Places, lineage: Lineage) -> Tensors | None:
    """B of the version that plays; None for the prior alone."""
    try:
        kept = load(where.adopted)
    except AdapterError:
        return None
    ups = {name: tensor for name, tensor in kept.tensors.items() if name.endswith(UP)}
    fits = {name: tensor.shape for name, tensor in ups.items()} == lineage.shapes
    return ups if fits and kept.prior == lineage.prior else None


def adopt(where: Places, trainer: Scores, new: SharedVersion, lineage: Lineage) -> None:
    """It plays from the next start on. Raises OSError."""
    tensors = {**new.tensors, **trainer.frozen()}
    facts = {
        VERSION: str(new.manifest.version),
        "lineage": lineage.id,
        "sha256": new.manifest.sha256,
    }
    made = Adapter(lineage.form, lineage.rank, lineage.prior, tensors, facts)
    path: Path = where.received / "adopting.safetensors"
    try:
        save(path, made)
        adopted.put(where, path.read_bytes())
    finally:
        path.unlink(missing_ok=True)


def _of_profile(data: Path) -> list[Take]:
    """Phrases that the profile in use was learnt from; nothing is written or left."""
    from engine.profile.names import profiles_folder
    from engine.profile.store import ProfileStore
    from engine.profile.trouble import ProfileError

    try:
        store = ProfileStore(profiles_folder(data))
        phrases = store.phrases(store.in_use())[:MOST_PHRASES]
    except (ProfileError, OSError):
        return []
    rows = [phrase.rows.astype(np.int64) for phrase in phrases]
    return [Take("", one, np.array([0, len(one)])) for one in rows if len(one) > 1]
