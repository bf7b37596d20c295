"""The yes: which text was agreed to, when, with which choices, for which server.

Saying yes has two steps. After reading, `LOOK` allows to keep chosen material here and to work out
what would be sent; nothing is sent. After seeing it, `SEND` names the hash of what was seen. A yes
holds for one text, one server and one set of choices: when any of them changes, it is asked for
again, and until then it is no yes. An update can only narrow it.

It refuses to be true by default, and to guess what a record means that it cannot read.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

import msgspec

from federation.client import places
from federation.client.places import Places
from federation.client.trouble import SharingError
from federation.client.wording import DETAILS, SENTENCES, TITLE

VERSION = "1"
"""Of the text. Whoever changes a word of it raises this; a test holds the two together."""

Stage = Literal["look", "send"]
LOOK: Stage = "look"
SEND: Stage = "send"
Asking = Literal["every time", "until"]
EVERY_TIME: Asking = "every time"
UNTIL: Asking = "until"
_KEY = re.compile(r"[0-9a-fA-F]{64}")
LONGEST_DAYS = 180
"""No yes for sending without being asked goes further ahead."""


@dataclass(frozen=True, slots=True)
class ConsentText:
    """What is read before anything else. sha256: of all of it, in hex."""

    version: str
    title: str
    sentences: tuple[str, ...]
    details: tuple[str, ...]

    @property
    def whole(self) -> str:
        """As one text."""
        return "\n\n".join([self.title, *self.sentences, *self.details])

    @property
    def sha256(self) -> str:
        """See the class."""
        return hashlib.sha256(self.whole.encode()).hexdigest()


TEXT = ConsentText(VERSION, TITLE, SENTENCES, DETAILS)


class Server(msgspec.Struct, frozen=True):
    """Whom to send to.

    ca: a file of certificates, "" for the system's. release_key: hex, of who signs its versions.
    """

    url: str
    ca: str = ""
    release_key: str = ""


class Choices(msgspec.Struct, frozen=True):
    """What a player decides.

    asking: every time, or without asking until the day `until` (ISO). most_a_week: contributions.
    mains_only: never on battery. epsilon_most: the privacy budget, at which it ends for good.
    blur: sigma of the noise added here already, 0 for none.
    """

    asking: Asking = EVERY_TIME
    until: str = ""
    mains_only: bool = True
    most_a_week: int = 3
    epsilon_most: float = 8.0
    blur: float = 0.0


class ConsentRecord(msgspec.Struct, frozen=True):
    """See the module. agreed: the day (ISO). seen: SHA-256 of the change that was looked at."""

    stage: Stage
    text_version: str
    text_sha256: str
    agreed: str
    server: Server
    choices: Choices = Choices()
    seen: str = ""


def record_of(
    stage: Stage, server: Server, choices: Choices, today: date, *, seen: str = ""
) -> ConsentRecord:
    """A yes to the text of this version. Raises SharingError for choices without sense."""
    check(choices, today)
    return ConsentRecord(stage, TEXT.version, TEXT.sha256, today.isoformat(), server, choices, seen)


def check(choices: Choices, today: date) -> None:
    """Raises SharingError."""
    if choices.asking == UNTIL:
        try:
            days = (date.fromisoformat(choices.until) - today).days
        except ValueError as error:
            raise SharingError(f"{choices.until!r} is no day: write it like 2026-12-31.") from error
        if not 0 <= days <= LONGEST_DAYS:
            raise SharingError(
                f"Sending without asking can be allowed for up to {LONGEST_DAYS} days: "
                "name a nearer day that is still to come."
            )
    if not 1 <= choices.most_a_week <= 7:
        raise SharingError("Once to seven times a week can be chosen: name a number from 1 to 7.")
    if not 0.0 < choices.epsilon_most <= 100.0 or not 0.0 <= choices.blur <= 1000.0:
        raise SharingError("The budget must be above 0 and at most 100, the blur from 0 on.")


def check_server(server: Server) -> None:
    """Raises SharingError for what cannot be a server's address, or the key of its versions."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(server.url)
        whole = bool(parts.scheme == "https" and parts.hostname) and parts.port != 0
    except ValueError:
        whole = False
    if not whole or "@" in server.url or not server.url.isprintable() or " " in server.url:
        raise SharingError(
            "That is no server's address: write it like https://share.example.org:8443."
        )
    if server.release_key and not _KEY.fullmatch(server.release_key):
        raise SharingError(
            "That is no key of versions: it has 64 digits from 0 to f, and whoever runs the "
            "server tells it."
        )


def load(where: Places) -> ConsentRecord | None:
    """What was agreed to last, valid or not."""
    return places.read(where.consent, ConsentRecord)


def why_not(record: ConsentRecord | None, server: Server | None) -> str:
    """Why this record is no yes to today's text and server; "" if it is one."""
    if record is None:
        return "Sharing is off: `antiphon share on` tells what it would mean."
    if (record.text_version, record.text_sha256) != (TEXT.version, TEXT.sha256):
        return "The text that you agreed to has changed: read it again with `antiphon share on`."
    if record.server != server:
        return "The server is another one now: say yes to it with `antiphon share on`."
    return ""


def asks_first(choices: Choices, today: date) -> bool:
    """Whether each contribution needs a yes of its own; a day that has passed means it does."""
    try:
        return choices.asking != UNTIL or date.fromisoformat(choices.until) < today
    except ValueError:
        return True
