"""What `antiphon serve admin` does: each verb gives a value for --json, and the same for people."""

from argparse import Namespace
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec

from engine.corpus import CorpusError
from engine.model.checkpoint import SHIPPED
from engine.words import NO_DATA, data_folder
from federation.formats.lineage import Lineage
from federation.formats.manifest import ManifestError
from federation.server import blobs, setup
from federation.server.intake import Intake
from federation.server.options import policy_of
from federation.server.running import aggregate
from federation.server.setup import Opened
from federation.server.signer import Signer
from federation.server.trouble import ServerError

Found = tuple[Any, str]
_HEX_DIGITS = 64


def run(here: Opened, args: Namespace) -> Found:
    """Carry out a verb. Raises ServerError, AwayError, OSError."""
    verb: Callable[[Opened, Namespace], Found] = _VERBS[args.verb]
    return verb(here, args)


def consent_of(words: str | None) -> tuple[str, str]:
    """VERSION:SHA256, or the text of this Antiphon. Raises ServerError."""
    if words is None:
        from federation.client.consent import TEXT

        return TEXT.version, TEXT.sha256
    version, _, sha256 = words.rpartition(":")
    if not version or len(sha256) != _HEX_DIGITS or not set(sha256) <= set("0123456789abcdef"):
        raise ServerError(f"No consent text is named by {words}; write VERSION:SHA256.")
    return version, sha256


def begin(here: Opened, args: Namespace) -> Found:
    """init."""
    frozen = None
    if args.lineage is not None:
        lineage = setup.of_file(args.lineage)
    else:
        lineage, frozen = setup.of_weights(args.weights or SHIPPED)
    signer = setup.init(here, lineage, consent_of(args.consent), frozen)
    value = {
        "folder": str(here.places.folder),
        "lineage": lineage.id,
        "key": signer.key,
        "public": signer.public.hex(),
    }
    return (
        value,
        f"The server is made; its lineage is {lineage.id}, its release key {signer.public.hex()}.",
    )


def _lineages(here: Opened, _: Namespace) -> Found:
    counts = here.leases.counts()
    rows = []
    for name, (lineage, is_open) in here.book.lineages().items():
        head = here.leases.latest(name)
        facts = {
            "id": name,
            "open": is_open,
            "latest": None if head is None else head.manifest.version,
        }
        rows.append(
            facts
            | {"prior": lineage.prior, "rank": lineage.rank, "contributions": counts.get(name, {})}
        )
    lines = [
        f"{row['id']}  {'open' if row['open'] else 'closed'}  version {row['latest']}  "
        f"{row['contributions']}"
        for row in rows
    ]
    return rows, "\n".join(lines) or "No lineage yet: run `antiphon serve admin init`."


def _close(here: Opened, args: Namespace) -> Found:
    here.book.close_lineage(args.lineage)
    return {
        "closed": args.lineage
    }, "It takes no contributions any more; its versions are still served."


def _versions(here: Opened, args: Namespace) -> Found:
    found = here.leases.versions(args.lineage)
    rows = [{**msgspec.to_builtins(one.manifest), "status": one.status} for one in found]
    lines = [
        f"{row['lineage'][:12]}  {row['version']:>5}  {row['created']}  "
        f"{row['contributions']:>5} contributions  {row['rule']}  {row['status']}" for row in rows
    ]  # fmt: skip
    return rows, "\n".join(lines) or "No version yet: run `antiphon serve admin publish-first`."


def first(here: Opened, args: Namespace) -> Found:
    """publish-first."""
    lineage = _lineage(here, args.lineage)
    data = None if args.file is None else Path(args.file).read_bytes()
    try:
        new = setup.publish_first(
            here, Signer.of_folder(here.places.folder), lineage, args.clip, data
        )
    except ManifestError as error:
        raise ServerError(str(error)) from error
    if not new:
        raise ServerError("This lineage has its first version already; nothing was changed.")
    return {"lineage": lineage.id, "version": 1}, "Version 1 is published."


def _withdraw(here: Opened, args: Namespace) -> Found:
    lineage = _lineage(here, args.lineage)
    signer = Signer.of_folder(here.places.folder)
    manifest = setup.withdraw(here, signer, lineage.id, args.version)
    head = here.leases.latest(lineage.id)
    latest = None if head is None else head.manifest.version
    value = {"withdrawn": manifest.version, "latest": latest}
    return value, f"Version {manifest.version} is withdrawn; the newest is version {latest} now."


def _quarantined(here: Opened, _: Namespace) -> Found:
    rows = here.leases.kept_back()
    lines = [
        f"{row['lineage'][:12]}  after version {row['parent']}  "
        f"{row['contributions']} contributions  {row['reason']}"
        for row in rows
    ]
    return rows, "\n".join(lines) or "Nothing was kept back."


def _devices(here: Opened, _: Namespace) -> Found:
    counts, rows = here.book.device_counts(), here.book.device_list()
    lines = [f"{counts['enrolled']:,} enrolled, {counts['revoked']:,} revoked"]
    lines += [
        f"{row['id']}  {row['contributions']:>5} contributions"
        f"{'  revoked' if row['revoked'] else ''}"
        for row in rows
    ]
    return {**counts, "newest": rows}, "\n".join(lines)


def _revoke(here: Opened, args: Namespace) -> Found:
    if here.book.device(args.device) is None:
        raise ServerError("There is no such device; `antiphon serve admin devices` lists them.")
    gone = here.book.revoke(args.device)
    Intake(here.book, here.leases, here.store, clip=1.0, most_stale=0, most_a_day=0).forget(gone)
    return {
        "device": args.device,
        "withdrawn": len(gone),
    }, f"It may send no more; {len(gone)} of its contributions were withdrawn."


def _keys(here: Opened, _: Namespace) -> Found:
    signer = Signer.of_folder(here.places.folder)
    certificate = here.places.folder / "tls" / "cert.pem"
    value = {
        "key": signer.key,
        "public": signer.public.hex(),
        "certificate": str(certificate) if certificate.is_file() else None,
    }
    return value, f"{signer.key}  {signer.public.hex()}"


def _consent(here: Opened, args: Namespace) -> Found:
    version, sha256 = consent_of(args.consent)
    here.book.add_consent(version, sha256)
    return {
        "version": version,
        "sha256": sha256,
    }, f"Version {version} is the text of today; devices must agree to it anew."


def _gate_data(here: Opened, args: Namespace) -> Found:
    from federation.server.gate_data import packed_music

    data = data_folder(args.data)
    if data is None:
        raise ServerError(NO_DATA)
    try:
        packed, groups = packed_music(data, args.notes)
    except CorpusError as error:
        raise ServerError(str(error)) from error
    for name in here.book.lineages():
        here.store.put(blobs.gate(name), packed)
    total = sum(groups.values())
    return {
        "notes": total,
        "bytes": len(packed),
        "groups": groups,
    }, f"The gate has {total:,} notes in {len(groups)} groups."


def _aggregate(here: Opened, args: Namespace) -> Found:
    import threading

    done: list[Any] = []
    aggregate(here, policy_of(args), once=True, stop=threading.Event(), told=done.append)
    lines = [f"{one.what}: {one.says}" for one in done]
    return [asdict(one) for one in done], "\n".join(lines) or "Not enough is waiting for a version."


def _lineage(here: Opened, named: str | None) -> Lineage:
    found = here.book.lineages()
    if named is None and found:
        return next(reversed(found.values()))[0]
    chosen = [lineage for name, (lineage, _) in found.items() if named and name.startswith(named)]
    if len(chosen) != 1:
        raise ServerError("There is no such lineage; `antiphon serve admin lineages` lists them.")
    return chosen[0]


_VERBS: dict[str, Callable[[Opened, Namespace], Found]] = {
    "init": begin,
    "lineages": _lineages,
    "close": _close,
    "versions": _versions,
    "publish-first": first,
    "withdraw": _withdraw,
    "quarantined": _quarantined,
    "devices": _devices,
    "revoke": _revoke,
    "keys": _keys,
    "consent": _consent,
    "gate-data": _gate_data,
    "aggregate": _aggregate,
}
