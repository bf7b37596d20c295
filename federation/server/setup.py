"""A server's folder, database and first version: made once, opened ever after.

`init` makes what is missing and leaves alone what is there. A lineage begins with a version in
which nothing is learnt yet, so that everybody starts from the same place. It refuses to make a
lineage of weights that it cannot read.
"""

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np

from engine.model import checkpoint
from federation.formats import tensorfile
from federation.formats.lineage import RANK, SEED, UP, Lineage
from federation.formats.manifest import Manifest
from federation.formats.shared import nothing_learnt, packed, unpacked
from federation.server import blobs
from federation.server.blobs import Blobs, NoBlobError
from federation.server.database import FILE, AwayError, Database, of_folder
from federation.server.leases import Leases
from federation.server.settings import Places
from federation.server.signer import Signer
from federation.server.store import Book
from federation.server.trouble import ServerError

LOG = logging.getLogger("antiphon.sharing")
TRIES, AGAIN_S = 60, 1.0
DOWN = ".down"
NO_GATE = (
    "The gate has no music yet, so no version will be published; run `antiphon serve admin "
    "gate-data --data FOLDER`, or add --without-gate for a trial."
)


@dataclass(frozen=True, slots=True)
class Opened:
    """What all parts of a server work with."""

    places: Places
    database: Database
    book: Book
    leases: Leases
    store: Blobs
    now: Callable[[], float]


def opened(places: Places, now: Callable[[], float]) -> Opened:
    """Open database and blobs; make tables if there are none. Raises ServerError, AwayError."""
    if places.database.startswith("sqlite"):
        places.folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    database = Database(places.database)
    try:
        database.make_tables()
    except BaseException:
        database.close()
        raise
    return Opened(
        places,
        database,
        Book(database, now),
        Leases(database, now),
        blobs.opened(places.blobs),
        now,
    )


def reached(places: Places, now: Callable[[], float], wait: Callable[[float], object]) -> Opened:
    """As `opened`; a PostgreSQL that is away may be starting beside us, and is waited for.

    wait(seconds) says whether to give up. Raises ServerError, AwayError.
    """
    for number in range(TRIES):
        try:
            return opened(places, now)
        except AwayError as error:
            if places.database.startswith("sqlite"):
                raise
            if not number:
                LOG.warning("The database does not answer (%s) and is waited for.", error)
            if wait(AGAIN_S):
                raise
    return opened(places, now)


def must_be_there(places: Places) -> None:
    """That a server was made in this folder, where its database is a file. Raises ServerError."""
    if places.database == of_folder(places.folder) and not (places.folder / FILE).is_file():
        raise ServerError(
            f"There is no server in {places.folder}; run `antiphon serve admin init` to make one, "
            "or name its folder by --folder."
        )


def has_gate(here: Opened) -> bool:
    """Whether the gate has music for every open lineage."""
    try:
        for name, (_, is_open) in here.book.lineages().items():
            if is_open:
                here.store.get(blobs.gate(name))
    except NoBlobError:
        return False
    return True


def init(here: Opened, lineage: Lineage, consent: tuple[str, str], frozen: bytes | None) -> Signer:
    """Key, consent text and lineage. frozen: all A, for the gate."""
    signer = Signer.of_folder(here.places.folder, make=True)
    here.book.add_consent(*consent)
    if frozen is not None:
        here.store.put(blobs.frozen(lineage.id), frozen)
    here.book.open_lineage(lineage)
    return signer


def publish_first(
    here: Opened, signer: Signer, lineage: Lineage, clip: float, data: bytes | None = None
) -> bool:
    """Version 1: nothing learnt, or all B of a file. False if the lineage has a version."""
    if data is None:
        data = packed(nothing_learnt(lineage), lineage)
    unpacked(data, lineage)
    sha256 = hashlib.sha256(data).hexdigest()
    here.store.put(blobs.model(sha256), data)
    manifest = Manifest(
        version=1,
        lineage=lineage.id,
        sha256=sha256,
        bytes=len(data),
        created=datetime.fromtimestamp(here.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        key=signer.key,
        rule="first",
        clip=clip,
    )
    words, signature = signer.signed(manifest)
    return here.leases.begin(manifest, words, signature)


def withdraw(here: Opened, signer: Signer, lineage: str, number: int) -> Manifest:
    """Clients go back to the version before. Raises ServerError."""
    found = here.leases.version(lineage, number)
    if found is None:
        raise ServerError(
            f"There is no version {number}; `antiphon serve admin versions` lists them."
        )
    manifest = msgspec.structs.replace(found.manifest, withdrawn=True, key=signer.key)
    words, signature = signer.signed(manifest)
    here.leases.withdraw(manifest, words, signature)
    return manifest


def of_weights(path: Path, seed: int = SEED) -> tuple[Lineage, bytes]:
    """The lineage of a prior, and all A. Needs torch, once. Raises ServerError."""
    try:
        tensors, _ = checkpoint.load(path)
        lineage = Lineage.of_prior(tensors, checkpoint.fingerprint(path), RANK, seed)
        import torch

        from engine.adapt.forms import first_values
    except (checkpoint.CheckpointError, OSError) as error:
        raise ServerError(str(error)) from error
    except ImportError as error:
        raise ServerError(
            "To begin a lineage torch is needed once; run: pip install 'antiphon[server]'."
        ) from error
    base = {name: torch.from_numpy(tensor) for name, tensor in tensors.items()}
    drawn = first_values(f"lora-{RANK}", base, seed=seed)
    names = [name.removesuffix(UP) + DOWN for name in lineage.names]
    frozen = {name: drawn[name].numpy().astype(np.float32) for name in names}
    return lineage, tensorfile.write(frozen, {"lineage": lineage.id}, "F32")


def of_file(path: Path) -> Lineage:
    """A lineage from a JSON file, for trials: such a one has no gate. Raises ServerError."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Lineage)
    except (OSError, msgspec.DecodeError) as error:
        raise ServerError(f"{path} describes no lineage ({error}); name another file.") from error
