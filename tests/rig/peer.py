"""The other side of a port under test: a JACK client that plays what it is told and tells all.

A process of its own, and it has to be: RtMidi holds the interpreter's lock while it waits for the
server to close a client, and the server waits for every client's part of the cycle. A client with
a Python callback in the same process stops both (measured: 5 to 15 s until jackd gives up).

It refuses to measure time: `tests.behaviour.client` does that.
"""

import contextlib
import os
import subprocess
import sys
import threading
from collections import deque
from typing import Self

from tests.rig.jackd import JackServer, load_jack
from tests.rig.pipewire import PipeWireServer
from tests.rig.waiting import wait_for

MOST_A_CYCLE = 64
"""Messages that are played in one cycle. PipeWire loses all of a cycle that is late, as one with a
thousand was in one try of twelve."""

SKIPPED = b"skipped "


class JackPeer:
    """One MIDI output (`source`) and one MIDI input (`sink`) in a child process."""

    def __init__(self, server: JackServer | PipeWireServer, name: str = "peer") -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.rig.peer", name],
            env={**os.environ, **server.environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._told, self._tells = self._process.stdin, self._process.stdout
        os.set_blocking(self._tells.fileno(), False)
        self._unfinished = b""
        self._heard: list[bytes] = []
        self.skipped = 0
        """Cycles in which the server did not wait for it: what was to be heard or sent is lost."""
        self.source = server.wait_for_port(f"{name}:to app")
        self.sink = server.wait_for_port(f"{name}:from app")

    def play(self, *messages: bytes) -> None:
        """Send messages from `source`, in order; any bytes, wrong ones too."""
        self._told.write(b"".join(message.hex().encode() + b"\n" for message in messages))

    def heard(self) -> list[bytes]:
        """Everything that has arrived at `sink` since the last `forget`, in order."""
        while chunk := self._tells.read(65_536):
            *lines, self._unfinished = (self._unfinished + chunk).split(b"\n")
            for line in lines:
                if line.startswith(SKIPPED):
                    self.skipped = int(line.removeprefix(SKIPPED))
                else:
                    self._heard.append(bytes.fromhex(line.decode()))
        return self._heard

    def wait_for(self, count: int) -> list[bytes]:
        """Wait until so many messages have arrived; all that have."""
        wait_for(
            lambda: len(self.heard()) >= count,
            lambda: f"{count} messages at the peer, which has {len(self._heard)}",
        )
        return list(self._heard)

    def forget(self) -> None:
        """Start `heard` afresh."""
        self.heard()
        self._heard = []

    def close(self) -> None:
        """End the child process and wait for it."""
        with contextlib.suppress(BrokenPipeError):
            self._told.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._tells.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def main(name: str) -> None:
    """Be the child: hexadecimal lines in are played, what is heard goes out in the same way."""
    client = load_jack().Client(name, no_start_server=True)
    to_play: deque[bytes] = deque()
    heard: deque[bytes] = deque()
    source = client.midi_outports.register("to app")
    sink = client.midi_inports.register("from app")

    skipped = expected = 0

    @client.set_process_callback
    def process(frames: int) -> None:
        nonlocal skipped, expected
        first = client.last_frame_time
        if expected:
            skipped += (first - expected) % 2**32 // frames
        expected = first + frames
        for _, data in sink.incoming_midi_events():
            heard.append(bytes(data))
        source.clear_buffer()
        for _ in range(min(len(to_play), MOST_A_CYCLE)):
            source.write_midi_event(0, to_play.popleft())

    ended = threading.Event()

    def listen() -> None:
        for line in sys.stdin:
            to_play.append(bytes.fromhex(line))
        ended.set()

    threading.Thread(target=listen, daemon=True).start()
    told = 0
    with client, contextlib.suppress(BrokenPipeError):
        while not ended.wait(0.001):
            if skipped != told:
                told = skipped
                os.write(1, SKIPPED + str(told).encode() + b"\n")
            if heard:
                lines = b"".join(heard.popleft().hex().encode() + b"\n" for _ in range(len(heard)))
                os.write(1, lines)


if __name__ == "__main__":
    main(sys.argv[1])
