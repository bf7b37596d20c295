"""The port suite, run against the memory and against a real MIDI server."""

import faulthandler
from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytest.register_assert_rewrite("tests.contracts.port_suite")

from plugin.backends.memory import MemoryBackend  # noqa: E402
from plugin.backends.rtmidi import RtMidiBackend  # noqa: E402
from plugin.ports import InputPort, OutputPort  # noqa: E402
from tests.contracts.port_suite import PortLossSuite, PortSuite  # noqa: E402
from tests.rig.jackd import JackServer  # noqa: E402
from tests.rig.peer import JackPeer  # noqa: E402


class MemoryRig:
    """Two programs on one hub."""

    def __init__(self) -> None:
        self.backend = MemoryBackend()
        self.other = MemoryBackend(self.backend.hub)
        self.source, self.sink = "Keys", "Synth"
        self._source = self.other.open_output(self.source, virtual=True)
        self._inputs = [self.other.open_input(self.sink, virtual=True)]
        self._heard: list[bytes] = []

    def names(self) -> list[str]:
        return self.other.inputs() + self.other.outputs()

    def plug_in(self, port: InputPort) -> Callable[..., None]:
        output = self.other.open_output(port.name, virtual=False)

        def play(*messages: bytes) -> None:
            for message in messages:
                output.send(message)

        return play

    def plug_out(self, port: OutputPort) -> None:
        self._inputs.append(self.other.open_input(port.name, virtual=False))

    def play(self, *messages: bytes) -> None:
        for message in messages:
            self._source.send(message)

    def wait_for(self, count: int) -> list[bytes]:
        for port in self._inputs:
            while (message := port.poll()) is not None:
                self._heard.append(message)
        assert len(self._heard) >= count
        return self._heard

    def leave(self) -> None:
        self.other.close()

    def end_system(self) -> None:
        self.backend.hub.unplug()


class JackRig:
    """RtMidi in this process, the other program in its own."""

    def __init__(self, server: JackServer, peer: JackPeer, backend: RtMidiBackend) -> None:
        self.server, self.peer, self.backend = server, peer, backend
        self.source, self.sink = peer.source, peer.sink

    def names(self) -> list[str]:
        return self.server.ports()

    def plug_in(self, port: InputPort) -> Callable[..., None]:
        self.server.connect(self.source, f"{port.name}:")
        return self.peer.play

    def plug_out(self, port: OutputPort) -> None:
        self.server.connect(f"{port.name}:", self.sink)

    def play(self, *messages: bytes) -> None:
        self.peer.play(*messages)

    def wait_for(self, count: int) -> list[bytes]:
        return self.peer.wait_for(count)

    def leave(self) -> None:
        self.peer.close()
        self.server.wait_until_gone(self.source)

    def end_system(self) -> None:
        self.server.kill()


class TestMemoryPorts(PortSuite):
    @pytest.fixture
    def rig(self) -> MemoryRig:
        return MemoryRig()


class TestMemoryPortLoss(PortLossSuite):
    @pytest.fixture
    def rig(self) -> MemoryRig:
        return MemoryRig()


@pytest.fixture(scope="class")
def jack_backend(jack_server: JackServer) -> Iterator[RtMidiBackend]:
    """One for all tests: clients that come and go are what jackd2 is bad at."""
    backend = RtMidiBackend("JACK")
    yield backend
    backend.close()


@pytest.mark.realport
class TestJackPorts(PortSuite):
    @pytest.fixture
    def rig(
        self,
        jack_server: JackServer,
        jack_peer: JackPeer,
        jack_backend: RtMidiBackend,
        monkeypatch: pytest.MonkeyPatch,
    ) -> Iterator[JackRig]:
        opened: list[Any] = []
        for verb in ("open_input", "open_output"):
            opening = _remembering(getattr(jack_backend, verb), opened)
            monkeypatch.setattr(jack_backend, verb, opening)
        jack_peer.forget()
        yield JackRig(jack_server, jack_peer, jack_backend)
        for port in opened:
            port.close()
        jack_server.wait_until_gone("Antiphon")


def _remembering(open_port: Callable[..., Any], opened: list[Any]) -> Callable[..., Any]:
    def remember(*args: Any, **kwargs: Any) -> Any:
        port = open_port(*args, **kwargs)
        opened.append(port)
        return port

    return remember


@pytest.mark.realport
class TestJackPortLoss(PortLossSuite):
    @pytest.fixture
    def rig(self, mortal_jack_server: JackServer) -> Iterator[JackRig]:
        # A send that spins holds the interpreter's lock: only a watchdog outside it can end that.
        faulthandler.dump_traceback_later(60, exit=True)
        with JackPeer(mortal_jack_server) as peer:
            backend = RtMidiBackend("JACK")
            yield JackRig(mortal_jack_server, peer, backend)
            backend.close()
        faulthandler.cancel_dump_traceback_later()
