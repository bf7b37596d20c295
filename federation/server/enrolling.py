"""Devices: enrolling a key of one's own, bound to the consent text of today, and revoking it.

There is no account and no name. It refuses to enrol a key that was revoked, or another's.
"""

from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool

from federation.formats.requests import Enrolment, device_id
from federation.server import answers
from federation.server.answers import SIGNED_BY, refusals
from federation.server.desk import Desk, DeviceId
from federation.server.door import body_of
from federation.server.guard import path_of
from federation.server.trouble import RefusedError

MOST_ENROLMENT_BYTES = 4096


def enrolling(app: FastAPI, desk: Desk) -> None:
    """Add these routes."""
    parts, guard = desk.parts, desk.guard
    signed: dict[str, Any] = {"parameters": SIGNED_BY}
    enrolment = answers.EnrolmentAsked.model_json_schema()
    wants_enrolment = {**signed, "requestBody": {
        "required": True, "content": {"application/json": {"schema": enrolment}}}}  # fmt: skip

    @app.post(
        "/v1/devices", status_code=201, openapi_extra=wants_enrolment,
        responses={200: {"model": answers.Enrolled}, **refusals(401, 403, 413, 415)},
    )  # fmt: skip
    async def enrol(request: Request, response: Response) -> answers.Enrolled:
        """Enrol a key of one's own; again, to renew its consent."""
        said = guard.look(request)
        guard.in_time(said)
        body = await body_of(request, MOST_ENROLMENT_BYTES)
        one = _enrolment(body)
        public = bytes.fromhex(one.public_key)
        guard.proven(said, "POST", path_of(request), body, public)
        guard.spend(said)
        await desk.agreed(one.consent_version)
        if (await desk.consent.get(""))[-1][1] != one.consent_sha256:
            raise RefusedError(
                403, "That is not the text about sharing that is known here; update Antiphon."
            )

        def keep() -> bool:
            if parts.book.device(said.device) is None:
                home = parts.book.household_today(desk.household(request))
                parts.book.count_today(home, parts.limits.enrolments_a_day)
            words = (one.consent_version, one.agreed, one.app)
            return parts.book.enrol(device_id(public), public, *words, nonce=said.nonce)

        response.status_code = 201 if await run_in_threadpool(keep) else 200
        return answers.Enrolled(device=said.device, consent=one.consent_version)

    @app.delete(
        "/v1/devices/{device}", openapi_extra=signed, responses=refusals(401, 404, 413, 415)
    )
    async def revoke(request: Request, device: DeviceId) -> answers.Revoked:
        """Stop and forget: the key is dead, and what waits is taken back. Again: the same."""
        said, _ = await desk.signed(request, revoked_too=True)
        if said.device != device:
            raise RefusedError(404, "That is another device; each can only revoke itself.")

        def end() -> int:
            gone = parts.book.revoke(device, nonce=said.nonce)
            desk.intake.forget(gone)
            return len(gone)

        says = (
            "What is in a version already cannot be taken out of it; what waited is deleted, and "
            "nothing more is taken from this device."
        )
        return answers.Revoked(withdrawn=await run_in_threadpool(end), says=says)


def _enrolment(body: bytes) -> Enrolment:
    try:
        answers.EnrolmentAsked.model_validate_json(body)
        return msgspec.json.decode(body, type=Enrolment)
    except ValueError as error:  # of pydantic, and of msgspec
        raise RefusedError(
            422, "This enrolment cannot be read; update Antiphon, then switch sharing on again."
        ) from error
