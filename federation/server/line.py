"""One connection of a gateway: how many there may be, how large a head, how long a silence.

    too many connections       503, or of one household 429, before anything is read
    a head that never ends     408 when the request's time is over, 431 when it is too large
    no HTTP at all             400

Answers are sentences here, too. What is inside a request is the door's. It refuses WebSockets and
every other upgrade, and to log what strangers send.

Thread: the event loop's.
"""

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any

from federation.server.limits import household
from federation.server.saying import sentence
from federation.server.trouble import RefusedError

if TYPE_CHECKING:
    from uvicorn.protocols.http.h11_impl import H11Protocol as Auto
else:  # httptools where it is installed: it is several times as quick
    from uvicorn.protocols.http.auto import AutoHTTPProtocol as Auto

MOST_HEAD_BYTES = 32 * 1024
FULL = RefusedError(503, "The server has too many connections; try again in a while.", 30.0)
CROWDED = RefusedError(429, "Too many connections of one address; close some, then try.", 30.0)
TOO_LARGE = RefusedError(431, "The request's headers are too large; send fewer.", why="size")
NEVER = RefusedError(408, "The request's headers did not come in time; send it again.")
NO_HTTP = RefusedError(400, "This is no HTTP request; see /openapi.json.", why="content")


class Lines:
    """How many connections a gateway holds. of_one: of one household, None: no limit."""

    def __init__(self, most: int, of_one: int | None, request_s: float) -> None:
        self.most, self.of_one, self.request_s = most, of_one, request_s
        self.open: Counter[str] = Counter()
        self.count = 0

    def came(self, home: str) -> RefusedError | None:
        """One more; why it cannot be served."""
        self.open[home] += 1
        self.count += 1
        if self.count > self.most:
            return FULL
        return CROWDED if self.of_one is not None and self.open[home] > self.of_one else None

    def went(self, home: str) -> None:
        """One less."""
        self.open[home] -= 1
        self.count -= 1
        if self.open[home] <= 0:
            del self.open[home]


def protocol(lines: Lines) -> type[asyncio.Protocol]:
    """The class of uvicorn that speaks HTTP, with these limits."""

    class Line(Auto):
        _home: str | None = None
        _head_bytes = 0
        _late: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._home = household(self.client[0] if self.client else "")
            refused = lines.came(self._home)
            if refused is not None:
                self._say(refused)
            else:
                self._wait()

        def connection_lost(self, exc: Exception | None) -> None:
            if self._home is not None:
                lines.went(self._home)
                self._home = None
            self._came()
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            if self.transport.is_closing():
                return
            self._head_bytes += len(data)
            super().data_received(data)
            if self.cycle is not None and not self.cycle.response_complete:
                self._came()  # a request is being answered: its body and its time are the door's
                return
            self._wait()
            if self._head_bytes > MOST_HEAD_BYTES:
                self._say(TOO_LARGE)

        def send_400_response(self, msg: str) -> None:
            self._say(TOO_LARGE if self._head_bytes > MOST_HEAD_BYTES else NO_HTTP)

        def _wait(self) -> None:
            if self._late is None:
                self._late = self.loop.call_later(lines.request_s, self._say, NEVER)

        def _came(self) -> None:
            self._head_bytes = 0
            if self._late is not None:
                self._late.cancel()
                self._late = None

        def _say(self, refused: RefusedError) -> None:
            if not self.transport.is_closing():
                self.transport.write(sentence(refused))
                self.transport.close()

    return Line
