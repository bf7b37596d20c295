"""Our JACK clients, in a process of its own: `python -m plugin.backends.jack_child IN OUT`.

The only file that imports JACK-Client. Its process callback is Python in JACK's own thread, where
waiting for the interpreter's lock would make the DAW drop audio; so this process does nothing else,
and its other thread sleeps (docs/adr/0011). It can be stopped from outside whatever JACK does.

    standard input    wishes, a JSON object a line: {"do": "open", ...}, {"do": "close", ...}
    standard output   answers and news, a JSON object a line
    pipe IN           frames that the session sends (`plugin.backends.jack_frames`)
    pipe OUT          frames that came in, with the moment at which they did

When the session ends, however it ends, the notes that still sound are released and the clients
take their leave in order; a JACK server stands still for seconds when one is killed. It refuses to
start a server.
"""

import contextlib
import gc
import itertools
import json
import os
import select
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from plugin.backends.common import MAX_MESSAGE_BYTES
from plugin.backends.jack_frames import Frame, Outgoing, Unpacker, pack

BEAT_S = 0.25
"""How often the session is told that JACK's cycles go on."""
LIST_TRIES = 20
SETTLING_CYCLES = 8
"""PipeWire says that ports are connected some cycles before what is sent arrives: now and then the
first message was lost."""
STILL_BEATS = 2
"""So often without a cycle in between, and PipeWire is asked whether it is there."""
FLUSH_S, CONNECT_S, LEAVE_S = 0.5, 0.5, 1.0
"""The longest waits: until a port that closes has sent all, until another port lets itself be
connected (it is listed before its client is active), until JACK lets us go."""
MOST_UNREAD_BYTES = 1 << 20
REAL_TIME_PRIORITY = 10
NOTE_ON, NOTE_OFF, ACTIVE_SENSING, RELEASE_VELOCITY = 0x90, 0x80, 0xFE, 64
WAYS = "In", "Out"


class Cycle:
    """What happens in JACK's thread, once a period. Everything else only swaps its `ports`.

    Two clients have one each: what comes in and what goes out must not be one client's, or JACK
    would take the way through us for a loop and add a period to it.
    """

    def __init__(self, client: Any) -> None:
        self.ports: dict[int, Any] = {}
        self.count = 0
        self.period_ns = int(client.blocksize * 1e9 / client.samplerate)
        self._client, self._ns_per_frame = client, 1e9 / client.samplerate

    def run(self, frames: int) -> None:
        """JACK's process callback."""
        if not self.count:
            _wish_for_real_time()
        now_ns, client = time.monotonic_ns(), self._client
        # Both are counted modulo 2**32; `frame_time` follows the server's smoothed clock.
        into_cycle = (client.frame_time - client.last_frame_time + 2**31) % 2**32 - 2**31
        # Where cycles were lost it needs a while to find the time again; this one is now.
        into_cycle = min(max(into_cycle, -frames), frames)
        self.period_ns = int(frames * self._ns_per_frame)
        self.work(now_ns, now_ns - int(into_cycle * self._ns_per_frame), frames)
        self.count += 1

    def work(self, now_ns: int, start_ns: int, frames: int) -> None:
        """A cycle of so many frames that began at `start_ns`."""
        raise NotImplementedError


class CycleIn(Cycle):
    """Passes on what comes in."""

    def __init__(self, client: Any, to_session: int) -> None:
        super().__init__(client)
        self._to_session, self._unread = to_session, b""
        self.too_long = 0  # messages that were left out because no music is so long

    def work(self, now_ns: int, start_ns: int, frames: int) -> None:
        """An event of this cycle happened in the period before it."""
        begin_ns, found = start_ns - self.period_ns, b""
        for number, port in self.ports.items():
            for offset, data in port.incoming_midi_events():
                message = bytes(data)
                if 0 < len(message) <= MAX_MESSAGE_BYTES and message[0] != ACTIVE_SENSING:
                    at_ns = begin_ns + int(offset * self._ns_per_frame)
                    found += pack(Frame(at_ns, number, message))
                elif len(message) > MAX_MESSAGE_BYTES:
                    self.too_long += 1
        if len(self._unread) < MOST_UNREAD_BYTES:  # else nobody reads any more: it is lost
            self._unread += found
        if self._unread:
            with contextlib.suppress(OSError):
                self._unread = self._unread[os.write(self._to_session, self._unread) :]


class CycleOut(Cycle):
    """Plays what the session sends."""

    def __init__(self, client: Any, from_session: int) -> None:
        super().__init__(client)
        self.outgoing = Outgoing()
        self.sounding: set[tuple[int, int, int]] = set()
        """Port, channel and pitch of the notes that were sent on and not off again."""
        self._from_session, self._unpacker = from_session, Unpacker()

    def work(self, now_ns: int, start_ns: int, frames: int) -> None:
        """Everything that was sent before this cycle began, as far as there is room."""
        with contextlib.suppress(OSError):
            for frame in self._unpacker.feed(os.read(self._from_session, 8192)):
                self.outgoing.put(now_ns, frame)
        ports = self.ports
        for port in ports.values():
            port.clear_buffer()
        due = self.outgoing.take(start_ns, frames, self._ns_per_frame)
        for number, (offset, frame) in enumerate(due):
            output = ports.get(frame.port)
            if output is not None and not self._write(output, offset, frame) and number:
                self.outgoing.put_back([frame for _, frame in due[number:]])
                break  # the port is full; what does not fit into an empty one is dropped

    def release(self, now_ns: int) -> None:
        """Owe a note-off to whatever sounds. Thread: the main one, when nothing more comes in."""
        for port, channel, pitch in sorted(self.sounding):
            off = bytes((NOTE_OFF | channel, pitch, RELEASE_VELOCITY))
            self.outgoing.put(now_ns, Frame(now_ns, port, off))

    def _write(self, output: Any, offset: int, frame: Frame) -> bool:
        message = frame.message
        try:
            output.write_midi_event(offset, message)
        except _jack().JackError:
            return False
        kind = message[0] & 0xF0
        if kind in (NOTE_ON, NOTE_OFF):
            key = (frame.port, message[0] & 0x0F, message[1])
            if kind == NOTE_ON and message[2]:
                self.sounding.add(key)
            else:
                self.sounding.discard(key)
        return True


class Bridge:
    """The other thread: does what the session wishes and tells it what changes. Sleeps mostly."""

    def __init__(self, inputs: CycleIn, outputs: CycleOut, clients: tuple[Any, Any]) -> None:
        self._inputs, self._outputs, self._clients = inputs, outputs, clients
        self._ports: dict[int, Any] = {}
        self._targets: dict[int, str] = {}  # the ports of others that ours are connected with
        self._numbers = itertools.cycle(range(65_536))
        self._xruns = self._beats_still = self._beat_at = 0
        self._pipewire = "PipeWire" in version()
        self._changed_in, self._changed = os.pipe()
        os.set_blocking(self._changed, False)
        client = clients[0]
        client.set_port_registration_callback(self._ports_changed, only_available=False)
        client.set_port_rename_callback(self._port_renamed, only_available=False)
        client.set_xrun_callback(self._xrun)
        for client, cycle in zip(clients, (inputs, outputs), strict=True):
            client.set_shutdown_callback(lambda *why: os._exit(1))
            client.set_process_callback(cycle.run)

    def serve(self) -> None:
        """Until the session closes its end, or is gone."""
        for client in self._clients:
            client.activate()
        say(ready=True, version=version(), **self._lists(), **self._beat())
        unfinished, listed = b"", None
        while True:
            readable, _, _ = select.select([0, self._changed_in], [], [], BEAT_S)
            if self._changed_in in readable:
                os.read(self._changed_in, 4096)
            # At every beat as well: JACK tells of a port that goes a moment before it has gone.
            if 0 not in readable and (lists := self._lists()) != listed:
                listed = lists
                say(**lists)
            if 0 in readable:
                if not (data := os.read(0, 65_536)):
                    return
                *lines, unfinished = (unfinished + data).split(b"\n")
                for line in lines:
                    self._do(json.loads(line))
            say(**self._beat())

    def leave(self) -> None:
        """Release what sounds and go. Ends the process whatever JACK does."""
        watchdog = threading.Timer(LEAVE_S, os._exit, (1,))
        watchdog.daemon = True
        watchdog.start()
        self._flush()
        self._outputs.release(time.monotonic_ns())
        self._flush()
        for client in self._clients:
            client.deactivate()
            client.close()

    def _do(self, wish: dict[str, Any]) -> None:
        try:
            if wish["do"] == "open":
                answer = self._open(wish["input"], wish["name"], wish["target"])
            elif wish["do"] == "connect":
                ends = [self._ports[wish[end]].name for end in ("source", "destination")]
                _patiently(lambda: self._clients[0].connect(*ends))
                answer = {}
            elif wish["do"] == "close":
                answer = self._close(wish["port"])
            else:
                answer = self._lists()
        except Exception as error:
            answer = {"error": str(error) or type(error).__name__}
        say(answer=wish["number"], **answer)

    def _open(self, is_input: bool, name: str, target: str | None) -> dict[str, Any]:
        """A port of our own, connected with `target` if there is one."""
        client, cycle = self._clients[not is_input], self._inputs if is_input else self._outputs
        taken = {port.name for port in self._ports.values()}
        unique, copy = name, 0
        while f"{client.name}:{unique}" in taken:
            copy += 1
            unique = f"{name}-{copy:02d}"
        number = next(n for n in self._numbers if n not in self._ports)
        ports = client.midi_inports if is_input else client.midi_outports
        port = _patiently(lambda: ports.register(unique))
        if target is not None:
            try:
                ends = (target, port.name) if is_input else (port.name, target)
                _patiently(lambda: self._clients[0].connect(*ends))
            except Exception:
                port.unregister()
                raise
        self._ports[number] = port
        if target is not None:
            self._targets[number] = target
        cycle.ports = {**cycle.ports, number: port}
        if target is not None:
            self._wait_for_cycles(cycle, SETTLING_CYCLES)
        return {"port": number, "name": port.name}

    def _close(self, number: int) -> dict[str, Any]:
        port = self._ports.pop(number)
        self._targets.pop(number, None)
        is_input = number in self._inputs.ports
        cycle = self._inputs if is_input else self._outputs
        if not is_input:
            self._flush()
        cycle.ports = {n: other for n, other in cycle.ports.items() if n != number}
        self._wait_for_cycles(cycle, 1)  # the one under way may still use it
        self._outputs.sounding = {key for key in self._outputs.sounding if key[0] != number}
        port.unregister()
        return {}

    def _flush(self) -> None:
        """Wait until everything that the session has sent has gone out."""
        end_s = time.monotonic() + FLUSH_S
        self._wait_for_cycles(self._outputs, 2)
        while len(self._outputs.outgoing) and time.monotonic() < end_s:
            self._wait_for_cycles(self._outputs, 1)

    @staticmethod
    def _wait_for_cycles(cycle: Cycle, cycles: int) -> None:
        end_s, until = time.monotonic() + FLUSH_S, cycle.count + cycles
        while cycle.count < until and time.monotonic() < end_s:
            time.sleep(0.001)  # noqa: TID251  this process is not the session

    def _lists(self) -> dict[str, Any]:
        """What others have: we read from their outputs and write to their inputs."""
        own = {port.name for port in self._ports.values()}

        def names(**which: bool) -> list[str]:
            for _ in range(LIST_TRIES):
                # A port that goes between being listed and being looked up is an error.
                with contextlib.suppress(_jack().JackError):
                    ports = self._clients[0].get_ports(is_midi=True, **which)
                    return [port.name for port in ports if port.name not in own]
            return []

        return {"inputs": names(is_output=True), "outputs": names(is_input=True)}

    def _beat(self) -> dict[str, Any]:
        """How far JACK has come; ends the process where it does not come on because it is gone.

        jackd's end is told to the shutdown callback, PipeWire's only to who wants something.
        """
        cycle = self._outputs
        self._beats_still = self._beats_still + 1 if cycle.count == self._beat_at else 0
        self._beat_at = cycle.count
        if self._beats_still == STILL_BEATS and self._pipewire:
            try:
                self._clients[0].midi_inports.register("probe").unregister()
            except _jack().JackError:
                os._exit(1)
        counts = {"xruns": self._xruns, "too_long": self._inputs.too_long}
        return {"cycles": cycle.count, "period_ns": cycle.period_ns, **counts}

    # -- in threads of JACK's --

    def _ports_changed(self, port: Any = None, registered: bool = False) -> None:
        # A port that goes and comes back between two looks is listed as before, and is another one.
        if registered and port is not None and port.name in list(self._targets.values()):
            say(renewed=port.name)
        with contextlib.suppress(OSError):
            os.write(self._changed, b".")

    def _port_renamed(self, _: object, old: str, new: str) -> None:
        say(renamed=[old, new])
        self._ports_changed()

    def _xrun(self, _: float) -> None:
        self._xruns += 1


_speaking = threading.Lock()


def say(**what: Any) -> None:
    """One line to the session."""
    line = json.dumps(what).encode() + b"\n"
    with _speaking, contextlib.suppress(OSError):
        while line:
            line = line[os.write(1, line) :]


def _jack() -> Any:
    """JACK-Client, which looks for libjack when it is imported; it keeps its remarks to itself."""
    import jack

    return jack


def _patiently(attempt: Callable[[], Any]) -> Any:
    """Try until JACK is ready: a client is listed before it is active, and PipeWire may be busy."""
    end_s = time.monotonic() + CONNECT_S
    while True:
        try:
            return attempt()
        except _jack().JackError:
            if time.monotonic() > end_s:
                raise
            time.sleep(0.01)  # noqa: TID251  this process is not the session


def version() -> str:
    """What libjack says that it is."""
    return str(_jack().version_string() or "")


def _wish_for_real_time() -> None:
    """JACK's thread has the policy from a server that has it; without, ask for ourselves."""
    with contextlib.suppress(OSError, AttributeError):
        if os.sched_getscheduler(0) == os.SCHED_OTHER:
            os.sched_setscheduler(
                0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(REAL_TIME_PRIORITY)
            )


def main(name: str, from_session: int, to_session: int) -> None:
    """Be the clients "NAME In" and "NAME Out" until the session closes standard input."""
    for pipe in (from_session, to_session):
        os.set_blocking(pipe, False)
    try:
        jack = _jack()
    except ImportError:
        say(failed="package")
        return
    except OSError:
        say(failed="library")
        return
    for quiet in (jack.set_error_function, jack.set_info_function):
        quiet(lambda _: None)
    try:
        clients = tuple(jack.Client(f"{name} {way}", no_start_server=True) for way in WAYS)
        bridge = Bridge(
            CycleIn(clients[0], to_session), CycleOut(clients[1], from_session), clients
        )
    except jack.JackError:
        say(failed="server")
        return
    sys.setswitchinterval(0.0001)  # JACK's thread waits no longer for this one
    gc.collect()
    gc.freeze()
    gc.disable()
    bridge.serve()
    bridge.leave()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
    os._exit(0)  # JACK may hold threads that Python would wait for
