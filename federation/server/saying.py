"""How no is said over the line: JSON of a sentence and a word, and when to come again.

Used by what stands before the application (`line`, `door`) and by the application alike, so that
every refusal has one form. It refuses to say more than `RefusedError` holds.
"""

import json
import math
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any

from federation.server.trouble import RefusedError

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

CLOSE = (b"connection", b"close")


def words_of(refused: RefusedError) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """The body and the headers of an error."""
    body = json.dumps({"says": refused.says, "why": refused.why}, ensure_ascii=False).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    if refused.wait_s is not None:
        headers.append((b"retry-after", str(max(1, math.ceil(refused.wait_s))).encode()))
    return body, headers


async def say(refused: RefusedError, send: Send, *, close: bool = False) -> None:
    """Answer with it, in ASGI."""
    body, headers = words_of(refused)
    if close:
        headers.append(CLOSE)
    await send({"type": "http.response.start", "status": refused.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def sentence(refused: RefusedError) -> bytes:
    """Answer with it, as bytes of HTTP after which the connection is closed."""
    body, headers = words_of(refused)
    phrase = HTTPStatus(refused.status).phrase
    lines = [f"HTTP/1.1 {refused.status} {phrase}".encode()]
    lines += [name + b": " + value for name, value in [*headers, CLOSE]]
    return b"\r\n".join([*lines, b"", body])
