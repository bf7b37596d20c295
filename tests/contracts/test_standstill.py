"""When a test that plays in real time is done again, and when not (`tests/rig/standstill.py`)."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.rig.standstill import STILL_S, StandstillWatch

REAL_TIME = """
import os, signal, time
import psutil, pytest

pytestmark = pytest.mark.realport
takes = []

def stand_still():
    for process in psutil.Process().children():
        process.suspend()
        time.sleep(0.3)
        process.resume()

def test_of_a_machine_that_stood_still():
    takes.append("still")
    if len(takes) == 1:
        stand_still()
    assert len(takes) == 2

def test_that_always_fails():
    takes.append("ours")
    stand_still()
    raise AssertionError("ours")

def test_after_it():
    assert takes == ["still"] * 2 + ["ours"] * 4

def test_that_passes_is_not_asked_how():
    takes.append("passed")
    stand_still()
    assert takes.count("passed") == 1
"""
QUIET = """
import pytest

takes = []

@pytest.mark.realport
def test_on_a_machine_that_goes_on():
    takes.append(1)
    assert False

def test_without_a_mark():
    assert False
"""


def test_a_process_that_gets_no_processor_says_how_long() -> None:
    watch = StandstillWatch()
    os.kill(watch.pid, signal.SIGSTOP)
    time.sleep(0.2)
    os.kill(watch.pid, signal.SIGCONT)
    assert watch.longest_s() > STILL_S
    watch.close()


def run(folder: Path, text: str, *words: str) -> str:
    """What pytest says of a file of tests."""
    (folder / "test_file.py").write_text(text)
    words = ("-q", "-p", "tests.rig.standstill", "-p", "no:cacheprovider", *words)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--rootdir", str(folder), str(folder), *words],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def test_only_what_failed_while_the_machine_stood_still_is_done_again(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = realport\n")
    assert "1 failed, 3 passed, 4 rerun" in run(tmp_path, REAL_TIME)


def test_what_fails_otherwise_has_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = realport\n")
    # However the machine is: nothing counts as standing still.
    (tmp_path / "conftest.py").write_text(
        "from tests.rig import standstill\nstandstill.STILL_S = 9e9\n"
    )
    said = run(tmp_path, QUIET)
    assert "2 failed" in said
    assert "rerun" not in said
