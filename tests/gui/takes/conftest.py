"""A takes panel over a library of three takes, with a drag that only looks."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QDrag
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.actions import Actions
from gui.state import JamState
from gui.takes.panel import TakesPanel
from gui.theme.theme import Theme
from gui.undo import UndoStack
from tests.gui.fakes import FakeBridge
from tests.gui.takes.stage import NOON, library


@pytest.fixture
def theme(qapp: QApplication) -> Theme:
    return Theme(qapp)


@pytest.fixture
def ids(data_folder: Path) -> list[str]:
    """Three takes, the oldest first."""
    return library(data_folder, "Blue", "", "Night bus")


class Dragged:
    """What was dragged: addresses and formats, the answer that the target gives."""

    def __init__(self) -> None:
        self.urls: list[Path] = []
        self.formats: list[list[str]] = []
        self.pictures: list[bool] = []
        self.answer = Qt.DropAction.CopyAction

    def __call__(self, drag: QDrag) -> Qt.DropAction:
        mime = drag.mimeData()
        self.formats.append(mime.formats())
        self.urls += [Path(url.toLocalFile()) for url in mime.urls()]
        self.pictures.append(not drag.pixmap().isNull())
        assert all(path.is_file() for path in self.urls), "the file is there before the drag"
        return self.answer


class Asked:
    """A save dialog that says at once where."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.names = folder, list[str]()

    def __call__(self, title: str, name: str, kinds: str, then: Callable[[Path], None]) -> None:
        self.names.append(name)
        then(self.folder / name)


@pytest.fixture
def dragged() -> Dragged:
    return Dragged()


@pytest.fixture
def asked(tmp_path: Path) -> Asked:
    return Asked(tmp_path)


@pytest.fixture
def undo(state: JamState, bridge: FakeBridge) -> UndoStack:
    return UndoStack(state, bridge)


MakePanel = Callable[[], TakesPanel]


@pytest.fixture
def make_panel(
    qtbot: QtBot,
    state: JamState,
    bridge: FakeBridge,
    theme: Theme,
    actions: Actions,
    undo: UndoStack,
    dragged: Dragged,
    asked: Asked,
) -> MakePanel:
    """Makes the panel over whatever library there is, and shows it."""

    def make() -> TakesPanel:
        panel = TakesPanel(
            state,
            bridge,
            theme,
            actions,
            undo,
            now=NOON.astimezone,
            ask_where=asked,
            drag=dragged,
        )
        qtbot.addWidget(panel)
        panel.resize(340, 900)
        panel.show()
        qtbot.waitUntil(lambda: not panel.librarian.busy)
        return panel

    return make


@pytest.fixture
def panel(ids: list[str], make_panel: MakePanel) -> TakesPanel:
    """The panel with the three takes in it."""
    made = make_panel()
    assert made.model.rowCount() == 3
    return made
