import msgspec
import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from federation.aggregate.privacy import NOT_YET
from federation.formats.delta import as_vector, from_vector
from federation.formats.manifest import verify
from federation.formats.shared import SharedVersion, unpacked
from federation.server import blobs
from federation.server.aggregator import SWEEP_AGE_S, Aggregator
from federation.server.gate import OpenGate, Verdict
from federation.server.settings import Policy
from federation.server.trouble import RefusedError, ServerError
from tests.federation.formats.stage import SMALL, vector


class StrictGate:
    """Keeps back whatever is longer than the limit."""

    def __init__(self, longest):
        self.longest = longest

    def judge(self, lineage, before, after):
        length = float(np.linalg.norm(as_vector(after) - as_vector(before)))
        return Verdict({"public": length}, "too long" if length > self.longest else "")


def aggregator(stage, gate=None, at=lambda _: None, **policy):
    chosen = Policy(**{"least": 3, "small": True, "rate": 1.0, "clip": 1.0, **policy})
    here = stage.here
    return Aggregator(
        here.book, here.leases, here.store, stage.signer, chosen, gate or OpenGate(),
        now=stage.time, at=at,
    )  # fmt: skip


def model(stage):
    head = stage.here.leases.latest(SMALL.id)
    key = Ed25519PublicKey.from_public_bytes(stage.signer.public)
    manifest = verify(head.words, head.signature, key)
    data = stage.here.store.get(blobs.model(manifest.sha256))
    return manifest, SharedVersion.opened(manifest, data, SMALL)


def test_a_version_is_the_mean_and_its_raw_changes_are_gone(small):
    ones = [small.send(seed) for seed in range(4)]
    outcomes = aggregator(small).turn()
    assert [outcome.what for outcome in outcomes] == ["published"]
    manifest, version = model(small)
    halves = [vector(seed).astype(np.float16).astype(np.float64) for seed in range(4)]
    np.testing.assert_allclose(as_vector(version.tensors), np.mean(halves, axis=0), atol=1e-4)
    assert (manifest.contributions, manifest.parent, manifest.clip) == (4, 1, 1.0)
    assert manifest.privacy["trial"] is True
    assert manifest.privacy["says"] == NOT_YET
    assert small.deltas() == []
    assert {small.status(one) for one in ones} == {"used"}


def test_fewer_than_twenty_needs_the_word_small():
    with pytest.raises(ServerError, match="--small"):
        Policy(least=19)
    Policy(least=19, small=True)


def test_what_is_too_long_is_clipped_again(small):
    from federation.formats.delta import Delta, encode

    tensors = from_vector(vector(1, length=50.0), SMALL)
    for _ in range(3):
        body = encode(Delta(SMALL.id, 1, 256, tensors, "0.1.0"), SMALL)
        one = small.arrival(small.device())
        import hashlib

        one = msgspec.structs.replace(one, sha256=hashlib.sha256(body).hexdigest())
        small.here.store.put(blobs.delta(one.uuid, one.sha256), body)
        small.keep(one)
    aggregator(small).turn()
    _, version = model(small)
    assert np.linalg.norm(as_vector(version.tensors)) <= 1.0 + 1e-6


def test_revoked_between_lease_and_publication_makes_the_batch_again_without(small):
    devices = [small.device() for _ in range(4)]
    ones = [small.send(seed, device=device) for seed, device in enumerate(devices)]

    def at(place):
        if place == "stored" and not small.here.book.device(devices[1]).revoked:
            small.here.book.revoke(devices[1])

    outcomes = aggregator(small, at=at).turn()
    assert [outcome.what for outcome in outcomes] == ["lost", "published"]
    assert [small.status(one) for one in ones] == ["used", "withdrawn", "used", "used"]
    manifest, version = model(small)
    kept = [vector(seed).astype(np.float16).astype(np.float64) for seed in (0, 2, 3)]
    np.testing.assert_allclose(as_vector(version.tensors), np.mean(kept, axis=0), atol=1e-4)
    assert manifest.contributions == 3


def test_an_aggregator_that_dies_anywhere_loses_and_doubles_nothing(small):
    class DiedError(BaseException):
        pass

    for place in ("leased", "summed", "judged", "stored"):
        head = small.here.leases.latest(SMALL.id).manifest.version
        for seed in range(3):
            small.send(seed, from_version=head)

        def die(reached, place=place):
            if reached == place:
                raise DiedError

        dying = aggregator(small, at=die)
        dying._leases = _Undying(small.here.leases)
        with pytest.raises(DiedError):
            dying.turn()
        assert aggregator(small).turn() == []  # still leased by the dead one
        small.time.now_s += 301
        assert [outcome.what for outcome in aggregator(small).turn()] == ["published"]
    assert small.here.leases.counts() == {SMALL.id: {"used": 12}}


class _Undying:
    """Leases of a process that was killed: it gives nothing back."""

    def __init__(self, leases):
        self._leases = leases

    def __getattr__(self, name):
        return (lambda _: None) if name == "give_back" else getattr(self._leases, name)


def test_what_a_crash_left_behind_is_swept_away_and_what_waits_stays(small):
    kept = small.send(1)
    orphan = small.arrival(small.device(), 2)  # its row never came
    import os

    for name in small.deltas():
        os.utime(small.here.places.folder / "blobs" / name, (0, 0))
    aggregator(small).sweep()
    assert small.deltas() == [blobs.delta(kept.uuid, kept.sha256)]
    assert orphan.uuid not in small.deltas()[0]
    assert SWEEP_AGE_S > 60


def test_a_version_that_the_gate_keeps_back_is_tried_with_the_median(small):
    for _ in range(4):
        one = small.arrival(small.device(), 5)
        small.keep(one)
    small.send(6)
    whole = aggregator(small, StrictGate(2.0), then_median=True)
    assert [one.what for one in whole.turn()] == ["published"]
    for seed in range(3):
        small.send(seed, from_version=2)
    strict = aggregator(small, StrictGate(0.0), then_median=True)
    outcomes = strict.turn()
    assert [one.what for one in outcomes] == ["quarantined"]
    assert small.here.leases.latest(SMALL.id).manifest.version == 2
    assert small.here.leases.kept_back()[0]["reason"] == "too long"
    assert small.deltas() == []


def test_whose_batch_was_kept_back_may_start_from_the_same_version_again(small):
    """Else a small circle of players would stand still for good after one bad batch."""
    devices = [small.device() for _ in range(3)]
    for seed, device in enumerate(devices):
        small.send(seed, device=device)
    assert [one.what for one in aggregator(small, StrictGate(0.0)).turn()] == ["quarantined"]
    again = [small.send(seed, device=device) for seed, device in enumerate(devices)]
    assert aggregator(small).turn()[0].version == 2
    assert {small.status(one) for one in again} == {"used"}
    with pytest.raises(RefusedError):  # what is in a version is in it once
        small.keep(small.arrival(devices[0], 9))


def test_the_median_saves_a_batch_with_an_attacker(small):
    for _ in range(4):
        small.keep(small.arrival(small.device(), 5))
    small.send(6)

    class OnlyMedian:
        def judge(self, lineage, before, after):
            same = np.abs(as_vector(after) - vector(5)).max() < 1e-2
            return Verdict({"public": 1.0}, "" if same else "moved by somebody")

    aggregator(small, OnlyMedian()).turn()
    assert model(small)[0].rule == "fedavg of the median"


@pytest.mark.parametrize("rule", ["fedavg", "fedavgm", "fedadam", "median", "trimmed"])
def test_every_rule_publishes_and_keeps_its_state(small, rule):
    for turn in (1, 2):
        for seed in range(4):
            small.send(seed, from_version=turn)
        outcomes = aggregator(small, rule=rule).turn()
        assert [one.version for one in outcomes] == [turn + 1]
    assert model(small)[0].rule.startswith(
        rule.replace("median", "fedavg").replace("trimmed", "fedavg")
    )


def test_momentum_is_carried_from_version_to_version(small):
    lengths = []
    for turn in (1, 2):
        for _ in range(3):
            small.keep(small.arrival(small.device(), 5, turn))
        aggregator(small, rule="fedavgm").turn()
        lengths.append(float(np.linalg.norm(as_vector(model(small)[1].tensors))))
    assert lengths == pytest.approx([1.0, 1.0 + 1.9], rel=1e-3)


def test_below_the_useful_cohort_noise_stays_off_and_the_manifest_says_so(small):
    for seed in range(3):
        small.send(seed)
    aggregator(small, z=4.0).turn()
    manifest, _ = model(small)
    assert manifest.noise == 0.0
    assert manifest.epsilon_spent is None
    assert manifest.privacy["says"].startswith(NOT_YET)


def test_with_the_useful_cohort_there_is_noise_and_an_epsilon(small):
    for seed in range(40):
        small.send(seed % 5)
    aggregator(small, z=4.0, most=100).turn()
    manifest, _ = model(small)
    assert manifest.noise == 4.0
    assert 0.5 < manifest.epsilon_spent < 2.0
    assert manifest.privacy["releases"] == [[4.0, 1]]


def test_noise_after_a_version_without_it_promises_nothing(small):
    for seed in range(3):
        small.send(seed)
    aggregator(small, z=4.0).turn()
    for seed in range(40):
        small.send(seed % 5, from_version=2)
    aggregator(small, z=4.0).turn()
    manifest, _ = model(small)
    assert manifest.noise == 4.0
    assert manifest.epsilon_spent is None
    assert "without noise" in manifest.privacy["says"]


def test_a_damaged_blob_is_put_aside_and_the_others_are_used(small):
    ones = [small.send(seed) for seed in range(4)]
    small.here.store.put(blobs.delta(ones[0].uuid, ones[0].sha256), b"\x80\x04K\x01.")
    outcomes = aggregator(small).turn()
    assert [one.what for one in outcomes] == ["lost", "published"]
    assert [small.status(one) for one in ones] == ["expired", "used", "used", "used"]


def test_the_first_version_is_nothing_learnt(small):
    manifest, version = model(small)
    assert manifest.version == 1
    assert not as_vector(version.tensors).any()
    data = small.here.store.get(blobs.model(manifest.sha256))
    assert set(unpacked(data, SMALL)) == set(SMALL.names)
