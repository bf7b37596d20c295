"""What an operator watches: /metrics (from this machine, unless opened), /status, /health.

It refuses to name a device or an address.
"""

import ipaddress

from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool

from federation.server.desk import FRESH_LINEAGES_S, Desk
from federation.server.remembered import Remembered
from federation.server.settings import Limits
from federation.server.status import page
from federation.server.trouble import RefusedError


def watching(app: FastAPI, desk: Desk) -> None:
    """Add these routes."""
    parts = desk.parts

    @app.get("/metrics", include_in_schema=False)
    async def metrics(request: Request) -> Response:
        _here_only(request, parts.limits)

        def read() -> bytes:
            latest = {}
            for name in parts.book.lineages():
                head = parts.leases.latest(name)
                if head is not None:
                    latest[name] = (head.manifest.version, head.manifest.epsilon_spent)
            return parts.metrics.text(parts.leases.counts(), latest, parts.book.device_counts())

        return Response(await run_in_threadpool(read), media_type="text/plain; version=0.0.4")

    @app.get("/status", include_in_schema=False)
    async def status() -> Response:
        def read() -> str:
            leases = parts.leases
            return page(
                parts.book.lineages(), leases.versions(), leases.counts(), leases.kept_back()
            )

        words = await shown.get("", read)
        headers = {
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
            "X-Content-Type-Options": "nosniff",
        }
        return Response(words, media_type="text/html; charset=utf-8", headers=headers)

    @app.get("/health", include_in_schema=False)
    async def health() -> Response:
        await run_in_threadpool(parts.book.consents)
        return Response(b'{"well":true}', media_type="application/json")

    shown: Remembered[str, str] = Remembered(None, parts.clock, FRESH_LINEAGES_S)


def _here_only(request: Request, limits: Limits) -> None:
    if limits.open_metrics:
        return
    try:
        near = ipaddress.ip_address(request.client.host if request.client else "").is_loopback
    except ValueError:
        near = False
    if not near:
        raise RefusedError(404, "There is nothing at this address; see /openapi.json.")
