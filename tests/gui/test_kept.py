"""window.json: whole or not at all, and never in the way."""

from pathlib import Path

import pytest

from gui import kept
from gui.kept import Kept, KeptError


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "new" / "window.json"
    mine = Kept(
        place=(-5, 10, 1200, 800),
        theme="light",
        ins=("Piano",),
        profile="",
        rebound={"hold": "G"},
        panels={"roll": {"bars": 8, "follows": True}},
    )
    kept.save(path, mine)
    assert kept.load(path) == (mine, "")


def test_nothing_there_is_the_first_day(tmp_path: Path) -> None:
    assert kept.load(tmp_path / "window.json") == (Kept(), "")


@pytest.mark.parametrize(
    ("content", "words", "aside"),
    [
        (b"\x00\xffgarbage", "cannot be understood", "window damaged.json"),
        (b"[" * 100_000, "cannot be understood", "window damaged.json"),
        (
            b'{"version": 1, "kept": {"place": "left"}}',
            "cannot be understood",
            "window damaged.json",
        ),
        (b'{"version": 2, "kept": {"planets": 9}}', "a newer Antiphon", "window newer.json"),
        (b" " * 1_000_001, "far too large", "window damaged.json"),
    ],
)
def test_a_file_that_is_no_use_is_put_aside_and_said(
    tmp_path: Path, content: bytes, words: str, aside: str
) -> None:
    path = tmp_path / "window.json"
    path.write_bytes(content)
    found, says = kept.load(path)
    assert found == Kept()
    assert words in says
    assert aside in says
    assert (tmp_path / aside).read_bytes() == content
    assert not path.exists()


def test_a_folder_in_its_place_is_said(tmp_path: Path) -> None:
    (tmp_path / "window.json").mkdir()
    found, says = kept.load(tmp_path / "window.json")
    assert found == Kept()
    assert "cannot be read" in says


def test_a_folder_that_cannot_be_written_raises_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(KeptError, match=r"cannot be kept in .* name another data folder"):
        kept.save(tmp_path / "file" / "window.json", Kept())


def test_a_write_that_fails_leaves_what_stood_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "window.json"
    kept.save(path, Kept(theme="light"))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(KeptError, match="no space left on device"):
        kept.save(path, Kept(theme="system"))
    assert kept.load(path)[0].theme == "light"
