"""The MIDI system of this machine, through RtMidi: ALSA, JACK, CoreMIDI or Windows MM.

The only file that imports the library `rtmidi`, and only once a MIDI system is asked for: its
import fails where ALSA's library is missing. Everything that goes wrong is told as a PortError.
How others list our virtual ports:

    ALSA       client "Antiphon", port "Antiphon In" (some DAWs show the port, some both)
    JACK       client "Antiphon In", port "in": one RtMidi object is one JACK client
    CoreMIDI   "Antiphon In"

It refuses callbacks (RtMidi calls them in the MIDI system's own thread, where waiting for our
interpreter makes the DAW drop audio) and waiting for a dead JACK server, on which RtMidi would spin
for ever (`plugin.backends.jack_pulse` sees it in time).
"""

import re
import threading
from collections import Counter
from types import ModuleType
from typing import Any, TypeVar

from plugin.backends.common import (
    CLOSED,
    GONE,
    QUEUE_LIMIT,
    display_names,
    find_port,
    is_message,
    require_message,
)
from plugin.backends.jack_pulse import JackPulse, Ring, foreign_since, task_ids
from plugin.backends.quiet import quiet_stderr
from plugin.backends.systems import SYSTEMS, MidiSystem
from plugin.ports import InputPort, OutputPort, PortError

CLIENT = "Antiphon"

_OTHER_SIDE = {"input": "output", "output": "input"}
_JACK_NAME_LENGTH = 60

# How long a new port may take until the system lists it.
_APPEAR_TRIES, _APPEAR_PAUSE_S = 100, 0.002

# RtMidi objects of a JACK server that is stopped: deleting one would wait for that server.
_stuck: list["_Device"] = []


def load_library() -> ModuleType:
    """The library `rtmidi`. Raises PortError where it cannot be imported."""
    try:
        import rtmidi
    except ImportError as error:
        if "libasound" in str(error):
            raise PortError(
                "MIDI needs ALSA's library, which is missing (libasound.so.2). Install it (Debian, "
                "Ubuntu: sudo apt install libasound2), then start Antiphon again."
            ) from error
        raise PortError(
            f"The MIDI library python-rtmidi cannot be loaded ({error}). Install it (pip install "
            "python-rtmidi), then start Antiphon again."
        ) from error
    module: ModuleType = rtmidi
    return module


class _Device:
    """One RtMidi object, and under JACK the pulse of its client and its ring."""

    def __init__(self, rtmidi: ModuleType, system: MidiSystem, direction: str, client: str) -> None:
        self.errors: tuple[type[Exception], ...] = (rtmidi.RtMidiError, ValueError, TypeError)
        self.pulse: JackPulse | None = None
        self.ring: Ring | None = None
        self._kept = False
        code = getattr(rtmidi, system.constant)
        before = task_ids() if system.api == "JACK" else set()
        try:
            with quiet_stderr():
                if direction == "input":
                    self.midi: Any = rtmidi.MidiIn(code, client, QUEUE_LIMIT)
                    # Sysex, clock and MTC come in; active sensing says nothing to us.
                    self.midi.ignore_types(sysex=False, timing=False, active_sense=True)
                else:
                    self.midi = rtmidi.MidiOut(code, client)
        except self.errors as error:
            raise PortError(system.missing) from error
        if self.midi.get_current_api() != code:
            # RtMidi takes another system without a word where this one was not compiled in.
            self.midi.delete()
            raise PortError(
                f"The installed python-rtmidi was built without {system.api}. Install the one "
                "from PyPI (pip install python-rtmidi), or use another MIDI system."
            )
        if system.api == "JACK":
            try:
                self.pulse = JackPulse(foreign_since(before))
                self.ring = Ring(self.pulse)
            except PortError:
                self.midi.delete()
                raise

    def release(self) -> None:
        """Delete the RtMidi object: closing alone leaves a virtual port behind.

        Where the JACK server has ended it is left alone for good: libjack frees all clients of a
        dead server as soon as another is opened, and RtMidi would close one that was freed (seen
        as a segmentation fault). Where the server is stopped, deleting would take for ever: the
        object is put aside until the server goes on or ends.
        """
        pulse = self.pulse
        if pulse is None or pulse.wait_for_cycles(pulse.mark(), 1):
            with quiet_stderr():
                self.midi.close_port()
                self.midi.delete()
            return
        if not self._kept:
            import ctypes

            # One reference too many, or Python would delete it on its own way out.
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(self.midi))
            self._kept = True
        if not pulse.ended():
            _stuck.append(self)


def _release_stuck() -> None:
    """Let go of what was put aside. Raises PortError while its JACK server is stopped."""
    while _stuck:
        device = _stuck.pop()
        device.release()
        if device in _stuck:
            raise PortError(
                "The JACK server is stopped: it neither answers nor ends. End it (killall -9 "
                "jackd) and start it anew, then try again."
            )


class _Port:
    """What inputs and outputs have in common: a device, and the entry in the list to watch."""

    def __init__(
        self,
        backend: "RtMidiBackend",
        device: _Device,
        name: str,
        *,
        ours: bool,
        listed: tuple[str, str],
    ) -> None:
        self.ours = ours
        self.listed = listed
        """Direction and raw name by which the system lists what must be there: our own port if it
        is virtual, else the other side's. An empty name if the system does not tell."""
        self._backend = backend
        self._device = device
        self._name = name
        self._closed = False
        self._gone = False

    @property
    def name(self) -> str:
        """The name that a DAW lists."""
        return self._name

    def alive(self) -> bool:
        """False once the MIDI system or the other side has gone. Under 1 ms; never blocks."""
        if not self._closed and not self._gone:
            pulse = self._device.pulse
            try:
                stalled = pulse is not None and pulse.stalled()
                self._gone = stalled or not self._backend.lists(*self.listed)
            except PortError:
                self._gone = True
        return not self._closed and not self._gone

    def close(self) -> None:
        """Give the port back. Twice is once."""
        if not self._closed:
            self._closed = True
            self._backend.forget(self)
            self._device.release()


class _RtMidiInput(_Port):
    refused = 0
    """Messages that were none, or too long to be music."""

    def poll(self) -> bytes | None:
        """The next message that is whole and not too long, None when there is none."""
        while not self._closed:
            got = self._device.midi.get_message()
            if got is None:
                break
            message = bytes(got[0])
            if is_message(message):
                return message
            self.refused += 1
        return None


class _RtMidiOutput(_Port):
    def send(self, message: bytes, due_ns: int | None = None) -> None:
        """Hand over one message. Raises PortError once the port has gone, ValueError if it is none.

        Where 16 kB are sent within two cycles of JACK it waits for those, half a second at most.
        """
        if self._closed:
            raise PortError(CLOSED)
        require_message(message)
        if self._device.ring and not self._gone:
            self._gone = not self._device.ring.take(len(message))
        if self._gone:
            raise PortError(GONE)
        try:
            self._device.midi.send_message(message)
        except self._device.errors as error:
            self._gone = True
            raise PortError(GONE) from error


_AnyPort = TypeVar("_AnyPort", bound=_Port)


class RtMidiBackend:
    """One MIDI system. Thread: one, for it and for all its ports.

    Its two listing clients live as long as it does: under JACK, clients that come and go while
    others are being opened can freeze part of the graph (jackaudio/jack2#721).
    """

    def __init__(self, api: str) -> None:
        self.api = api
        self._system = SYSTEMS[api]
        self.has_virtual_ports = self._system.has_virtual_ports
        self._library = load_library()
        self._ports: list[_Port] = []
        self._listers: dict[str, _Device] = {}
        _release_stuck()
        try:
            for direction in ("input", "output"):
                self._listers[direction] = self._device(direction, CLIENT)
        except PortError:
            self.close()
            raise

    def inputs(self) -> list[str]:
        """Names of the ports that we could read from, each once, without our own."""
        return list(self._choices("input"))

    def outputs(self) -> list[str]:
        """Names of the ports that we could write to, each once, without our own."""
        return list(self._choices("output"))

    def open_input(self, name: str, *, virtual: bool) -> InputPort:
        """Make a port `name` (virtual) or open the one that fits. Raises PortError."""
        return self._open(_RtMidiInput, "input", name, virtual=virtual)

    def open_output(self, name: str, *, virtual: bool) -> OutputPort:
        """Make a port `name` (virtual) or open the one that fits. Raises PortError."""
        return self._open(_RtMidiOutput, "output", name, virtual=virtual)

    def close(self) -> None:
        """Close everything that is still open. Twice is once."""
        for port in list(self._ports):
            port.close()
        for direction in list(self._listers):
            self._listers.pop(direction).release()

    def forget(self, port: _Port) -> None:
        """A port was closed."""
        if port in self._ports:
            self._ports.remove(port)

    def lists(self, direction: str, raw_name: str) -> bool:
        """Whether the system still lists this port. Raises PortError if it lists nothing more."""
        names = self._raw_names(direction)
        if not self._system.keeps_numbers:
            names = [self._without_number(name) for name in names]
            raw_name = self._without_number(raw_name)
        return not raw_name or raw_name in names

    def _device(self, direction: str, client: str) -> _Device:
        return _Device(self._library, self._system, direction, client)

    def _without_number(self, name: str) -> str:
        return re.sub(self._system.number, "", name)

    def _raw_names(self, direction: str) -> list[str]:
        lister = self._listers.get(direction)
        if lister is None:
            raise PortError("This MIDI system was closed. Look for one again.")
        # A dead JACK server's list stays as it was, and asking for it prints a line each time.
        if lister.pulse and lister.pulse.ended():
            raise PortError(GONE)
        try:
            return list(lister.midi.get_ports())
        except lister.errors as error:
            raise PortError(GONE) from error

    def _choices(self, direction: str) -> dict[str, str]:
        """The raw name of each port, by its name for people, without our own."""
        raw_names = self._raw_names(direction)
        own = Counter(port.listed for port in self._ports if port.ours)
        choices = {}
        names = display_names(raw_names, self._system.number)
        for name, raw_name in zip(names, raw_names, strict=True):
            if own[direction, raw_name]:
                own[direction, raw_name] -= 1
            else:
                choices[name] = raw_name
        return choices

    def _open(self, kind: type[_AnyPort], direction: str, name: str, *, virtual: bool) -> _AnyPort:
        watched = _OTHER_SIDE[direction] if virtual else direction
        if virtual:
            if not self.has_virtual_ports:
                raise PortError(
                    f'{self.api} cannot make the port "{name}". Make two loopback ports (for '
                    "example with loopMIDI) and choose one as input and the other as output."
                )
            before = self._raw_names(watched)
        else:
            choices = self._choices(direction)
            # The number may be typed as well, and may have changed since it was read.
            typed = name if name in choices else self._without_number(name)
            name = find_port(typed, list(choices), direction)
            raw_name = choices[name]
        client, port_name = self._names(direction, name if virtual else "")
        device = self._device(direction, client)
        try:
            with quiet_stderr():
                if virtual:
                    device.midi.open_virtual_port(port_name)
                else:
                    device.midi.open_port(device.midi.get_ports().index(raw_name), port_name)
        except device.errors as error:
            device.release()
            raise PortError(
                f'The MIDI {direction} "{name}" cannot be opened; another program may hold it. '
                "Close that program, or choose another port."
            ) from error
        if virtual:
            raw_name = self._appeared(watched, before, client if self.api == "JACK" else port_name)
            if self.api == "JACK":  # which numbers a second client of one name
                name = raw_name.rpartition(":")[0] or name
        port = kind(self, device, name, ours=virtual, listed=(watched, raw_name))
        self._ports.append(port)
        return port

    def _names(self, direction: str, name: str) -> tuple[str, str]:
        """Names for our client and its port; `name` is empty if it only reaches another port."""
        short = "in" if direction == "input" else "out"
        name = name or f"{CLIENT} {short.title()}"
        # Under JACK a client has one port here, so the client bears the name that people read.
        if self.api == "JACK":
            return name.replace(":", " ")[:_JACK_NAME_LENGTH], short
        return CLIENT, name

    def _appeared(self, direction: str, before: list[str], name: str) -> str:
        """The raw name of our port that was made since `before`; empty if none is listed."""
        pause = threading.Event()
        for _ in range(_APPEAR_TRIES):
            for new in Counter(self._raw_names(direction)) - Counter(before):
                if name in new:
                    return new
            pause.wait(_APPEAR_PAUSE_S)
        return ""
