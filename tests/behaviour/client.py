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

A segment begins once the one before is over and its own condition holds (see `Segment`). The client
refuses to judge: it tells what it heard. `still_sounding` is the one sum that every test needs.
"""

import contextlib
import dataclasses
import gc
import json
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Self

from tests.rig.waiting import wait_for

Event = tuple[float, bytes]
"""Seconds, and one MIDI message."""

CONNECT_TIMEOUT_S = 20.0


@dataclass
class Segment:
    """Some music, and when it begins after the segment before. At most one condition:

    delay_s: so much later (0 unless said otherwise).
    quiet_s: something has come in since that segment began, none of its notes sounds any more,
        and for so long nothing came.
    reply_s: so long after the first note-on that came in since that segment ended.

    timeout_s: the segment begins anyway when its condition has not come true for so long; the
        result then says so. events: seconds from its beginning; file: a MIDI file instead.
    """

    events: list[Event] = field(default_factory=list)
    file: str = ""
    delay_s: float = 0.0
    quiet_s: float | None = None
    reply_s: float | None = None
    timeout_s: float = 30.0


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


def still_sounding(events: Iterable[Event]) -> list[tuple[int, int]]:
    """Channel and pitch of each note that was begun and not ended, as often as it still sounds."""
    sounding: dict[tuple[int, int], int] = {}
    for _, message in events:
        _count(message, sounding)
    return [note for note, count in sounding.items() for _ in range(count)]


def _count(message: bytes, sounding: dict[tuple[int, int], int]) -> bool:
    """Enter a message into the table of sounding notes; whether it begins a note."""
    kind = message[0] & 0xF0
    if kind not in (0x80, 0x90):
        return False
    note = (message[0] & 0x0F, message[1])
    begins = kind == 0x90 and message[2] > 0
    sounding[note] = max(0, sounding.get(note, 0) + (1 if begins else -1))
    return begins


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


class Performance:
    """Plays the segments and keeps what comes, cycle by cycle. All times in frames."""

    def __init__(self, segments: Sequence[Segment], rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._segments = segments
        self._next = 0
        self._queue: deque[tuple[int, bytes]] = deque()
        self._sounding: dict[tuple[int, int], int] = {}
        self._last_heard: int | None = None  # since the last segment began
        self._first_reply: int | None = None  # since the last segment ended
        self.played: list[tuple[int, bytes]] = []
        self.recorded: list[tuple[int, bytes]] = []
        self.begun: list[int] = []
        self.ended: list[int] = []
        self.timed_out: list[int] = []
        self.over = threading.Event()

    def hear(self, frame: int, message: bytes) -> None:
        """A message came in."""
        self.recorded.append((frame, message))
        self._last_heard = frame
        begins = _count(message, self._sounding)
        if begins and self._first_reply is None and len(self.ended) == len(self.begun):
            self._first_reply = frame

    def due(self, first: int, frames: int) -> list[tuple[int, bytes]]:
        """What to play in this cycle, by offset into it."""
        last = first + frames
        out = []
        while True:
            while self._queue and self._queue[0][0] < last:
                frame, message = self._queue.popleft()
                out.append((max(0, frame - first), message))
                self.played.append((max(frame, first), message))
            if self._queue:
                break
            if len(self.ended) < len(self.begun):
                self.ended.append(max([self.begun[-1], *[at for at, _ in self.played[-1:]]]))
                self._first_reply = None
            begin = self._beginning(first, last)
            if begin is None:
                break
            self._begin(begin)
        return out

    def _beginning(self, first: int, last: int) -> int | None:
        """The frame of this cycle in which the next segment begins, None if in a later one."""
        if self._next == len(self._segments):
            self.over.set()
            return None
        segment = self._segments[self._next]
        before = self.ended[-1] if self.ended else first
        since: int | None = before
        wait_s = segment.delay_s
        if segment.reply_s is not None:
            since, wait_s = self._first_reply, segment.reply_s
        elif segment.quiet_s is not None:
            since = None if any(self._sounding.values()) else self._last_heard
            wait_s = segment.quiet_s
        if since is not None:
            begin = since + self._frames(wait_s)
            return max(begin, first) if begin < last else None
        if first - before > self._frames(segment.timeout_s):
            self.timed_out.append(self._next)
            return first
        return None

    def _begin(self, frame: int) -> None:
        segment = self._segments[self._next]
        self._next += 1
        self._last_heard = None
        self.begun.append(frame)
        events = sorted(segment.events, key=lambda event: event[0])
        self._queue.extend((frame + self._frames(at_s), message) for at_s, message in events)

    def _frames(self, seconds: float) -> int:
        return round(seconds * self._rate_hz)


def read_events(path: str) -> list[Event]:
    """The channel messages of a MIDI file in seconds, as its tempo map has them."""
    import mido

    at_s = 0.0
    events = []
    for message in mido.MidiFile(path):
        at_s += message.time
        if not message.is_meta:
            events.append((at_s, bytes(message.bytes())))
    return events


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
