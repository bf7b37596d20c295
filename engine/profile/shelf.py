"""The folder in which all profiles lie: who is there, who is in use, who comes and goes.

Folders are renamed, so a profile is there as a whole or not at all. One lock is held for the time
of a look or a change; no caller may take it twice. It refuses to look into a profile.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from engine.profile import sheet
from engine.profile.disk import Disk, locked, read_bytes
from engine.profile.folder import GONE, MAKING, OLD, find, mend
from engine.profile.names import DEFAULT, checked, same
from engine.profile.trouble import DamagedError, NoSuchProfileError, ProfileError, not_written

_IN_USE = ".in-use.json"
_MOST_BYTES = 4096


class Shelf:
    """Profiles by name in `folder`, which need not exist. disk: what writes."""

    def __init__(self, folder: Path, disk: Disk) -> None:
        self.folder = folder
        self.disk = disk

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Nobody writes meanwhile."""
        with locked(self.folder, shared=True):
            yield

    @contextlib.contextmanager
    def changing(self, what: str) -> Iterator[None]:
        """Nobody else writes or reads; what a killed writer left is mended first.

        what: begins the sentence if the disk does not do what it should. Raises ProfileError.
        """
        try:
            self.disk.folder(self.folder)
            with locked(self.folder):
                mend(self.disk, self.folder)
                yield
        except OSError as error:
            raise not_written(error, what, self.folder) from error

    # ----------------------------------------------- to be called while reading or changing

    def in_use(self) -> str:
        """The profile that was chosen last if it is still there, else "me"."""
        try:
            data = read_bytes(self.folder / _IN_USE, _MOST_BYTES)
            name = checked(str(sheet.unpack("in-use", 1, data)))
        except (OSError, DamagedError, ProfileError):
            return DEFAULT
        found = find(self.folder, name)
        return found[0] if found else DEFAULT

    def known(self, name: str) -> tuple[str, Path]:
        """(name as it is kept, folder). Raises NoSuchProfileError, ProfileError."""
        real = checked(name)
        found = find(self.folder, real)
        if found is None:
            raise NoSuchProfileError(
                f"There is no profile “{real}”: `antiphon profiles list` shows those there are, "
                "`antiphon profiles new` makes one."
            )
        return found

    def free(self, name: str) -> str:
        """A name that nobody has, as it will be kept. Raises ProfileError."""
        real = checked(name)
        there = find(self.folder, real)
        if there or (self.folder / real).exists():
            shown = there[0] if there else real
            raise ProfileError(f"There is a profile “{shown}” already: choose another name.")
        return real

    # ------------------------------------------------------------ to be called while changing

    def use(self, name: str) -> str:
        """Remember which profile is in use. Raises ProfileError, OSError."""
        real = DEFAULT if same(checked(name), DEFAULT) else self.known(name)[0]
        self._remember(real)
        return real

    def rename(self, name: str, new: str) -> str:
        """Give a profile another name; in use stays in use. Raises ProfileError, OSError."""
        real, folder = self.known(name)
        better = checked(new)
        if better == real:
            return real
        if not same(real, better):
            self.free(better)
        was_in_use = self.in_use() == real
        self.disk.rename(folder, self.folder / better)
        try:
            if was_in_use:
                self._remember(better)
        except OSError:
            self.disk.rename(self.folder / better, folder)
            raise
        return better

    def remove(self, name: str) -> str:
        """Remove a profile with all that is in it. Raises ProfileError, OSError."""
        real, folder = self.known(name)
        gone = self.disk.beside(self.folder, GONE)
        try:
            self.disk.rename(folder, gone / "profile")
        except OSError:
            with contextlib.suppress(OSError):
                self.disk.remove(gone)
            raise
        with contextlib.suppress(OSError):  # the next change removes what is left
            self.disk.remove(gone)
        return real

    @contextlib.contextmanager
    def building(self, name: str, *, replace: bool = False) -> Iterator[Path]:
        """An empty folder that becomes the profile `name` at once if all goes well.

        replace: in place of the one of that name, which stays until then.
        Raises ProfileError, OSError; then everything is as it was.
        """
        there = find(self.folder, checked(name)) if replace else None
        target = there[1] if there else self.folder / self.free(name)
        making = self.disk.beside(self.folder, MAKING)
        try:
            yield making
            old = self.folder / f"{OLD}{target.name}"
            if there:
                self.disk.rename(target, old)
            try:
                self.disk.rename(making, target)
            except OSError:
                if there:
                    self.disk.rename(old, target)
                raise
        except Exception:
            with contextlib.suppress(OSError):
                self.disk.remove(making)
            raise
        if there:
            with contextlib.suppress(OSError):
                self.disk.remove(old)

    def _remember(self, name: str) -> None:
        self.disk.write(self.folder / _IN_USE, sheet.pack("in-use", 1, name))
