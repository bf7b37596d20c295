"""The finished program on a screen of its own, told where its parts are, driven by xdotool.

    python -m tests.gui.driven WORDS     is the program; it tells how it stands, a line of JSON a
                                         change, and draws its screen into a file that a line names
    python -m tests.gui.driven --drop    is another program, which takes what is dropped on it

Nothing of the window is called from outside: keys and mouse go through the X server.
"""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from tests.rig.waiting import wait_for

DROP_AT = (1240, 100, 320, 320)
WINDOW_AT = (0, 0, 1200, 880)
LOOK_EVERY_MS = 50


def why_no_screen() -> str:
    """What is missing to drive a window; "" for nothing."""
    for program in ("Xvfb", "xdotool"):
        if shutil.which(program) is None:
            return f"{program} is not installed (Debian, Ubuntu: apt install xvfb xdotool)"
    return ""


# ----------------------------------------------------------------------------- for the test


class Driven:
    """One of the two programs, as the test sees it. `now`: the last line that it told."""

    def __init__(self, variables: Mapping[str, str], *words: str) -> None:
        self._variables = {**os.environ, **variables}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.gui.driven", *words],
            env=self._variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.now: dict[str, Any] = {}
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.now = json.loads(line)

    def until(self, **how: object) -> dict[str, Any]:
        """Wait until it stands so; a value that is a function is asked."""

        def so() -> bool:
            now = self.now
            return all(
                name in now and (value(now[name]) if callable(value) else now[name] == value)
                for name, value in how.items()
            )

        wait_for(so, lambda: f"{how}, but it stands {self.now}", 60.0)
        return self.now

    def do(self, *words: object) -> None:
        """Run xdotool with these words on the program's screen."""
        subprocess.run(
            ["xdotool", *map(str, words)], env=self._variables, check=True, capture_output=True
        )

    def key(self, *keys: str) -> None:
        """Press keys, one after the other, in the window that has the keyboard."""
        for key in keys:
            self.do("key", "--clearmodifiers", key)

    def click(self, part: str) -> None:
        """Click into the middle of a part."""
        x, y = self.middle(part)
        self.do("mousemove", x, y, "click", "1")

    def middle(self, part: str) -> tuple[int, int]:
        left, top, width, height = self.now["parts"][part]
        return left + width // 2, top + height // 2

    def drag(self, part: str, to: tuple[int, int]) -> None:
        """Take a part with the mouse and let it go elsewhere, as slowly as a hand."""
        x, y = self.middle(part)
        self.do("mousemove", x, y, "mousedown", "1", "sleep", "0.3")
        for step in range(1, 9):
            there = (x + (to[0] - x) * step // 8, y + (to[1] - y) * step // 8)
            self.do("mousemove", *there, "sleep", "0.15")
        self.do("sleep", "0.5", "mouseup", "1")

    def picture(self, path: Path) -> None:
        """Have the whole screen drawn into a file."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{path}\n")
        self.process.stdin.flush()
        wait_for(path.is_file, lambda: f"{path}", 30.0)

    def wait(self) -> int:
        """Wait for its end; the exit code."""
        code = self.process.wait(30)
        self._reader.join()
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()


# -------------------------------------------------------------------------- in the program


def tell(told: list[str], now: dict[str, object]) -> None:
    """Print how things stand, if that is news."""
    line = json.dumps(now)
    if told[-1:] != [line]:
        told.append(line)
        print(line, flush=True)


def be_window(words: list[str]) -> int:
    """The program itself, with a look at it now and then."""
    from gui.command import main

    told: list[str] = []
    kept: list[object] = []

    def reached(step: str) -> None:
        if step != "shown":
            return
        from PySide6.QtCore import QPoint, QRect, QSocketNotifier, QTimer
        from PySide6.QtWidgets import QApplication, QWidget

        from gui.window import MainWindow

        window = next(one for one in QApplication.topLevelWidgets() if isinstance(one, MainWindow))
        window.setGeometry(*WINDOW_AT)
        window.activateWindow()

        def place(widget: QWidget, rect: QRect) -> list[int]:
            corner = widget.mapToGlobal(QPoint(rect.x(), rect.y()))
            return [corner.x(), corner.y(), rect.width(), rect.height()]

        def look() -> None:
            state, takes = window.parts.state, window.takes
            parts = {"panic": place(window.transport.panic, window.transport.panic.rect())}
            first = takes.model.index(0, 0)
            if first.isValid():
                view = takes.list.viewport()
                parts["take"] = place(view, takes.list.visualRect(first))
            last = takes.model.take(first)
            now: dict[str, object] = {
                "standing": str(state.standing),
                "ready": state.engine is not None,
                "holding": state.holding,
                "takes": takes.model.rowCount(),
                "finished": last is not None and last.finished,
                "take": last.id if last is not None else "",
                "parts": parts,
                "active": window.isActiveWindow(),
            }
            tell(told, now)

        def draw() -> None:
            path = sys.stdin.readline().strip()
            if path:
                part = f"{path}.part"
                window.screen().grabWindow(0).save(part, "png")
                os.replace(part, path)

        timer = QTimer(window, interval=LOOK_EVERY_MS)
        timer.timeout.connect(look)
        timer.start()
        listens = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read, window)
        listens.activated.connect(lambda *_: draw())
        kept.extend([timer, listens])

    return main(words, reached)


def be_target() -> int:
    """A program that a file can be dropped on: it tells what came, as a DAW would find it."""
    from PySide6.QtGui import QDragEnterEvent, QDropEvent
    from PySide6.QtWidgets import QApplication, QLabel

    told: list[str] = []

    class Target(QLabel):
        def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
            event.acceptProposedAction()

        def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
            data = event.mimeData()
            event.acceptProposedAction()
            now: dict[str, object] = {
                "shown": True,
                "formats": data.formats(),
                "files": [url.toLocalFile() for url in data.urls()],
                "action": event.proposedAction().name,
            }
            tell(told, now)

    app = QApplication(["target"])
    target = Target("Drop here")
    target.setAcceptDrops(True)
    target.setGeometry(*DROP_AT)
    target.show()
    app.processEvents()
    tell(told, {"shown": True})
    return app.exec()


if __name__ == "__main__":
    sys.exit(be_target() if sys.argv[1:] == ["--drop"] else be_window(sys.argv[1:]))
