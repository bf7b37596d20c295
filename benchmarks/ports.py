"""Thru latency and scheduling error through a real MIDI server, idle and with every core busy.

    python -m benchmarks.ports [--quick]

A JACK server with its dummy driver (256 frames at 48 kHz), our session with its real ports in one
process, an independent client in another. The client plays notes that are passed on (thru), then
the session plays a plan of notes at known times. `thru_ms` is the way from the client through us
and back, by JACK's own clock. `schedule_error_ms` is how long after its due time a note was handed
to the port; `at_receiver_ms` is the error of its arrival, the server's constant delay taken off:
the server quantises to periods of 5.3 ms.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.scripted import ScriptedEngine
from engine.events import NOMINAL_BPM, Note, Timebase
from plugin import protocol
from plugin.backends.rtmidi import RtMidiBackend
from plugin.realtime.clock import MonotonicClock
from plugin.realtime.loop import Loop
from plugin.session import Session
from plugin.takes_writer import TakeWriter
from tests.behaviour.client import Script, start
from tests.behaviour.performance import Segment
from tests.rig.jackd import JackServer, why_no_jack

BEATS_PER_S = NOMINAL_BPM / 60
THRU_EVERY_S = 0.017


def plan(notes: int) -> list[Note]:
    """Notes 5 to 30 ms apart, each with a key of its own for a while."""
    rng = random.Random(1)
    onset, found = 0.0, []
    for number in range(notes):
        onset += rng.uniform(0.005, 0.030) * BEATS_PER_S
        found.append(Note(onset, 0.02 * BEATS_PER_S, 20 + number % 100, 1 + number % 126))
    return found


def serve(notes: int) -> None:
    """Be the app: pass on, answer with the plan, print each note's lateness when told to end."""
    backend, clock = RtMidiBackend("JACK"), MonotonicClock()
    player = backend.open_input("Antiphon In", virtual=True)
    output = backend.open_output("Antiphon Out", virtual=True)
    engine = ScriptedEngine(plan(notes))
    sounded: list[tuple[int, float]] = []

    def emit(event: protocol.Event) -> None:
        if isinstance(event, protocol.NoteSounded) and event.partner:
            sounded.append((event.t_ns, event.late_ms))

    stopped: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: stopped.append(number))
    with tempfile.TemporaryDirectory() as folder:
        takes = TakeWriter(Path(folder) / "takes.sqlite")
        session = Session(
            send=output.send,
            engine=engine,
            takes=takes,
            emit=emit,
            timebase=Timebase(),
            seed=0,
            thru=True,
        )
        loop = Loop(session, clock=clock, inputs=[player], output=output, engine=engine)
        loop.run(lambda: not stopped)
        session.close(clock.now_ns())
        takes.close()
    backend.close()
    print(json.dumps(sounded))


def percentiles(values_ms: list[float]) -> dict[str, float]:
    """p50, p95, p99 and the largest."""
    found = np.percentile(values_ms, (50, 95, 99, 100))
    return dict(zip(("p50", "p95", "p99", "max"), (round(float(v), 3) for v in found), strict=True))


def measure(server: JackServer, *, thru_notes: int, plan_notes: int) -> dict[str, object]:
    """One rehearsal."""
    app = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.ports", "--serve", str(plan_notes)],
        env={**os.environ, **server.environment},
        stdout=subprocess.PIPE,
        text=True,
    )
    phrase = []
    for number in range(thru_notes):
        at_s, pitch = number * THRU_EVERY_S, 20 + number % 100
        phrase += [
            (at_s, bytes([0x90, pitch, 100])),
            (at_s + THRU_EVERY_S / 2, bytes([0x80, pitch, 64])),
        ]
    script = Script(
        [Segment(events=phrase, delay_s=0.5), Segment(quiet_s=2.0, timeout_s=120)],
        play_to="Antiphon In",
        record_from=["Antiphon Out"],
    )
    with start(script, server.environment) as client:
        heard = client.result(timeout_s=200)
    app.terminate()
    sounded = json.loads(app.communicate(timeout=20)[0])

    def ons(events: list[tuple[float, bytes]]) -> list[float]:
        return [at_s for at_s, message in events if message[0] & 0xF0 == 0x90 and message[2]]

    arrived = ons(heard.recorded)
    thru, answer = arrived[:thru_notes], arrived[thru_notes:]
    # Due times by the app's clock, arrivals by JACK's: they differ by a constant and the error.
    lag_ms = np.array(
        [
            at_s * 1e3 - (t_ns / 1e6 - late_ms)
            for at_s, (t_ns, late_ms) in zip(answer, sounded, strict=False)
        ]
    )
    return {
        "thru_notes": len(thru),
        "answer_notes": len(answer),
        "lost_notes": thru_notes + plan_notes - len(arrived),
        "xruns": heard.xruns,
        "thru_ms": percentiles(
            [(b - a) * 1e3 for a, b in zip(ons(heard.played), thru, strict=False)]
        ),
        "schedule_error_ms": percentiles([late_ms for _, late_ms in sounded]),
        "at_receiver_ms": percentiles(list(np.abs(lag_ms - np.median(lag_ms)))),
    }


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a fifth of the notes")
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.serve:
        serve(args.serve)
        return
    reason = why_no_jack()
    if reason:
        sys.exit(f"There is no MIDI server to measure through: {reason}.")
    share = 5 if args.quick else 1
    result: dict[str, object] = {"period_ms": round(256 / 48, 2), "quick": args.quick}
    with JackServer() as server:
        result["idle"] = measure(server, thru_notes=600 // share, plan_notes=1500 // share)
        burners = [
            subprocess.Popen([sys.executable, "-c", "while True: sum(range(10000))"])
            for _ in range(os.cpu_count() or 1)
        ]
        try:
            result["busy"] = measure(server, thru_notes=600 // share, plan_notes=1500 // share)
        finally:
            for burner in burners:
                burner.kill()
                burner.wait()
    idle = result["idle"]
    assert isinstance(idle, dict)
    result |= {name: idle[name] for name in ("thru_ms", "schedule_error_ms")}
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
