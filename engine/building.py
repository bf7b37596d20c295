"""Builds what the engine plays with: the prior, with a player's adapter in it, and their memory.

Where the player adopted a version of the shared model, it is merged into the prior first: one file
in the data folder, that of an adapter of this prior, written by sharing and by nobody else. Without
the file nothing is different. The prior keeps its fingerprint, so private adapters still fit: they
were learnt on the prior alone, and their changes are added to the shared ones, not learnt on top.

All of it can be done in a thread beside the one that plays: nothing here touches what is in use.
What cannot be used (weights, an adapter, a memory that is damaged) is left out and said in a
sentence, so that there is always something that plays. It refuses to write.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engine.adapt.adapter import Adapter, AdapterError, merged
from engine.adapt.adapter import load as load_adapter
from engine.context import Reading
from engine.encoding import Row
from engine.guesser import Memory as AnyMemory
from engine.memory import weights as memory_weights
from engine.memory.memory import Memory, MemoryDataError
from engine.memory.mixture import Mixture
from engine.memory.weights import Weights
from engine.model.checkpoint import SHIPPED, CheckpointError, fingerprint, load
from engine.model.fast import FastPrior
from engine.profile.names import profiles_folder
from engine.profile.reading import Profile as Kept
from engine.profile.store import ProfileStore
from engine.profile.trouble import ProfileError
from engine.taste.model import Taste, TasteError

ADOPTED = ("sharing", "adopted.safetensors")
"""In the data folder: the version of the shared model that plays, if one was adopted."""

TOLD = "told"
"""Among a memory's arrays: (session, serial) of the last note that it has learnt."""


@dataclass(frozen=True, slots=True, eq=False)
class Player:
    """What there is of one player, read from their profile; nobody's has the name "".

    version: of the adapter that is in the prior. told: session and serial of the last note that the
    memory has learnt. learnt: the arrays it was made of, None for an empty one. stamps: of the
    files as they were read.
    """

    name: str = ""
    folder: str = ""
    version: int | None = None
    adapter: Adapter | None = None
    memory: AnyMemory = field(default_factory=Memory)
    learnt: Mapping[str, np.ndarray] | None = None
    told: tuple[int, int] = (0, 0)
    taste: Taste | None = None
    stamps: Mapping[str, str] = field(default_factory=dict)
    says: tuple[str, ...] = ()


class Builder:
    """The weights as they are on disk, and what is made of them. Thread: any, one at a time."""

    def __init__(self, weights: Path | None = None, adopted: Path | None = None) -> None:
        """Raises CheckpointError nowhere: `says` has a sentence for what is damaged.

        adopted: the file of an adopted version of the shared model, by default the player's own.
        """
        self.says: list[str] = []
        self.model, self.prior_name = "memory", ""
        self._tensors: dict[str, np.ndarray] | None = None
        self._metadata: dict[str, str] = {}
        path = weights or SHIPPED
        try:
            self._tensors, self._metadata = load(path)
            FastPrior(self._tensors, self._metadata)
            self.prior_name = fingerprint(path)
            self.model = self._metadata.get("name", "prior")
        except (CheckpointError, OSError) as error:
            self._tensors = None
            self.says.append(f"{error} Until then I play from what I hear of you alone.")
        self.shared = self._adopt(adopted or profiles_folder().parent.joinpath(*ADOPTED))
        try:
            self._memory_weights: Weights = memory_weights.load()
        except CheckpointError as error:
            self._memory_weights = memory_weights.blank()
            self.says.append(str(error))

    def prior(
        self, adapter: Adapter | None = None, read: Reading | None = None
    ) -> FastPrior | None:
        """A prior with an adapter in it that has read `read`; None where there are no weights.

        Raises AdapterError.
        """
        if self._tensors is None:
            return None
        tensors: Mapping[str, np.ndarray] = self._tensors
        if adapter is not None:
            tensors = merged(tensors, adapter, fingerprint=self.prior_name)
        prior = FastPrior(tensors, self._metadata)
        if read is not None:
            prior.set_style(read.style)
            prior.read_many(rows_of(read.rows))
        return prior

    def mixture(self, prior: FastPrior | None, memory: Memory) -> Mixture:
        """Both together."""
        return Mixture(prior, memory, self._memory_weights)

    def player(self, name: str | None, folder: str) -> Player:
        """The player of this name, None: the one in use; made if there is none yet.

        Raises ProfileError where that cannot be; what is damaged inside is said.
        """
        store = ProfileStore(Path(folder))
        if name is not None:
            self._choose(store, name)
        kept = store.open(name, prior=self.prior_name or None, check=self._fits)
        memory, told, learnt, says = _memory_of(kept)
        taste, more = _taste_of(kept)
        return Player(
            kept.name,
            folder,
            kept.version,
            kept.adapter if self._tensors is not None else None,
            memory,
            learnt,
            told,
            taste,
            kept.stamps,
            (*kept.says, *says, *more),
        )

    def adapter(
        self, name: str, folder: str, *, undo: bool = False
    ) -> tuple[int | None, int | None, Adapter | None, tuple[str, ...]]:
        """(version that a profile names, version that can be used, its adapter, sentences).

        None is the prior alone. undo: the profile goes back by one first. Raises ProfileError.
        """
        store = ProfileStore(Path(folder))
        if undo:
            store.undo(name)
        kept = store.open(name, prior=self.prior_name or None, check=self._fits)
        return kept.record.now, kept.version, kept.adapter, kept.says

    def _adopt(self, path: Path) -> str:
        """Merge an adopted version into the prior; its name, "" where there is none."""
        if self._tensors is None or not path.is_file():
            return ""
        try:
            shared = load_adapter(path)
            tensors = merged(self._tensors, shared, fingerprint=self.prior_name)
            FastPrior(tensors, self._metadata)
        except (AdapterError, CheckpointError) as error:
            self.says.append(f"What others shared is left out: {error}")
            return ""
        self._tensors = tensors
        return shared.facts.get("shared_version", "?")

    def _choose(self, store: ProfileStore, name: str) -> None:
        """Remember that this profile is in use, and make it if it is new."""
        from engine.profile.trouble import NoSuchProfileError

        try:
            store.use(name)
        except NoSuchProfileError:
            store.create(name)
            store.use(name)

    def _fits(self, adapter: Adapter) -> None:
        if self._tensors is not None:
            FastPrior(merged(self._tensors, adapter, fingerprint=self.prior_name), self._metadata)


def rows_of(rows: Sequence[Row]) -> np.ndarray:
    """Rows as an array of shape (n, 9)."""
    return np.array(rows, dtype=np.int64).reshape(-1, len(Row._fields))


def _memory_of(
    kept: Kept,
) -> tuple[Memory, tuple[int, int], Mapping[str, np.ndarray] | None, tuple[str, ...]]:
    if kept.memory is None:
        return Memory(), (0, 0), None, ()
    try:
        memory = Memory.from_rows(kept.memory)
        session, serial = (int(number) for number in kept.memory.get(TOLD, (0, 0)))
    except (MemoryDataError, ValueError, TypeError) as error:
        says = f"The memory of “{kept.name}” cannot be used and starts empty: {error}"
        return Memory(), (0, 0), None, (says,)
    return memory, (session, serial), kept.memory, ()


def _taste_of(kept: Kept) -> tuple[Taste | None, tuple[str, ...]]:
    try:
        if kept.taste is not None:
            return Taste.from_json(kept.taste), ()
        return Taste(), ()
    except TasteError as error:
        says = str(error) if kept.taste is None else f"The taste of “{kept.name}”: {error}"
    try:
        return Taste(), (says,)
    except TasteError:
        return None, (says,)


__all__ = ["TOLD", "AdapterError", "Builder", "Player", "ProfileError", "rows_of"]
