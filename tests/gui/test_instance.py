"""One window for each data folder."""

import subprocess
import sys
from pathlib import Path

import pytest

from gui.instance import Instance


def test_the_second_is_not_the_first(tmp_path: Path) -> None:
    with Instance(tmp_path) as first:
        assert first.first
        with Instance(tmp_path) as second:
            assert not second.first
    with Instance(tmp_path) as third:
        assert third.first


def test_one_that_was_killed_leaves_no_lock(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from gui.instance import Instance\n"
        f"held = Instance(Path({str(tmp_path)!r})); print(held.first, flush=True)\n"
        "sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "True\n"
    with Instance(tmp_path) as mine:
        assert not mine.first
    other.kill()
    other.communicate()
    with Instance(tmp_path) as mine:
        assert mine.first


def test_a_folder_that_cannot_be_written_is_no_reason_to_stay_away(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with Instance(tmp_path / "file") as mine:
        assert mine.first


@pytest.mark.parametrize("depth", [1, 3])
def test_a_folder_that_is_not_there_yet_is_made(tmp_path: Path, depth: int) -> None:
    folder = tmp_path.joinpath(*("new",) * depth)
    with Instance(folder) as mine:
        assert mine.first
    assert folder.is_dir()
