"""Contributions: sending one, asking what became of it, taking it back.

Nobody sees what another sent, nor whether it is there. It refuses to answer 201 before what was
sent is on disk.
"""

from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool

from federation.formats.delta import MOST_BYTES
from federation.server import answers
from federation.server.answers import SIGNED_BY, refusals
from federation.server.desk import BYTES, Desk, Uuid
from federation.server.door import body_of
from federation.server.guard import path_of
from federation.server.store import Sent
from federation.server.trouble import RefusedError


def contributing(app: FastAPI, desk: Desk) -> None:
    """Add these routes."""
    parts, guard = desk.parts, desk.guard
    signed: dict[str, Any] = {"parameters": SIGNED_BY}
    wants_delta = {**signed, "requestBody": {"required": True, "content": BYTES}}

    @app.put(
        "/v1/contributions/{uuid}", status_code=201, openapi_extra=wants_delta,
        responses={200: {"model": answers.ContributionIs},
                   **refusals(401, 403, 404, 409, 410, 413, 415)},
    )  # fmt: skip
    async def put(request: Request, response: Response, uuid: Uuid) -> answers.ContributionIs:
        """Send a contribution. 201: it is on disk; 200: it was already."""
        said = guard.look(request)
        device, known = await run_in_threadpool(guard.known_and_sent, said, uuid)
        await desk.agreed(device.consent)
        body = await body_of(request, MOST_BYTES)
        guard.proven(said, "PUT", path_of(request), body, device.public_key)
        guard.spend(said)
        lineages = await desk.lineages.get("")
        heads = {name: await desk.latest.get(name) for name in lineages}
        sent, new = await run_in_threadpool(
            desk.intake.take_in, uuid, body, said, lineages, known=known, heads=heads
        )
        response.status_code = 201 if new else 200
        return _contribution(sent)

    @app.get(
        "/v1/contributions/{uuid}", openapi_extra=signed, responses=refusals(401, 404, 413, 415)
    )
    async def contribution(request: Request, uuid: Uuid) -> answers.ContributionIs:
        """What became of one's own contribution."""
        said, _ = await desk.signed(request)
        sent = await run_in_threadpool(parts.book.sent, uuid)
        return _contribution(_own(sent, said.device))

    @app.delete(
        "/v1/contributions/{uuid}",
        openapi_extra=signed,
        responses=refusals(401, 404, 409, 413, 415),
    )
    async def withdraw(request: Request, uuid: Uuid) -> answers.ContributionIs:
        """Take back what still waits, or is being worked with. Again: the same."""
        said, _ = await desk.signed(request)

        def take_back() -> Sent:
            _own(parts.book.sent(uuid), said.device)
            sent, gone = parts.book.withdraw(uuid, said.device, nonce=said.nonce)
            desk.intake.forget(gone)
            return _own(sent, said.device)

        sent = await run_in_threadpool(take_back)
        if sent.used_in is not None:
            raise RefusedError(
                409, f"It is in version {sent.used_in} already and cannot be taken out of it."
            )
        return _contribution(sent)


def _contribution(sent: Sent) -> answers.ContributionIs:
    return answers.ContributionIs(
        uuid=sent.uuid, status=sent.status, used_in=sent.used_in, with_others=sent.with_others
    )


def _own(sent: Sent | None, device: str) -> Sent:
    if sent is None or sent.device != device:
        raise RefusedError(404, "This device sent nothing under that id; send it first.")
    return sent
