"""The player's profiles, as the dock shows and changes them: all of it is called in a worker.

Over `engine.profile.store`, which is imported when something is asked and never before: it brings
numpy. What is damaged is told in the store's own sentences. A profile that is deleted is exported
first, so that it can be brought back as long as the dock is there. It refuses to know Qt and the
session: who plays with what is `gui.personalise.partnership`'s.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from plugin.files import unused_path

if TYPE_CHECKING:
    from engine.profile.record import Record, Version
    from engine.profile.store import ProfileStore

BIN = "deleted profiles"
"""Folder beside the profiles, in the data folder."""
ENDING = ".antiphon-profile"
_MOST_COPIES = 999


class ShelfError(Exception):
    """What was asked cannot be; the message is a sentence and a next step."""


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """A profile in the list. version: in use, None for the original; says: what is wrong."""

    name: str
    version: int | None = None
    versions: int = 0
    memory_notes: int | None = None
    says: str = ""


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version of a profile. made: ISO 8601; bits: per note held back, before and after.

    usable: whether it can be gone to; other_model: it was learnt on other weights.
    """

    number: int
    made: str
    notes: int
    phrases: int
    learnt_from: tuple[str, ...]
    bits_before: float | None
    bits_after: float | None
    usable: bool
    other_model: bool

    @property
    def fewer_percent(self) -> float | None:
        """By how much fewer bits a held-back note takes with it."""
        if not self.bits_before or self.bits_after is None:
            return None
        return 100 * (1 - self.bits_after / self.bits_before)


@dataclass(frozen=True, slots=True)
class Shown:
    """All profiles, and one of them in full. readable: whether that one can be opened.

    version: the one in use, None for the original. back, forth: where undo and redo lead; they can
    be taken where `can_undo`, `can_redo`. says: sentences about what cannot be used.
    """

    rows: tuple[ProfileRow, ...] = ()
    name: str = ""
    readable: bool = True
    version: int | None = None
    versions: tuple[VersionRow, ...] = ()
    back: int | None = None
    forth: int | None = None
    can_undo: bool = False
    can_redo: bool = False
    says: tuple[str, ...] = ()

    @property
    def newest(self) -> int | None:
        """The last version that can be gone to."""
        return max((row.number for row in self.versions if row.usable), default=None)


@dataclass(frozen=True, slots=True)
class Moved:
    """A profile uses another version: before and after, None for the original."""

    name: str
    before: int | None
    after: int | None


def _store(folder: Path) -> "ProfileStore":
    from engine.profile.store import ProfileStore

    return ProfileStore(folder)


class Shelf:
    """See the module. Thread: a worker, one call at a time. All raise ShelfError."""

    def __init__(self, folder: Path, store_in: "Callable[[Path], ProfileStore]" = _store) -> None:
        """folder: of profiles. store_in makes a store for it (tests give one with a full disk)."""
        self.folder = folder
        self._store_in = store_in
        self._bin = folder.parent / BIN

    def look(self, name: str | None = None) -> Shown:
        """All profiles, and the one of this name in full; None: the one in use."""
        from engine.profile.fitting import shipped_prior
        from engine.profile.trouble import NoSuchProfileError, ProfileError

        store, prior = self._store_in(self.folder), shipped_prior()
        with _in_words():
            rows = tuple(
                ProfileRow(one.name, one.version, one.versions, one.memory_notes, one.says)
                for one in store.list()
            )
            name = name or store.in_use()
        try:
            opened = store.open(name, prior=prior or None)
        except NoSuchProfileError:
            return Shown(rows, name)
        except ProfileError as error:
            return Shown(rows, name, readable=False, says=(str(error),))
        record = opened.record
        now = record.version(record.now)
        return Shown(
            rows,
            opened.name,
            version=record.now,
            versions=tuple(_row(version, prior) for version in reversed(record.versions)),
            back=now.before if now else None,
            forth=record.undone[-1] if record.undone else None,
            can_undo=now is not None,
            can_redo=bool(record.undone),
            says=opened.says,
        )

    # ------------------------------------------------------------------------ inside a profile

    def undo(self, name: str) -> Moved:
        """Back to the version before."""
        return self._move(name, lambda store: store.undo(name))

    def redo(self, name: str) -> Moved:
        """Forth to the version that was gone back from last."""
        return self._move(name, lambda store: store.redo(name))

    def go_to(self, name: str, version: int | None) -> Moved:
        """To any version, None is the original."""
        return self._move(name, lambda store: store.go_to(name, version))

    def step_to(self, name: str, version: int | None) -> Moved:
        """As `go_to`, by undo or redo where these lead there: then the way back and forth stays."""

        def step(store: "ProfileStore") -> "Record":
            record = store.open(name).record
            now = record.version(record.now)
            if now is not None and now.before == version:
                return store.undo(name)
            if record.undone and record.undone[-1] == version:
                return store.redo(name)
            return store.go_to(name, version)

        return self._move(name, step)

    # -------------------------------------------------------------------------- whole profiles

    def create(self, name: str) -> str:
        """A new, empty one; its name as it is kept."""
        with _in_words():
            return self._store_in(self.folder).create(name)

    def rename(self, name: str, new: str) -> str:
        """Another name; as it is kept."""
        with _in_words():
            return self._store_in(self.folder).rename(name, new)

    def copy(self, name: str) -> tuple[str, tuple[str, ...]]:
        """(name of a second one like it, what could not be copied)."""
        with _in_words():
            store = self._store_in(self.folder)
            new = self._free(store, f"{name} copy")
            return new, store.copy(name, new)

    def export(self, name: str, path: Path) -> tuple[str, ...]:
        """Write it to a file, also over another; what had to be left out."""
        with _in_words():
            return self._store_in(self.folder).export(name, path)

    def import_(self, path: Path) -> tuple[str, tuple[str, ...]]:
        """(name, sentences) of the profile in an exported file; beside one that has its name."""
        from engine.profile.fitting import fits_shipped, shipped_prior

        with _in_words():
            store = self._store_in(self.folder)
            taken = {one.name.casefold() for one in store.list()}
            name = _name_in(path)
            wish = None
            if name is not None and name.casefold() in taken:
                wish = self._free(store, name)
            found = store.import_(path, wish, prior=shipped_prior() or None, check=fits_shipped)
            says = found.says
            if wish is not None:
                says = (f"There is a “{name}” already: the imported one is “{wish}”.", *says)
            return found.name, says

    def delete(self, name: str) -> Path:
        """Remove it; the file from which `bring_back` has it again until the bin is emptied."""
        with _in_words():
            store = self._store_in(self.folder)
            real = store.name_of(name)
            try:
                self._bin.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise ShelfError(_full(error, real)) from error
            kept = unused_path(self._bin, real, ENDING)
            store.export(real, kept)
            store.delete(real)
        return kept

    def delete_for_good(self, name: str) -> None:
        """Remove one that cannot be exported first."""
        with _in_words():
            self._store_in(self.folder).delete(name)

    def bring_back(self, kept: Path, name: str) -> str:
        """The name of a profile that was deleted, which is there again.

        An empty one that has its name by now (there is always a "me") makes room for it.
        """
        with _in_words():
            store = self._store_in(self.folder)
            there = [one for one in store.list() if one.name.casefold() == name.casefold()]
            empty = there and not (there[0].versions or there[0].memory_notes or there[0].says)
            wish = name if empty or not there else self._free(store, name)
            # It was ours: also what does not fit this model any more comes back.
            again = store.import_(kept, wish, replace=bool(empty)).name
        with contextlib.suppress(OSError):
            kept.unlink()
        return again

    def empty_bin(self) -> None:
        """What was deleted is gone for good."""
        for kept in self._bin.glob(f"*{ENDING}"):
            with contextlib.suppress(OSError):
                kept.unlink()
        with contextlib.suppress(OSError):
            self._bin.rmdir()

    def _move(self, name: str, change: "Callable[[ProfileStore], Record]") -> Moved:
        with _in_words():
            store = self._store_in(self.folder)
            before = store.open(name).record.now
            return Moved(name, before, change(store).now)

    def _free(self, store: "ProfileStore", wish: str) -> str:
        """The wished name, or the first with a number behind it, that nobody has."""
        taken = {one.name.casefold() for one in store.list()}
        names = (wish, *(f"{wish} {number}" for number in range(2, _MOST_COPIES)))
        for name in names:
            if name.casefold() not in taken:
                return name
        raise ShelfError(f"There are very many profiles called “{wish}”: delete some first.")


def _row(version: "Version", prior: str) -> VersionRow:
    return VersionRow(
        version.number,
        version.made,
        version.notes,
        version.phrases,
        version.learnt_from,
        version.bits_before,
        version.bits_after,
        usable=version.kept,
        other_model=bool(prior) and version.prior != prior,
    )


def _name_in(path: Path) -> str | None:
    """The name of the profile in an exported file; None where it is no such file."""
    from engine.profile import parcel
    from engine.profile.disk import read_bytes
    from engine.profile.trouble import DamagedError

    try:
        return parcel.unpack(read_bytes(path, parcel.MOST_BYTES)).name
    except (OSError, DamagedError):
        return None


def _full(error: OSError, name: str) -> str:
    reason = (error.strerror or "unknown reason").lower()
    return (
        f"“{name}” was not deleted, because it cannot be kept for an undo ({reason}): free some "
        "space."
    )


@contextlib.contextmanager
def _in_words() -> Iterator[None]:
    from engine.profile.trouble import ProfileError

    try:
        yield
    except ProfileError as error:
        raise ShelfError(str(error)) from error
