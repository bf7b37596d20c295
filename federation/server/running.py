"""A running server: gateway and aggregator in one process, or one of them alone.

    embedded            gateway, and the aggregator on a thread of its own
    --gateway-only      one of several gateways of a grown server
    serve aggregate     one of several aggregators

It listens with TLS; plain HTTP only where a proxy on this machine does TLS. SIGTERM ends it after
what is being answered; SIGKILL may end it anywhere.
"""

import logging
import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn

from engine.model.checkpoint import SHIPPED
from federation.aggregate.rules import combine, partial_sum
from federation.aggregate.version import Add
from federation.server.aggregator import Aggregator, Outcome
from federation.server.database import AwayError
from federation.server.desk import Parts
from federation.server.gate import MusicGate, OpenGate
from federation.server.gateway import gateway
from federation.server.line import Lines, protocol
from federation.server.metrics import Metrics
from federation.server.settings import Policy, Settings
from federation.server.setup import Opened, opened
from federation.server.signer import Signer
from federation.server.tls import Certificate, own
from federation.server.trouble import ServerError

LOG = logging.getLogger("antiphon.sharing")
KEEP_ALIVE_S = 20
BACKLOG = 2048
ROWS_AT_ONCE = 512
"""Of very many changes the tier gets a few hundred at a time."""


@dataclass(frozen=True, slots=True)
class Listening:
    """Where a gateway is to be found. certificate: None for plain HTTP."""

    address: str
    certificate: Path | None
    made: bool


def aggregator(
    here: Opened,
    policy: Policy,
    *,
    add: Add = partial_sum,
    at: Callable[[str], object] = lambda _: None,
) -> Aggregator:
    """One that works with this server's places. Raises ServerError."""
    signer = Signer.of_folder(here.places.folder)
    gate = OpenGate() if policy.without_gate else MusicGate(here.store, SHIPPED, policy.gate_limit)
    return Aggregator(
        here.book, here.leases, here.store, signer, policy, gate, now=here.now, add=add, at=at
    )


def adding(policy: Policy, folder: Path, stack: ExitStack) -> Add:
    """What adds up: this process, or the Flower tier, which the stack ends."""
    if policy.tier != "flower":
        return partial_sum
    from federation.flower.tier import Tier, TierError

    tier = stack.enter_context(Tier(folder / "tier"))

    def add(deltas: Any, weights: Any) -> Any:
        parts = []
        for first in range(0, len(deltas), ROWS_AT_ONCE):
            chosen = slice(first, first + ROWS_AT_ONCE)
            try:
                parts.append(tier.aggregate(deltas[chosen], weights[chosen]))
            except TierError as error:
                raise ServerError(str(error)) from error
        return combine(parts)

    return add


def serve(
    settings: Settings,
    told: Callable[[Listening], object],
    *,
    at: Callable[[str], object] = lambda _: None,
) -> None:
    """Run until a signal ends it. told: called once it listens. Raises ServerError, AwayError."""
    here = opened(settings.places, time.time)
    papers = _papers(settings)
    app = gateway(
        Parts(
            here.book, here.leases, here.store, settings.limits, settings.policy.clip,
            time.time, time.monotonic, Metrics(), at,
        )
    )  # fmt: skip
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        ssl_certfile=None if papers is None else str(papers.certificate),
        ssl_keyfile=None if papers is None else str(papers.key),
        log_config=None,
        access_log=False,  # it would hold addresses
        server_header=False,
        proxy_headers=bool(settings.behind_proxy),
        forwarded_allow_ips=settings.behind_proxy or None,
        timeout_keep_alive=KEEP_ALIVE_S,
        http=protocol(_lines(settings)),
        ws="none",
        timeout_graceful_shutdown=10,
        lifespan="off",
    )
    scheme = "http" if papers is None else "https"
    listening = Listening(
        f"{scheme}://{settings.host}:{settings.port}",
        None if papers is None else papers.certificate,
        papers is not None and papers.made,
    )
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # strangers would fill the disk
    with ExitStack() as stack:
        stack.callback(here.database.close)
        if settings.aggregates:
            stack.enter_context(_Thread(here, settings.policy, at))
        with _bound(settings.host, settings.port) as line:
            _Server(config, lambda: told(listening)).run([line])


def aggregate(
    here: Opened,
    policy: Policy,
    *,
    once: bool,
    stop: threading.Event,
    told: Callable[[Outcome], object],
) -> None:
    """Make versions, once or until `stop`; a database that is away is waited for."""
    with ExitStack() as stack:
        worker = aggregator(here, policy, add=adding(policy, here.places.folder, stack))
        while True:
            try:
                for outcome in worker.turn():
                    told(outcome)
            except (AwayError, OSError, ServerError) as error:
                if once:
                    raise
                LOG.warning("No version was made: %s", error)
            if once or stop.wait(policy.every_s):
                return


def _bound(host: str, port: int) -> socket.socket:
    """Raises ServerError: uvicorn itself would end the process."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, OverflowError) as error:
        raise ServerError(
            f"Port {port} of {host} cannot be listened on ({error.args[-1]}); name another one by "
            "--port or --host, or end what listens there."
        ) from error


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, told: Callable[[], object]) -> None:
        super().__init__(config)
        self._told = told

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._told()


class _Thread:
    """The aggregator of an embedded server, ended with it."""

    def __init__(self, here: Opened, policy: Policy, at: Callable[[str], object]) -> None:
        self._here, self._policy, self._at = here, policy, at
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="aggregator", daemon=True)

    def __enter__(self) -> None:
        Signer.of_folder(self._here.places.folder)
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=30.0)

    def _run(self) -> None:
        with ExitStack() as stack:
            add = adding(self._policy, self._here.places.folder, stack)
            worker = aggregator(self._here, self._policy, add=add, at=self._at)
            while not self._stop.wait(self._policy.every_s):
                try:
                    worker.turn()
                except (AwayError, OSError, ServerError) as error:
                    LOG.warning("No version was made: %s", error)
                except Exception:
                    LOG.exception("No version was made, for a reason of the server's own")


def _lines(settings: Settings) -> Lines:
    """Behind a proxy every connection comes from one address: there the proxy counts."""
    limits = settings.limits
    of_one = None if settings.behind_proxy else limits.of_one
    return Lines(limits.connections, of_one, limits.request_s)


def _papers(settings: Settings) -> Certificate | None:
    if settings.plain:
        return None
    if settings.certificate is not None and settings.key is not None:
        return Certificate(settings.certificate, settings.key)
    names = [settings.host] if settings.host not in {"0.0.0.0", "::"} else []
    return own(settings.places.folder / "tls", [*settings.names, *names], datetime.now(UTC))
