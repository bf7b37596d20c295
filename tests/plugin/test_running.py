"""Finding a running jam, and what signals ask of it (JAM-9, JAM-10)."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from plugin.running import HAS_SIGNAL, announced, ask_for_panic, left_behind
from plugin.signals import heeded
from tests.rig.waiting import wait_for
from tests.shared import REPOSITORY

pytestmark = pytest.mark.skipif(not HAS_SIGNAL, reason="this system has no SIGUSR1")

HOLDER = """
import sys
from plugin.running import announced
from plugin.signals import heeded
if __name__ == "__main__":
    with heeded() as wishes, announced():
        print("announced", flush=True)
        while not wishes.panic:
            pass
        print("panic", flush=True)
"""


def test_nobody_is_running(data_folder: Path) -> None:
    assert not ask_for_panic()
    data_folder.rmdir()
    assert not ask_for_panic()


def test_a_jam_is_found_while_it_lasts(data_folder: Path) -> None:
    with heeded() as wishes:
        with announced():
            assert ask_for_panic()
            assert wishes.panic
        wishes.panic = False
        assert not ask_for_panic()
        assert not wishes.panic
    assert list(data_folder.iterdir()) == []


def test_a_file_that_a_killed_jam_left_behind_is_not_believed(data_folder: Path) -> None:
    """Its number may be another program's by now, which the signal would end."""
    left = data_folder / "jam-4711.pid"
    left.write_text(str(os.getpid()))
    with heeded() as wishes:
        assert not ask_for_panic()
        assert not wishes.panic
    assert not left.exists()


def test_a_jam_that_was_killed_is_known_once_and_one_that_runs_is_not(data_folder: Path) -> None:
    (data_folder / "jam-1.pid").mkdir()
    assert not left_behind()
    (data_folder / "jam-4711.pid").write_text("4711")
    with heeded(), announced():
        assert left_behind()
        assert not left_behind()
        assert ask_for_panic(), "the one that runs is still found"


def test_a_file_with_nonsense_in_it_is_passed_over(data_folder: Path) -> None:
    (data_folder / "jam-1.pid").write_text("nonsense")
    (data_folder / "jam-2.pid").mkdir()
    assert not ask_for_panic()


def test_a_data_folder_that_cannot_be_made_costs_only_that(
    data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (data_folder / "file").write_text("")
    monkeypatch.setenv("ANTIPHON_DATA", str(data_folder / "file" / "below"))
    with announced():
        assert not ask_for_panic()


def test_every_running_jam_is_told(data_folder: Path) -> None:
    children = [
        subprocess.Popen(
            [sys.executable, "-c", HOLDER], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    try:
        for child in children:
            assert child.stdout is not None
            assert child.stdout.readline() == "announced\n"
        assert ask_for_panic()
        for child in children:
            assert child.stdout is not None
            assert child.stdout.readline() == "panic\n"
            assert child.wait(30) == 0
    finally:
        for child in children:
            child.kill()
            child.communicate()
    assert list(data_folder.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_what_ends_a_jam_in_order(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with heeded() as wishes:
        assert wishes.grant(lambda: None)
        os.kill(os.getpid(), number)
        assert not wishes.grant(lambda: None)
    assert signal.getsignal(number) is before


def test_panic_is_granted_once_and_the_jam_goes_on() -> None:
    silenced = []
    with heeded() as wishes:
        os.kill(os.getpid(), signal.SIGUSR1)
        assert wishes.grant(lambda: silenced.append(1))
        assert wishes.grant(lambda: silenced.append(1))
    assert silenced == [1]


PAUSED = """
import os, signal, sys
from plugin.signals import heeded
if __name__ == "__main__":
    signal.signal(signal.SIGTSTP, signal.SIG_DFL)
    with heeded() as wishes:
        print("plays", flush=True)
        while not wishes.pause:
            pass
        wishes.grant(lambda: print("silent", flush=True))
        print("goes on", flush=True)
"""


def test_ctrl_z_silences_before_it_stops() -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", PAUSED],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
        process_group=0,
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == "plays\n"
        child.send_signal(signal.SIGTSTP)
        assert child.stdout.readline() == "silent\n"
        state = Path(f"/proc/{child.pid}/stat")
        if state.exists():
            wait_for(lambda: state.read_text().rsplit(")", 1)[1].split()[0] == "T", "a stop")
        child.send_signal(signal.SIGCONT)
        assert child.stdout.readline() == "goes on\n"
        assert child.wait(30) == 0
