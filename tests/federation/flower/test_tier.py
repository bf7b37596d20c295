"""The tier for real, on loopback: SuperLink, two SuperNodes, TLS, keys; a worker killed with -9.

One tier serves all tests of this file (starting it takes ten seconds and more). Every one of its
Python processes writes down what it connects to and whom it looks up.
"""

import os
import shutil
import signal
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from federation.aggregate.descent import FRESH
from federation.aggregate.rules import Partial, partial_sum
from federation.aggregate.version import How, step
from federation.flower.certificates import issue
from federation.flower.tier import SHARD_TIMEOUT_S, Tier, TierError
from tests.federation.formats.stage import delta
from tests.rig.waiting import wait_for

BIN = Path(sys.executable).parent

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        not (BIN / "flower-superlink").exists(),
        reason="Flower is not installed: pip install 'antiphon[server]'",
    ),
]

# In every process of the tier before anything else runs: who is connected to, who is looked up.
LISTENER = """
import os, sys
def _heard(event, args):
    if event in ("socket.connect", "socket.sendto") and isinstance(args[1], tuple):
        _note(event, args[1][0])
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        _note(event, args[0])
def _note(event, host):
    host = host.decode() if isinstance(host, bytes) else host
    line = f"{event} {host} {os.path.basename(sys.argv[0]) if sys.argv else ''}\\n"
    file = os.open(os.environ["LISTENER_LOG"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(file, line.encode())
    os.close(file)
sys.addaudithook(_heard)
"""
STARTED, TAKEN = "Starting Flower SuperNode", "Receiving:"
"""What a SuperNode writes down when it starts, and when it is given a shard."""
ROWS = list(np.random.default_rng(0).normal(0, 0.003, (23, 138_352)).astype(np.float32))
WEIGHTS = np.random.default_rng(1).choice([64.0, 256.0, 1024.0], 23).tolist()


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the processes write what they connect to."""
    return tmp_path_factory.mktemp("heard") / "log"


@pytest.fixture(scope="module")
def tier(tmp_path_factory: pytest.TempPathFactory, heard: Path) -> Iterator[Tier]:
    folder = tmp_path_factory.mktemp("listener")
    (folder / "sitecustomize.py").write_text(LISTENER)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(folder))
        patch.setenv("LISTENER_LOG", str(heard))
        patch.setenv("HTTPS_PROXY", "http://192.0.2.1:9")  # must not be asked, even for loopback
        with Tier(tmp_path_factory.mktemp("tier"), deadline_s=600.0) as made:
            yield made


def _is_right(found: Partial) -> None:
    expected = partial_sum(ROWS, WEIGHTS)
    assert np.abs(found.sum - expected.sum).max() <= 1e-6
    assert found.weight == pytest.approx(expected.weight, rel=1e-12)
    assert found.count == len(ROWS)


def test_the_tier_gives_the_sum_of_one_process(tier: Tier):
    _is_right(tier.aggregate(ROWS, WEIGHTS))
    assert tier.last is not None
    assert tier.last.shards == 2
    assert list((tier.folder / "jobs").iterdir()) == []


def test_a_version_made_by_the_tier_is_the_one_made_by_one_process(tier: Tier):
    deltas = [delta(seed) for seed in range(20)]
    found = [
        step(deltas, 3, FRESH, How(0.7, z=2.0), add=add, source=np.random.default_rng(0).bytes)[1]
        for add in (tier.aggregate, partial_sum)
    ]
    assert np.array_equal(*found)  # with noise the sums are of whole numbers


def _times(tier: Tier, word: str) -> int:
    """How often worker 1 has written this down."""
    return (tier.folder / "logs" / "worker-1.log").read_text("utf-8", "replace").count(word)


def test_a_worker_killed_with_a_shard_in_hand_is_replaced_and_nothing_counts_twice(tier: Tier):
    before, starts = _times(tier, TAKEN), _times(tier, STARTED)
    killed = tier.pids["worker-1"]
    found: list[Partial] = []
    asking = threading.Thread(target=lambda: found.append(tier.aggregate(ROWS, WEIGHTS)))
    asking.start()
    try:
        wait_for(
            lambda: _times(tier, TAKEN) > before,
            lambda: "worker 1 to get a shard",
            300.0,
        )
        os.kill(killed, signal.SIGKILL)
    finally:
        asking.join()
    _is_right(found[0])
    assert tier.last is not None
    assert tier.last.again >= 1
    assert SHARD_TIMEOUT_S < 30.0  # by then it is dealt again
    assert _times(tier, STARTED) > starts
    assert tier.pids.get("worker-1") != killed  # for a minute Flower refuses it its old place


def test_after_that_the_tier_goes_on_and_the_new_worker_takes_shards_again(tier: Tier):
    taken, deadline_s = _times(tier, TAKEN), time.monotonic() + 600.0
    while _times(tier, TAKEN) == taken:
        assert time.monotonic() < deadline_s, "the new worker 1 never got a shard"
        _is_right(tier.aggregate(ROWS, WEIGHTS))


def test_a_stranger_is_given_no_task(tier: Tier):
    """Who does not know the secret cannot take a task, even over the tier's own TLS."""
    context = ssl.create_default_context(cafile=str(tier.folder / "papers" / "ca.crt"))
    request = urllib.request.Request(
        f"https://{tier.address}/v1/runtime/acquire-task",
        data=b"",
        headers={"Content-Type": "application/protobuf"},
    )
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    )
    with pytest.raises(urllib.error.HTTPError) as error:
        opener.open(request, timeout=60)
    error.value.close()
    assert error.value.code in {401, 403}


def test_a_worker_with_a_key_of_its_own_making_is_refused(tier: Tier, tmp_path: Path):
    papers = issue(tmp_path / "other", 1, datetime.now(UTC))
    command = [str(BIN / "flower-supernode"), "--superlink", tier.address, "--port", "0"]
    command += ["--root-certificates", str(tier.folder / "papers" / "ca.crt")]
    command += ["--auth-supernode-private-key", str(papers.workers[0].private)]
    done = subprocess.run(
        command,
        env={**os.environ, "FLWR_HOME": str(tmp_path / "home"), **SILENT},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode != 0
    assert "SuperNode ID" not in done.stdout + done.stderr


SILENT = {
    "FLWR_TELEMETRY_ENABLED": "0",
    "FLWR_DISABLE_UPDATE_CHECK": "1",
    "FLWR_DISABLE_RUNTIME_DEPENDENCY_INSTALLATION": "1",
}


def test_nothing_of_it_leaves_loopback(tier: Tier, heard: Path):
    lines = [line.split(" ") for line in heard.read_text().splitlines()]
    programs = {line[2] for line in lines}
    assert {"flower-supernode", "flower-superexec", "flwr", "flwr-clientapp"} <= programs
    hosts = {line[1] for line in lines}
    assert hosts <= {"127.0.0.1", "localhost", "::1", "None", ""}, hosts


def test_keys_and_tasks_end_with_the_tier(tmp_path: Path, tier: Tier):
    """Last of this file: it closes the tier of the others."""
    pids = tier.pids
    assert set(pids) == {"link", "launcher", "worker-0", "launcher-0", "worker-1", "launcher-1"}
    tier.close()
    assert tier.pids == {}
    for name, pid in pids.items():
        assert not Path(f"/proc/{pid}").exists(), name
    assert {path.name for path in tier.folder.iterdir()} == {"logs"}


def test_a_tier_that_cannot_start_says_why_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(TierError, match=r"install antiphon\[server\]"):
        Tier(tmp_path / "tier").start()
    shutil.rmtree(tmp_path / "tier", ignore_errors=True)


@pytest.mark.parametrize(("rows", "weights"), [([], []), (ROWS[:2], [1.0])])
def test_what_makes_no_sense_is_refused_before_anything_starts(tmp_path: Path, rows, weights):
    unstarted = Tier(tmp_path / "tier")
    with pytest.raises(ValueError, match="together"):
        unstarted.aggregate(rows, weights)
    assert unstarted.pids == {}
