"""An independent program on the MIDI server: plays music into Antiphon and records what comes out.

It shares nothing with Antiphon but the server, so it stands for a DAW and its player. It runs as a
process of its own (its Python runs in JACK's cycle), reads a script from standard input as JSON and
writes what happened to standard output as JSON. All times are seconds of JACK's own clock, counted
in frames from the client's first cycle, for what was played and what was recorded alike: between
the two there is no error but the server's period.

    script = Script(
        play_to="Antiphon In",
        record_from=["Antiphon Out"],
        segments=[
            Segment(file="phrase.mid"),
            Segment(events=[(0.0, NOTE_ON), ...], quiet_s=1.5),  # once the answer is over
            Segment(events=[...], reply_s=0.4),  # barges in on the next answer
            Segment(quiet_s=1.5),  # stay to hear what follows
        ],
    )
    with start(script, server.environment) as client:
        rehearsal = client.result()

A segment begins once the one before is over and its own condition holds (see `Segment` in
`tests.behaviour.performance`, where `still_sounding` is too: the one sum that every test needs).
The client refuses to judge: it tells what it heard.
"""

import contextlib
import dataclasses
import gc
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Self

from tests.behaviour.performance import Event, Performance, Segment, read_events
from tests.rig.waiting import wait_for

CONNECT_TIMEOUT_S = 20.0


@dataclass
class Script:
    """What to play where, and what to record.

    play_to and record_from are parts of the names of ports, which may appear later than we do.
    Without play_to somebody else connects `name:out`, and the first segment waits for that.
    """

    segments: list[Segment]
    play_to: str = ""
    record_from: list[str] = field(default_factory=list)
    name: str = "player"


@dataclass
class Rehearsal:
    """What happened. begun and ended give each segment's times; timed_out the impatient ones."""

    played: list[Event]
    recorded: list[Event]
    begun: list[float]
    ended: list[float]
    timed_out: list[int]
    xruns: int
    period_s: float


# ----------------------------------------------------------------------------- for the test


class RunningClient:
    """The client's process, as the test sees it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def result(self, timeout_s: float = 60.0) -> Rehearsal:
        """Wait for the end of the script; what happened. Raises RuntimeError if it failed."""
        text, error = self._process.communicate(timeout=timeout_s)
        if self._process.returncode != 0:
            raise RuntimeError(f"the client failed: {error}")
        data = json.loads(text.splitlines()[-1])
        for side in ("played", "recorded"):
            data[side] = [(at_s, bytes.fromhex(message)) for at_s, message in data[side]]
        return Rehearsal(**data)

    def kill(self) -> None:
        """End it in mid-phrase, as a crash would."""
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self.kill()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()


def start(script: Script, environment: Mapping[str, str]) -> RunningClient:
    """Start the client's process; it connects itself once the ports are there."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.behaviour.client"],
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    plain = dataclasses.asdict(script)
    process.stdin.write(json.dumps(plain, default=bytes.hex))
    process.stdin.close()
    process.stdin = None  # or communicate() would flush a closed file
    return RunningClient(process)


# ------------------------------------------------------------------------ the client itself


def main() -> None:
    """Be the client: a script in, what happened out."""
    import jack

    plan = json.load(sys.stdin)
    segments = [Segment(**segment) for segment in plan.pop("segments")]
    script = Script(segments=segments, **plan)
    for segment in segments:
        segment.events = (
            read_events(segment.file)
            if segment.file
            else [(at_s, bytes.fromhex(message)) for at_s, message in segment.events]
        )
    # A collection of garbage would come in the middle of a cycle.
    gc.disable()
    client = jack.Client(script.name, no_start_server=True)
    source = client.midi_outports.register("out")
    sink = client.midi_inports.register("in")
    rate_hz, period_s = client.samplerate, client.blocksize / client.samplerate
    performance = Performance(segments, rate_hz)
    connected = threading.Event()
    failures: list[str] = []
    zero: list[int] = []
    xruns: list[float] = []

    @client.set_process_callback
    def process(frames: int) -> None:
        source.clear_buffer()
        if performance.over.is_set():
            return
        try:
            zero or zero.append(client.last_frame_time)
            first = (client.last_frame_time - zero[0]) % 2**32
            for offset, data in sink.incoming_midi_events():
                performance.hear(first + offset, bytes(data))
            if connected.is_set():
                for offset, message in performance.due(first, frames):
                    source.write_midi_event(offset, message)
        except Exception as error:
            fail(repr(error))

    @client.set_shutdown_callback
    def fail(*why: object) -> None:
        failures.append(" ".join(map(str, why)))
        performance.over.set()

    client.set_xrun_callback(xruns.append)
    with client:
        for name in script.record_from:
            _connect(jack, client, sink.name, name, is_input=False)
        if script.play_to:
            _connect(jack, client, source.name, script.play_to, is_input=True)
        elif any(segment.events for segment in segments):
            wait_for(lambda: source.number_of_connections, "a listener", CONNECT_TIMEOUT_S)
        connected.set()
        performance.over.wait()
    if failures:
        sys.exit(f"the client was interrupted: {failures[0]}")

    def in_seconds(events: Iterable[tuple[int, bytes]]) -> list[tuple[float, str]]:
        return [(frame / rate_hz, message.hex()) for frame, message in events]

    result: dict[str, Any] = {
        "played": in_seconds(performance.played),
        "recorded": in_seconds(performance.recorded),
        "begun": [frame / rate_hz for frame in performance.begun],
        "ended": [frame / rate_hz for frame in performance.ended],
        "timed_out": performance.timed_out,
        "xruns": len(xruns),
        "period_s": period_s,
    }
    print(json.dumps(result))


def _connect(jack: ModuleType, client: Any, ours: str, part: str, *, is_input: bool) -> None:
    """Wait until another port has `part` in its name, and connect it with ours."""

    def connected() -> bool:
        ports = client.get_ports(is_midi=True, is_input=is_input, is_output=not is_input)
        for port in ports:
            if part in port.name and not client.owns(port):
                # Listed, but perhaps its client is not active yet; or it connected itself with us.
                with contextlib.suppress(jack.JackErrorCode):
                    client.connect(*((ours, port.name) if is_input else (port.name, ours)))
                return port.name in [other.name for other in client.get_all_connections(ours)]
        return False

    wait_for(connected, lambda: f'a port with "{part}" in its name', CONNECT_TIMEOUT_S)


if __name__ == "__main__":
    main()
