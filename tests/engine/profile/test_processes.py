"""Profiles and real processes: killed at any moment, two at once, disks that really are full."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from engine.profile import disk as disk_module
from engine.profile.disk import READER_WAITS_S, WAIT_S, Disk, locked
from engine.profile.folder import names_in
from engine.profile.trouble import ProfileError
from tests.engine.profile.stage import (
    BETTER,
    adapter,
    filled,
    left_over,
    memory,
    of_arrays,
    of_profile,
    phrase,
    store_in,
)
from tests.plugin.sentences import assert_is_a_sentence
from tests.shared import REPOSITORY

if sys.platform != "win32":
    import resource

KILLS = 8


@contextmanager
def writing(folder: Path, what: str) -> Iterator[subprocess.Popen[str]]:
    """A process that writes until it is killed at the end."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.engine.profile.writer", str(folder), what],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "begun\n"
        yield child
    finally:
        child.kill()
        child.wait()
        assert child.stdout is not None
        child.stdout.close()


@pytest.mark.slow
def test_a_writer_killed_at_any_moment_leaves_whole_profiles(tmp_path):
    store = filled(tmp_path)
    store.export("me", tmp_path / "me.antiphon-profile")
    rng = random.Random(3)
    versions = 2
    for _ in range(KILLS):
        with writing(tmp_path, "all") as child:
            time.sleep(rng.uniform(0.0, 0.15))
            child.kill()
            child.wait()
        for name, _ in names_in(store.folder):
            profile = store.open(name)
            assert profile.says == (), name
            assert profile.memory is not None
            assert profile.version == profile.record.now
            assert store.phrases(name)
        me = store.open("me")
        assert len(me.record.versions) >= versions, "what was kept stays"
        versions = len(me.record.versions)
        assert of_arrays(me.memory) == of_arrays(memory((me.memory_notes or 0) % 30_000)) or (
            me.memory_notes == 12
        )
        number = me.settings.get("number")
        assert number is None or me.settings["again"] == [number] * 50
    assert versions > 2, "the writer did write"
    for name, _ in names_in(store.folder):
        store.save_settings(name, {})
    assert left_over(tmp_path) == []


@pytest.mark.slow
def test_two_processes_at_once_lose_nothing(tmp_path):
    """Two learn, one saves its memory, and we read and learn too."""
    store = filled(tmp_path)
    ours = []
    with ExitStack() as children:
        for what in ("adapters", "adapters", "memory"):
            children.enter_context(writing(tmp_path, what))
        for number in range(12):
            ours.append(
                store.add_adapter("me", adapter(-1.0), BETTER, [phrase(f"ours {number}")]).number
            )
            profile = store.open("me")
            assert profile.says == ()
            assert profile.version == profile.record.now
    record = store.open("me").record
    assert [version.number for version in record.versions] == list(
        range(1, len(record.versions) + 1)
    )
    assert [record.version(number).learnt_from for number in ours] == [
        (f"ours {number}",) for number in range(12)
    ]
    for version in record.versions:
        assert store.phrases("me", version.number)[0].name == version.learnt_from[0]


# -------------------------------------------------------------------------- disks as they are

CHANGES = {
    "memory": lambda store: store.save_memory("me", memory(9)),
    "taste": lambda store: store.save_taste("me", "[" + "9," * 2000 + "9]"),
    "settings": lambda store: store.save_settings("me", {"a": "9" * 5000}),
    "adapter": lambda store: store.add_adapter("me", adapter(9.0), BETTER, [phrase(notes=300)]),
    "copy": lambda store: store.copy("me", "you"),
    "export": lambda store: store.export("me", store.folder.parent / "me.antiphon-profile"),
}


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of files")
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("most_bytes", [0, 100, 400])
def test_where_files_cannot_grow_the_old_profile_stays(tmp_path, change, most_bytes):
    store = filled(tmp_path)
    before = of_profile(store.open("me"))
    files = sorted(tmp_path.rglob("*"))
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, old[1]))
    try:
        with pytest.raises(ProfileError) as refused:
            CHANGES[change](store)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    assert_is_a_sentence(str(refused.value))
    assert of_profile(store.open("me")) == before
    assert sorted(tmp_path.rglob("*")) == files


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no such mode")
@pytest.mark.parametrize("change", [change for change in CHANGES if change != "export"])
def test_in_a_read_only_folder_everything_can_be_read_and_nothing_is_written(tmp_path, change):
    store = filled(tmp_path)
    before = of_profile(store.open("me"))
    folders = [store.folder, *(path for path in store.folder.rglob("*") if path.is_dir())]
    files = [path for path in store.folder.rglob("*") if path.is_file()]
    for path in folders:
        path.chmod(0o500)
    for path in files:
        path.chmod(0o400)
    try:
        if os.access(store.folder, os.W_OK):
            pytest.skip("whoever runs this may write everywhere (root)")
        with pytest.raises(ProfileError) as refused:
            CHANGES[change](store)
        assert_is_a_sentence(str(refused.value))
        assert of_profile(store.open("me")) == before
        assert [one.name for one in store.list()] == ["me"]
    finally:
        for path in folders:
            path.chmod(0o700)


def test_where_a_file_is_in_the_way_it_is_a_sentence(tmp_path):
    (tmp_path / "profiles").write_text("not a folder")
    store = store_in(tmp_path)
    with pytest.raises(ProfileError) as refused:
        store.save_memory("me", memory())
    assert_is_a_sentence(str(refused.value))
    assert store.open("me").memory is None
    assert store.list() == ()
    assert (tmp_path / "profiles").read_text() == "not a folder"


def test_what_cannot_be_locked_can_be_read_and_not_written(tmp_path):
    store = filled(tmp_path)
    before = of_profile(store.open("me"))
    (store.folder / ".lock").unlink()
    (store.folder / ".lock").mkdir()
    with pytest.raises(ProfileError) as refused:
        store.save_memory("me", memory(9))
    assert_is_a_sentence(str(refused.value))
    assert of_profile(store.open("me")) == before


def test_bytes_are_on_the_disk_before_they_get_their_name(tmp_path, monkeypatch):
    done = []
    replace = os.replace
    monkeypatch.setattr(os, "fsync", lambda handle: done.append("fsync"))
    monkeypatch.setattr(os, "replace", lambda a, b: (done.append("replace"), replace(a, b)))
    Disk().write(tmp_path / "file", b"bytes")
    assert done == ["fsync", "replace", "fsync"], "the file, its name, its folder"


# -------------------------------------------------------------------------------------- locks


class Waiting:
    """A clock that goes on only when somebody sleeps."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def clock(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


def test_a_writer_gives_up_after_a_while_and_says_so(tmp_path):
    time_ = Waiting()
    with locked(tmp_path):
        with (
            pytest.raises(ProfileError) as busy,
            locked(tmp_path, clock=time_.clock, sleep=time_.sleep),
        ):
            pytest.fail("two have the lock")
        assert_is_a_sentence(str(busy.value))
        assert WAIT_S <= time_.now_s < WAIT_S + 1


def test_a_reader_waits_for_a_writer_but_not_for_ever(tmp_path):
    time_ = Waiting()
    with locked(tmp_path), locked(tmp_path, shared=True, clock=time_.clock, sleep=time_.sleep):
        assert READER_WAITS_S <= time_.now_s < READER_WAITS_S + 1


@pytest.mark.skipif(sys.platform == "win32", reason="no shared locks")
def test_readers_do_not_wait_for_each_other(tmp_path):
    time_ = Waiting()
    with locked(tmp_path):
        pass
    with (
        locked(tmp_path, shared=True),
        locked(tmp_path, shared=True, clock=time_.clock, sleep=time_.sleep),
    ):
        assert time_.now_s == 0.0
        with (
            pytest.raises(ProfileError),
            locked(tmp_path, clock=time_.clock, sleep=time_.sleep),
        ):
            pytest.fail("a writer beside readers")


@pytest.mark.skipif(sys.platform == "win32", reason="another call")
def test_a_file_system_without_locks_is_written_to_all_the_same(tmp_path, monkeypatch):
    def no_locks(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(disk_module.fcntl, "flock", no_locks)
    store = filled(tmp_path)
    assert store.open("me").version == 2
