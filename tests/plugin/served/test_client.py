"""The window's side: whatever becomes of the process, the last thing told is `Over`."""

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from plugin.files import data_folder
from plugin.protocol import Message, Quit, Said
from plugin.served import log
from plugin.served.client import LOG_FILE, SessionProcess
from plugin.served.frames import MOST_BYTES
from plugin.served.log import ErrorLog
from plugin.served.messages import Line, Open, Over
from tests.rig.waiting import wait_for

pytestmark = pytest.mark.slow

ECHO = """
import os, sys
from plugin.served.frames import End, FrameReader, pack
from plugin.served.messages import Asked, Line, Over
from plugin.protocol import Quit, Said
reader = FrameReader(lambda size: os.read(0, size), Asked)
while not isinstance(asked := reader.next(), (End, Quit)):
    if isinstance(asked, Line):
        os.write(1, pack(Said(asked.text)))
os.write(1, pack(Over("")))
"""


class Window:
    """Starts `python -c code` and keeps what is told."""

    def __init__(self, code: str) -> None:
        self.told: list[Message] = []
        command = (sys.executable, "-c", code) if code else ("/no/such/program",)
        self.process = SessionProcess(self.told.append, command=command)

    def over(self) -> str:
        wait_for(lambda: not self.process.alive, "the end", 30.0)
        last = self.told[-1]
        assert isinstance(last, Over)
        assert sum(isinstance(message, Over) for message in self.told) == 1
        return last.says


@pytest.fixture
def start() -> Iterator[Callable[[str], Window]]:
    windows: list[Window] = []

    def begin(code: str) -> Window:
        windows.append(Window(code))
        return windows[-1]

    yield begin
    for window in windows:
        window.process.close(0.5)


Start = Callable[[str], Window]


def test_what_is_asked_is_answered_in_order_until_it_is_closed(start: Start) -> None:
    window = start(ECHO)
    assert all(window.process.send(Line(str(number))) for number in range(300))
    window.process.close(20.0)
    assert window.told == [*(Said(str(number)) for number in range(300)), Over("")]
    assert not window.process.alive
    assert not window.process.send(Line("too late"))


def test_a_process_that_fails_is_told_with_its_last_words(start: Start) -> None:
    window = start("import sys; print('first', file=sys.stderr); raise SystemExit('no such luck')")
    says = window.over()
    assert "code 1: no such luck" in says
    assert (data_folder() / LOG_FILE).read_text() == "first\nno such luck\n"
    assert str(data_folder() / LOG_FILE) in says


def test_a_process_that_is_killed_is_told(start: Start) -> None:
    assert "SIGKILL" in start("import os, signal; os.kill(os.getpid(), signal.SIGKILL)").over()


def test_garbage_is_told_and_its_process_ended(start: Start) -> None:
    window = start("import time; print('hello, world', flush=True); time.sleep(600)")
    assert "no message of Antiphon's" in window.over()


def test_a_program_that_is_not_there_is_told(start: Start) -> None:
    window = start("")
    assert "cannot be started" in window.over()
    assert window.process.process_id is None
    assert not window.process.send(Open())


def test_a_process_that_does_not_end_is_killed(start: Start) -> None:
    window = start(
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "while True: time.sleep(600)"
    )
    window.process.close(0.01)
    assert "SIGKILL" in window.over()


def test_a_process_that_reads_nothing_does_not_stop_the_window(start: Start) -> None:
    window = start("import time; time.sleep(600)")
    assert all(window.process.send(Line("x" * 1_000)) for _ in range(1_000))
    window.process.close(0.01)
    assert "SIGKILL" in window.over()


def test_what_no_frame_can_hold_is_not_sent(start: Start) -> None:
    window = start(ECHO)
    assert not window.process.send(Line("x" * MOST_BYTES))
    assert window.process.send(Quit())
    assert window.over() == ""


def test_a_window_that_stumbles_over_a_message_hears_the_next() -> None:
    told: list[Message] = []
    over = threading.Event()

    def listen(message: Message) -> None:
        told.append(message)
        if isinstance(message, Over):
            over.set()
        raise RuntimeError("a planted fault")

    process = SessionProcess(listen, command=(sys.executable, "-c", ECHO))
    process.send(Line("one"))
    process.send(Quit())
    assert over.wait(30)
    assert told == [Said("one"), Over("")]
    process.close()


# ---------------------------------------------------------------------------------------- the log


def test_a_log_keeps_its_beginning_its_end_and_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "MOST_BYTES", 10)
    path = tmp_path / "new" / "session.log"
    for life in ("one", "two"):
        found = ErrorLog(path)
        found.add(f"{life} is long\n".encode())
        found.add(b"the last line\n\n")
        assert found.last_line() == "the last line"
        found.close()
        found.close()
    assert path.read_text() == "two is lon"
    assert path.with_suffix(".before.log").read_text() == "one is lon"


def test_a_folder_that_cannot_be_written_costs_the_file_alone(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("no folder")
    found = ErrorLog(tmp_path / "taken" / "session.log")
    found.add(b"words")
    assert found.last_line() == "words"
    found.close()
