"""What a task is done with, and what all tasks share: the lineage of the prior, lines of the log.

It refuses to do a task.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from federation.client import course
from federation.client.consent import ConsentRecord, Server
from federation.client.keys import device_key
from federation.client.ledger import Entry, Ledger, stamp
from federation.client.mailbox import Mailbox
from federation.client.outbox import Parcel
from federation.client.places import Places
from federation.client.sharing import Sharing
from federation.client.trouble import SharingError
from federation.formats.lineage import Lineage

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from federation.client.lesson import Phrases
    from federation.client.preview import Preview
    from federation.client.training import Policy, Tensors
    from federation.formats.requests import DeviceKey

Tell = Callable[[dict[str, Any]], object]
Done = tuple[Any, str]
"""For programs, and the same for people."""


class Learner(Protocol):
    """What is used of `training.Trainer`."""

    def change(
        self,
        phrases: "Phrases",
        start: "Tensors",
        version: int,
        policy: "Policy",
        *,
        chance: Callable[[int], bytes],
        made: str,
        tell: Callable[[str, int, int], object],
    ) -> "tuple[bytes, Preview]":
        """(the file, all that is to be said about it)."""

    def bits(self, phrases: "Phrases", tensors: "Tensors | None", *, held: bool = True) -> float:
        """Bits a note with these B."""

    def frozen(self) -> "dict[str, npt.NDArray[np.float32]]":
        """A, as the lineage draws it."""


def _trainer(weights: Path, lineage: Lineage) -> Learner:
    from federation.client.training import Trainer

    return Trainer(weights, lineage)


@dataclass(frozen=True, slots=True)
class Means:
    """What the tasks are done with.

    mailbox: opens the way to a server. weights: of the prior. app: the version of Antiphon.
    trainer: what learns and tries, by default `training.Trainer`.
    """

    sharing: Sharing
    now: Callable[[], datetime]
    chance: Callable[[int], bytes]
    mailbox: Callable[[Server], Mailbox]
    weights: Path
    app: str
    key: Callable[[Places], "DeviceKey"] = device_key
    trainer: Callable[[Path, Lineage], Learner] = _trainer

    @property
    def places(self) -> Places:
        """Where things are kept."""
        return self.sharing.places


def lineage_of(means: Means) -> Lineage:
    """Of changes of this prior. Raises SharingError."""
    from engine.model.checkpoint import CheckpointError, fingerprint, load

    try:
        return Lineage.of_prior(load(means.weights)[0], fingerprint(means.weights))
    except (CheckpointError, OSError) as error:
        raise SharingError(str(error)) from error


def log(
    means: Means, what: str, result: str, server: Server, *, version: int | None = None
) -> None:
    """A line about what is no contribution. Raises OSError."""
    entry = Entry(
        when=stamp(means.now()), what=what, result=result, server=server.url, version=version
    )
    Ledger(means.places.ledger).add(entry)


def log_parcel(means: Means, record: ConsentRecord, parcel: Parcel, result: str) -> None:
    """A line about a contribution, with all that was shown of it. Raises OSError."""
    spent = course.load(means.places).epsilon
    left = None if spent is None else max(0.0, record.choices.epsilon_most - spent)
    entry = Entry(
        when=stamp(means.now()),
        what="send",
        result=result,
        attempt=parcel.id,
        server=record.server.url,
        version=parcel.version,
        bytes=parcel.bytes,
        sha256=parcel.sha256,
        clip=parcel.clip,
        norm_before=parcel.norm_before,
        norm=parcel.norm,
        sigma=parcel.sigma,
        epsilon_spent=spent,
        epsilon_left=left,
    )
    Ledger(means.places.ledger).add(entry)
