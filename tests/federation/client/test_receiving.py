"""Newer versions: checked, tried on the player's own phrases, used if better, left in one call."""

import dataclasses
from datetime import timedelta

import numpy as np
import pytest
from msgspec.structs import replace

from engine.building import Builder
from federation.client.consent import LOOK, UNTIL, Choices
from federation.client.course import load
from tests.federation.client.stage import piece


def _tensors(gateway, size: float) -> dict[str, np.ndarray]:
    return {name: np.full(s, size, np.float32) for name, s in gateway.lineage.shapes.items()}


@pytest.fixture
def listener(machine, gateway):
    """Agreed to look, so that there are phrases to try on; A of zeros makes nothing of nothing."""
    sharing = machine.sharing
    sharing.set_server(gateway.server)
    sharing.turn_on(sharing.record(LOOK))
    for seed in range(2):
        sharing.add_material(f"{seed}", piece(seed))
    return machine


def test_a_better_version_is_adopted_and_one_call_goes_back(listener, gateway):
    gateway.publish(_tensors(gateway, 0.01))
    line = listener.sharing.receive().wait()
    assert listener.good(line) == {"version": 2, "adopted": True}
    assert "suits your phrases better (4.00 -> 3.99 bits a note)" in line["says"]
    assert listener.sharing.status().version == 2
    gateway.publish(_tensors(gateway, 0.02))
    listener.good(listener.sharing.receive().wait())
    assert listener.sharing.back() == 2
    assert listener.sharing.status().version == 2
    assert listener.sharing.back() is None
    assert not listener.sharing.places.adopted.exists()


def test_what_was_gone_back_from_does_not_come_again_unasked(listener, gateway):
    gateway.publish(_tensors(gateway, 0.01))
    listener.good(listener.sharing.receive().wait())
    listener.sharing.back()
    assert listener.good(listener.sharing.receive().wait())["adopted"] is False
    gateway.publish(_tensors(gateway, 0.02))
    assert listener.good(listener.sharing.receive().wait()) == {"version": 3, "adopted": True}


def test_a_worse_version_is_left_alone(listener, gateway):
    gateway.publish(_tensors(gateway, -0.01))
    line = listener.sharing.receive().wait()
    assert listener.good(line)["adopted"] is False
    assert "yours stays" in line["says"]
    assert listener.sharing.status().version is None


def test_without_phrases_nothing_changes(machine, gateway):
    machine.sharing.set_server(gateway.server)
    gateway.publish(_tensors(gateway, 0.01))
    line = machine.sharing.receive().wait()
    assert machine.good(line) == {"version": None, "adopted": False}
    assert "no phrases of yours" in line["says"]


def test_receiving_needs_no_giving_and_tells_nobody_who_asks(listener, gateway):
    listener.sharing.turn_off()
    gateway.publish(_tensors(gateway, 0.01))
    listener.good(listener.sharing.receive().wait())
    assert {method for method, _ in gateway.asked} == {"GET"}
    assert not any(name.startswith("X-Antiphon") for one in gateway.headers for name in one)
    assert not listener.sharing.places.key.exists()


def test_who_gives_unasked_is_also_given_newer_versions(machine, gateway):
    """Each has its day: what is worked out and sent does not take the turn of looking."""
    gateway.publish(_tensors(gateway, 0.0))
    today = machine.now.date()
    until = Choices(asking=UNTIL, until=(today + timedelta(days=90)).isoformat(), most_a_week=7)
    machine.agree(gateway.server, until)
    first = machine.sharing.preview()
    assert first is not None
    assert first.version == 0  # it stands in nobody's way
    machine.sharing.set_receiving(True)
    ran = []
    for _ in range(8):
        machine.later(hours=31)
        while task := machine.sharing.due(1e6):
            line = machine.sharing.tick(1e6).wait()
            ran.append(task if "done" in line else f"{task}, {line['failed'][:14]}")
            if task == "send":
                gateway.publish(_tensors(gateway, 0.001 * len(ran)))
    assert {"contribute", "send", "receive"} <= set(ran), ran
    assert ran.count("receive") >= 6, ran
    assert ran.count("send") >= 3, ran


def test_unasked_it_is_looked_for_only_where_that_was_said(listener, gateway):
    listener.sharing.turn_off()
    listener.later(days=3)
    assert listener.sharing.due(1e6) == ""
    listener.sharing.set_receiving(True)
    assert listener.sharing.due(1e6) == "receive"
    listener.sharing.tick(1e6).wait()
    assert listener.sharing.due(1e6) == ""
    listener.later(days=2)
    listener.sharing.set_receiving(False)
    assert listener.sharing.due(1e6) == ""


def test_a_server_that_is_not_to_be_believed_is_not_asked_at_every_tick(listener, gateway):
    gateway.publish(_tensors(gateway, 0.01))
    listener.sharing.turn_off()
    listener.sharing.set_server(replace(gateway.server, release_key="00" * 32))
    listener.sharing.set_receiving(True)
    assert listener.sharing.due(1e6) == "receive"
    assert "not signed" in listener.sharing.tick(1e6).wait()["failed"]
    assert listener.sharing.due(1e6) == ""


def test_a_version_of_another_key_is_left_alone(listener, gateway):
    gateway.publish(_tensors(gateway, 0.01))
    listener.sharing.set_server(replace(gateway.server, release_key="00" * 32))
    assert "not signed" in listener.sharing.receive().wait()["failed"]
    assert not listener.sharing.places.received.exists()


def test_without_a_key_nothing_is_believed(listener, gateway):
    listener.sharing.set_server(replace(gateway.server, release_key=""))
    assert "--key" in listener.sharing.receive().wait()["failed"]


@pytest.mark.parametrize("what", ["file", "words", "lineage"])
def test_what_is_not_what_was_signed_is_left_alone(listener, gateway, what):
    gateway.publish(_tensors(gateway, 0.01))
    words, signature, data = gateway.versions[2]
    if what == "file":
        data = data[:-1] + bytes([data[-1] ^ 1])
        gateway.answer = _serving_bad_file(gateway, gateway.answer, data)
    elif what == "words":
        gateway.versions[2] = (words.replace(b'"clip":1.4', b'"clip":9.9'), signature, data)
    else:
        gateway.lineage = replace(gateway.lineage, seed=7)
        gateway.publish(_tensors(gateway, 0.01), number=3)
    assert "failed" in listener.sharing.receive().wait()
    assert listener.sharing.status().version is None


def test_a_withdrawn_version_gives_way_to_the_one_before(listener, gateway):
    gateway.publish(_tensors(gateway, 0.01))
    listener.good(listener.sharing.receive().wait())
    gateway.publish(_tensors(gateway, 0.02))
    listener.good(listener.sharing.receive().wait())
    assert listener.sharing.status().version == 3
    gateway.publish(_tensors(gateway, 0.02), number=3, withdrawn=True)
    latest = gateway._model
    gateway._model = lambda which: latest("2" if which == "latest" else which)
    listener.good(listener.sharing.receive().wait())
    assert listener.sharing.status().version == 2
    assert ("receive", "withdrawn, left") in [(e.what, e.result) for e in listener.sharing.log()]


def test_a_server_that_is_away_changes_nothing_and_is_told_of_once(listener, gateway):
    gateway.trouble = [503] * 3
    assert "failed" in listener.sharing.receive().wait()
    assert load(listener.sharing.places).failures == 1
    assert listener.sharing.status().trouble


def test_what_was_adopted_plays(listener, gateway, tmp_path):
    """With A of the right shape: the engine merges the very file."""
    from federation.client.training import Trainer

    trainer = Trainer(listener.weights, gateway.lineage)
    gateway.publish(_tensors(gateway, 0.01))
    listener.means = dataclasses.replace(listener.means, trainer=lambda *_: _Keen(trainer))
    listener.good(listener.sharing.receive().wait())
    built = Builder(listener.weights, listener.sharing.places.adopted)
    assert (built.says, built.shared) == ([], "2")


class _Keen:
    def __init__(self, trainer) -> None:
        self._trainer = trainer

    def bits(self, phrases, tensors, *, held=True) -> float:
        return 3.0 if tensors is None else 2.0

    def frozen(self):
        return self._trainer.frozen()


def _serving_bad_file(gateway, answer, data):
    def served(method, path, headers, body):
        if path.startswith("/v1/blobs/"):
            return 200, data, {}
        return answer(method, path, headers, body)

    return served
