"""A player's machine in the trials: the real client's process, killed while it sends.

    python -m tests.federation.server.giving PLACE --data FOLDER

is `python -m federation.client.work send`, which dies by SIGKILL at a place: with half of the
change on its way, all of it, the answer read, the log or the course written, the outbox half
emptied; or before its n-th look at a file of its folder or at the network (`step N`).
"""

import hashlib
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from federation.client import consent, course, places
from federation.client.consent import SEND, Choices, Server
from federation.client.ledger import Ledger
from federation.client.outbox import Outbox, Parcel, fresh_id
from federation.client.places import Places
from federation.client.sharing import Sharing
from tests.federation.formats.stage import SMALL
from tests.federation.server.served import Served, change
from tests.shared import REPOSITORY

PLACES = ("half", "sent", "acknowledged", "logged", "noted", "removing")
STEPS = 60
"""A whole run has about so many."""
_EVENTS = frozenset({"open", "os.rename", "os.remove", "os.chmod", "socket.connect"})


class Giver:
    """A data folder with a yes, and its processes. number: sets its changes apart from others'."""

    def __init__(self, folder: Path, server: Served, public: bytes, number: int = 900) -> None:
        self.where, self._number = Places(folder), number
        self.bodies: dict[str, bytes] = {}
        named = Server(server.url, str(server.folder / "tls" / "cert.pem"), public.hex())
        Sharing(folder, {}).set_server(named)
        today = datetime.now(UTC).date()
        record = consent.record_of(SEND, named, Choices(), today, seen="0" * 64)
        places.keep(self.where.consent, record)

    def approve(self, version: int) -> str:
        """Something lies in the outbox; its id."""
        body = change(self._number * 1000 + version, version)
        sha256 = hashlib.sha256(body).hexdigest()
        now = datetime.now(UTC).isoformat()
        parcel = Parcel(
            id=fresh_id(os.urandom), sha256=sha256, lineage=SMALL.id, version=version, approved=now
        )
        Outbox(self.where).put(body, parcel)
        self.bodies[parcel.id] = body
        return parcel.id

    def send(self, place: str = "-") -> int:
        """Once, in a process of its own; its exit code, -9 if it was killed."""
        command = [sys.executable, "-m", "tests.federation.server.giving", place]
        return subprocess.run(
            [*command, "--data", str(self.where.data)],
            cwd=REPOSITORY, capture_output=True, stdin=subprocess.DEVNULL, check=False,
            env={**os.environ, "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"},
        ).returncode  # fmt: skip

    @property
    def empty(self) -> bool:
        """Whether nothing is left to be sent."""
        return not Outbox(self.where).parcels()

    @property
    def acknowledged(self) -> list[str]:
        """As the client knows it."""
        return [one.id for one in course.load(self.where).sent]

    def audit(self) -> None:
        """Its own papers: each contribution once, and a line before it left. AssertionError."""
        known = self.acknowledged
        assert len(known) == len(set(known)), "the client counted a contribution twice"
        entries = Ledger(self.where.ledger).entries()
        lines = {(one.attempt, one.result.partition(":")[0]) for one in entries}
        for name in known:
            assert (name, "begins") in lines, "something left without a line in the log"
            assert (name, "taken") in lines, "something was taken without a line in the log"
        left = [path.name for path in self.where.outbox.glob("*") if path.suffix == ".json"]
        assert not left, f"the outbox still has {left}"


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _arm(place: str) -> None:
    """This process dies there."""
    from federation.client import mailbox

    if place.startswith("step"):
        _after_steps(int(place.split()[1]))
    elif place in {"half", "sent"}:
        _in_upload(half=place == "half")
    elif place == "acknowledged":
        _then_die(mailbox.Mailbox, "put")
    elif place == "logged":
        _then_die(Ledger, "add", lambda _, entry: entry.result.startswith("taken"))
    elif place == "noted":
        _then_die(course, "change", lambda _, **changes: "sent" in changes)
    elif place == "removing":
        _then_die(places, "remove", lambda path: path.parent.name == "outbox")


def _then_die(owner: Any, name: str, when: Callable[..., bool] = lambda *_, **__: True) -> None:
    real = getattr(owner, name)

    def wrapped(*args: Any, **others: Any) -> Any:
        found = real(*args, **others)
        if when(*args, **others):
            _die()
        return found

    setattr(owner, name, wrapped)


def _in_upload(*, half: bool) -> None:
    real, seen = ssl.SSLSocket.send, []

    def send(self: ssl.SSLSocket, data: Any, flags: int = 0) -> int:
        if seen:
            real(self, data[: len(data) // 2] if half else data, flags)
            _die()
        if bytes(data[:20]).startswith(b"PUT /v1/contribution"):
            seen.append(True)
        return real(self, data, flags)

    ssl.SSLSocket.send = send  # type: ignore[method-assign]


def _after_steps(count: int) -> None:
    left = [count]

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event not in _EVENTS or (event != "socket.connect" and "/sharing" not in str(args[0])):
            return
        left[0] -= 1
        if left[0] == 0:
            _die()

    sys.addaudithook(hook)


def main(words: list[str]) -> int:
    """See the module."""
    from federation.client import work

    _arm(words[0])
    return work.main(["send", *words[1:]])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
