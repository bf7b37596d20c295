"""The aggregator: leases a batch, makes a version of it, has it judged, signs and publishes it.

    lease K or more -> read and check again -> clip, weigh, add up, noise (aggregate.version)
    -> gate -> sign -> one transaction -> raw changes are deleted

It may die anywhere: before the transaction the lease runs out and somebody begins again; after it
the version is there and the sweep deletes what was left over. Two may work at once. The adding up
is handed in: of this process, or of the Flower tier.

It refuses to publish what the gate has not seen, unless it was made with the open gate.
"""

import hashlib
import io
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from federation.aggregate.descent import FRESH, State
from federation.aggregate.rules import partial_sum
from federation.aggregate.version import MEAN, MEDIAN, Add, How, step
from federation.formats.chance import SECURE, Bytes
from federation.formats.delta import Delta, DeltaError, as_vector, decode, from_vector
from federation.formats.lineage import Lineage
from federation.formats.manifest import Manifest, ManifestError
from federation.formats.shared import packed, unpacked
from federation.server import blobs
from federation.server.account import Account, usable_noise
from federation.server.blobs import Blobs, Folder, NoBlobError
from federation.server.gate import Gate, Tensors, Verdict
from federation.server.leases import Lease, Leases, LostError, Made
from federation.server.settings import Policy
from federation.server.signer import Signer
from federation.server.store import Book

LOG = logging.getLogger("antiphon.sharing")
SWEEP_AGE_S = 3600.0
"""A blob without a row is left alone for so long: its upload may still be going on."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one batch: "published", "quarantined" or "lost", and which version."""

    what: str
    lineage: str
    contributions: int
    version: int | None = None
    says: str = ""


@dataclass(frozen=True, slots=True)
class _Tried:
    after: Tensors
    state: State
    verdict: Verdict
    rule: str


class Aggregator:
    """See the module. at: is told each place that is reached; now: seconds of UTC."""

    def __init__(
        self,
        book: Book,
        leases: Leases,
        store: Blobs,
        signer: Signer,
        policy: Policy,
        gate: Gate,
        *,
        now: Callable[[], float],
        add: Add = partial_sum,
        source: Bytes = SECURE,
        at: Callable[[str], object] = lambda _: None,
    ) -> None:
        self._book, self._leases, self._store, self._signer = book, leases, store, signer
        self._policy, self._gate, self._now, self._add = policy, gate, now, add
        self._source, self._at = source, at

    def turn(self) -> list[Outcome]:
        """Every version that can be made now, of every lineage; then the sweep."""
        done = []
        for name, (lineage, _) in self._book.lineages().items():
            while (outcome := self.one(name, lineage)) is not None:
                done.append(outcome)
                LOG.info("%s: %s", outcome.what, outcome.says)
        self.sweep()
        return done

    def one(self, name: str, lineage: Lineage) -> Outcome | None:
        """One batch of a lineage, or None where not enough is waiting."""
        policy = self._policy
        lease = self._leases.take(
            name, least=policy.least, most=policy.most, seconds=policy.lease_s
        )
        if lease is None:
            return None
        self._at("leased")
        try:
            return self._made(lease, lineage)
        except LostError as error:
            self._leases.give_back(lease)
            return Outcome("lost", name, len(lease.batch), says=f"begun again: {error}")
        except BaseException:
            self._leases.give_back(lease)
            raise

    def sweep(self) -> None:
        """Delete raw changes that nothing waits for: used, withdrawn, or never acknowledged."""
        self._book.forget_old()
        before_s = self._now() - SWEEP_AGE_S
        if isinstance(self._store, Folder):
            self._store.sweep("deltas", before_s)
        old = [name for name, written_s in self._store.names("deltas") if written_s < before_s]
        if old:
            waiting = {blobs.delta(*one) for one in self._book.waiting_blobs()}
            for name in set(old) - waiting:
                if not name.endswith(".tmp"):
                    self._store.delete(name)

    # --------------------------------------------------------------------------------------- parts

    def _made(self, lease: Lease, lineage: Lineage) -> Outcome:
        deltas = self._read(lease, lineage)
        before = unpacked(self._store.get(blobs.model(lease.head.manifest.sha256)), lineage)
        state = (
            FRESH if lease.moments is None else _state(self._store.get(blobs.state(lease.moments)))
        )
        z = usable_noise(self._policy.z, lineage.size, len(deltas))
        how = replace(self._policy.how(), z=z)
        tried = self._try(lease, lineage, deltas, before, state, how)
        if tried.verdict.reason and self._policy.then_median and how.middle == MEAN and not z:
            LOG.info("kept back (%s); trying the median", tried.verdict.reason)
            other = self._try(lease, lineage, deltas, before, state, replace(how, middle=MEDIAN))
            tried = tried if other.verdict.reason else other
        account = Account.read(lease.spent).after(z)
        try:
            data = packed(tried.after, lineage)
        except ManifestError as error:
            data, verdict = b"", Verdict({}, str(error))
            tried = replace(tried, verdict=verdict)
        sha256 = hashlib.sha256(data).hexdigest()
        if data:
            self._store.put(blobs.model(sha256), data)
        if tried.verdict.reason:
            self._leases.keep_back(
                lease, sha256, tried.verdict.figures, tried.verdict.reason, account.words()
            )
            self._delete(lease)
            return Outcome(
                "quarantined", lease.lineage, len(deltas), says=f"kept back: {tried.verdict.reason}"
            )
        moments = self._keep(tried.state)
        manifest = self._manifest(lease, lineage, tried, z, account, sha256, len(data))
        words, signature = self._signer.signed(manifest)
        self._at("stored")
        self._leases.publish(lease, Made(manifest, words, signature, account.words(), moments))
        self._at("published")
        self._delete(lease)
        if lease.moments is not None and lease.moments != moments:
            self._store.delete(blobs.state(lease.moments))
        says = f"version {manifest.version} of {len(deltas)} contributions"
        return Outcome("published", lease.lineage, len(deltas), manifest.version, says)

    def _try(
        self,
        lease: Lease,
        lineage: Lineage,
        deltas: list[Delta],
        before: Tensors,
        state: State,
        how: How,
    ) -> _Tried:
        head = lease.head.manifest.version
        then, change = step(deltas, head, state, how, add=self._add, source=self._source)
        self._at("summed")
        after = from_vector((as_vector(before) + change).astype(np.float32), lineage)
        self._leases.extend(lease, self._policy.lease_s)
        try:
            packed(after, lineage)
            verdict = self._gate.judge(lineage, before, after)
        except ManifestError as error:
            verdict = Verdict({}, str(error))
        self._at("judged")
        self._leases.extend(lease, self._policy.lease_s)
        rule = how.server.name if how.middle == MEAN else f"{how.server.name} of the {how.middle}"
        return _Tried(after, then, verdict, rule)

    def _read(self, lease: Lease, lineage: Lineage) -> list[Delta]:
        """Every change of the batch, checked again. What cannot be read is put aside."""
        deltas, bad = [], []
        for one in lease.batch:
            try:
                data = self._store.get(blobs.delta(one.uuid, one.sha256))
                if hashlib.sha256(data).hexdigest() != one.sha256:
                    raise DeltaError("The blob is damaged.")
                deltas.append(decode(data, lineage))
            except (NoBlobError, DeltaError) as error:
                LOG.error("A contribution cannot be read and is put aside (%s)", error)
                bad.append(one.uuid)
        if bad:
            self._leases.expire(lease, bad)
            raise LostError(f"{len(bad)} contributions could not be read")
        return deltas

    def _manifest(
        self,
        lease: Lease,
        lineage: Lineage,
        tried: _Tried,
        z: float,
        account: Account,
        sha256: str,
        size: int,
    ) -> Manifest:
        policy, devices = self._policy, len(lease.batch)
        others: dict[str, Any] = {
            "says": account.says(policy.z, z, lineage.size, devices),
            "least_devices": policy.least,
        }
        if policy.small or policy.without_gate:
            others["trial"] = True
        return Manifest(
            version=lease.number,
            lineage=lease.lineage,
            sha256=sha256,
            bytes=size,
            created=datetime.fromtimestamp(self._now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            key=self._signer.key,
            parent=lease.head.manifest.version,
            contributions=devices,
            rule=tried.rule,
            clip=policy.clip,
            noise=z,
            epsilon_spent=account.epsilon(z),
            delta=account.spent.delta,
            privacy=account.in_manifest(**others),
            gate=tried.verdict.figures,
        )

    def _keep(self, state: State) -> str | None:
        if not state.moments:
            return None
        file = io.BytesIO()
        np.savez(file, **state.moments)  # type: ignore[arg-type]
        data = file.getvalue()
        sha256 = hashlib.sha256(data).hexdigest()
        self._store.put(blobs.state(sha256), data)
        return sha256

    def _delete(self, lease: Lease) -> None:
        """Raw changes do not outlive their use; what fails here is swept later."""
        for one in lease.batch:
            self._store.delete(blobs.delta(one.uuid, one.sha256))


def _state(data: bytes) -> State:
    """What the server itself wrote; never pickled."""
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        return State({name: archive[name] for name in archive.files})
