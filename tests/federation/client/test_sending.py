"""From a yes to the server: what was shown is what is sent, once, and never without a line."""

import hashlib

import pytest

from federation.client.consent import UNTIL, Choices
from federation.client.course import load
from federation.client.outbox import Outbox
from federation.client.trouble import ForbiddenError, SharingError
from federation.formats.shared import nothing_learnt
from tests.federation.client.gateway import Gateway
from tests.federation.client.stage import Machine


def _ready(machine: Machine, gateway: Gateway) -> str:
    """Agreed, with a preview made from the server's newest version; its hash."""
    machine.agree(gateway.server)
    machine.good(machine.sharing.prepare().wait())
    found = machine.sharing.preview()
    assert found is not None
    return found.sha256


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_what_is_sent_is_what_was_shown_byte_for_byte(machine, gateway):
    sha256 = _ready(machine, gateway)
    shown = machine.sharing.preview()
    machine.good(machine.sharing.send(sha256).wait())
    ((device, body),) = gateway.sent.values()
    assert hashlib.sha256(body).hexdigest() == sha256 == shown.sha256
    assert (len(body), device in gateway.devices) == (shown.bytes, True)
    assert machine.sharing.status().waiting == 0
    assert load(machine.sharing.places).sent[0].sha256 == sha256


def test_another_hash_sends_nothing(machine, gateway):
    _ready(machine, gateway)
    with pytest.raises(SharingError, match="not what was shown"):
        machine.sharing.send("0" * 64)
    assert gateway.sent == {}


def test_a_file_that_was_changed_after_it_was_shown_is_not_sent(machine, gateway):
    sha256 = _ready(machine, gateway)
    path = machine.sharing.places.draft / "change.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(SharingError):
        machine.sharing.send(sha256)
    assert gateway.sent == {}


def test_a_parcel_that_was_changed_in_the_outbox_is_not_sent(machine, gateway):
    machine.sharing.approve(_ready(machine, gateway))
    (path,) = machine.sharing.places.outbox.glob("*.bin")
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    assert "Nothing waits" in machine.sharing.send_waiting().wait()["failed"]
    assert gateway.sent == {}


def test_before_the_second_yes_nothing_is_asked_of_the_server(machine, gateway):
    machine.agree(gateway.server)
    assert gateway.asked == []


def test_a_lost_answer_is_asked_for_again_under_the_same_name(machine, gateway):
    sha256 = _ready(machine, gateway)
    parcel = machine.sharing.approve(sha256)
    gateway.trouble = [0, 0]  # of the enrolment, and of its second try
    machine.good(machine.sharing.send_waiting().wait())
    assert list(gateway.sent) == [parcel.id]
    puts = [path for method, path in gateway.asked if method == "PUT"]
    assert puts == [f"/v1/contributions/{parcel.id}"]


def test_one_killed_before_its_outbox_is_emptied_sends_again_and_counts_once(
    machine, gateway, monkeypatch
):
    parcel = machine.sharing.approve(_ready(machine, gateway))
    with monkeypatch.context() as patch:
        patch.setattr(Outbox, "remove", _killed)
        with pytest.raises(KeyboardInterrupt):
            machine.sharing.send_waiting()
    machine.good(machine.sharing.send_waiting().wait())
    assert [one.id for one in load(machine.sharing.places).sent] == [parcel.id]
    assert list(gateway.sent) == [parcel.id]
    assert machine.sharing.waiting() == []


def test_approved_twice_it_is_one_parcel(machine, gateway):
    """A kill between the outbox and the preview leaves both; a second click is the first one."""
    machine.agree(gateway.server)
    machine.good(machine.sharing.prepare().wait())
    where, found = machine.sharing.places, machine.sharing.preview()
    kept = {path.name: path.read_bytes() for path in where.draft.iterdir()}
    first = machine.sharing.approve(found.sha256)
    where.draft.mkdir(exist_ok=True)
    for name, data in kept.items():
        (where.draft / name).write_bytes(data)
    assert machine.sharing.approve(found.sha256) == first
    assert machine.sharing.waiting() == [first]
    assert machine.sharing.preview() is None


def test_a_server_that_is_away_keeps_the_parcel_and_is_told_of_once(machine, gateway):
    sha256 = _ready(machine, gateway)
    gateway.trouble = [503] * 3
    assert "failed" in machine.sharing.send(sha256).wait()
    status = machine.sharing.status()
    assert (status.waiting, bool(status.trouble)) == (1, True)
    machine.sharing.said()
    gateway.trouble = [503] * 3
    assert "failed" in machine.sharing.send_waiting().wait()
    assert machine.sharing.status().trouble == ""  # the same thing is not said twice
    assert load(machine.sharing.places).failures == 2
    machine.good(machine.sharing.send_waiting().wait())
    assert len(gateway.sent) == 1
    assert load(machine.sharing.places).failures == 0


def test_a_wrong_clock_is_a_sentence_and_nothing_is_lost(machine, gateway):
    sha256 = _ready(machine, gateway)
    machine.sharing.approve(sha256)
    right, gateway.now_s = gateway.now_s, lambda: right() + 3600
    assert "clock" in machine.sharing.send_waiting().wait()["failed"]
    assert machine.sharing.status().waiting == 1
    gateway.now_s = right
    machine.good(machine.sharing.send_waiting().wait())


def test_each_attempt_has_a_line_before_and_a_line_after(machine, gateway):
    sha256 = _ready(machine, gateway)
    gateway.trouble = [503] * 3
    machine.sharing.send(sha256).wait()
    machine.good(machine.sharing.send_waiting().wait())
    lines = [(e.what, e.result.split(":")[0]) for e in machine.sharing.log()]
    assert lines == [
        ("consent", "yes to look, text 1"),
        ("consent", "yes to send, text 1"),
        ("enrol", "begins"),
        ("enrol", "failed"),
        ("enrol", "begins"),
        ("enrol", "done"),
        ("send", "begins"),
        ("send", "taken"),
    ]
    last = machine.sharing.log()[-1]
    assert (last.sha256, last.clip, last.epsilon_spent) == (sha256, 1.4, None)
    assert last.norm <= last.clip


def test_one_version_is_given_to_once(machine, gateway):
    sha256 = _ready(machine, gateway)
    machine.good(machine.sharing.send(sha256).wait())
    assert "already" in machine.sharing.prepare().wait()["failed"]
    gateway.publish(nothing_learnt(gateway.lineage))
    machine.good(machine.sharing.prepare().wait())
    assert machine.sharing.preview().version == 2


def test_a_yes_that_was_taken_back_sends_nothing_more(machine, gateway):
    machine.sharing.approve(_ready(machine, gateway))
    machine.sharing.turn_off()
    with pytest.raises(ForbiddenError):
        machine.sharing.send_waiting()
    assert gateway.sent == {}
    assert Outbox(machine.sharing.places).parcels() == []


def test_a_pause_holds_everything_at_once(machine, gateway):
    machine.sharing.approve(_ready(machine, gateway))
    machine.sharing.pause()
    with pytest.raises(ForbiddenError, match="paused"):
        machine.sharing.send_waiting()
    assert machine.sharing.due(1e6) == ""
    machine.sharing.resume()
    machine.good(machine.sharing.send_waiting().wait())


def test_without_asking_it_is_held_for_a_day(machine, gateway):
    machine.agree(gateway.server, Choices(asking=UNTIL, until="2026-06-01"))
    machine.sharing.not_this_time()
    machine.later(days=2)
    assert machine.sharing.tick(600) is not None
    assert machine.started[-1] == "contribute"
    assert gateway.sent == {}
    machine.later(hours=23)
    assert machine.sharing.due(600) == ""
    machine.later(hours=2)
    machine.good(machine.sharing.tick(600).wait())
    assert (machine.started[-1], len(gateway.sent)) == ("send", 1)


def test_with_nothing_due_no_connection_is_opened(machine, gateway):
    sha256 = _ready(machine, gateway)
    machine.good(machine.sharing.send(sha256).wait())
    before = len(gateway.asked)
    for idle_s in (0.0, 1e6):
        assert machine.sharing.tick(idle_s) is None
    assert len(gateway.asked) == before


def test_the_budget_is_a_hard_stop(machine, gateway):
    gateway.publish(nothing_learnt(gateway.lineage), epsilon_spent=9.0, noise=4.0)
    sha256 = _ready(machine, gateway)
    with pytest.raises(ForbiddenError, match="budget"):
        machine.sharing.send(sha256)
    assert gateway.sent == {}


def test_the_requests_tell_nothing_of_the_machine(machine, gateway):
    sha256 = _ready(machine, gateway)
    machine.good(machine.sharing.send(sha256).wait())
    names = {name.lower() for headers in gateway.headers for name in headers}
    assert names <= {
        "host", "accept", "accept-encoding", "connection", "user-agent", "content-length",
        "content-type", "x-antiphon-device", "x-antiphon-base", "x-antiphon-time",
        "x-antiphon-nonce", "x-antiphon-signature",
    }  # fmt: skip
    assert {headers["User-Agent"] for headers in gateway.headers} == {"Antiphon"}


def test_removed_material_takes_with_it_what_was_worked_out(machine, gateway):
    _ready(machine, gateway)
    machine.sharing.remove_material("piece 0")
    assert machine.sharing.preview() is None
