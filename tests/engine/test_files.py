"""Files that are whole or not there."""

import errno
import os
import stat
from pathlib import Path

import pytest

from engine.files import OWNER_ONLY, write_whole


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Of a file in a folder of its own."""
    (tmp_path / "alone").mkdir()
    return tmp_path / "alone" / "file"


def test_new_bytes_take_the_place_of_old_ones_and_nothing_is_left(path: Path):
    for data in (b"old" * 1000, b"new", b""):
        write_whole(path, data)
        assert path.read_bytes() == data
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt()])
def test_when_it_fails_the_old_file_stays_and_nothing_is_left(
    path: Path, monkeypatch: pytest.MonkeyPatch, step: str, error: BaseException
):
    write_whole(path, b"old")

    def fails(*_: object) -> None:
        assert path.read_bytes() == b"old"
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(os, step, fails)
        with pytest.raises(type(error)):
            write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]


def test_nothing_is_under_the_final_name_before_all_is_on_the_disk(
    path: Path, monkeypatch: pytest.MonkeyPatch
):
    done = []
    real = os.fsync

    def fsync(handle: int) -> None:
        real(handle)
        done.append((os.fstat(handle).st_size, path.exists()))

    monkeypatch.setattr(os, "fsync", fsync)
    write_whole(path, b"x" * 5000)
    assert done == [(5000, False)]


def test_where_there_is_no_folder_it_says_so(tmp_path: Path):
    with pytest.raises(OSError, match="none"):
        write_whole(tmp_path / "none" / "file", b"data")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError, match="file"):
        write_whole(tmp_path / "file" / "below", b"data")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        write_whole(tmp_path / "folder", b"data")
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["file"]


def test_the_longest_name_that_a_disk_takes_is_taken(tmp_path: Path):
    path = tmp_path / ("n" * 255)
    write_whole(path, b"data")
    assert path.read_bytes() == b"data"


@pytest.mark.skipif(os.name == "nt", reason="no such rights there")
@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600)])
def test_who_may_read_it_is_what_the_system_says(tmp_path: Path, mask: int, mode: int):
    before = os.umask(mask)
    try:
        write_whole(tmp_path / "file", b"data")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == mode


@pytest.mark.skipif(os.name == "nt", reason="no such rights there")
def test_what_is_for_the_owner_alone_is_so_from_its_first_byte_on(
    path: Path, monkeypatch: pytest.MonkeyPatch
):
    write_whole(path, b"for all")
    seen = []
    real = os.fsync

    def fsync(handle: int) -> None:
        real(handle)
        seen.append(stat.S_IMODE(os.fstat(handle).st_mode))

    monkeypatch.setattr(os, "fsync", fsync)
    write_whole(path, b"secret", OWNER_ONLY)
    assert seen == [0o600]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
