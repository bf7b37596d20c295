"""The child process as it really is: it works, is killed, is stopped, and never leaves half."""

import os
import signal
import sys

import pytest

from federation.client.child import ChildWork
from federation.client.sharing import Sharing
from federation.client.work import WEIGHTS_VARIABLE
from tests.federation.client.stage import Machine

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]  # the child has the lowest rank


@pytest.fixture
def real(machine: Machine, gateway) -> Sharing:
    """Agreed to on the machine of the tests; from then on with child processes."""
    machine.agree(gateway.server)
    machine.sharing.not_this_time()
    return Sharing(machine.folder, {WEIGHTS_VARIABLE: str(machine.weights)})


def test_it_prepares_and_sends_and_is_forgotten(real, gateway, monkeypatch):
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    told: list[dict] = []
    assert "done" in real.prepare().wait(told.append)
    assert [line["step"] for line in told] == list(range(6))
    found = real.preview()
    assert found is not None
    assert found.version == 1
    assert "done" in real.send(found.sha256).wait()
    assert len(gateway.sent) == 1
    work = real.revoke()
    assert work is not None
    assert "done" in work.wait()
    assert (gateway.devices, real.places.root.exists()) == ({}, False)


def test_without_a_yes_the_child_itself_refuses(tmp_path):
    work = ChildWork(["prepare"], tmp_path / "data", {})
    assert "off" in work.wait()["failed"]
    assert not (tmp_path / "data").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_kill_in_the_middle_is_a_sentence_and_leaves_no_preview(real):
    work = real.prepare()
    assert isinstance(work, ChildWork)
    with work._came:  # it has begun; looking without a rest would starve it, it has the lowest rank
        assert work._came.wait_for(lambda: bool(work._lines), timeout=100)
    os.kill(work._process.pid, signal.SIGKILL)
    assert "stopped" in work.wait()["failed"]
    assert real.preview() is None
    assert "done" in real.prepare().wait()


def test_it_can_be_stopped(real):
    work = real.prepare()
    work.cancel()
    assert work.over
    assert real.preview() is None
