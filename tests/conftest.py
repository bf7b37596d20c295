"""What every test of this project gets: a data folder of its own, and no thread left behind."""

import importlib.util
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest
from hypothesis import HealthCheck, settings

from tests.shared import SHARED, WHY_NOT_SHARED

if importlib.util.find_spec("tests.rig") and importlib.util.find_spec("tests.rig.fixtures"):
    pytest_plugins = ["tests.rig.fixtures", "tests.rig.standstill"]

# --------------------------------------------------------------------------------- Hypothesis
# `fast` on a developer's machine, `ci` in CI, or by name: HYPOTHESIS_PROFILE=ci make test. There
# is no deadline, because a busy machine is no fault of the code.

settings.register_profile("fast", deadline=None, max_examples=60)
settings.register_profile(
    "ci",
    deadline=None,
    max_examples=200,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "fast")
)

# ------------------------------------------------------------------------------------ threads

_started_at: dict[int, str] = {}
_real_start = threading.Thread.start


def _start(thread: threading.Thread) -> None:
    """`Thread.start` that remembers which line called it."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename == threading.__file__:
        frame = frame.f_back
    if frame is not None:
        _started_at[id(thread)] = f"{frame.f_code.co_filename}:{frame.f_lineno}"
    _real_start(thread)


threading.Thread.start = _start  # type: ignore[method-assign]


def _left_over(before: set[threading.Thread]) -> list[threading.Thread]:
    return [
        thread
        for thread in threading.enumerate()
        if thread not in before
        and thread.is_alive()
        and (not thread.daemon or thread.name.startswith("antiphon"))
    ]


@pytest.fixture(autouse=True)
def _nothing_left_running() -> Iterator[None]:
    """A test that leaves a thread or a child process running fails and is told where it began."""
    threads_before = set(threading.enumerate())
    children_before = set(multiprocessing.active_children())
    yield
    deadline = time.monotonic() + 1.0
    while _left_over(threads_before) and time.monotonic() < deadline:
        _left_over(threads_before)[0].join(0.05)
    left = [
        f"thread {thread.name!r}, started at {_started_at.get(id(thread), 'an unknown place')}"
        for thread in _left_over(threads_before)
    ]
    for child in set(multiprocessing.active_children()) - children_before:
        child.join(max(0.0, deadline - time.monotonic()))
        if child.is_alive():
            left.append(f"process {child.name!r} (pid {child.pid})")
            child.kill()
            child.join()
    if left:
        pytest.fail("left running by this test: " + "; ".join(left), pytrace=False)


# ------------------------------------------------------------------------------------ folders


@pytest.fixture(autouse=True, scope="session")
def _data_folder_of_the_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Fixtures that outlive a test stay away from the user's takes too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANTIPHON_DATA", str(tmp_path_factory.mktemp("antiphon-data")))
        yield


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder of this test alone; child processes inherit it."""
    folder = tmp_path / "antiphon-data"
    folder.mkdir()
    monkeypatch.setenv("ANTIPHON_DATA", str(folder))
    return folder


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared music; the test is skipped where it is absent."""
    if SHARED is None:
        pytest.skip(WHY_NOT_SHARED)
    return SHARED


# ------------------------------------------------------------------------------------ the end

_sessions: list[pytest.Session] = []


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Remember how it went."""
    _sessions.append(session)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """All is said and every check was made: leave at once, with what pytest found.

    One process has held Qt, torch, numba and an event loop by now, and taking them down in the
    interpreter's order crashed once after the last line (the status was then a signal's). How the
    programs of the project end is tested in processes of their own.
    """
    if _sessions:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(_sessions[-1].exitstatus))
