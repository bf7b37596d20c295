"""What a port adds to a note: delay, jitter and lost messages, idle and with every core busy.

    python -m benchmarks.ports [--quick] [--only WORDS]

On a JACK server with its dummy driver and on PipeWire, at 64 and 256 frames of 48 kHz, for each way
to reach them: our JACK process ("jack"), the same callback inside the session's process ("inside"),
and RtMidi ("rtmidi"). The app polls and sleeps as `plugin.realtime.loop` does; an independent
client in another process plays to it and records, by JACK's own clock.

`thru_ms` is the way from the client through the app and back. `jitter_ms` is how far each note of a
plan arrives from where those around it do, `thru_jitter_ms` the same for thru. `late_ms` is how
long after its due time a note was handed to the port. Loads: "idle"; "busy", a spinning process on
every core; "glue", a thread of Python in the app's own process. With "due" the port is told for
when a message is meant, with "ahead" it is handed over 4 ms before.
"""

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from typing import Any

import numpy as np

from plugin.backends.common import QUEUE_LIMIT
from plugin.backends.jack import JackBackend
from plugin.backends.jack_cycles import CycleIn, CycleOut
from plugin.backends.jack_frames import Frame, Unpacker, pack
from plugin.backends.rtmidi import RtMidiBackend
from plugin.ports import arrival_ns, latency_ns
from plugin.realtime.clock import MonotonicClock
from plugin.realtime.loop import POLL_EVERY_NS, real_time
from tests.behaviour.client import Script, start
from tests.behaviour.performance import Segment
from tests.rig.jackd import JackServer, why_no_jack
from tests.rig.pipewire import PipeWireServer, why_no_pipewire

THRU_EVERY_S = 0.017
PLAN_AFTER_NS = 700_000_000
AHEAD_NS = 4_000_000


def glue_load() -> None:
    """Python that never rests."""
    while True:
        sum(range(100))


def plan(notes: int) -> list[int]:
    """Due times in ns, 5 to 30 ms apart."""
    rng = random.Random(1)
    due_ns, found = 0, []
    for _ in range(notes):
        due_ns += int(rng.uniform(5e6, 30e6))
        found.append(due_ns)
    return found


class Inside:
    """The callback of our JACK process in this one: an input and an output at once."""

    def __init__(self) -> None:
        import jack

        from_us, self._out = os.pipe()
        self._in, to_us = os.pipe()
        for pipe in (from_us, self._out, self._in, to_us):
            os.set_blocking(pipe, False)
        self._clients = [jack.Client(f"Antiphon {way}") for way in ("In", "Out")]
        cycle_in, self._cycle = (
            CycleIn(self._clients[0], to_us),
            CycleOut(self._clients[1], from_us, jack.JackError),
        )
        for client, cycle in zip(self._clients, (cycle_in, self._cycle), strict=True):
            client.set_process_callback(cycle.run)
            client.activate()
        cycle_in.ports = {0: self._clients[0].midi_inports.register("in")}
        self._cycle.ports = {1: self._clients[1].midi_outports.register("out")}
        self._unpacker, self._inbox = Unpacker(), deque[Frame](maxlen=QUEUE_LIMIT)
        self.arrived_ns: int | None = None

    @property
    def latency_ns(self) -> int:
        """As an output's."""
        return self._cycle.period_ns

    def poll(self) -> bytes | None:
        """As an input's."""
        if not self._inbox:
            with contextlib.suppress(BlockingIOError):
                self._inbox.extend(self._unpacker.feed(os.read(self._in, 65_536)))
        if not self._inbox:
            return None
        frame = self._inbox.popleft()
        self.arrived_ns = frame.at_ns
        return frame.message

    def send(self, message: bytes, due_ns: int | None = None) -> None:
        """As an output's."""
        now_ns = MonotonicClock().now_ns()
        os.write(self._out, pack(Frame(now_ns if due_ns is None else due_ns, 1, message)))

    def close(self) -> None:
        """Both."""
        for client in self._clients:
            client.deactivate()
            client.close()


def open_ports(how: str) -> tuple[Any, Any, Any]:
    """Input, output, and what is to be closed."""
    if how == "inside":
        port = Inside()
        return port, port, port
    backend: Any = RtMidiBackend("JACK") if how == "rtmidi" else JackBackend()
    player = backend.open_input("Antiphon In", virtual=True)
    return player, backend.open_output("Antiphon Out", virtual=True), backend


def serve(how: str, notes: int, *, due: bool, ahead: bool, glue: bool) -> None:
    """Be the app: pass on, then play the plan; print each note's due time and lateness."""
    clock = MonotonicClock()
    player, output, backend = open_ports(how)
    stopped: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: stopped.append(number))
    if glue:
        threading.Thread(
            target=lambda: [sum(range(100)) for _ in iter(int, 1)], daemon=True
        ).start()
    waiting: deque[tuple[int, bytes]] = deque()
    played: list[tuple[int, int]] = []
    last_ns, planned = 0, False
    early_ns = AHEAD_NS if ahead else 0
    with real_time():
        while not stopped:
            began_ns = clock.now_ns()
            while (message := player.poll()) is not None:
                last_ns = clock.now_ns()
                meant_ns = arrival_ns(player, last_ns) + latency_ns(output) if due else None
                output.send(message, meant_ns)
            if last_ns and not planned and began_ns - last_ns > PLAN_AFTER_NS:
                planned = True
                for number, due_ns in enumerate(plan(notes)):
                    key = 20 + number % 100
                    waiting.append((began_ns + 10**8 + due_ns, bytes([0xB0, key, 64])))
            while waiting and waiting[0][0] - early_ns <= (now_ns := clock.now_ns()):
                due_ns, message = waiting.popleft()
                output.send(message, due_ns if due else None)
                played.append((due_ns, now_ns - due_ns + early_ns))
            wake_ns = began_ns + POLL_EVERY_NS
            if waiting:
                wake_ns = min(wake_ns, waiting[0][0] - early_ns)
            clock.sleep_until_ns(wake_ns)
    backend.close()
    print(json.dumps(played))
    sys.stdout.flush()
    os._exit(0)


def percentiles(values_ms: Any) -> dict[str, float]:
    """p50, p95, p99 and the largest."""
    found = np.percentile(values_ms, (50, 95, 99, 100))
    return dict(zip(("p50", "p95", "p99", "max"), (round(float(v), 3) for v in found), strict=True))


def local_medians(values_ms: list[float], around: int = 15) -> Any:
    """The median of each value and its neighbours: where cycles are lost, JACK's clock slips."""
    padded = np.pad(np.asarray(values_ms), around, mode="edge")
    return np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * around + 1), axis=1)


def spread(values_ms: Any) -> dict[str, float]:
    """How far each is from the median."""
    return percentiles(np.abs(np.asarray(values_ms) - np.median(values_ms)))


def measure(
    server: JackServer | PipeWireServer, how: str, words: list[str], notes: tuple[int, int]
) -> dict[str, object]:
    """One rehearsal: so many notes passed on, so many of a plan."""
    thru_notes, plan_notes = notes
    app = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.ports", "--serve", how, str(plan_notes), *words],
        env={**os.environ, **server.environment},
        stdout=subprocess.PIPE,
        text=True,
    )
    rng = random.Random(2)
    phrase, at_s = [], 0.0
    for number in range(thru_notes):
        at_s += THRU_EVERY_S * rng.uniform(0.5, 1.5)
        phrase.append((at_s, bytes([0xB0, 20 + number % 100, 100])))
    script = Script(
        [Segment(events=phrase, delay_s=0.5), Segment(quiet_s=1.5, timeout_s=120)],
        play_to="Antiphon In",
        record_from=["Antiphon Out"],
    )
    with start(script, server.environment) as client:
        heard = client.result(timeout_s=200)
    app.terminate()
    played = json.loads(app.communicate(timeout=20)[0])
    thru = [at_s for at_s, message in heard.recorded if message[2] == 100]
    answer = [at_s for at_s, message in heard.recorded if message[2] == 64]
    row: dict[str, object] = {
        "lost": thru_notes + plan_notes - len(thru) - len(answer),
        "xruns": heard.xruns,
        "late_ms": percentiles([late_ns / 1e6 for _, late_ns in played]),
    }
    if len(thru) == thru_notes:
        ways = [(b - a) * 1e3 for (a, _), b in zip(heard.played, thru, strict=True)]
        row |= {"thru_ms": percentiles(ways), "thru_jitter_ms": spread(ways)}
    if len(answer) == plan_notes:
        # Due times by the app's clock, arrivals by JACK's: they differ by a constant and the error.
        lags = [at_s * 1e3 - due_ns / 1e6 for at_s, (due_ns, _) in zip(answer, played, strict=True)]
        row["jitter_ms"] = percentiles(np.abs(np.array(lags) - local_medians(lags)))
    return row


@contextlib.contextmanager
def busy(load: str) -> Iterator[None]:
    """Every core has something else to do."""
    cores = (os.cpu_count() or 1) if load == "busy" else 0
    burners = [
        subprocess.Popen([sys.executable, "-c", "while True: sum(range(10000))"])
        for _ in range(cores)
    ]
    try:
        yield
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a fifth of the notes")
    parser.add_argument("--only", default="", help="rows whose name has all these words")
    parser.add_argument("--serve", nargs="+", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.serve:
        how, notes, *words = args.serve
        serve(how, int(notes), **{word: word in words for word in ("due", "ahead", "glue")})
        return
    if reason := why_no_jack():
        sys.exit(f"There is no MIDI server to measure through: {reason}.")
    notes = (120, 300) if args.quick else (600, 1500)
    rows: dict[str, object] = {}
    for system in ("jackd", "pipewire"):
        if system == "pipewire" and why_no_pipewire():
            continue
        for frames in (256, 64):
            names = [
                f"{system} {frames} {load} {how}"
                for load in ("idle", "busy", "glue")
                for how in ("rtmidi", "inside", "jack", "jack due", "jack due ahead")
                if not (how == "rtmidi" and system == "pipewire")  # which it does not reach
            ]
            names = [name for name in names if set(args.only.split()) <= set(name.split())]
            if not names:
                continue
            with JackServer(frames) if system == "jackd" else PipeWireServer(frames) as server:
                for name in names:
                    _, _, load, how, *words = name.split()
                    if load == "glue":
                        words.append("glue")
                    with busy(load):
                        rows[name] = measure(server, how, words, notes)
                    print(name, json.dumps(rows[name]), file=sys.stderr)
    print(json.dumps({"quick": args.quick, "rows": rows}, indent=1))


if __name__ == "__main__":
    main()
