"""Damaged files of sharing: none is a yes, none is a licence, each can be gone on from."""

import pytest

from federation.client.trouble import ForbiddenError

GARBAGE = [b"", b"{", b"[]", b"\xff\xfe", b"nul" * 1000]


@pytest.mark.parametrize("garbage", GARBAGE)
def test_a_damaged_yes_is_no_yes_and_is_said(machine, gateway, garbage):
    machine.agree(gateway.server)
    machine.sharing.places.consent.write_bytes(garbage)
    status = machine.sharing.status()
    assert status.stage == "off"
    assert "cannot be read" in status.asks_again
    with pytest.raises(ForbiddenError):
        machine.sharing.prepare()
    machine.later(days=9)
    assert machine.sharing.due(1e9) == ""
    machine.sharing.turn_on(machine.sharing.record("look"))
    assert machine.sharing.status().asks_again == ""


@pytest.mark.parametrize("garbage", GARBAGE)
def test_a_damaged_course_may_have_said_pause(machine, gateway, garbage):
    machine.agree(gateway.server)
    machine.good(machine.sharing.prepare().wait())
    machine.sharing.pause()
    machine.sharing.places.course.write_bytes(garbage)
    assert machine.sharing.status().paused
    with pytest.raises(ForbiddenError, match="resume"):
        machine.sharing.send(machine.sharing.preview().sha256)
    machine.sharing.resume()
    machine.good(machine.sharing.send(machine.sharing.preview().sha256).wait())
    assert len(gateway.sent) == 1


def test_after_a_damaged_course_the_server_is_still_asked_to_forget(machine, gateway):
    machine.agree(gateway.server)
    machine.good(machine.sharing.prepare().wait())
    machine.good(machine.sharing.send(machine.sharing.preview().sha256).wait())
    assert len(gateway.devices) == 1
    machine.sharing.places.course.write_bytes(b"{")
    work = machine.sharing.revoke()
    assert work is not None
    machine.good(work.wait())
    assert (gateway.devices, machine.files()) == ({}, set())


@pytest.mark.parametrize("garbage", GARBAGE)
def test_a_damaged_word_in_the_outbox_is_nothing(machine, gateway, garbage):
    machine.agree(gateway.server)
    machine.good(machine.sharing.prepare().wait())
    machine.sharing.approve(machine.sharing.preview().sha256)
    for path in machine.sharing.places.outbox.glob("*.json"):
        path.write_bytes(garbage)
    assert machine.sharing.waiting() == []
    assert machine.sharing.status().waiting == 0
    assert "Nothing waits" in machine.sharing.send_waiting().wait()["failed"]
    assert gateway.sent == {}


def test_off_is_off_even_where_the_log_cannot_be_written(machine, gateway):
    machine.agree(gateway.server)
    machine.sharing.places.ledger.unlink()
    machine.sharing.places.ledger.mkdir()
    machine.sharing.turn_off()
    assert machine.sharing.status().stage == "off"
    assert not machine.sharing.places.consent.exists()
