"""The finished program as a process: it starts, ends, is killed, and comes back as it was."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.shared import REPOSITORY

pytestmark = pytest.mark.slow

PROGRAM = """
import sys
from gui.command import main
sys.exit(main(sys.argv[1:], lambda step: print(step, flush=True)))
"""
GONE_S = 15.0


class Program:
    """A window of the real program, on no screen, over ports in memory."""

    def __init__(self, *words: str, program: str = PROGRAM) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", program, *words],
            cwd=REPOSITORY,
            env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.steps: list[str] = []
        self.children: list[psutil.Process] = []

    def until(self, step: str) -> None:
        """Wait until the program says so."""
        assert self.process.stdout is not None
        while step not in self.steps:
            line = self.process.stdout.readline()
            assert line, f"it ended before {step}: {self.process.communicate()[1]}"
            self.steps.append(line.strip())
        self.children = psutil.Process(self.process.pid).children(recursive=True)

    def end(self, number: int) -> int:
        """Send it a signal and wait until all that it had started is gone; the exit code."""
        self.process.send_signal(number)
        self.process.communicate(timeout=60)
        _, alive = psutil.wait_procs(self.children, timeout=GONE_S)
        assert alive == []
        return self.process.returncode


@pytest.fixture
def start() -> Iterator[Callable[..., Program]]:
    made: list[Program] = []

    def one(*words: str, program: str = PROGRAM) -> Program:
        made.append(Program(*words, program=program))
        return made[-1]

    yield one
    for program in made:
        if program.process.poll() is None:
            program.process.kill()
        program.process.communicate()


def test_ctrl_c_and_sigterm_end_everything_in_order(
    start: Callable[..., Program], data_folder: Path
) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        program = start("--system", "memory")
        program.until("ready")
        assert len(program.children) >= 2  # session and engine
        assert program.end(number) == 0
        assert program.steps[0] == "spawned"
        assert json.loads((data_folder / "window.json").read_bytes())["version"] == 1


def test_a_killed_window_takes_its_session_along_and_comes_back_as_it_was(
    start: Callable[..., Program], data_folder: Path
) -> None:
    program = start("--system", "memory", program=MOVED)
    program.until("kept")
    assert program.end(signal.SIGKILL) == -signal.SIGKILL
    again = start("--system", "memory", program=ASKED)
    again.until("ready")
    assert again.end(signal.SIGTERM) == 0
    found = json.loads(next(step for step in again.steps if step.startswith("{")))
    assert found == {"place": [40, 30, 720, 600], "theme": "light", "bpm": 96.0}


WINDOW = """
import json, sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from gui.command import main
from gui.kept import load, path_in
from gui.window import MainWindow
from gui.place import place_of

def window():
    return next(w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow))
"""
MOVED = (
    WINDOW
    + """
def look():
    kept, _ = load(path_in())
    told = window().parts.state.settings
    playing = path_in().with_name("playing.json")
    if kept.place == (40, 30, 720, 600) and playing.exists() and "96" in playing.read_text():
        print("kept", flush=True)

def step(name):
    if name == "ready":
        window().setGeometry(40, 30, 720, 600)
        window().parts.theme.choose("light")
        window().parts.bridge.line("tempo 96")
        window().timer = QTimer(interval=100)
        window().timer.timeout.connect(look)
        window().timer.start()

sys.exit(main(sys.argv[1:], step))
"""
)
ASKED = (
    WINDOW
    + """
def step(name):
    if name == "ready":
        parts = window().parts
        found = {"place": place_of(window()), "theme": parts.theme.choice}
        print(json.dumps(found | {"bpm": parts.state.settings.bpm}), flush=True)
    print(name, flush=True)

sys.exit(main(sys.argv[1:], step))
"""
)


def test_a_session_that_is_killed_is_started_again_and_said(start: Callable[..., Program]) -> None:
    program = start("--system", "memory", program=TROUBLED)
    program.until("ready")
    session = next(one for one in program.children if "plugin.served" in one.cmdline())
    session.kill()
    program.until("again")
    assert any("is started again" in step for step in program.steps)
    assert program.end(signal.SIGTERM) == 0


TROUBLED = (
    WINDOW
    + """
ready = []

def step(name):
    if name == "shown":
        window().parts.state.trouble.connect(lambda says: print(says, flush=True))
    if name == "ready":
        ready.append(name)
        print("again" if len(ready) > 1 else "ready", flush=True)

sys.exit(main(sys.argv[1:], step))
"""
)


def test_a_settings_file_of_garbage_is_put_aside_and_said_in_the_window(
    start: Callable[..., Program], data_folder: Path
) -> None:
    (data_folder / "window.json").write_bytes(b"\x00garbage")
    program = start("--system", "memory", program=ASIDE)
    program.until("said")
    assert program.end(signal.SIGTERM) == 0
    assert (data_folder / "window damaged.json").read_bytes() == b"\x00garbage"


ASIDE = (
    WINDOW
    + """
def step(name):
    if name == "shown" and "window damaged.json" in window().status.help.text:
        print("said", flush=True)

sys.exit(main(sys.argv[1:], step))
"""
)


def test_a_data_folder_that_cannot_be_written_costs_a_sentence(
    start: Callable[..., Program], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("ANTIPHON_DATA", str(tmp_path / "file"))
    program = start("--system", "memory", program=TROUBLED)
    program.until("ready")
    assert program.end(signal.SIGTERM) == 0
