"""What every test of the window gets: no screen, a fake session, and nothing left behind.

A test fails that leaves a thread, timer or work on the pool running (it says where it was started),
that logs a warning or makes Qt complain. `caplog.clear()`, `qtlog` and the fixture `expected` are
for those that mean it.
"""

import importlib.util
import logging
import os
import sys
import weakref
from collections.abc import Iterator

import pytest

from tests.rig.waiting import DEADLINE_S

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_ACCESSIBILITY", "0")

if importlib.util.find_spec("PySide6") is None or importlib.util.find_spec("pytestqt") is None:
    collect_ignore_glob = ["*"]  # an installation without the window
else:
    import shiboken6
    from PySide6.QtCore import (
        QEvent,
        QThread,
        QThreadPool,
        QTimer,
        QtMsgType,
        qInstallMessageHandler,
    )
    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot

    from gui.actions import Actions
    from gui.state import JamState
    from gui.theme.theme import Theme
    from tests.gui.fakes import FakeBridge
    from tests.gui.windows import make  # noqa: F401  a fixture

    class PatientBot(QtBot):
        """Waits as long as `tests.rig.waiting` does, however little a test asks for."""

        def waitUntil(self, callback, *, timeout=0):  # noqa: N802  pytest-qt's names
            super().waitUntil(callback, timeout=max(timeout, PATIENCE_MS))

        def waitSignal(self, signal, *, timeout=0, **others):  # noqa: N802
            return super().waitSignal(signal, timeout=max(timeout, PATIENCE_MS), **others)

        def waitActive(self, widget, *, timeout=0):  # noqa: N802
            return super().waitActive(widget, timeout=max(timeout, PATIENCE_MS))

        def waitExposed(self, widget, *, timeout=0):  # noqa: N802
            return super().waitExposed(widget, timeout=max(timeout, PATIENCE_MS))

    @pytest.fixture
    def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> QtBot:
        """As pytest-qt's, but patient."""
        return PatientBot(request)


PATIENCE_MS = round(1000 * DEADLINE_S)
HARMLESS = (
    "This plugin does not support",  # offscreen: raise(), setting the opacity ...
    "propagateSizeHints",
)
"""What Qt says of the offscreen platform, not of us."""


class Expected:
    """Words of warnings that a test means: `expected("cannot be read")`."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def __call__(self, *words: str) -> None:
        self.words += words

    def covers(self, says: str) -> bool:
        return any(word in says for word in self.words)


@pytest.fixture
def expected() -> Expected:
    """Say which warnings may come: any that contains one of these words."""
    return Expected()


def _caller(depth: int = 2) -> str:
    frame = sys._getframe(depth)
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


@pytest.fixture(scope="session")
def qapp_args() -> list[str]:
    return ["antiphon"]


@pytest.fixture(autouse=True)
def _nothing_left_of_qt(
    qapp: "QApplication", expected: Expected, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Fails a test with what it left running or made others complain of."""
    complaints: list[str] = []
    started: list[tuple[weakref.ref[QTimer | QThread], str]] = []
    timer_start, thread_start = QTimer.start, QThread.start

    def start_timer(timer: QTimer, *args: int) -> None:
        started.append((weakref.ref(timer), _caller()))
        timer_start(timer, *args)

    def start_thread(thread: QThread, *args: QThread.Priority) -> None:
        started.append((weakref.ref(thread), _caller()))
        thread_start(thread, *args)

    def qt_said(kind: QtMsgType, _where: object, says: str | None) -> None:
        serious = kind is not QtMsgType.QtDebugMsg and kind is not QtMsgType.QtInfoMsg
        if serious and not any(word in (says or "") for word in HARMLESS):
            complaints.append(f"Qt: {says}")

    class Listening(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            complaints.append(f"log of {record.name}: {record.getMessage()}")

    listening = Listening(logging.WARNING)
    logging.getLogger().addHandler(listening)
    monkeypatch.setattr(QTimer, "start", start_timer)
    monkeypatch.setattr(QThread, "start", start_thread)
    before = qInstallMessageHandler(qt_said)
    yield
    qInstallMessageHandler(before)
    logging.getLogger().removeHandler(listening)
    if not QThreadPool.globalInstance().waitForDone(2000):
        complaints.append("work on the thread pool goes on")
    qapp.processEvents()
    for reference, where in started:
        one = reference()
        if one is None or not shiboken6.isValid(one):
            continue
        if (isinstance(one, QTimer) and one.isActive()) or (
            isinstance(one, QThread) and one.isRunning()
        ):
            complaints.append(f"{type(one).__name__} still running, started at {where}")
            one.stop() if isinstance(one, QTimer) else one.wait(2000)
    left = [says for says in complaints if not expected.covers(says)]
    if left:
        pytest.fail("left behind by this test: " + "; ".join(left), pytrace=False)


@pytest.fixture
def bridge(qapp: "QApplication") -> "Iterator[FakeBridge]":
    """A bridge to a fake session."""
    made = FakeBridge()
    made.sent.clear()
    yield made
    made.close()


@pytest.fixture
def state(bridge: "FakeBridge") -> "JamState":
    """The state, fed by the fake session."""
    return JamState(bridge)


@pytest.fixture
def actions(state: "JamState", bridge: "FakeBridge") -> "Actions":
    """All actions, over the fake session."""
    return Actions(state, bridge)


@pytest.fixture
def theme(qapp: "QApplication") -> "Iterator[Theme]":
    """The dark theme, worn by the application."""
    # The next one must measure the font of the system, not one that was scaled.
    before = qapp.font()
    # Windows of earlier tests are gone only now; each that stays would be polished anew.
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    yield Theme(qapp)
    qapp.setFont(before)
