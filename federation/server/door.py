"""The outer layer of a gateway: what every request meets before, and after, it is looked at.

    too many of one address    429 with Retry-After, before anything is read
    too slow                   408; a request has so many seconds, its body included
    an error of ours           503 and a sentence, never a trace

Bodies are counted while they come, whatever Content-Length says, and are never decompressed. Pure
ASGI, so that a version check costs little. It refuses to write addresses anywhere.
"""

import asyncio
import contextlib
from collections.abc import MutableMapping
from time import perf_counter
from typing import Any

from starlette.requests import ClientDisconnect, Request

from federation.formats.delta import MOST_BYTES
from federation.server.database import AwayError
from federation.server.limits import Buckets, household
from federation.server.metrics import Metrics
from federation.server.saying import CLOSE, App, Message, Receive, Send, say
from federation.server.trouble import RefusedError

MOST_DRAINED = 128 * 1024 * 1024
"""Bytes of a refused request's body which are still read away, so that its sender hears why."""
AWAY = RefusedError(503, "The server's database does not answer; try again in a while.", 30.0)
SLOW = RefusedError(408, "This request took too long; send it again over a better line.")
TWO_WAYS = RefusedError(
    400, "The request tells its length in two ways; send it again with one.", why="content"
)
OURS = RefusedError(503, "The server made a mistake; try again later.", 60.0, why="mistake")


class Door:
    """See the module."""

    def __init__(self, app: App, addresses: Buckets, metrics: Metrics, request_s: float) -> None:
        self._app, self._addresses, self._metrics = app, addresses, metrics
        self._request_s = request_s

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = perf_counter(), 0
        body, most_drained = _Body(scope, receive), MOST_DRAINED

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                if (
                    message["status"] >= 400
                    and body.open
                    and not await body.rest(most_drained, self._request_s / 2)
                ):
                    message["headers"] = [*message["headers"], CLOSE]
                status = message["status"]
            await send(message)

        try:
            client = scope.get("client")
            wait_s = self._addresses.take(household(client[0] if client else ""))
            if body.ambiguous:
                await say(TWO_WAYS, watched, close=True)
                return
            if wait_s:
                most_drained = MOST_BYTES
                refused = RefusedError(
                    429, "Too many requests at once; try again in a while.", wait_s
                )
                await say(refused, watched)
                return
            async with asyncio.timeout(self._request_s):
                await self._app(scope, body.receive, watched)
        except TimeoutError:
            if not status:
                await say(SLOW, send, close=True)
                status = SLOW.status
        except ClientDisconnect:
            status = status or 499
        except AwayError:
            if not status:
                await say(AWAY, watched)
        except Exception as error:
            self._metrics.mistake(error)
            if not status:
                await say(OURS, watched)
        finally:
            route = scope.get("route")
            path = getattr(route, "path", "other")
            self._metrics.request(scope["method"], path, status, perf_counter() - began)


async def body_of(request: Request, most: int) -> bytes:
    """The body, if it has no more bytes than this. Raises RefusedError."""
    if request.headers.get("content-encoding", "identity") != "identity":
        raise RefusedError(
            415, "Bodies are not compressed here; send the file as it is.", why="content"
        )
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size > most:
            raise RefusedError(
                413, f"This has more than the {most:,} bytes that may be; send less."
            )
        pieces.append(piece)
    return b"".join(pieces)


class _Body:
    """What of a request's body was read. `rest` reads it away, so that its sender hears why."""

    def __init__(self, scope: MutableMapping[str, Any], receive: Receive) -> None:
        self._receive, self._headers = receive, scope["headers"]
        self._read = False

    async def receive(self) -> Message:
        message = await self._receive()
        if not message.get("more_body", False):
            self._read = True
        return message

    @property
    def ambiguous(self) -> bool:
        """Whether a proxy could see the end of it somewhere else."""
        names = [name for name, _ in self._headers]
        return b"transfer-encoding" in names and b"content-length" in names

    @property
    def open(self) -> bool:
        """Whether there is more of it to come."""
        return not self._read and any(
            (name == b"content-length" and value != b"0") or name == b"transfer-encoding"
            for name, value in self._headers
        )

    async def rest(self, most: int, seconds: float) -> bool:
        """Whether all of it was read; a sender who waits to be asked for it is not asked."""
        if any(name == b"expect" for name, _ in self._headers):
            return False
        size = 0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self._read and size <= most:
                    size += len((await self.receive()).get("body", b""))
        return self._read
