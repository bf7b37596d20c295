"""The tier's processes come back when they die, and end when whoever started them ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from federation.flower.leash import held
from federation.flower.processes import AGAIN_S, Child, Children
from tests.rig.waiting import wait_for
from tests.shared import REPOSITORY

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="process groups are POSIX")

SLEEPER = "import time; print('up', flush=True); time.sleep(600)"
PARENT = """
import subprocess, sys, time
inner = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(inner.pid, flush=True)
time.sleep(600)
"""
HOLDER = """
import sys, time
from pathlib import Path
from federation.flower.processes import Child, Children
children = Children(time.monotonic)
child = Child("a", [sys.executable, "-c", sys.argv[1]], {}, Path(sys.argv[2]))
children.start(child)
print(children.pids()["a"], flush=True)
time.sleep(600)
"""


def _there(pid: int) -> bool:
    """Whether a process runs; a zombie that nobody has waited for yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _is_gone(pid: int) -> None:
    wait_for(lambda: not _there(pid), lambda: f"process {pid} to end")


@pytest.fixture
def clock() -> list[float]:
    return [0.0]


@pytest.fixture
def children(clock: list[float]) -> Iterator[Children]:
    made = Children(lambda: clock[0])
    yield made
    made.end()


@pytest.fixture
def child(tmp_path: Path) -> Callable[..., Child]:
    def make(code: str = SLEEPER, name: str = "a", **others: bool) -> Child:
        command = [sys.executable, "-c", code]
        return Child(name, command, dict(os.environ), tmp_path / f"{name}.log", **others)

    return make


def _killed(children: Children, name: str = "a") -> int:
    pid = children.pids()[name]
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: name not in children.pids(), lambda: "the kill to be noticed")
    return pid


def test_a_child_that_is_killed_comes_back_at_once_and_then_not_too_often(children, child, clock):
    one = child()
    children.start(one)
    first = _killed(children)
    assert children.tend() is None
    assert children.pids()["a"] != first
    _killed(children)
    assert children.tend() is None
    assert children.pids() == {}
    clock[0] += AGAIN_S - 0.1
    children.tend()
    assert children.pids() == {}
    clock[0] += 0.2
    children.tend()
    assert "a" in children.pids()
    assert one.died == 2


def test_a_vital_child_that_is_gone_is_said_and_does_not_come_back(children, child):
    one = child(vital=True)
    children.start(one)
    assert children.tend() is None
    _killed(children)
    assert children.tend() is one
    assert children.pids() == {}


def test_the_last_words_say_why(children, child):
    one = child("print('one'); print('address in use')", vital=True)
    assert one.last_words() == "it said nothing"
    children.start(one)
    wait_for(lambda: not one.alive, lambda: "the child to end")
    assert one.last_words() == "address in use"


def test_what_a_child_started_ends_with_it(children, child, tmp_path):
    children.start(child(PARENT))
    log = tmp_path / "a.log"
    wait_for(lambda: log.read_text().strip().isdigit(), lambda: "the child of the child")
    inner, pid = int(log.read_text()), children.pids()["a"]
    children.end()
    _is_gone(inner)
    _is_gone(pid)
    assert children.pids() == {}


def test_when_a_child_is_killed_what_it_started_goes_before_it_comes_back(
    children, child, tmp_path
):
    children.start(child(PARENT))
    log = tmp_path / "a.log"
    wait_for(lambda: log.read_text().strip().isdigit(), lambda: "the child of the child")
    inner = int(log.read_text())
    _killed(children)
    assert _there(inner)
    children.tend()
    _is_gone(inner)


def test_all_ends_when_the_holder_is_killed(tmp_path: Path):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, SLEEPER, str(tmp_path / "log")],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout is not None
        pid = int(holder.stdout.readline())
        assert _there(pid)
        holder.kill()
        holder.wait()
        _is_gone(pid)


def test_the_leash_holds_what_was_named_and_not_let_go():
    assert held(["+12\n", "+13\n", "-12\n", "nonsense\n", "+\n", "+1\n", "+0\n", "+-4\n"]) == {13}
    assert held([]) == set()
