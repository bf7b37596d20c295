"""Bytes by name beside the database: a folder for one machine, an object store for several.

What `put` returned from is on disk; a name is whole or not there. Names are made here by `delta`,
`model`, `frozen` and `state`, never by a caller from outside. A folder is named by its path or
file://, an object store by any URL that fsspec knows (s3://bucket/prefix; install the store's own
package beside it).

It refuses to know what the bytes mean, and to list an object store's whole tree for a request.
"""

import contextlib
import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from engine.files import write_whole
from federation.server.trouble import ServerError

_NAME = re.compile(r"(deltas|models|frozen|states|gate)/[0-9a-f.-]{1,128}")


class NoBlobError(Exception):
    """There is nothing of this name."""


class Blobs(Protocol):
    """See the module. All raise OSError where the store does not answer."""

    def put(self, name: str, data: bytes) -> None:
        """Keep it; on disk when this returns."""

    def get(self, name: str) -> bytes:
        """Raises NoBlobError."""

    def delete(self, name: str) -> None:
        """Remove it, if it is there."""

    def names(self, kind: str) -> Iterator[tuple[str, float]]:
        """All names of a kind, and when each was written (UTC seconds)."""


def delta(uuid: str, sha256: str) -> str:
    """What a device sent; two bodies under one uuid are two blobs."""
    return f"deltas/{uuid}.{sha256}"


def model(sha256: str) -> str:
    """All B of a version."""
    return f"models/{sha256}"


def frozen(lineage: str) -> str:
    """All A of a lineage, for the gate."""
    return f"frozen/{lineage}"


def state(sha256: str) -> str:
    """What the server's rule remembers."""
    return f"states/{sha256}"


def gate(lineage: str) -> str:
    """The music of the gate."""
    return f"gate/{lineage}"


class Folder:
    """Files below one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, mode=0o700, exist_ok=True)

    def put(self, name: str, data: bytes) -> None:
        """See `Blobs`."""
        path = self._path(name)
        if not path.parent.is_dir():
            path.parent.mkdir(mode=0o700, exist_ok=True)
            _sync(self._folder)
        write_whole(path, data)
        _sync(path.parent)  # the name, too, outlives a power cut

    def get(self, name: str) -> bytes:
        """See `Blobs`."""
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError as error:
            raise NoBlobError(name) from error

    def delete(self, name: str) -> None:
        """See `Blobs`."""
        self._path(name).unlink(missing_ok=True)

    def names(self, kind: str) -> Iterator[tuple[str, float]]:
        """See `Blobs`; half-written files of a crash are named, too, so that they can go."""
        with contextlib.suppress(FileNotFoundError), os.scandir(self._folder / kind) as found:
            for entry in found:
                with contextlib.suppress(FileNotFoundError):
                    yield f"{kind}/{entry.name}", entry.stat().st_mtime

    def sweep(self, kind: str, before_s: float) -> None:
        """Remove what a crash left half written."""
        for name, written_s in self.names(kind):
            if name.endswith(".tmp") and written_s < before_s:
                (self._folder / name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise NoBlobError(name)
        return self._folder / name


class Store:
    """An object store through fsspec. Its `pipe` is a whole object or none."""

    def __init__(self, url: str) -> None:
        try:
            import fsspec  # type: ignore[import-untyped]

            self._files, self._root = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise ServerError(
                f"The object store {url} cannot be reached by fsspec ({error}); install fsspec and "
                "the package of the store, or name a folder."
            ) from error

    def put(self, name: str, data: bytes) -> None:
        """See `Blobs`."""
        path = self._path(name)
        self._files.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
        self._files.pipe_file(path, data)

    def get(self, name: str) -> bytes:
        """See `Blobs`."""
        try:
            return bytes(self._files.cat_file(self._path(name)))
        except FileNotFoundError as error:
            raise NoBlobError(name) from error

    def delete(self, name: str) -> None:
        """See `Blobs`."""
        with contextlib.suppress(FileNotFoundError):
            self._files.rm_file(self._path(name))

    def names(self, kind: str) -> Iterator[tuple[str, float]]:
        """See `Blobs`; stores without a time of writing count as written long ago."""
        self._files.invalidate_cache()
        with contextlib.suppress(FileNotFoundError):
            for entry in self._files.ls(f"{self._root}/{kind}", detail=True):
                yield f"{kind}/{str(entry['name']).rsplit('/', 1)[-1]}", _written_s(entry)

    def _path(self, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise NoBlobError(name)
        return f"{self._root}/{name}"


def opened(where: str) -> Blobs:
    """The store that a path or URL names. Raises ServerError."""
    if where.startswith("file://"):
        return Folder(Path(where.removeprefix("file://")))
    return Store(where) if "://" in where else Folder(Path(where))


def _written_s(entry: dict[str, Any]) -> float:
    for name in ("mtime", "LastModified", "created", "last_modified"):
        found = entry.get(name)
        if isinstance(found, int | float):
            return float(found)
        if isinstance(found, datetime):
            return found.timestamp()
    return 0.0


def _sync(folder: Path) -> None:
    if os.name == "nt":  # there a folder cannot be opened, and names are written at once
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
