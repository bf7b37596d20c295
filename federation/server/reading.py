"""What anybody may read: lineages, signed manifests, and the files of versions.

It is answered from a second's memory; only files and old versions ask the database. It refuses to
serve the file of a version that was withdrawn, and what a device sent.
"""

import msgspec
from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool

from federation.server import answers, blobs
from federation.server.answers import SIGNED_MANIFEST, Responses, refusals
from federation.server.blobs import NoBlobError
from federation.server.desk import BYTES, Desk, Number, OfLineage, Sha
from federation.server.leases import Version
from federation.server.trouble import RefusedError

_MANIFEST: Responses = {
    200: {"description": "A canonical manifest, and its signature in a header.",
          "content": {"application/json": {"schema": {"type": "object"}}},
          "headers": {SIGNED_MANIFEST: {"schema": {"type": "string"}}}},
    304: {"description": "It is the version that If-None-Match names."},
}  # fmt: skip


def reading(app: FastAPI, desk: Desk) -> None:
    """Add these routes."""
    parts = desk.parts

    @app.get("/v1/lineages", responses=refusals())
    async def lineages() -> answers.LineagesAre:
        """Which models are shared, where they stand, and what has to be agreed to."""
        found, consents = await desk.lineages.get(""), await desk.consent.get("")
        rows = []
        for name, (lineage, is_open) in found.items():
            head = await desk.latest.get(name)
            latest = None if head is None else head.manifest.version
            oldest = None if latest is None else max(1, latest - parts.limits.most_stale)
            facts = {"id": name, "open": is_open, "latest": latest, "oldest": oldest}
            rows.append(answers.LineageIs(**(msgspec.to_builtins(lineage) | facts)))
        consent = (
            answers.ConsentIs(version=consents[-1][0], sha256=consents[-1][1]) if consents else None
        )
        return answers.LineagesAre(lineages=rows, consent=consent, time_s=int(parts.now()))

    @app.get("/v1/model/latest", response_class=Response, responses={**_MANIFEST, **refusals(404)})
    async def latest(request: Request, lineage: OfLineage = None) -> Response:
        """The newest version's manifest, byte for byte as it was signed."""
        return _manifest(request, await desk.latest.get(await desk.lineage(lineage)))

    @app.get(
        "/v1/model/{version}", response_class=Response, responses={**_MANIFEST, **refusals(404)}
    )
    async def model(request: Request, version: Number, lineage: OfLineage = None) -> Response:
        """A version's manifest; `withdrawn` in it says that clients go back to its parent."""
        named = await desk.lineage(lineage)
        return _manifest(request, await run_in_threadpool(parts.leases.version, named, version))

    @app.get(
        "/v1/blobs/{sha256}", response_class=Response,
        responses={200: {"content": BYTES}, **refusals(404)},
    )  # fmt: skip
    async def blob(sha256: Sha) -> Response:
        """The file of a version that is not withdrawn."""

        def read() -> bytes | None:
            try:
                return parts.store.get(blobs.model(sha256)) if parts.leases.serves(sha256) else None
            except NoBlobError:
                return None

        data = await run_in_threadpool(read)
        if data is None:
            raise RefusedError(404, "There is no such file; ask for the newest version.")
        headers = {"Cache-Control": "public, immutable, max-age=31536000", "ETag": f'"{sha256}"'}
        return Response(data, media_type="application/octet-stream", headers=headers)


def _manifest(request: Request, version: Version | None) -> Response:
    if version is None:
        raise RefusedError(404, "There is no such version; ask for the newest.")
    tag = f'"{version.signature.hex()[:32]}"'
    headers = {
        "ETag": tag,
        SIGNED_MANIFEST: version.signature.hex(),
        "Cache-Control": "public, max-age=60",
    }
    asked = request.headers.get("if-none-match", "")
    if tag in (one.strip().removeprefix("W/") for one in asked.split(",")):
        return Response(status_code=304, headers=headers)
    return Response(version.words, media_type="application/json", headers=headers)
