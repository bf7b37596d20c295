"""The parts of the evening: whose music it is, players' processes, the server, the wire between.

For `federation_evening`. Nothing here knows what is measured.
"""

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.corpus import EVERY_TIER, SHIPPABLE, Stream, load_tasks
from engine.encoding import TICKS_PER_BEAT
from tests.federation.server.served import free_port
from tests.shared import REPOSITORY

TAKES, NOTES_OF_A_TAKE = 5, 48
READY_S = 180.0
_CHUNK = 65_536


def players_music(data: Path, count: int, seed: int = 0) -> list[dict[str, Any]]:
    """So many players of collections that the prior never met; takes of a handful of phrases.

    Raises CorpusError.
    """
    known = {
        streams[0].collection for streams in load_tasks(data, EVERY_TIER, tier=SHIPPABLE).values()
    }
    by_style: dict[str, list[list[Stream]]] = {}
    for name, streams in load_tasks(data, "meta_train", tier=EVERY_TIER).items():
        longest = {one.piece: one for one in sorted(streams, key=len) if not one.drums}
        usable = [one for one in longest.values() if len(one) >= NOTES_OF_A_TAKE]
        if usable and usable[0].collection not in known:
            order = np.random.default_rng((seed, len(name))).permutation(len(usable))
            mixed = [usable[int(number)] for number in order]
            parts = [mixed[at : at + TAKES] for at in range(0, len(mixed), TAKES)]
            by_style.setdefault(usable[0].collection, []).extend(
                part for part in parts if len(part) == TAKES
            )
    found: list[dict[str, Any]] = []
    while len(found) < count and any(by_style.values()):
        for style, parts in sorted(by_style.items()):
            if parts and len(found) < count:
                takes = [_take(stream) for stream in parts.pop(0)]
                found.append({"style": style, "takes": takes})
    return found


def _take(stream: Stream) -> dict[str, Any]:
    part = stream.part(0, NOTES_OF_A_TAKE)
    second = 60.0 / part.bpm / TICKS_PER_BEAT
    onsets = (part.onset - part.onset[0]) * second
    lengths = np.maximum(part.duration * second, 0.05)
    velocities = np.where(part.velocity > 0, part.velocity, 70)
    rows = np.stack([onsets, lengths, part.pitch, velocities], axis=1)
    return {
        "name": f"Evening {part.piece}"[:100],
        "bpm": part.bpm,
        "tempo_known": part.tempo_known,
        "notes": [[float(one) for one in row] for row in rows],
    }


class Player:
    """A player's process."""

    def __init__(self, folder: Path, music: dict[str, Any], number: int) -> None:
        self.folder, self.number, self.style = folder, number, music["style"]
        self.music = music
        folder.mkdir(parents=True)
        with (folder.parent / f"{folder.name}.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.federation_evening_player", str(folder)],
                cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                text=True, env={**os.environ, "ANTIPHON_DATA": str(folder), "OMP_NUM_THREADS": "1"},
            )  # fmt: skip

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def ask(self, do: str, **words: Any) -> dict[str, Any]:
        """One command and its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, **words}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            return {"failed": "the player's process is gone"}
        found: dict[str, Any] = json.loads(line)
        return found

    def kill(self) -> None:
        """At once."""
        self._process.kill()

    def close(self) -> int:
        """It ends when nobody speaks to it any more; its exit code."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            return self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()


class Lift:
    """Players' children work at the lowest priority; here they get that of this benchmark.

    On a machine that others share they would hardly run. Only root may; whether it is done.
    """

    def __init__(self, folder: Path) -> None:
        self.on = hasattr(os, "geteuid") and os.geteuid() == 0
        self._folder, self._over = str(folder).encode(), threading.Event()
        if self.on:
            threading.Thread(target=self._watch, daemon=True).start()

    def close(self) -> None:
        """No longer."""
        self._over.set()

    def _watch(self) -> None:
        mine = os.getpriority(os.PRIO_PROCESS, 0)
        while not self._over.wait(0.3):
            for pid, words in commands():
                if b"federation.client.work" in words and self._folder in words:
                    with contextlib.suppress(OSError):
                        os.setpriority(os.PRIO_PROCESS, pid, mine)


class Server:
    """`antiphon serve` over TLS with a Flower tier: one process, or several with a database.

    gateways: more than one, or a database named, and the aggregator is a process of its own.
    """

    def __init__(self, folder: Path, database: str | None, *, gateways: int = 1) -> None:
        self.folder, self._database = folder, database
        self.ports = [free_port() for _ in range(gateways)]
        self._processes: list[subprocess.Popen[bytes]] = []
        folder.mkdir(parents=True)

    def admin(self, *words: str) -> Any:
        """`antiphon serve admin WORDS --json`."""
        done = subprocess.run(
            [*self._antiphon(), "admin", *words, *self._places(), "--json"],
            capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"admin {words[0]}: {done.stderr[-500:]}")
        return json.loads(done.stdout)

    def begin(self, *policy: str) -> None:
        """Start it, until it listens and its tier runs."""
        flower = (*policy, "--tier", "flower")
        alone = self._database is None and len(self.ports) == 1
        for port in self.ports:
            words = ["--port", str(port), *(flower if alone else ("--gateway-only",))]
            self._run(*self._places(), *words)
            wait_until(lambda port=port: _listens(port), "the gateway")
        if not alone:
            self._run("aggregate", *self._places(), *flower)
        wait_until(lambda: len(self.workers()) == 2, "two Flower workers")

    def workers(self) -> list[int]:
        """Flower's SuperNodes of this server."""
        mine = str(self.folder / "tier").encode()
        return [pid for pid, words in commands() if b"flower-supernode" in words and mine in words]

    def close(self) -> None:
        """SIGTERM, and what does not end then is killed."""
        for process in reversed(self._processes):
            process.terminate()
        for process in self._processes:
            try:
                process.wait(40)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _antiphon(self) -> list[str]:
        return [str(Path(sys.executable).parent / "antiphon"), "serve"]

    def _places(self) -> list[str]:
        database = ["--database", self._database] if self._database else []
        return ["--folder", str(self.folder), *database]

    def _run(self, *words: str) -> None:
        with (self.folder / "server.log").open("ab") as log:
            self._processes.append(
                subprocess.Popen(
                    [*self._antiphon(), *words],
                    stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=REPOSITORY,
                )
            )  # fmt: skip


class Wire:
    """Between players and gateways: every connection passes here and its bytes are counted.

    What passes is TLS: nothing of it can be read. The gateways are taken in turns.
    """

    def __init__(self, ports: Sequence[int]) -> None:
        self._ports, self._count = ports, 0
        self.up = self.down = self.connections = 0
        self._lock = threading.Lock()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def counted(self) -> dict[str, int]:
        """So far."""
        with self._lock:
            return {"up": self.up, "down": self.down, "connections": self.connections}

    def close(self) -> None:
        """Nobody else is let in."""
        self._listening.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                with self._lock:
                    self.connections += 1
                    port = self._ports[self.connections % len(self._ports)]
                try:
                    far = socket.create_connection(("127.0.0.1", port))
                except OSError:
                    near.close()
                    continue
                for ends in ((near, far, True), (far, near, False)):
                    threading.Thread(target=self._pass, args=ends, daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, up: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(_CHUNK):
                with self._lock:
                    if up:
                        self.up += len(data)
                    else:
                        self.down += len(data)
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def wait_until(done: Callable[[], object], what: str, patience_s: float = READY_S) -> None:
    """Raises RuntimeError."""
    until_s = time.monotonic() + patience_s
    while not done():
        if time.monotonic() > until_s:
            raise RuntimeError(f"{what} did not come about in {patience_s:.0f} s")
        time.sleep(0.2)


def commands() -> Iterator[tuple[int, bytes]]:
    """Processes of this machine, and their command lines."""
    for one in Path("/proc").iterdir():
        if one.name.isdigit():
            with contextlib.suppress(OSError):
                yield int(one.name), (one / "cmdline").read_bytes()


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
        return True
    return False
