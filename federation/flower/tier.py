"""The tier: sums of many changes, worked out by Flower workers of our own instead of this process.

    with Tier(folder) as tier:
        partial = tier.aggregate(deltas, weights)

is `rules.partial_sum(deltas, weights)`, to the last rounding, and so a server may use one or the
other. Around Flower's SuperLink and SuperNodes stand three fences: everything listens on loopback
alone, with TLS of a certificate made for this start; workers prove themselves by registered keys;
and tasks are only handed to launchers that know a secret (`--isolation process`). What workers run
is the installed package: the bundle that Flower wants to send holds names and no code.

It loads no Flower itself: that is in the children. It refuses to keep anything between two
aggregations, and to guess when it fails: TierError says so, and whoever asked still has the rows.

Thread: one at a time.
"""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy.typing as npt

import federation
from federation.aggregate.rules import Partial
from federation.flower import job
from federation.flower.certificates import HOST, Papers, issue
from federation.flower.processes import Child, Children

WORKERS = 2
SHARD_TIMEOUT_S = 20.0
"""Then a shard is dealt to another worker: shorter than the minute after which Flower notices."""
DEADLINE_S = 300.0
READY_S = 60.0
MOST_RUNS = 50
"""Aggregations until all is started anew: Flower's processes grow by some megabytes each time."""
MOST_PER_SHARD = 64
"""Rows: a few ten megabytes a message."""
LOOK_S = 0.1
CONNECTION = "tier"

_APP = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "antiphon-tier"
version = "1.0.0"
description = "Names what the workers have installed; no code travels"
license = "Apache-2.0"
dependencies = []

[tool.flwr.app]
publisher = "antiphon"

[tool.flwr.app.components]
serverapp = "federation.flower.server_app:app"
clientapp = "federation.flower.client_app:app"

[tool.flwr.app.config]
job = ""
"""


class TierError(Exception):
    """The tier cannot do it; the message is a sentence and a next step."""


class Tier:
    """See the module. folder: private to this tier; keys, logs and jobs come and go in it.

    shard_timeout_s: for one worker and one shard. deadline_s: for one aggregation. clock, wait: of
    seconds that only go forward. address: of the SuperLink,
    host:port. last: how the last aggregation went.
    """

    def __init__(
        self,
        folder: Path,
        *,
        workers: int = WORKERS,
        shard_timeout_s: float = SHARD_TIMEOUT_S,
        deadline_s: float = DEADLINE_S,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        if workers < 1:
            raise ValueError("A tier needs a worker.")
        self.folder, self.workers = folder.resolve(), workers
        self._shard_timeout_s, self._deadline_s = shard_timeout_s, deadline_s
        self._clock, self._wait = clock, wait
        self._children = Children(clock)
        self._running, self._runs = False, 0
        self.address = ""
        self.last: job.Report | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def pids(self) -> dict[str, int]:
        """The processes of the tier by name: link, launcher, worker-0, launcher-0, ..."""
        return self._children.pids()

    def start(self) -> None:
        """Start SuperLink and workers; some ten seconds. Raises TierError, and nothing is left."""
        self.close()
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End every process of the tier, and remove all but its logs."""
        self._running, self._runs = False, 0
        self._children.end()
        for name in ("papers", "jobs", "app", "homes"):
            shutil.rmtree(self.folder / name, ignore_errors=True)

    def aggregate(self, deltas: Sequence[npt.NDArray[Any]], weights: Sequence[float]) -> Partial:
        """`rules.partial_sum`, worked out by the workers. Raises ValueError as it does, TierError.

        All rows are on disk and in memory once: of very many, ask for a few hundred at a time and
        `rules.combine` the parts.
        """
        if len(deltas) != len(weights) or not deltas:
            raise ValueError(
                f"{len(deltas)} changes and {len(weights)} weights do not go together."
            )
        # The SuperLink forgets everything when it dies, so then all begins anew.
        if not self._running or self._runs >= MOST_RUNS or self._children.tend() is not None:
            self.start()
        self._runs += 1
        folder = self.folder / "jobs" / secrets.token_hex(8)
        folder.mkdir(parents=True)
        try:
            per_shard = min(MOST_PER_SHARD, -(-len(deltas) // self.workers))
            job.ask(folder, deltas, weights, per_shard, self._shard_timeout_s)
            self._flwr(
                "run", str(self.folder / "app"), CONNECTION, "--run-config", f'job="{folder}"'
            )
            partial, self.last = self._outcome(folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        if partial.count != len(deltas):
            raise TierError(
                f"The tier added up {partial.count} changes instead of {len(deltas)}; nothing was "
                "used. Its logs say more."
            )
        return partial

    # ------------------------------------------------------------------------------- the processes

    def _start(self) -> None:
        self._bin = Path(sys.executable).parent
        if not (self._bin / "flower-superlink").exists():
            raise TierError(
                "Flower is not installed; install antiphon[server], or do without a tier."
            )
        for name in ("logs", "jobs", "app"):
            (self.folder / name).mkdir(parents=True, mode=0o700, exist_ok=True)
        (self.folder / "app" / "pyproject.toml").write_text(_APP, "utf-8")
        papers = issue(self.folder / "papers", self.workers, datetime.now(UTC))
        self.address = f"{HOST}:{_free_port()}"
        self._connect(papers)
        self._start_link(papers)
        for keys in papers.workers:
            self._flwr("supernode", "register", str(keys.public), CONNECTION)
        for number in range(self.workers):
            self._start_worker(papers, number)
        self._running = True

    def _start_link(self, papers: Papers) -> None:
        host, port = self.address.split(":")
        command = ["flower-superlink", "--host", host, "--port", port, "--enable-supernode-auth"]
        command += ["--disable-runtime-dependency-installation"]
        link = self._child("link", [*command, *_served(papers)], vital=True)
        self._children.start(link)
        deadline_s = self._clock() + READY_S
        while not _answers(self.address):
            if not link.alive or self._clock() > deadline_s:
                said = link.last_words()
                raise TierError(f"Flower's SuperLink did not start ({said}); try again.")
            self._wait(LOOK_S)
        self._children.start(self._launcher("launcher", self.address, papers))

    def _start_worker(self, papers: Papers, number: int) -> None:
        """A SuperNode and its launcher. Its own address is of no interest to anybody else."""
        host, port = HOST, str(_free_port())
        command = ["flower-supernode", "--superlink", self.address]
        command += ["--root-certificates", str(papers.authority), "--host", host, "--port", port]
        command += ["--auth-supernode-private-key", str(papers.workers[number].private)]
        self._children.start(self._child(f"worker-{number}", [*command, *_served(papers)]))
        self._children.start(self._launcher(f"launcher-{number}", f"{host}:{port}", papers))

    def _launcher(self, name: str, address: str, papers: Papers) -> Child:
        command = ["flower-superexec", "--runtime-api-address", address]
        command += ["--root-certificates", str(papers.authority)]
        command += ["--superexec-auth-secret-file", str(papers.secret)]
        return self._child(name, [*command, "--parent-pid", str(os.getpid())])

    def _child(self, name: str, command: Sequence[str], *, vital: bool = False) -> Child:
        program, *rest = command
        return Child(
            name,
            [str(self._bin / program), *rest],
            self._environment(name),
            self.folder / "logs" / f"{name}.log",
            vital,
        )

    def _environment(self, name: str) -> dict[str, str]:
        """As ours, with a Flower folder of its own, without proxies, and silent."""
        home = self.folder / "homes" / name
        home.mkdir(parents=True, mode=0o700, exist_ok=True)
        found = {
            key: word for key, word in os.environ.items() if not key.upper().endswith("_PROXY")
        }
        root = str(Path(federation.__file__).resolve().parents[1])
        return found | {
            "FLWR_HOME": str(home),
            "FLWR_TELEMETRY_ENABLED": "0",
            "FLWR_DISABLE_UPDATE_CHECK": "1",
            "FLWR_DISABLE_RUNTIME_DEPENDENCY_INSTALLATION": "1",
            "FLWR_SUPEREXEC_TASK_POLL_INTERVAL": "0.25",
            "PATH": f"{self._bin}{os.pathsep}{found.get('PATH', '')}",
            "PYTHONPATH": os.pathsep.join(filter(None, [root, found.get("PYTHONPATH", "")])),
            "PYTHONUNBUFFERED": "1",
            "OMP_NUM_THREADS": "1",
        }

    # ------------------------------------------------------------------------------- the commands

    def _connect(self, papers: Papers) -> None:
        home = Path(self._environment("command")["FLWR_HOME"])
        (home / "config.toml").write_text(
            f'[superlink]\ndefault = "{CONNECTION}"\n\n[superlink.{CONNECTION}]\n'
            f'address = "{self.address}"\nroot-certificates = "{papers.authority}"\n',
            "utf-8",
        )

    def _flwr(self, *words: str) -> str:
        """One command of Flower's command line; what it printed. Raises TierError."""
        try:
            done = subprocess.run(
                [str(self._bin / "flwr"), *words],
                env=self._environment("command"),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=READY_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise TierError(f"Flower's command did not come back ({error}); try again.") from error
        if done.returncode:
            said = " ".join((done.stdout + done.stderr).split())[-300:]
            raise TierError(f"Flower refused “{words[0]}” ({said}); try again.")
        return done.stdout

    def _outcome(self, folder: Path) -> tuple[Partial, job.Report]:
        deadline_s = self._clock() + self._deadline_s
        while self._clock() < deadline_s:
            found = job.outcome(folder)
            if isinstance(found, str):
                raise TierError(f"The workers could not add it up ({found}); try again.")
            if found is not None:
                return found
            gone = self._children.tend()
            if gone is not None:
                self._running = False
                raise TierError(f"The tier's {gone.name} died ({gone.last_words()}); try again.")
            self._wait(LOOK_S)
        raise TierError(
            f"The tier gave no answer in {self._deadline_s:.0f} seconds; try again, or do without."
        )


def _served(papers: Papers) -> list[str]:
    """How a server of the tier shows who it is, and whom it gives tasks to."""
    return [
        *("--ssl-ca-certfile", str(papers.authority)),
        *("--ssl-certfile", str(papers.certificate)),
        *("--ssl-keyfile", str(papers.key)),
        *("--isolation", "process"),
        *("--superexec-auth-secret-file", str(papers.secret)),
    ]


def _free_port() -> int:
    with closing(socket.socket()) as found:
        found.bind((HOST, 0))
        return int(found.getsockname()[1])


def _answers(address: str) -> bool:
    host, port = address.split(":")
    try:
        with closing(socket.create_connection((host, int(port)), timeout=1.0)):
            return True
    except OSError:
        return False
