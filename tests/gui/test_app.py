"""How the window starts where something stands in its way; mistakes of ours while it runs."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from gui import app
from gui.state import JamState


def press(text: str, seen: list[str]) -> None:
    """Press this button of the dialog that is about to come."""

    def look() -> None:
        box = QApplication.activeModalWidget()
        if not isinstance(box, QMessageBox):
            QTimer.singleShot(10, look)
            return
        seen.append(box.text())
        next(button for button in box.buttons() if text in button.text()).click()

    QTimer.singleShot(0, look)


@pytest.mark.parametrize(("text", "goes_on"), [("second", True), ("Quit", False)])
def test_a_second_window_is_asked_for(qapp: QApplication, text: str, goes_on: bool) -> None:
    seen: list[str] = []
    press(text, seen)
    assert app._open_a_second() is goes_on
    assert "is open already" in seen[0]


def test_a_start_that_fails_explains_itself(
    qapp: QApplication, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[str] = []
    press("OK", seen)
    app._explain(RuntimeError("no theme"))
    assert "could not be opened (RuntimeError: no theme)" in seen[0]
    assert "antiphon jam" in seen[0]
    assert "no theme" in capsys.readouterr().err


def test_a_mistake_in_a_slot_is_said_and_the_window_goes_on(
    state: JamState, monkeypatch: pytest.MonkeyPatch, expected: Callable[..., None]
) -> None:
    expected("a mistake in the window")
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    app._mind_mistakes(state)
    error = KeyError("scale")
    sys.excepthook(KeyError, error, None)
    assert "the music goes on" in state.troubles[-1]


def test_the_real_parts_are_put_together_and_end(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything of the composition root, over a session that only listens."""
    from gui.kept import Kept, load
    from gui.starting import Early
    from plugin.served.messages import Open
    from tests.gui.fakes import FakeLink

    font = qapp.font()
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    links: list[FakeLink] = []

    def begin(told: Callable[..., None]) -> FakeLink:
        links.append(FakeLink(told))
        return links[-1]

    path = tmp_path / "window.json"
    window = app.build(qapp, Open(seed=5), Early(Open(seed=5), begin), Kept(theme="light"), path)
    qtbot.addWidget(window)
    window.show()
    with qtbot.waitSignal(window.closed):
        window.close()
    app.end(window.parts)
    assert links[0].asked == [Open(seed=5)]
    assert links[0].closed_after_s == 3.0
    assert load(path)[0].theme == "light"
    qapp.setFont(font)
