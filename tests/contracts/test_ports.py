"""The port suite, run against the memory and against a real MIDI server."""

import faulthandler
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, TypeVar

import pytest

pytest.register_assert_rewrite("tests.contracts.port_suite")

from plugin.backends.jack import JackBackend  # noqa: E402
from plugin.backends.memory import MemoryBackend  # noqa: E402
from plugin.backends.rtmidi import RtMidiBackend  # noqa: E402
from plugin.ports import Backend, InputPort, OutputPort  # noqa: E402
from tests.contracts.port_suite import PortLossSuite, PortSuite  # noqa: E402
from tests.rig.jackd import JackServer  # noqa: E402
from tests.rig.peer import JackPeer  # noqa: E402
from tests.rig.pipewire import PipeWireServer  # noqa: E402

AnyServer = JackServer | PipeWireServer
AnyBackend = TypeVar("AnyBackend", bound=Backend)


class MemoryRig:
    """Two programs on one hub."""

    rewritten: ClassVar[dict[bytes, bytes]] = {}

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

    def skipped(self) -> int:
        return 0

    def leave(self) -> None:
        self.other.close()

    def end_system(self) -> None:
        self.backend.hub.unplug()


class RtMidiRig:
    """RtMidi in this process, the other program in its own. Each port is a client of its name."""

    rewritten: ClassVar[dict[bytes, bytes]] = {}

    def __init__(self, server: AnyServer, peer: JackPeer, backend: Backend) -> None:
        self.server, self.peer, self.backend = server, peer, backend
        self.source, self.sink = peer.source, peer.sink

    def names(self) -> list[str]:
        return self.server.ports()

    def full_name(self, port: InputPort | OutputPort) -> str:
        return f"{port.name}:{'in' if hasattr(port, 'poll') else 'out'}"

    def plug_in(self, port: InputPort) -> Callable[..., None]:
        self.server.connect(self.source, self.full_name(port))
        return self.peer.play

    def plug_out(self, port: OutputPort) -> None:
        self.server.connect(self.full_name(port), self.sink)

    def play(self, *messages: bytes) -> None:
        self.peer.play(*messages)

    def wait_for(self, count: int) -> list[bytes]:
        return self.peer.wait_for(count)

    def skipped(self) -> int:
        self.peer.heard()
        return self.peer.skipped

    def leave(self) -> None:
        self.peer.close()
        self.server.wait_until_gone(self.source)

    def end_system(self) -> None:
        self.server.kill()


class JackRig(RtMidiRig):
    """Our own JACK process: all ports of one direction belong to one client."""

    def full_name(self, port: Any) -> str:
        full_name: str = port.full_name
        return full_name

    def skipped(self) -> int:
        ours: int = self.backend.skipped
        return super().skipped() + ours


class PipeWireRig(JackRig):
    """The same on PipeWire, which writes a note-off as one."""

    rewritten: ClassVar = {bytes([0x90, 60, 0]): bytes([0x80, 60, 64])}


class TestMemoryPorts(PortSuite):
    @pytest.fixture
    def rig(self) -> MemoryRig:
        return MemoryRig()


class TestMemoryPortLoss(PortLossSuite):
    @pytest.fixture
    def rig(self) -> MemoryRig:
        return MemoryRig()


@pytest.fixture(scope="class")
def rtmidi_backend(jack_server: JackServer) -> Iterator[RtMidiBackend]:
    """One for all tests: clients that come and go are what jackd2 is bad at."""
    yield from _closing(RtMidiBackend("JACK"))


@pytest.fixture(scope="class")
def jack_backend(jack_server: JackServer) -> Iterator[JackBackend]:
    yield from _closing(JackBackend())


def _closing(backend: AnyBackend) -> Iterator[AnyBackend]:
    yield backend
    backend.close()


def _tidy(rig: RtMidiRig, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The rig, with all that a test opens closed after it."""
    opened: list[Any] = []
    for verb in ("open_input", "open_output"):
        opening = _remembering(getattr(rig.backend, verb), opened)
        monkeypatch.setattr(rig.backend, verb, opening)
    rig.peer.forget()
    yield rig
    for port in opened:
        port.close()
    rig.server.wait_until_gone("Antiphon")


def _remembering(open_port: Callable[..., Any], opened: list[Any]) -> Callable[..., Any]:
    def remember(*args: Any, **kwargs: Any) -> Any:
        port = open_port(*args, **kwargs)
        opened.append(port)
        return port

    return remember


@pytest.mark.realport
class TestRtMidiPorts(PortSuite):
    @pytest.fixture
    def rig(
        self,
        jack_server: JackServer,
        jack_peer: JackPeer,
        rtmidi_backend: RtMidiBackend,
        monkeypatch: pytest.MonkeyPatch,
    ) -> Iterator[RtMidiRig]:
        yield from _tidy(RtMidiRig(jack_server, jack_peer, rtmidi_backend), monkeypatch)


@pytest.mark.realport
class TestJackPorts(PortSuite):
    @pytest.fixture
    def rig(
        self,
        jack_server: JackServer,
        jack_peer: JackPeer,
        jack_backend: JackBackend,
        monkeypatch: pytest.MonkeyPatch,
    ) -> Iterator[JackRig]:
        yield from _tidy(JackRig(jack_server, jack_peer, jack_backend), monkeypatch)


@pytest.fixture(scope="class")
def pipewire_backend(pipewire_server: PipeWireServer) -> Iterator[JackBackend]:
    yield from _closing(JackBackend(only_pipewire=True))


@pytest.mark.realport
class TestPipeWirePorts(PortSuite):
    @pytest.fixture
    def rig(
        self,
        pipewire_server: PipeWireServer,
        pipewire_peer: JackPeer,
        pipewire_backend: JackBackend,
        monkeypatch: pytest.MonkeyPatch,
    ) -> Iterator[JackRig]:
        yield from _tidy(PipeWireRig(pipewire_server, pipewire_peer, pipewire_backend), monkeypatch)


def _mortal(
    server: AnyServer, make: Callable[[], Backend], rig: type[RtMidiRig]
) -> Iterator[RtMidiRig]:
    # A send that spins holds the interpreter's lock: only a watchdog outside it can end that.
    faulthandler.dump_traceback_later(60, exit=True)
    with JackPeer(server) as peer:
        backend = make()
        yield rig(server, peer, backend)
        backend.close()
    faulthandler.cancel_dump_traceback_later()


@pytest.mark.realport
class TestRtMidiPortLoss(PortLossSuite):
    @pytest.fixture
    def rig(self, mortal_jack_server: JackServer) -> Iterator[RtMidiRig]:
        yield from _mortal(mortal_jack_server, lambda: RtMidiBackend("JACK"), RtMidiRig)


@pytest.mark.realport
class TestJackPortLoss(PortLossSuite):
    @pytest.fixture
    def rig(self, mortal_jack_server: JackServer) -> Iterator[RtMidiRig]:
        yield from _mortal(mortal_jack_server, JackBackend, JackRig)


@pytest.mark.realport
class TestPipeWirePortLoss(PortLossSuite):
    @pytest.fixture
    def rig(self, mortal_pipewire_server: PipeWireServer) -> Iterator[RtMidiRig]:
        def make() -> Backend:
            return JackBackend(only_pipewire=True)

        yield from _mortal(mortal_pipewire_server, make, PipeWireRig)
