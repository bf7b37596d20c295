"""The API: an asynchronous mailbox over HTTPS. Any number of these share a database and blobs.

    GET    /v1/lineages                  what is there, and which consent text is today's
    GET    /v1/model/latest?lineage=     the newest signed manifest (If-None-Match)
    GET    /v1/model/{version}?lineage=  that one
    GET    /v1/blobs/{sha256}            all B of a version
    POST   /v1/devices                   enrol, bound to the consent text's version
    DELETE /v1/devices/{device}          revoke; what waits is taken back
    PUT    /v1/contributions/{uuid}      send; the same again is as if it came once
    GET    /v1/contributions/{uuid}      what became of it
    DELETE /v1/contributions/{uuid}      take it back, if it still waits
    GET    /metrics, /status, /health

Errors are {"says": sentence, "why": word}. A gateway keeps nothing but a second's memory of the
newest versions. It refuses to make versions: that is the aggregator's.
"""

from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from federation.server.contributing import contributing
from federation.server.desk import Desk, Parts
from federation.server.door import Door
from federation.server.enrolling import enrolling
from federation.server.limits import Buckets
from federation.server.reading import reading
from federation.server.saying import words_of
from federation.server.trouble import RefusedError
from federation.server.watching import watching


def gateway(parts: Parts) -> Door:
    """The application, with the door before it; /openapi.json describes it."""
    app = FastAPI(
        title="Antiphon sharing", version="1", docs_url=None, redoc_url=None,
        description=(__doc__ or "").split("\n")[0], redirect_slashes=False,
    )  # fmt: skip
    _errors(app)
    desk = Desk(parts)
    reading(app, desk)
    enrolling(app, desk)
    contributing(app, desk)
    watching(app, desk)
    limits = parts.limits
    return Door(app, Buckets(limits.address, parts.clock), parts.metrics, limits.request_s)


def _errors(app: FastAPI) -> None:
    def answered(refused: RefusedError) -> Response:
        body, headers = words_of(refused)
        return Response(
            body, refused.status, {name.decode(): value.decode() for name, value in headers}
        )

    async def refused(_: Request, error: Any) -> Response:
        return answered(error)

    async def not_valid(_: Request, error: Any) -> Response:
        places = ", ".join(sorted({str(one["loc"][-1]) for one in error.errors()}))
        return answered(
            RefusedError(
                422, f"This cannot be right: {places}; send the request that is described."
            )
        )

    async def plain(_: Request, error: Any) -> Response:
        words = {404: "There is nothing at this address; see /openapi.json.",
                 405: "This address takes other methods; see /openapi.json."}  # fmt: skip
        says = words.get(
            error.status_code, "This request cannot be carried out; see /openapi.json."
        )
        response = answered(RefusedError(error.status_code, says))
        response.headers.update(error.headers or {})
        return response

    app.add_exception_handler(RefusedError, refused)
    app.add_exception_handler(RequestValidationError, not_valid)
    app.add_exception_handler(HTTPException, plain)
