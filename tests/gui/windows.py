"""Whole main windows over the fake session, for tests that look at all of it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui import background
from gui.keeping import Keeping
from gui.kept import Kept
from gui.key_guard import KeyGuard
from gui.parts import make_parts
from gui.theme.theme import Theme
from gui.voice.feed import VoiceFeed
from gui.window import MainWindow
from tests.gui.fakes import FakeBridge

Make = Callable[..., MainWindow]


@pytest.fixture
def make(
    qtbot: QtBot, qapp: QApplication, bridge: FakeBridge, theme: Theme, tmp_path: Path
) -> Iterator[Make]:
    """Makes windows over the fake session, shown and closed again."""
    windows: list[MainWindow] = []
    guard = KeyGuard()
    qapp.installEventFilter(guard)

    def window_of(kept: Kept | None = None) -> MainWindow:
        keeping = Keeping(tmp_path / "window.json", kept or Kept())
        made = MainWindow(make_parts(bridge, theme, keeping, VoiceFeed()))
        qtbot.addWidget(made)
        made.show()
        made.activateWindow()
        with qtbot.waitActive(made):
            pass
        windows.append(made)
        return made

    yield window_of
    qapp.removeEventFilter(guard)
    for window in windows:
        window.close()
        window.parts.keeping.close()
    background.finish()
