"""JACK and PipeWire, exact to the frame, through two clients of our own.

They live in a process of their own (`plugin.backends.jack_child`), so JACK never waits for the
session and the session never waits for JACK: a server that dies, stops or throws us out costs a
process, and the next one that is opened finds the server that is there then (docs/adr/0011). What
is sent goes out one period after the moment for which it was due, wherever in a period that was;
what comes in bears the moment at which it happened.

How others list our virtual ports: "Antiphon In:in", "Antiphon Out:out". It refuses to start a
server.
"""

import os
import re
import threading
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from plugin.backends.common import (
    CLOSED,
    GONE,
    display_names,
    find_port,
    is_message,
    require_message,
)
from plugin.backends.jack_frames import Frame
from plugin.backends.jack_process import JackProcess, NoJackError
from plugin.ports import InputPort, OutputPort, PortError

CLIENT = "Antiphon"
NUMBER = r" \[\d+\](?= \()"
"""The number that bridges from ALSA write into a name: "a2j:Keys [24] (capture): ..."."""
STARTS = 5
"""So often we ask to be let in, which PipeWire refuses while other programs come and go."""
TRY_AGAIN_S = 1.5
"""A server that has gone is not looked for more often: each look starts processes."""
_NAME_LENGTH = 60
_PIPEWIRE_LIBRARIES = ("lib*/pipewire-*/jack", "lib/*/pipewire-*/jack")


def pipewire_library() -> Path | None:
    """The folder of PipeWire's own libjack, where it is kept apart from the system's."""
    for pattern in _PIPEWIRE_LIBRARIES:
        for folder in sorted(Path("/usr").glob(pattern)):
            if (folder / "libjack.so.0").exists():
                return folder
    return None


def pipewire_runs() -> bool:
    """Whether a PipeWire daemon of this user is there to be reached."""
    folders = (os.environ.get(name) for name in ("PIPEWIRE_RUNTIME_DIR", "XDG_RUNTIME_DIR"))
    name = os.environ.get("PIPEWIRE_REMOTE", "pipewire-0")
    return any(folder and (Path(folder) / name).is_socket() for folder in folders)


class _Port:
    """What inputs and outputs have in common: a port of our own, and the one to watch."""

    def __init__(
        self, process: JackProcess, number: int, name: str, full_name: str, watched: str | None
    ) -> None:
        self.number, self.full_name = number, full_name
        self._process, self._name, self._watched = process, name, watched
        self._closed = self._gone = False
        self._times_renewed = process.renewed[watched or ""]
        self._is_input = isinstance(self, _JackInput)

    @property
    def name(self) -> str:
        """The name that a DAW lists, or that of the port that we are connected with."""
        return self._name

    @property
    def latency_ns(self) -> int:
        """The constant time that passes until a message is out: one period."""
        return self._process.period_ns

    def alive(self) -> bool:
        """False once the MIDI system or the other side has gone. Never blocks."""
        if not self._closed and not self._gone:
            process = self._process
            self._gone = not process.alive()
            if self._watched is not None and not self._gone:
                while self._watched in process.renamed:
                    self._watched = process.renamed.pop(self._watched)
                    self._times_renewed = process.renewed[self._watched]
                listed = process.lists["inputs" if self._is_input else "outputs"]
                renewed = process.renewed[self._watched] != self._times_renewed
                self._gone = renewed or self._watched not in listed
        return not self._closed and not self._gone

    def close(self) -> None:
        """Give the port back. Twice is once."""
        if not self._closed:
            self._closed = True
            self._process.inboxes.pop(self.number, None)
            self._process.tell(do="close", port=self.number)


class _JackInput(_Port):
    arrived_ns: int | None = None

    @property
    def refused(self) -> int:
        """Messages too long to be music, of all inputs."""
        return self._process.too_long

    def poll(self) -> bytes | None:
        """The next whole message, None if there is none; `arrived_ns` is when it happened."""
        while not self._closed and (frame := self._process.poll(self.number)) is not None:
            if is_message(frame.message):
                self.arrived_ns = frame.at_ns
                return frame.message
        return None


class _JackOutput(_Port):
    def send(self, message: bytes, due_ns: int | None = None) -> None:
        """Hand over one message, due now or then. Raises PortError once the port has gone."""
        if self._closed:
            raise PortError(CLOSED)
        require_message(message)
        at_ns = time.monotonic_ns() if due_ns is None else due_ns
        if self._gone or not self._process.send(Frame(at_ns, self.number, message)):
            self._gone = True
            raise PortError(GONE)


_AnyPort = TypeVar("_AnyPort", bound=_Port)


class JackBackend:
    """Thread: opening and listing any; what was opened belongs to one.

    A backend whose server has gone can be used again once there is one.
    """

    has_virtual_ports = True

    def __init__(self, *, only_pipewire: bool = False) -> None:
        """only_pipewire: do not look for a JACK server. Raises PortError if there is none."""
        self._only_pipewire = only_pipewire
        self._lock = threading.Lock()
        self._closed = False
        self._process = self._start()
        self._looked_s = 0.0

    @property
    def api(self) -> str:
        """Which of the two answered: "JACK" or "PipeWire"."""
        return "PipeWire" if "PipeWire" in self._process.version else "JACK"

    @property
    def skipped(self) -> int:
        """Cycles in which JACK did not wait for us: what others played then was not heard."""
        self._process.alive()  # it takes in what the process says
        return self._process.skipped

    def inputs(self) -> list[str]:
        """Names of the ports that we could read from, each once, without our own."""
        return list(self._choices(self._living(), is_input=True))

    def outputs(self) -> list[str]:
        """Names of the ports that we could write to, each once, without our own."""
        return list(self._choices(self._living(), is_input=False))

    def open_input(self, name: str, *, virtual: bool) -> InputPort:
        """Make a port `name` (virtual) or open the one that fits. Raises PortError."""
        return self._open(_JackInput, name, virtual=virtual)

    def open_output(self, name: str, *, virtual: bool) -> OutputPort:
        """Make a port `name` (virtual) or open the one that fits. Raises PortError."""
        return self._open(_JackOutput, name, virtual=virtual)

    def connect_own(self, output: OutputPort, port: InputPort) -> None:
        """Lead one of our outputs into one of our inputs. Raises PortError."""
        assert isinstance(output, _JackOutput)
        assert isinstance(port, _JackInput)
        answer = self._living().ask(do="connect", source=output.number, destination=port.number)
        if "error" in answer:
            raise PortError(f"Our ports cannot be connected ({answer['error']}). Try again.")

    def close(self) -> None:
        """Close everything that is still open. Twice is once."""
        self._closed = True
        self._process.close()

    def _open(self, kind: type[_AnyPort], name: str, *, virtual: bool) -> _AnyPort:
        is_input = kind is _JackInput
        with self._lock:
            process, target = self._new_if_lost(), None
            way = "in" if is_input else "out"
            if virtual:
                # The client bears the name that people read; its first port needs none.
                own_name = way if name == f"{CLIENT} {way.title()}" else name
            else:
                process.lists |= process.ask(do="list")
                choices = self._choices(process, is_input=is_input)
                typed = name if name in choices else re.sub(NUMBER, "", name)
                name = find_port(typed, list(choices), f"{way}put")
                target = choices[name]
                own_name = f"{'from' if is_input else 'to'} {name}"
            own_name = own_name.replace(":", " ")[:_NAME_LENGTH]
            answer = process.ask(do="open", input=is_input, name=own_name, target=target)
            if "error" in answer:
                raise PortError(
                    f'The MIDI port "{name}" cannot be opened ({answer["error"]}). Try again, or '
                    "choose another port."
                )
            number, full_name = answer["port"], str(answer["name"])
            if virtual:
                client, _, own_name = full_name.partition(":")
                name = re.sub(f"^{way}(?=$|-)", client, own_name)
            if is_input:
                process.inboxes[number] = deque()
            return kind(process, number, name, full_name, target)

    def _new_if_lost(self) -> JackProcess:
        if self._closed:
            raise PortError("This MIDI system was closed. Look for one again.")
        if not self._process.alive():
            self._process.close()
            if time.monotonic() - self._looked_s < TRY_AGAIN_S:
                raise PortError(GONE)
            self._looked_s = time.monotonic()
            self._process = self._start()
        return self._process

    def _living(self) -> JackProcess:
        if self._closed or not self._process.alive():
            raise PortError(GONE)
        return self._process

    def _start(self) -> JackProcess:
        """Join the server that there is: JACK's, or PipeWire through its own libjack."""
        libraries: list[dict[str, str]] = [] if self._only_pipewire else [{}]
        if (folder := pipewire_library()) is not None and (pipewire_runs() or not libraries):
            search = (str(folder), os.environ.get("LD_LIBRARY_PATH"))
            libraries.append({"LD_LIBRARY_PATH": os.pathsep.join(filter(None, search))})
        why = NoJackError("library")
        for library in libraries:
            for _ in range(STARTS):
                try:
                    return JackProcess(CLIENT, library)
                except NoJackError as error:
                    why = error
                if why.why != "busy":
                    break
        if pipewire_runs() and why.why != "package" and pipewire_library() is None:
            raise PortError(
                "PipeWire runs here, but not its JACK library. Install it (Debian, Ubuntu: sudo "
                "apt install pipewire-jack), then try again."
            )
        raise why

    @staticmethod
    def _choices(process: JackProcess, *, is_input: bool) -> dict[str, str]:
        """The raw name of each port of others, by its name for people."""
        raw_names: Sequence[str] = process.lists["inputs" if is_input else "outputs"]
        return dict(zip(display_names(raw_names, NUMBER), raw_names, strict=True))
