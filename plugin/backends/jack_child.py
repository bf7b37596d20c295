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
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from plugin.backends.jack_cycles import Cycle, CycleIn, CycleOut

BEAT_S = 0.25
"""How often the session is told that JACK's cycles go on."""
LIST_TRIES = 20
SETTLING_CYCLES = 8
"""PipeWire says that ports are connected some cycles before what is sent arrives: now and then the
first message was lost."""
FLUSH_S, PATIENCE_S, LEAVE_S = 0.5, 0.5, 1.0
"""The longest waits: until a port that closes has sent all, until JACK does what it refused at
first, until it lets us go."""
WAYS = "In", "Out"


class Bridge:
    """The other thread: does what the session wishes and tells it what changes. Sleeps mostly."""

    def __init__(self, inputs: CycleIn, outputs: CycleOut, clients: tuple[Any, Any]) -> None:
        self._inputs, self._outputs, self._clients = inputs, outputs, clients
        self._ports: dict[int, Any] = {}
        self._targets: dict[int, str] = {}  # the ports of others that ours are connected with
        self._listed: set[str] = set()
        self._renamings: deque[tuple[str, str]] = deque()  # as JACK told them, to be looked at
        self._numbers = itertools.cycle(range(65_536))
        self._beat_at, self._lines = -1, _lines()
        self._changed_in, self._changed = os.pipe()
        os.set_blocking(self._changed, False)
        client = clients[0]
        client.set_port_registration_callback(self._ports_changed, only_available=False)
        client.set_port_rename_callback(self._port_renamed, only_available=False)
        for client, cycle in zip(clients, (inputs, outputs), strict=True):
            client.set_shutdown_callback(lambda *why: os._exit(1))
            client.set_process_callback(cycle.run)

    def serve(self) -> None:
        """Until the session closes its end, or is gone. The clients are active."""
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
        # By the system and not by a thread: JACK cancels its threads when a client is closed, and
        # one that was in Python then has taken Python's lock with it.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, LEAVE_S)
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
        taken, unique, copy = {port.name for port in self._ports.values()}, name, 0
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
                _unregister(port)
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
        _unregister(port)
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
        told = [self._renamings.popleft() for _ in range(len(self._renamings))]

        def names(**which: bool) -> list[str]:
            for _ in range(LIST_TRIES):
                # A port that goes between being listed and being looked up is an error.
                with contextlib.suppress(_jack().JackError):
                    ports = self._clients[0].get_ports(is_midi=True, **which)
                    return [port.name for port in ports if port.name not in own]
            return []

        lists = {"inputs": names(is_output=True), "outputs": names(is_input=True)}
        listed = {*lists["inputs"], *lists["outputs"]}
        renamed = self._renamed(told, listed)
        self._listed = listed
        # In one line with the lists that have the new name: between two the port would be missing.
        return {**lists, "renamed": renamed} if renamed else lists

    def _renamed(self, told: list[tuple[str, str]], listed: set[str]) -> list[tuple[str, str]]:
        """(old, new) name of each port that one of ours is connected with and that has a new one.

        JACK lists a new name some time before it tells of it: then the connection says whose it is.
        """
        found = []
        for number, target in list(self._targets.items()):
            name = target
            for old, new in told:
                name = new if name == old else name
            if name not in listed:
                connected = self._connected_with(number) & (listed - self._listed)
                name = min(connected, default=target)
            if name != target and name in listed:
                self._targets[number] = name
                found.append((target, name))
        return found

    def _connected_with(self, number: int) -> set[str]:
        with contextlib.suppress(_jack().JackError):
            client = self._clients[number not in self._inputs.ports]
            return {port.name for port in client.get_all_connections(self._ports[number])}
        return set()

    def _beat(self) -> dict[str, Any]:
        """How far JACK has come; ends the process where it does not come on because it is gone.

        jackd's end is told to the shutdown callback, PipeWire's shows in its socket alone.
        """
        cycle = self._outputs
        if cycle.count == self._beat_at and self._lines.poll(0):
            os._exit(1)
        self._beat_at = cycle.count
        counts = {"skipped": self._inputs.skipped, "too_long": self._inputs.too_long}
        return {"cycles": cycle.count, "period_ns": cycle.period_ns, **counts}

    # -- in threads of JACK's --

    def _ports_changed(self, port: Any = None, registered: bool = False) -> None:
        # A port that goes and comes back between two looks is listed as before, and is another one.
        if registered and port is not None and port.name in list(self._targets.values()):
            say(renewed=port.name)
        with contextlib.suppress(OSError):
            os.write(self._changed, b".")

    def _port_renamed(self, _: object, old: str, new: str) -> None:
        self._renamings.append((old, new))
        self._ports_changed()


_speaking = threading.Lock()
_answers = 1
"""Where lines to the session go: a copy of standard output in its process, see the end."""


def say(**what: Any) -> None:
    """One line to the session."""
    line = json.dumps(what).encode() + b"\n"
    with _speaking, contextlib.suppress(OSError):
        while line:
            line = line[os.write(_answers, line) :]


def _jack() -> Any:
    """JACK-Client, which looks for libjack when it is imported; it keeps its remarks to itself."""
    import jack

    return jack


def _patiently(attempt: Callable[[], Any]) -> Any:
    """Try until JACK does it.

    Another client is listed before it is active, and PipeWire refuses whatever is asked now and
    then while other programs' ports come and go.

    Raises JackError: at once where no server answers, else when it stays refused.
    """
    end_s = time.monotonic() + PATIENCE_S
    while True:
        try:
            return attempt()
        except _jack().JackError as error:
            status = getattr(error, "status", None)  # of a client that could not be opened
            no_server = status is not None and status.server_failed
            if no_server or time.monotonic() > end_s:
                raise
            time.sleep(0.01)  # noqa: TID251  this process is not the session


def _unregister(port: Any) -> None:
    """Give a port of ours back.

    JACK-Client 0.5.7 reads the port's name once more when it is unregistered. PipeWire has freed it
    by then: at the fortieth port that was closed, the process broke off. So the name is held here.
    """
    kind = type(port)
    port.__class__ = type(kind.__name__, (kind,), {"name": port.name})
    port.unregister()


def _client(name: str) -> Any:
    """A client of a server that runs."""
    return _patiently(lambda: _jack().Client(name, no_start_server=True))


def _lines() -> select.poll:
    """PipeWire's sockets, and whoever else libjack talks to; says when one was hung up."""
    lines = select.poll()
    if "PipeWire" in version():
        for number in os.listdir("/proc/self/fd"):
            if "socket:" in os.path.realpath(f"/proc/self/fd/{number}"):
                lines.register(int(number), 0)
    return lines


def version() -> str:
    """What libjack says that it is."""
    return str(_jack().version_string() or "")


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
    try:
        clients = _client(f"{name} {WAYS[0]}"), _client(f"{name} {WAYS[1]}")
        bridge = Bridge(
            CycleIn(clients[0], to_session),
            CycleOut(clients[1], from_session, jack.JackError),
            clients,
        )
    except jack.JackError:
        say(failed="server")
        return
    sys.setswitchinterval(0.0001)  # JACK's thread waits no longer for this one
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        for client in clients:
            client.activate()
    except jack.JackError:
        # Not once more here: of a client that PipeWire refused to activate, and activated when it
        # was asked again, no cycle ever ran.
        say(failed="busy")
        return
    bridge.serve()
    bridge.leave()


if __name__ == "__main__":
    # What libjack prints itself must not come between our lines. To tell it to be quiet would mean
    # a function of Python's in threads that are cancelled, see `Bridge.leave`.
    _answers = os.dup(1)
    os.dup2(2, 1)
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
    os._exit(0)  # JACK may hold threads that Python would wait for
