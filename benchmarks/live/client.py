"""The other programs on the MIDI server: one plays performances in, one records what comes out.

    python -m benchmarks.live.client NAME

Each is a JACK client in a process of its own, which shares nothing with Antiphon but the server. It
reads lines of JSON: first the turns to play (none for a recorder), then "go", then "end", which
lets the phrase that is being played be finished. It writes lines of JSON as it goes, so that what
happened until a kill is known:

    ["played", ns, "hex", frame]   ["heard", ns, "hex", frame]
    ["begun", turn]                ["ended", turn]
    ["cycle", ns, "", frame]       now and then: when a cycle came, and its first frame
    ["xruns", count]

ns is the machine's monotonic clock when the server's cycle came to this client; the frame is exact,
but the server's count of them stops and jumps when it does. `Client` is the benchmark's side of it.
"""

import contextlib
import dataclasses
import gc
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

from benchmarks.live.player import Player, Turn
from benchmarks.live.sums import Heard
from tests.rig.jackd import load_jack

WRITE_EVERY_S = 0.02
VANISHES_WITHIN_S = 10.0
CYCLES_APART = 32
"""Of so many one is written down."""
REAL_TIME_PRIORITY = 5
"""As a MIDI server gives it to its clients where it may. Less than the session's."""


class Client:
    """A client's process and what it has told so far. Thread: any may read."""

    def __init__(self, name: str, environment: dict[str, str], turns: Sequence[Turn] = ()) -> None:
        """The client's ports are `name:out` and `name:in`; somebody else connects them."""
        self.name = name
        self.lines: list[list[Any]] = []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.live.client", name],
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        plain = [dataclasses.asdict(turn) for turn in turns]
        self._tell(json.dumps(plain, default=bytes.hex))

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._process.pid

    def go(self) -> None:
        """Begin to play."""
        self._tell("go")

    def end(self, timeout_s: float = 60.0) -> None:
        """Let it finish its segment, and wait until it has gone."""
        with contextlib.suppress(BrokenPipeError):
            self._tell("end")
        self._process.wait(timeout_s)
        self._reader.join(5)

    def vanish(self) -> None:
        """Its ports go in mid-phrase, as when a device's plug is pulled; no key is released."""
        with contextlib.suppress(BrokenPipeError):
            self._tell("vanish")
        self._process.wait(VANISHES_WITHIN_S)
        self._reader.join(5)

    def kill(self) -> None:
        """End it in mid-phrase, as a crash would."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._reader.join(5)

    def events(self, kind: str) -> list[Heard]:
        """What was "played" or "heard", or each "cycle" that was written down, in order."""
        return [
            Heard(line[1], bytes.fromhex(line[2]), line[3])
            for line in list(self.lines)
            if line[0] == kind
        ]

    def count(self, kind: str) -> int:
        """How many lines of a kind it wrote."""
        return sum(line[0] == kind for line in list(self.lines))

    @property
    def xruns(self) -> int:
        """As the server told it."""
        return max((line[1] for line in list(self.lines) if line[0] == "xruns"), default=0)

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with contextlib.suppress(ValueError):  # cut by a kill
                self.lines.append(json.loads(line))


# ------------------------------------------------------------------------ the client itself


class _Program:
    """A JACK client with one port each way; everything in `_cycle` is the server's thread."""

    def __init__(self, name: str, turns: list[Turn]) -> None:
        self.client = load_jack().Client(name, no_start_server=True)
        self._source = self.client.midi_outports.register("out")
        self._sink = self.client.midi_inports.register("in")
        self._period_ns = self.client.blocksize * 10**9 // self.client.samplerate
        self._player = Player(turns, self.client.samplerate)
        self._played: list[Heard] = []
        self._heard: list[Heard] = []
        self._cycles: list[Heard] = []
        self._cycles_since = 0
        self._written = dict.fromkeys(("played", "heard", "cycle", "begun", "ended"), 0)
        self._xruns = 0
        self._go, self._end, self._over = (threading.Event() for _ in range(3))
        self.failure = ""
        self.client.set_process_callback(self._cycle)
        self.client.set_shutdown_callback(self._fail)
        self.client.set_xrun_callback(self._xrun)

    def run(self) -> None:
        """Be heard and hear until told to end; write what happened."""
        threading.Thread(target=self._listen, daemon=True).start()
        with self.client:
            grant_real_time(os.getpid())
            while not self._over.wait(WRITE_EVERY_S):
                self._write()
            self._write()

    def _cycle(self, frames: int) -> None:
        try:
            self._source.clear_buffer()
            now_ns, first = time.monotonic_ns(), self.client.last_frame_time
            self._cycles_since += 1
            if self._cycles_since == CYCLES_APART:
                self._cycles_since = 0
                self._cycles.append(Heard(now_ns, b"", first))
            for offset, data in self._sink.incoming_midi_events():
                self._heard.append(Heard(now_ns, bytes(data), first + offset))
                self._player.hear(first + offset, bytes(data))
            if self._end.is_set() and self._player.resting:
                self._over.set()
            if self._go.is_set() and not self._over.is_set():
                for offset, message in self._player.due(first, frames):
                    self._source.write_midi_event(offset, message)
                    at_ns = now_ns + offset * self._period_ns // frames
                    self._played.append(Heard(at_ns, message, first + offset))
        except Exception as error:
            self._fail(repr(error))

    def _fail(self, *why: object) -> None:
        self.failure = " ".join(map(str, why))
        self._over.set()

    def _xrun(self, _: float) -> None:
        self._xruns += 1

    def _listen(self) -> None:
        for line in sys.stdin:
            match line.strip():
                case "go":
                    self._go.set()
                case "vanish":
                    self._over.set()
                case _:
                    break
        self._end.set()

    def _write(self) -> None:
        lines: list[list[Any]] = []
        whole = {"played": self._played, "heard": self._heard, "cycle": self._cycles}
        for kind, messages in whole.items():
            for at_ns, message, frame in messages[self._written[kind] :]:
                lines.append([kind, at_ns, message.hex(), frame])
        for kind, moments in (("begun", self._player.begun), ("ended", self._player.ended)):
            lines += [[kind, number] for number in range(self._written[kind], len(moments))]
        if lines or self._over.is_set():
            for line in lines:
                self._written[line[0]] += 1
            lines.append(["xruns", self._xruns])
            sys.stdout.write("".join(json.dumps(line) + "\n" for line in lines))
            sys.stdout.flush()


def main(name: str) -> None:
    """Be a client."""
    turns = [Turn(**turn) for turn in json.loads(sys.stdin.readline())]
    for turn in turns:
        turn.events = [(at_s, bytes.fromhex(str(message))) for at_s, message in turn.events]
    program = _Program(name, turns)
    # A collection of garbage would come in the middle of a cycle.
    gc.collect()
    gc.freeze()
    gc.disable()
    program.run()
    if program.failure:
        sys.exit(f"the client {name} was interrupted: {program.failure}")


def grant_real_time(pid: int, priority: int = REAL_TIME_PRIORITY) -> bool:
    """To every thread that this process has now; whether the system let us."""
    tasks = f"/proc/{pid}/task"
    granted = False
    for task in os.listdir(tasks) if os.path.isdir(tasks) else []:
        with contextlib.suppress(OSError):
            os.sched_setscheduler(int(task), os.SCHED_FIFO, os.sched_param(priority))
            granted = True
    return granted


if __name__ == "__main__":
    main(sys.argv[1])
