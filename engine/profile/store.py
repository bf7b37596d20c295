"""All profiles of one data folder: read, written, gone back in, carried away and brought in.

Reading gives a snapshot and writes nothing. Every change is whole or not at all, whatever happens
and whoever else is writing. Nothing is removed but what somebody asked to remove, and what a killed
writer left half done. It refuses to keep anything in memory between calls, and needs no torch.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.adapt.adapter import Adapter, AdapterError
from engine.profile import arrays, carrying, writing
from engine.profile.disk import Disk
from engine.profile.folder import find, names_in
from engine.profile.names import DEFAULT, checked, profiles_folder, same
from engine.profile.phrases import Phrase
from engine.profile.reading import (
    ABSENT,
    MEMORY,
    SETTINGS,
    TASTE,
    Check,
    Profile,
    read_adapter,
    read_phrases,
    read_profile,
    read_record,
)
from engine.profile.record import Outcome, Record, Version
from engine.profile.shelf import Shelf
from engine.profile.summary import Summary, summary_of
from engine.profile.trouble import DamagedError, ProfileError, not_written


def _now() -> datetime:
    return datetime.now(UTC)


class ProfileStore:
    """The profiles in a folder, by default the user's; it need not exist.

    disk, now: what writes and what says the time, for tests. Whatever changes something raises
    ProfileError, and then has changed nothing. "me" is there even before it is first saved.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        disk: Disk | None = None,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self._disk = disk or Disk()
        self._shelf = Shelf(folder or profiles_folder(), self._disk)
        self._now = now

    @property
    def folder(self) -> Path:
        """Where the profiles are."""
        return self._shelf.folder

    # ---------------------------------------------------------------------------------- reading

    def list(self) -> tuple[Summary, ...]:
        """What there is to tell of each profile, by name; damaged ones say so."""
        with self._shelf.reading():
            in_use = self._shelf.in_use()
            return tuple(
                summary_of(folder, name, in_use=name == in_use)
                for name, folder in names_in(self.folder)
            )

    def in_use(self) -> str:
        """The name of the profile in use: the one chosen last, if it is still there, else "me"."""
        with self._shelf.reading():
            return self._shelf.in_use()

    def name_of(self, name: str | None = None) -> str:
        """A profile's name as it is kept, by default of the one in use; it need not be readable.

        Raises NoSuchProfileError, ProfileError.
        """
        with self._shelf.reading():
            return self._shelf.known(self._shelf.in_use() if name is None else name)[0]

    def open(
        self, name: str | None = None, *, prior: str | None = None, check: Check | None = None
    ) -> Profile:
        """A profile as it is now, by default the one in use.

        prior: fingerprint of the weights in use, so that an adapter of others is not taken. check:
        called with an adapter; one for which it raises AdapterError counts as damaged.
        Raises NoSuchProfileError, ProfileError.
        """
        with self._shelf.reading():
            asked = self._shelf.in_use() if name is None else checked(name)
            if same(asked, DEFAULT) and find(self.folder, asked) is None:
                when = self._when()
                stamps = dict.fromkeys(("memory", "taste", "settings"), ABSENT)
                return Profile(DEFAULT, Record(when, when), stamps=stamps)
            real, folder = self._shelf.known(asked)
            return read_profile(folder, real, prior=prior, check=check)

    def phrases(self, name: str, version: int | None = None) -> tuple[Phrase, ...]:
        """What a version, by default the one in use, was learnt from. Raises ProfileError."""
        with self._shelf.reading():
            real, folder = self._shelf.known(name)
            record, _ = read_record(folder, real)
            number = record.now if version is None else version
            if number is None or number not in {kept.number for kept in record.kept}:
                raise ProfileError(
                    f"“{real}” has no such version: `antiphon profiles show` lists them."
                )
            return read_phrases(folder, number)

    def adapter(self, name: str, version: int) -> Adapter:
        """The adapter of a version that was kept, whichever is in use. Raises ProfileError."""
        with self._shelf.reading():
            real, folder = self._shelf.known(name)
            found = read_record(folder, real)[0].version(version)
            try:
                if found is None or not found.kept:
                    raise DamagedError("no such version")
                return read_adapter(folder, found)
            except (AdapterError, DamagedError, OSError) as error:
                raise ProfileError(
                    f"Version {version} of what “{real}” learnt cannot be read: learn again to "
                    "make a new one."
                ) from error

    # ------------------------------------------------------------------------ inside one profile

    def save_memory(
        self,
        name: str,
        found: arrays.Arrays,
        *,
        notes: int | None = None,
        after: str | None = None,
    ) -> str:
        """Save a memory's arrays; the new stamp. notes: how many notes it has learnt.

        after: `Profile.stamps["memory"]` as it was read; ChangedError if somebody saved since.
        """
        return self._put(name, MEMORY, writing.memory_bytes(found, notes), "The memory", after)

    def save_taste(self, name: str, text: str, *, after: str | None = None) -> str:
        """Save a taste's JSON text; the new stamp. after: as in `save_memory`."""
        return self._put(name, TASTE, writing.taste_bytes(text), "The taste", after)

    def save_settings(self, name: str, value: dict[str, Any], *, after: str | None = None) -> str:
        """Save settings, a JSON object; the new stamp. after: as in `save_memory`."""
        return self._put(name, SETTINGS, writing.settings_bytes(value), "The settings", after)

    def add_adapter(
        self, name: str, adapter: Adapter, outcome: Outcome, learnt: Sequence[Phrase]
    ) -> Version:
        """One more version; in use from now on if `outcome.kept`, else only noted.

        learnt: the phrases, those held back too, so that a newer prior can learn them.
        """
        with self._writing("What was learnt", name, make=True) as (real, folder):
            return writing.add_adapter(
                self._disk, folder, real, adapter, outcome, learnt, self._when()
            )

    def undo(self, name: str) -> Record:
        """Back to the version that was in use before, to the prior alone in the end."""
        return self._move(name, Record.gone_back, "nothing to go back to: it uses no adapter")

    def redo(self, name: str) -> Record:
        """Forth again to the version that was gone back from last."""
        return self._move(name, Record.gone_forth, "nothing to go forth to: nothing was undone")

    def go_to(self, name: str, version: int | None) -> Record:
        """To any version that was kept, or with None to the prior alone."""

        def to(record: Record, when: str) -> Record | None:
            try:
                return record.gone_to(version, when)
            except KeyError:
                return None

        return self._move(name, to, "no such version: `antiphon profiles show` lists them")

    # --------------------------------------------------------------------------- whole profiles

    def use(self, name: str) -> str:
        """Remember which profile is in use from now on; its name as it is kept."""
        with self._shelf.changing("The choice of a profile"):
            return self._shelf.use(name)

    def create(self, name: str) -> str:
        """A new, empty profile; its name as it is kept."""
        with self._shelf.changing("The new profile"):
            return self._make(self._shelf.free(name))

    def rename(self, name: str, new: str) -> str:
        """Give a profile another name; the name as it is kept. In use stays in use."""
        with self._shelf.changing("The change"):
            return self._shelf.rename(name, new)

    def copy(self, name: str, new: str) -> tuple[str, ...]:
        """A second profile like the first; sentences about what could not be copied."""
        with self._shelf.changing("The copy"):
            real, folder = self._shelf.known(name)
            whole, says = carrying.gather(folder, real)
            with self._shelf.building(new) as making:
                carrying.lay_out(self._disk, making, whole)
        return says

    def delete(self, name: str) -> str:
        """Remove a profile with all that it learnt, for good; its name."""
        with self._shelf.changing("The change"):
            return self._shelf.remove(name)

    def export(self, name: str, path: Path) -> tuple[str, ...]:
        """Write a profile to one file, also over another; sentences about what had to be left out.

        Raises ProfileError.
        """
        with self._shelf.reading():
            real, folder = self._shelf.known(name)
            whole, says = carrying.gather(folder, real)
        data = carrying.wrapped(whole)
        try:
            self._disk.write(path, data)
        except OSError as error:
            raise not_written(error, "The export", path.parent) from error
        return says

    def import_(
        self,
        path: Path,
        name: str | None = None,
        *,
        replace: bool = False,
        prior: str | None = None,
        check: Check | None = None,
    ) -> Profile:
        """The profile of an exported file, under its own name or another; as `open` gives it.

        prior, check: as in `open`; an adapter of this prior that does not stand the check is a
        reason to refuse the file. Raises ProfileError.
        """
        whole = carrying.unwrapped(path, prior=prior, check=check)
        real = carrying.name_for(path, whole, name)
        with self._shelf.changing("The imported profile"):
            if not replace and find(self.folder, real):
                raise ProfileError(
                    f"There is a profile “{real}” already: add --name and another name, or "
                    "--replace."
                )
            with self._shelf.building(real, replace=replace) as making:
                carrying.lay_out(self._disk, making, whole)
        return self.open(real, prior=prior, check=check)

    # ------------------------------------------------------------------------------------------

    def _when(self) -> str:
        return self._now().astimezone(UTC).isoformat(timespec="seconds")

    def _make(self, name: str) -> str:
        when = self._when()
        with self._shelf.building(name) as making:
            writing.put_record(self._disk, making, Record(when, when))
        return name

    def _put(self, name: str, file: str, data: bytes, what: str, after: str | None) -> str:
        with self._writing(what, name, make=True) as (real, folder):
            return writing.put(self._disk, folder, real, file, data, after=after)

    def _move(
        self, name: str, change: Callable[[Record, str], Record | None], nothing: str
    ) -> Record:
        with self._writing("The change", name) as (real, folder):
            record, _ = read_record(folder, real)
            new = change(record, self._when())
            if new is None:
                raise ProfileError(f"“{real}” has {nothing}.")
            writing.put_record(self._disk, folder, new)
            return new

    @contextlib.contextmanager
    def _writing(self, what: str, name: str, *, make: bool = False) -> Iterator[tuple[str, Path]]:
        """(name, folder) of a profile while it changes. make: "me" if it is not there."""
        with self._shelf.changing(what):
            if make and same(checked(name), DEFAULT) and find(self.folder, name) is None:
                self._make(DEFAULT)
            real, folder = self._shelf.known(name)
            writing.sweep(self._disk, folder)
            yield real, folder
