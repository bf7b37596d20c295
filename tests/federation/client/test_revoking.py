"""The end: no file is left, the server forgets, and a server that is away is not forgotten."""

import pytest

from federation.client.trouble import ForbiddenError
from tests.federation.client.stage import Machine


def _sent(machine, gateway) -> None:
    machine.agree(gateway.server)
    machine.good(machine.sharing.prepare().wait())
    machine.good(machine.sharing.send(machine.sharing.preview().sha256).wait())


def test_revoking_leaves_no_file_and_the_server_forgets(machine: Machine, gateway):
    _sent(machine, gateway)
    assert len(gateway.devices) == 1
    work = machine.sharing.revoke()
    assert work is not None
    machine.good(work.wait())
    assert (gateway.devices, machine.files()) == ({}, set())
    assert not machine.sharing.places.root.exists()


def test_while_the_server_is_away_only_the_key_and_the_question_stay(machine, gateway):
    _sent(machine, gateway)
    gateway.trouble = [503] * 3
    assert "failed" in machine.sharing.revoke().wait()
    assert machine.files() == {"sharing/device.key", "sharing/forget.json"}
    assert machine.sharing.status().forgetting
    with pytest.raises(ForbiddenError):
        machine.sharing.prepare()
    machine.later(days=30)
    assert machine.sharing.due(1e9) == ""
    machine.good(machine.sharing.revoke().wait())
    assert (gateway.devices, machine.files()) == ({}, set())


def test_who_never_sent_is_known_to_nobody_and_nothing_is_opened(machine, gateway):
    machine.agree(gateway.server)
    assert machine.sharing.revoke() is None
    assert (gateway.asked, machine.files()) == ([], set())


def test_an_enrolment_whose_answer_was_lost_is_forgotten_too(machine, gateway):
    machine.agree(gateway.server)
    machine.good(machine.sharing.prepare().wait())
    gateway.trouble = [503] * 3
    machine.sharing.send(machine.sharing.preview().sha256).wait()
    assert machine.sharing.revoke() is not None


def test_what_was_received_can_stay(machine, gateway):
    _sent(machine, gateway)
    machine.sharing.places.adopted.write_bytes(b"a version")
    machine.good(machine.sharing.revoke(keep_received=True).wait())
    assert "sharing/adopted.safetensors" in machine.files()
    assert (
        not {"sharing/consent.json", "sharing/device.key", "sharing/ledger.jsonl"} & machine.files()
    )


def test_a_link_in_the_folder_is_removed_and_not_followed(machine, gateway, tmp_path):
    machine.agree(gateway.server)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine").write_bytes(b"keep")
    (machine.sharing.places.root / "link").symlink_to(elsewhere)
    machine.sharing.revoke()
    assert (elsewhere / "mine").read_bytes() == b"keep"
    assert machine.files() == set()
