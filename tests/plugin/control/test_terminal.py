"""Lines that are typed while the jam runs: read by a thread that nobody waits for."""

import io
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import pytest

from plugin.control.terminal import LONGEST_LINE, MOST_LINES, Terminal
from tests.shared import REPOSITORY

_BREATH = threading.Event()
"""Never set: waiting for it lets the reading thread run."""


@contextmanager
def reading(stream: TextIO | None) -> Iterator[Terminal]:
    terminal = Terminal(stream)
    try:
        yield terminal
    finally:
        assert terminal.close()


@contextmanager
def piped() -> Iterator[tuple[Terminal, int]]:
    """A terminal on a pipe, and the end to write to."""
    out, into = os.pipe()
    with os.fdopen(out) as stream, reading(stream) as terminal:
        try:
            yield terminal, into
        finally:
            os.close(into)


def lines(terminal: Terminal, count: int) -> list[str]:
    """So many lines, however long the thread takes; the test's own time limit ends it."""
    found: list[str] = []
    while len(found) < count:
        line = terminal.poll()
        if line is None:
            _BREATH.wait(0.001)
        else:
            found.append(line)
    return found


def ended(terminal: Terminal) -> None:
    while not terminal.ended:
        _BREATH.wait(0.001)


def test_lines_come_one_by_one():
    with piped() as (terminal, into):
        assert terminal.poll() is None
        os.write(into, b"trade 4\ngo\r\n\nhal")
        assert lines(terminal, 3) == ["trade 4", "go", ""]
        os.write(into, "té\n".encode())
        assert lines(terminal, 1) == ["halté"]
        assert terminal.poll() is None


def test_a_stream_in_memory_and_a_file_without_a_last_line_end(tmp_path):
    with reading(io.StringIO("go\nagain")) as terminal:
        assert lines(terminal, 2) == ["go", "again"]
        ended(terminal)
    file = tmp_path / "lines.txt"
    file.write_text("go\nagain")
    with file.open() as stream, reading(stream) as terminal:
        assert lines(terminal, 2) == ["go", "again"]
        ended(terminal)


def test_the_end_of_the_input_ends_the_reading_only():
    out, into = os.pipe()
    with os.fdopen(out) as stream, reading(stream) as terminal:
        os.write(into, b"go\n")
        os.close(into)
        ended(terminal)
        assert (terminal.poll(), terminal.poll()) == ("go", None)


def test_no_input_at_all():
    with reading(None) as terminal:
        assert terminal.poll() is None
        assert terminal.ended
    closed = io.StringIO()
    closed.close()
    with reading(closed) as terminal:
        ended(terminal)


def test_bytes_that_are_no_text_are_read_as_something():
    with piped() as (terminal, into):
        os.write(into, b"\xff\xfe go\n")
        assert lines(terminal, 1) == ["\ufffd\ufffd go"]


def test_a_line_without_end_is_cut_and_takes_no_room():
    with piped() as (terminal, into):
        for _ in range(20):
            os.write(into, b"x" * 30_000)
        os.write(into, b"\ngo\n")
        assert lines(terminal, 2) == ["x" * LONGEST_LINE, "go"]


def test_a_flood_waits_and_loses_nothing():
    out, into = os.pipe()
    total = MOST_LINES * 10
    with os.fdopen(out) as stream, reading(stream) as terminal:
        os.write(into, b"".join(b"%d\n" % number for number in range(total)))
        os.close(into)
        assert lines(terminal, total) == [str(number) for number in range(total)]


def test_a_flood_that_nobody_reads_can_be_closed():
    with piped() as (terminal, into):
        os.write(into, b"go\n" * (MOST_LINES * 10))
        lines(terminal, 1)


def test_closing_while_nothing_is_typed_ends_the_thread():
    with piped() as (terminal, _):
        assert terminal.close()
        assert terminal.close()
        assert terminal.ended


def test_a_keyboard_is_read():
    control, keyboard = pty.openpty()
    with os.fdopen(keyboard) as stream, reading(stream) as terminal:
        os.write(control, b"go\n")
        assert lines(terminal, 1) == ["go"]
    os.close(control)


@pytest.mark.parametrize("sent_there", ["before", "while it waits"])
def test_the_keyboard_of_another_program_is_left_alone(monkeypatch, sent_there):
    """Reading it from the background would have the system stop the program, music and all."""
    ours, theirs = os.getpgrp(), os.getpgrp() + 1
    asked = threading.Semaphore(0)
    groups = [theirs if sent_there == "before" else ours]

    def foreground(_: int) -> int:
        asked.release()
        return groups[-1]

    monkeypatch.setattr(os, "tcgetpgrp", foreground)
    control, keyboard = pty.openpty()
    with os.fdopen(keyboard) as stream, reading(stream) as terminal:
        asked.acquire()
        groups.append(theirs)
        os.write(control, b"go\n")
        for _ in range(3):
            asked.acquire()
        assert terminal.poll() is None
        assert not terminal.ended
        groups.append(ours)
        assert lines(terminal, 1) == ["go"]
    os.close(control)


ENDS_WITH_A_READER = """
import sys
import threading
from plugin.control.terminal import Terminal
terminal = Terminal(sys.stdin)
print("over", flush=True)
"""


@pytest.mark.slow
def test_a_program_ends_while_its_input_is_still_open():
    """A daemon thread inside Python's own stdin would end the interpreter with a fatal error."""
    child = subprocess.Popen(
        [sys.executable, "-c", ENDS_WITH_A_READER],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert child.wait(60) == 0
        assert child.stdin is not None
        child.stdin.close()
        assert child.stdout is not None
        assert child.stderr is not None
        assert (child.stdout.read(), child.stderr.read()) == (b"over\n", b"")
    finally:
        child.kill()
        for stream in (child.stdout, child.stderr):
            if stream is not None:
                stream.close()
