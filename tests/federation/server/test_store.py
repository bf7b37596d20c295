import secrets
import threading
from dataclasses import dataclass

import msgspec
import pytest

from federation.aggregate.buffer import MOST_STALE
from federation.formats.requests import DeviceKey
from federation.server.leases import Made
from federation.server.quotas import DAY_S
from federation.server.trouble import RefusedError, ServerError
from tests.federation.formats.stage import SMALL


def test_the_same_again_is_as_if_it_came_once(stage):
    one = stage.arrival(stage.device())
    assert stage.keep(one)[1]
    again, new = stage.keep(one)
    assert not new
    assert again.status == "pending"
    assert stage.here.leases.counts() == {SMALL.id: {"pending": 1}}


def test_another_body_under_the_same_id_is_refused_and_changes_nothing(stage):
    import msgspec

    one = stage.send()
    other = msgspec.structs.replace(one, sha256="f" * 64)
    with pytest.raises(RefusedError) as refused:
        stage.keep(other)
    assert refused.value.status == 409
    assert stage.here.book.sent(one.uuid).sha256 == one.sha256


def test_one_contribution_a_device_and_version(stage):
    device = stage.device()
    stage.send(device=device)
    with pytest.raises(RefusedError) as refused:
        stage.keep(stage.arrival(device, seed=1))
    assert refused.value.status == 409
    assert "already" in refused.value.says


def test_a_nonce_is_used_once_and_only_with_what_it_carried_out(stage):
    one = stage.arrival(stage.device())
    nonce = secrets.token_hex(16)
    with pytest.raises(RefusedError):  # nothing was carried out, so the nonce is still good
        stage.here.book.keep(one, nonce=nonce, most_a_day=0)
    assert stage.here.book.keep(one, nonce=nonce, most_a_day=9)[1]
    with pytest.raises(RefusedError) as refused:
        stage.here.book.keep(one, nonce=nonce, most_a_day=9)
    assert refused.value.status == 401


def test_old_nonces_are_forgotten_young_ones_are_not(stage):
    one = stage.arrival(stage.device())
    nonce = secrets.token_hex(16)
    stage.here.book.keep(one, nonce=nonce, most_a_day=9)
    stage.time.now_s += 600
    stage.here.book.forget_old()
    with pytest.raises(RefusedError):
        stage.here.book.keep(one, nonce=nonce, most_a_day=9)
    stage.time.now_s += 3600
    stage.here.book.forget_old()
    assert not stage.here.book.keep(one, nonce=nonce, most_a_day=9)[1]


def test_the_days_limit_is_shared_and_begins_anew_tomorrow(stage):
    book = stage.here.book
    for _ in range(3):
        book.count_today("home x", 3)
    with pytest.raises(RefusedError) as refused:
        book.count_today("home x", 3)
    assert refused.value.status == 429
    assert 0 < refused.value.wait_s <= DAY_S
    book.count_today("home y", 3)
    stage.time.now_s += DAY_S
    book.count_today("home x", 3)


def test_an_address_is_kept_as_a_name_that_changes_every_day(stage):
    book = stage.here.book
    today = book.household_today("192.0.2.1")
    assert today == book.household_today("192.0.2.1") != book.household_today("192.0.2.2")
    assert "192" not in today
    stage.time.now_s += DAY_S
    assert book.household_today("192.0.2.1") != today


def test_revoking_takes_back_what_waits_and_ends_the_key(stage):
    device = stage.device()
    one = stage.send(device=device)
    gone = stage.here.book.revoke(device, nonce=secrets.token_hex(16))
    assert [sent.uuid for sent in gone] == [one.uuid]
    assert stage.status(one) == "withdrawn"
    assert stage.here.book.device(device).revoked
    with pytest.raises(RefusedError):
        stage.keep(stage.arrival(device, seed=2))
    assert stage.here.book.revoke(device, nonce=secrets.token_hex(16)) == []


def test_a_revoked_key_cannot_enrol_again(stage):
    key = DeviceKey.fresh()
    words = (key.id, key.public, "1", "2026-11-21", "0.1.0")
    assert stage.here.book.enrol(*words, nonce=secrets.token_hex(16))
    assert not stage.here.book.enrol(*words, nonce=secrets.token_hex(16))
    stage.here.book.revoke(key.id)
    with pytest.raises(RefusedError) as refused:
        stage.here.book.enrol(*words, nonce=secrets.token_hex(16))
    assert refused.value.status == 403


def test_a_consent_text_keeps_its_hash(stage):
    stage.here.book.add_consent("1", "c" * 64)
    with pytest.raises(ServerError):
        stage.here.book.add_consent("1", "d" * 64)
    stage.time.now_s += 1
    stage.here.book.add_consent("2", "d" * 64)
    assert stage.here.book.consents()[-1] == ("2", "d" * 64)


def test_many_at_once_are_each_kept_once(stage):
    @dataclass
    class Seen:
        new: int = 0
        refused: int = 0

    ones = [stage.arrival(stage.device(), seed) for seed in range(6)]
    seen, lock = Seen(), threading.Lock()

    def send(one):
        try:
            _, new = stage.keep(one)
        except RefusedError:
            with lock:
                seen.refused += 1
        else:
            with lock:
                seen.new += new

    threads = [threading.Thread(target=send, args=(one,)) for one in ones * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == Seen(new=6)
    assert stage.here.leases.counts() == {SMALL.id: {"pending": 6}}


DAYS_91 = 91 * DAY_S


def _published(stage, times: int) -> None:
    """So many versions more, each of three devices of its own."""
    for _ in range(times):
        head = stage.here.leases.latest(SMALL.id).manifest.version
        for seed in range(3):
            stage.send(seed, from_version=head)
        lease = stage.here.leases.take(SMALL.id, least=3, most=10, seconds=60)
        manifest = msgspec.structs.replace(
            lease.head.manifest, version=lease.number, parent=head, contributions=3
        )
        made = Made(manifest, *stage.signer.signed(manifest), spent=None, moments=None)
        stage.here.leases.publish(lease, made)


def test_lines_of_what_ended_long_ago_go_when_nobody_can_start_there_any_more(stage):
    old = stage.send()
    device = stage.here.book.sent(old.uuid).device
    stage.here.book.revoke(device)
    _published(stage, MOST_STALE + 2)
    waiting = stage.send(from_version=2)
    stage.time.now_s += DAYS_91
    young = stage.send(from_version=MOST_STALE + 2)
    stage.here.book.forget_old()
    assert stage.here.book.sent(old.uuid) is None
    assert stage.here.book.device(device) is None, "nothing of a revoked key is left"
    assert stage.status(waiting) == stage.status(young) == "pending"
    # Of seven versions' three each, the two that are out of reach have gone.
    assert stage.here.leases.counts()[SMALL.id] == {"used": 3 * MOST_STALE, "pending": 2}


def test_what_could_be_sent_twice_is_remembered_however_old(stage):
    device = stage.device()
    stage.send(device=device)
    _published(stage, 1)
    stage.time.now_s += DAYS_91
    stage.here.book.forget_old()
    with pytest.raises(RefusedError):
        stage.keep(stage.arrival(device, seed=1))
    stage.here.book.close_lineage(SMALL.id)
    stage.time.now_s += 3600
    stage.here.book.forget_old()
    assert stage.here.leases.counts() == {}


def test_of_a_revoked_key_the_line_stays_while_it_is_young(stage):
    device = stage.device()
    stage.here.book.revoke(device)
    stage.time.now_s += 89 * DAY_S
    stage.here.book.forget_old()
    assert stage.here.book.device(device).revoked
