import msgspec
import pytest

from federation.server import setup
from federation.server.leases import LostError, Made
from federation.server.trouble import ServerError
from tests.federation.formats.stage import SMALL


def take(stage, least=3, most=10, seconds=60):
    return stage.here.leases.take(SMALL.id, least=least, most=most, seconds=seconds)


def made(stage, lease):
    manifest = msgspec.structs.replace(
        lease.head.manifest, version=lease.number, parent=lease.head.manifest.version,
        contributions=len(lease.batch), withdrawn=False,
    )  # fmt: skip
    return Made(manifest, *stage.signer.signed(manifest), spent=None, moments=None)


def test_nothing_is_leased_before_enough_devices_are_there(stage):
    device = stage.device()
    ones = [stage.send(seed) for seed in range(2)]
    assert take(stage) is None
    assert {stage.status(one) for one in ones} == {"pending"}
    stage.send(7, device=device)
    lease = take(stage)
    assert len(lease.batch) == 3
    assert lease.number == 2


def test_what_is_leased_is_not_leased_again_until_the_lease_ran_out(stage):
    for seed in range(3):
        stage.send(seed)
    first = take(stage)
    assert take(stage) is None
    stage.time.now_s += 61
    second = take(stage)
    assert {one.uuid for one in second.batch} == {one.uuid for one in first.batch}
    with pytest.raises(LostError):
        stage.here.leases.publish(first, made(stage, first))
    stage.here.leases.publish(second, made(stage, second))
    assert stage.here.leases.latest(SMALL.id).manifest.version == 2


def test_of_two_aggregators_one_publishes_and_the_other_begins_again(stage):
    for seed in range(6):
        stage.send(seed)
    one, other = take(stage, most=3), take(stage, most=3)
    assert {a.uuid for a in one.batch}.isdisjoint(a.uuid for a in other.batch)
    stage.here.leases.publish(one, made(stage, one))
    with pytest.raises(LostError):
        stage.here.leases.publish(other, made(stage, other))
    stage.here.leases.give_back(other)
    again = take(stage, most=3)
    assert again.number == 3
    stage.here.leases.publish(again, made(stage, again))
    assert stage.here.leases.counts() == {SMALL.id: {"used": 6}}


def test_a_device_revoked_between_lease_and_publication_is_not_in_the_version(stage):
    devices = [stage.device() for _ in range(4)]
    ones = [stage.send(seed, device=device) for seed, device in enumerate(devices)]
    lease = take(stage)
    stage.here.book.revoke(devices[0])
    with pytest.raises(LostError):
        stage.here.leases.publish(lease, made(stage, lease))
    assert stage.here.leases.latest(SMALL.id).manifest.version == 1
    stage.here.leases.give_back(lease)
    again = take(stage)
    stage.here.leases.publish(again, made(stage, again))
    assert [stage.status(one) for one in ones] == ["withdrawn", "used", "used", "used"]


def test_the_answer_says_with_how_many_others(stage):
    ones = [stage.send(seed) for seed in range(3)]
    lease = take(stage)
    stage.here.leases.publish(lease, made(stage, lease))
    sent = stage.here.book.sent(ones[0].uuid)
    assert (sent.used_in, sent.with_others) == (2, 2)


def test_what_is_too_old_when_its_turn_comes_expires(stage):
    for _ in range(6):
        head = stage.here.leases.latest(SMALL.id).manifest.version
        for seed in range(3):
            stage.send(seed, from_version=head)
        lease = take(stage)
        stage.here.leases.publish(lease, made(stage, lease))
    late = stage.send(99, from_version=1)
    fresh = [stage.send(seed, from_version=7) for seed in range(3)]
    lease = take(stage)
    assert stage.status(late) == "expired"
    assert {one.uuid for one in lease.batch} == {one.uuid for one in fresh}


def test_a_withdrawn_version_goes_back_to_the_one_before(stage):
    for seed in range(3):
        stage.send(seed)
    lease = take(stage)
    stage.here.leases.publish(lease, made(stage, lease))
    from_it = [stage.send(seed, from_version=2) for seed in range(3)]
    setup.withdraw(stage.here, stage.signer, SMALL.id, 2)
    assert stage.here.leases.latest(SMALL.id).manifest.version == 1
    assert stage.here.leases.version(SMALL.id, 2).manifest.withdrawn
    assert take(stage) is None
    assert {stage.status(one) for one in from_it} == {"expired"}
    for seed in range(3):
        stage.send(seed)
    again = take(stage)
    assert (again.number, again.head.manifest.version) == (3, 1)
    stage.here.leases.publish(again, made(stage, again))
    assert stage.here.leases.latest(SMALL.id).manifest.version == 3


def test_the_only_version_cannot_be_withdrawn(stage):
    with pytest.raises(ServerError):
        setup.withdraw(stage.here, stage.signer, SMALL.id, 1)


def test_a_version_that_was_kept_back_spends_so_another_aggregator_counts_anew(stage):
    for seed in range(6):
        stage.send(seed)
    one, other = take(stage, most=3), take(stage, most=3)
    stage.here.leases.keep_back(one, "a" * 64, {"public": 5.0}, "worse", b"spent")
    with pytest.raises(LostError):
        stage.here.leases.publish(other, made(stage, other))
    assert stage.here.leases.kept_back()[0]["reason"] == "worse"
    stage.here.leases.give_back(other)
    assert take(stage, most=3).spent == b"spent"
