"""Who is asking: the device that signed, now, once, and with consent to the text of today.

What costs little comes first: the form of the headers, the device's bucket, the clock. The body is
only read after that. A device's bucket is emptied after its signature was found good.

Thread: `look` in the event loop, `known` and `proven` anywhere.
"""

from collections.abc import Callable

from starlette.requests import Request

from federation.formats.requests import (
    MOST_OFF_S,
    ClockError,
    Credentials,
    RequestError,
    check,
    credentials,
)
from federation.server.limits import Buckets
from federation.server.store import Book, Device, Sent
from federation.server.trouble import RefusedError

_GONE = "This device was revoked; switch sharing on anew to take part again."


class Guard:
    """See the module. now: seconds of UTC."""

    def __init__(self, book: Book, buckets: Buckets, now: Callable[[], float]) -> None:
        self._book, self._buckets, self._now = book, buckets, now

    def look(self, request: Request) -> Credentials:
        """What the headers say, before the body is read. Raises RefusedError."""
        try:
            said = credentials(request.headers)
        except RequestError as error:
            raise RefusedError(401, str(error)) from error
        wait_s = self._buckets.wait_s(said.device)
        if wait_s:
            raise RefusedError(429, "This device asks too often; try again in a while.", wait_s)
        return said

    def known(self, said: Credentials, *, revoked_too: bool = False) -> Device:
        """The device, if it enrolled. Raises RefusedError, AwayError."""
        self.in_time(said)
        return _may(self._book.device(said.device), revoked_too=revoked_too)

    def known_and_sent(self, said: Credentials, uuid: str) -> tuple[Device, Sent | None]:
        """The device, and what is known of this contribution. Raises RefusedError, AwayError."""
        self.in_time(said)
        device, sent = self._book.device_and_sent(said.device, uuid)
        return _may(device), sent

    def in_time(self, said: Credentials) -> None:
        """That the device's clock is right enough. Raises RefusedError."""
        off_s = int(said.time_s - self._now())
        if abs(off_s) > MOST_OFF_S:
            raise RefusedError(401, _clock(off_s), why="clock")

    def proven(self, said: Credentials, method: str, path: str, body: bytes, public: bytes) -> None:
        """That this key signed this request. Raises RefusedError."""
        try:
            check(said, method, path, body, public=public, now_s=int(self._now()))
        except ClockError as error:
            raise RefusedError(401, _clock(int(said.time_s - self._now())), why="clock") from error
        except RequestError as error:
            raise RefusedError(401, str(error)) from error

    def spend(self, said: Credentials) -> None:
        """A proven request leaves its device's bucket. In the event loop."""
        wait_s = self._buckets.take(said.device)
        if wait_s:
            raise RefusedError(429, "This device asks too often; try again in a while.", wait_s)


def _may(device: Device | None, *, revoked_too: bool = False) -> Device:
    if device is None:
        raise RefusedError(
            401, "This device is not known here; switch sharing on anew to enrol it.", why="unknown"
        )
    if device.revoked and not revoked_too:
        raise RefusedError(401, _GONE, why="revoked")
    return device


def path_of(request: Request) -> str:
    """The address as it was asked for and signed, query included."""
    raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    query: bytes = request.scope["query_string"]
    return (raw + b"?" + query if query else raw).decode("latin-1")


def _clock(off_s: int) -> str:
    way = "fast" if off_s > 0 else "slow"
    minutes = max(1, round(abs(off_s) / 60))
    return f"This device's clock is {minutes:,} minutes {way}; set it right, then send again."
