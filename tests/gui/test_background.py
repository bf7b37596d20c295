"""Work beside the GUI thread: answers come back where they were asked for, and nothing stays."""

import gc
import threading
import weakref

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from gui import background
from tests.gui.conftest import Expected


def test_the_answer_comes_back_in_the_thread_that_asked(qtbot: QtBot) -> None:
    threads: list[int] = []
    found: list[int] = []

    def work() -> int:
        threads.append(threading.get_ident())
        return 7

    def done(result: int) -> None:
        threads.append(threading.get_ident())
        found.append(result)

    background.run(work, done)
    qtbot.waitUntil(lambda: bool(found))
    assert found == [7]
    assert threads[1] == threading.get_ident() != threads[0]


def test_an_error_goes_to_who_asked_or_is_logged(
    qtbot: QtBot, caplog: pytest.LogCaptureFixture, expected: Expected
) -> None:
    expected("background work failed")

    def fails() -> None:
        raise OSError("no such disk")

    told: list[Exception] = []
    background.run(fails, failed=told.append)
    qtbot.waitUntil(lambda: bool(told))
    assert str(told[0]) == "no such disk"
    assert not caplog.records
    background.run(fails)
    qtbot.waitUntil(lambda: bool(caplog.records))
    assert "no such disk" in caplog.text


def test_whoever_is_gone_is_not_called_back(qtbot: QtBot) -> None:
    begun, gone = threading.Event(), threading.Event()
    called: list[object] = []
    owner = QObject()

    def work() -> None:
        begun.set()
        gone.wait(30)

    background.run(work, called.append, owner=owner)
    assert begun.wait(30)
    owner.deleteLater()
    with qtbot.waitSignal(owner.destroyed):
        pass
    gone.set()
    later: list[object] = []
    background.run(lambda: 1, later.append)
    qtbot.waitUntil(lambda: bool(later))
    assert background.finish()
    assert not called


def test_nothing_is_held_once_the_answer_is_there(qtbot: QtBot) -> None:
    """For an evening: each phrase asks a few questions."""

    class Work:
        def __call__(self) -> int:
            return 1

    held: list[weakref.ref[Work]] = []
    answers: list[int] = []
    for number in range(1, 201):
        work = Work()
        held.append(weakref.ref(work))
        background.run(work, answers.append)
        del work
        qtbot.waitUntil(lambda number=number: len(answers) == number)
    assert background.finish()
    gc.collect()
    assert [one for one in held if one() is not None] == []
