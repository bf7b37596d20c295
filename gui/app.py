"""The composition root of the window.

How it starts, in order:

1. `gui.command` has read the words and window.json, and the session process is on its way.
2. One window a data folder: where there is another one already, the player is asked.
3. QApplication, theme, bridge, parts, window; shown as it was left.
4. The event loop. Closing the window, Ctrl-C or SIGTERM end it.
5. What is kept is written, the session is asked to end, waited for, killed if need be.

A start that fails explains itself in a dialog of the system. It refuses to hold any state itself.
"""

import logging
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import Qt, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication, QMessageBox

from gui import background
from gui.bridge import Bridge
from gui.interrupts import Interrupts
from gui.keeping import Keeping
from gui.kept import Kept
from gui.key_guard import KeyGuard
from gui.parts import Parts, make_parts
from gui.starting import TERMINAL, Early
from gui.state import JamState
from gui.theme.theme import Theme
from gui.voice.feed import VoiceFeed
from gui.window import MainWindow
from plugin.commands.common import COULD_NOT, DID_IT
from plugin.served.messages import Open, Opened

_log = logging.getLogger("antiphon.window")
Reached = Callable[[str], None]
OTHER_WINDOW = (
    "Antiphon is open already with these takes and settings. Go on in that window, or open a "
    "second one: both record takes, and what is kept of windows and dials is as the one that is "
    "closed last leaves it."
)


def run(
    opening: Open, early: Early | None, kept: Kept, path: Path, damaged: str, reached: Reached
) -> int:
    """Show the window until it is closed; the exit code. `early`: None where another is open."""
    qInstallMessageHandler(_qt_said)
    app = QApplication(["antiphon"])
    app.setApplicationName("antiphon")
    app.setApplicationDisplayName("Antiphon")
    app.setDesktopFileName("antiphon")
    if early is None:
        if not _open_a_second():
            return DID_IT
        early = Early(opening)
    window: MainWindow | None = None
    try:
        window = build(app, opening, early, kept, path)
        _announce(window.parts.state, reached)
        with Interrupts(window.close):
            # Queued: a window that is closed before there is a loop ends the loop that comes.
            window.closed.connect(app.quit, Qt.ConnectionType.QueuedConnection)
            window.show()
            window.parts.state.say(damaged)
            app.processEvents()
            reached("shown")
            if not kept.first_run_done and not opening.demo:
                window.pages.open("first_run")
            code = app.exec()
    except Exception as error:
        _explain(error)
        return COULD_NOT
    finally:
        if window is not None:
            end(window.parts)
        early.close(3.0)
    return code


def build(app: QApplication, opening: Open, early: Early, kept: Kept, path: Path) -> MainWindow:
    """The window with all its parts, over the session that was started early; not shown yet."""
    theme = Theme(app, kept.theme, kept.scale)
    feed = VoiceFeed()
    bridge = Bridge(early.start, opening, app, feed.hear)
    parts = make_parts(bridge, theme, Keeping(path, kept, app), feed, app)
    _mind_mistakes(parts.state)
    window = MainWindow(parts)
    # Every event of the program passes it: ten thousand while the window is being made.
    app.installEventFilter(KeyGuard(window))
    return window


def _announce(state: JamState, reached: Reached) -> None:
    state.opened_changed.connect(
        lambda opened: reached("opened") if isinstance(opened, Opened) else None
    )
    state.engine_changed.connect(lambda engine: reached("ready") if engine is not None else None)


def end(parts: Parts) -> None:
    """End what the window started, in this order: sound first, then what is kept."""
    sys.excepthook = sys.__excepthook__
    parts.bridge.close()
    parts.voice.close()
    parts.keeping.close()
    background.finish()


def _open_a_second() -> bool:
    box = QMessageBox(QMessageBox.Icon.Question, "Antiphon", OTHER_WINDOW)
    second = box.addButton("Open a second window", QMessageBox.ButtonRole.AcceptRole)
    box.setDefaultButton(box.addButton("Quit", QMessageBox.ButtonRole.RejectRole))
    box.exec()
    return box.clickedButton() is second


def _explain(error: Exception) -> None:
    """The start failed: a sentence and a next step in a dialog, the whole story behind a button."""
    story = "".join(traceback.format_exception(error))
    says = (
        f"Antiphon's window could not be opened ({type(error).__name__}: {error}). Please report "
        f"it with the details below; meanwhile, {TERMINAL}"
    )
    print(f"{says}\n{story}", file=sys.stderr)
    box = QMessageBox(QMessageBox.Icon.Critical, "Antiphon", says)
    box.setDetailedText(story)
    box.exec()


def _mind_mistakes(state: JamState) -> None:
    """A mistake of ours in a slot is said and the window goes on; the music never stopped."""

    def mistake(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        _log.error("a mistake in the window", exc_info=(kind, error, trace))
        state.say(
            f"The window made a mistake ({kind.__name__}: {error}); the music goes on. Please "
            "report it, with what the terminal shows."
        )

    sys.excepthook = mistake


def _qt_said(kind: QtMsgType, _where: object, says: str | None) -> None:
    levels = {QtMsgType.QtWarningMsg: logging.WARNING, QtMsgType.QtCriticalMsg: logging.ERROR}
    if kind is QtMsgType.QtFatalMsg:
        # Qt ends the program after this; the session notices and releases every note.
        print(
            f"The window cannot be shown ({says}). On Linux a library is often missing: run "
            f"apt install libxcb-cursor0 libegl1 or your system's like, or {TERMINAL}",
            file=sys.stderr,
            flush=True,
        )
    elif kind in levels:
        _log.log(levels[kind], "Qt: %s", says)
