"""Ways out of the panel: dragged, copied, saved, shown; always the same file, or a sentence."""

from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from gui.actions import Actions
from gui.takes.panel import TakesPanel
from plugin.takes import TakeLibrary
from tests.gui.takes.conftest import Asked, Dragged
from tests.plugin.sentences import assert_is_a_sentence


def idle(qtbot: QtBot, panel: TakesPanel) -> None:
    qtbot.waitUntil(lambda: not panel.librarian.busy)


def choose(panel: TakesPanel, take_id: str) -> None:
    panel.list.choose(panel.model.index_of(take_id))


def drag_row(qtbot: QtBot, panel: TakesPanel, row: int, *, wait: bool = True) -> None:
    """Press on a row, wait until its file is there, and move far enough."""
    view = panel.list.viewport()
    at = panel.list.visualRect(panel.model.index(row, 0)).center()
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=at)
    if wait:
        idle(qtbot, panel)
    far = QPoint(at.x() + QApplication.startDragDistance() + 1, at.y())
    _move(view, far)


def _move(view: QWidget, at: QPoint) -> None:
    left = Qt.MouseButton.LeftButton
    place = QPointF(view.mapToGlobal(at))
    none = Qt.KeyboardModifier.NoModifier
    event = QMouseEvent(
        QEvent.Type.MouseMove, QPointF(at), place, Qt.MouseButton.NoButton, left, none
    )
    QApplication.sendEvent(view, event)


def test_a_drag_carries_the_address_of_the_file_and_nothing_else(
    qtbot: QtBot, panel: TakesPanel, dragged: Dragged, data_folder: Path, ids: list[str]
) -> None:
    drag_row(qtbot, panel, 0)
    assert dragged.urls == [data_folder / "takes/export/Night bus 96bpm.mid"]
    assert dragged.formats == [["text/uri-list"]]
    assert dragged.pictures == [True]
    with TakeLibrary() as takes:
        assert dragged.urls[0].read_bytes() == takes.midi(ids[2])


def test_every_drag_works_and_none_is_of_a_stale_file(
    qtbot: QtBot, panel: TakesPanel, dragged: Dragged, ids: list[str]
) -> None:
    drag_row(qtbot, panel, 0)
    panel.deeds.rename(ids[2], "Day bus")
    idle(qtbot, panel)
    drag_row(qtbot, panel, 0)
    drag_row(qtbot, panel, 2)
    assert [path.stem for path in dragged.urls] == [
        "Night bus 96bpm",
        "Day bus 96bpm",
        "Blue 96bpm",
    ]


def test_a_short_move_is_no_drag(qtbot: QtBot, panel: TakesPanel, dragged: Dragged) -> None:
    view = panel.list.viewport()
    at = panel.list.visualRect(panel.model.index(0, 0)).center()
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=at)
    idle(qtbot, panel)
    _move(view, QPoint(at.x() + 1, at.y()))
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=at)
    assert dragged.urls == []


def test_a_drag_that_wayland_swallowed_says_what_else_there_is(
    qtbot: QtBot, panel: TakesPanel, dragged: Dragged, monkeypatch: pytest.MonkeyPatch
) -> None:
    dragged.answer = Qt.DropAction.IgnoreAction
    monkeypatch.setenv("XDG_SESSION_TYPE", "x11")
    drag_row(qtbot, panel, 0)
    assert panel.message.text == ""
    monkeypatch.setenv("XDG_SESSION_TYPE", "wayland")
    drag_row(qtbot, panel, 0)
    assert "Copy file, Save as… or Reveal" in panel.message.text


def test_copy_save_and_reveal_are_the_same_file(
    qtbot: QtBot,
    panel: TakesPanel,
    actions: Actions,
    asked: Asked,
    data_folder: Path,
    ids: list[str],
) -> None:
    choose(panel, ids[2])
    actions["copy_take"].trigger()
    idle(qtbot, panel)
    mime = QGuiApplication.clipboard().mimeData()
    (url,) = mime.urls()
    copied = Path(url.toLocalFile())
    assert copied.parent == data_folder / "takes/export"
    assert "Night bus 96bpm.mid" in panel.message.text
    actions["save_take_as"].trigger()
    idle(qtbot, panel)
    assert asked.names == ["Night bus 96bpm.mid"]
    assert (asked.folder / asked.names[0]).read_bytes() == copied.read_bytes()
    revealed: list[Path] = []

    def reveal(path: Path) -> bool:
        revealed.append(path)
        return len(revealed) > 1

    panel.outputs.show_in_folder = reveal
    actions["reveal"].trigger()
    idle(qtbot, panel)
    assert revealed == [copied]
    assert str(copied) in panel.message.text, "nobody showed it: at least it is said where it is"
    actions["export"].trigger()
    idle(qtbot, panel)
    qtbot.mouseClick(panel.message.button, Qt.MouseButton.LeftButton)
    assert revealed == [copied, copied]


def test_a_picture_is_saved(
    qtbot: QtBot, panel: TakesPanel, actions: Actions, asked: Asked, ids: list[str]
) -> None:
    choose(panel, ids[2])
    actions["picture"].trigger()
    idle(qtbot, panel)
    content = (asked.folder / "Night bus 96bpm.png").read_bytes()
    assert content.startswith(b"\x89PNG")
    assert len(content) > 2000


def test_a_disk_that_is_full_when_a_file_should_leave(
    qtbot: QtBot, panel: TakesPanel, actions: Actions, dragged: Dragged, data_folder: Path
) -> None:
    (data_folder / "takes").write_text("no folder can be made here")
    actions["export"].trigger()
    idle(qtbot, panel)
    assert_is_a_sentence(panel.message.text)
    assert panel.message.text.startswith("Trouble: The MIDI file could not be written")
    drag_row(qtbot, panel, 0)
    assert dragged.urls == [], "nothing is dragged that is not there"
