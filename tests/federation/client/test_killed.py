"""Kill -9 of the client between every two steps: nothing is sent twice, nothing is lost."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from federation.client import course
from federation.client.outbox import Outbox
from federation.client.places import Places
from federation.client.sharing import Sharing
from tests.shared import REPOSITORY

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork"),
]

MUST = (
    "open sharing/outbox/*.tmp", "os.rename sharing/outbox/*.bin",
    "os.rename sharing/outbox/*.json",
    "os.remove sharing/draft/change.safetensors", "os.remove sharing/draft/preview.json",
    "os.rename sharing/device.key", "open sharing/ledger.jsonl", "os.rename sharing/course.json",
    "before POST devices", "after POST devices", "before PUT contributions",
    "after PUT contributions", "os.remove sharing/outbox/*.json", "os.remove sharing/outbox/*.bin",
    "after GET contributions",
)  # fmt: skip
"""Steps between which it is certainly killed; the probe finds them all by itself."""


@pytest.fixture
def killed(machine, gateway, tmp_path) -> list[tuple[str, Path, str]]:
    """(the step it was killed at, its folder, what became of it when it went on)."""
    machine.agree(gateway.server)
    machine.good(machine.sharing.prepare().wait())
    orders = {
        "template": str(machine.folder),
        "work": str(tmp_path / "work"),
        "weights": str(machine.weights),
        "sha256": machine.sharing.preview().sha256,
    }
    ran = subprocess.run(
        [sys.executable, "-m", "tests.federation.client.killed", json.dumps(orders)],
        cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stderr
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    return [(place, tmp_path / "work" / folder, says) for place, folder, says in lines]


def test_nothing_is_sent_twice_and_nothing_is_lost(killed, machine, gateway):
    places = [place for place, _, _ in killed]
    assert set(MUST) <= set(places)
    assert places[-1] == "the end"
    shown = machine.sharing.preview().sha256
    ids = set()
    for place, folder, says in killed:
        where, sharing = Places(folder), Sharing(folder, {})
        assert "failed" not in says, (place, says)
        sent = course.load(where).sent
        assert len(sent) == 1, (place, says)
        assert [one.sha256 for one in sent] == [shown], place
        assert Outbox(where).parcels() == [], place
        assert sharing.preview() is None, place
        taken = [one for one in sharing.log() if one.what == "send" and one.result != "begins"]
        begun = [one for one in sharing.log() if one.result == "begins" and one.what == "send"]
        assert begun, place
        assert {one.attempt for one in begun} == {one.attempt for one in taken} == {sent[0].id}
        ids.add(sent[0].id)
    assert set(gateway.sent) == ids, "each client gave once, under one name"
    assert {hashlib.sha256(body).hexdigest() for _, body in gateway.sent.values()} == {shown}
