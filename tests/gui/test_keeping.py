"""How the window stands is written soon, off its thread, and at the end."""

from pathlib import Path

from pytestqt.qtbot import QtBot

from gui.keeping import Keeping
from gui.kept import Kept, load


def test_a_change_is_written_a_little_later(qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "window.json"
    keeping = Keeping(path, Kept())
    keeping.change(theme="light")
    keeping.change(first_run_done=True)
    assert not path.exists()
    qtbot.waitUntil(path.exists)
    assert load(path)[0] == Kept(theme="light", first_run_done=True)
    keeping.close()


def test_the_last_change_is_written_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "window.json"
    keeping = Keeping(path, Kept())
    keeping.keep_panel("roll", {"bars": 8})
    keeping.close()
    assert load(path)[0].panels == {"roll": {"bars": 8}}
    assert keeping.panel("roll") == {"bars": 8}
    assert keeping.panel("nobody") == {}


def test_what_changes_while_it_is_written_is_written_after(qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "window.json"
    keeping = Keeping(path, Kept())
    keeping.change(theme="light")
    keeping._write()
    keeping.change(thru=True)
    qtbot.waitUntil(lambda: load(path)[0].thru)
    keeping.close()


def test_nothing_new_nothing_written(tmp_path: Path) -> None:
    path = tmp_path / "window.json"
    keeping = Keeping(path, Kept())
    keeping.change(theme="dark")
    keeping.close()
    assert not path.exists()


def test_a_disk_that_cannot_be_written_is_said_once_and_tried_at_the_end(
    qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    keeping = Keeping(tmp_path / "file" / "window.json", Kept())
    said: list[str] = []
    keeping.trouble.connect(said.append)
    keeping.change(theme="light")
    qtbot.waitUntil(lambda: bool(said))
    keeping.change(theme="system")
    keeping.close()
    assert len(said) == 1
    assert "Everything else goes on" in said[0]
