"""The composition root of a session: the only file that names concrete ports, engine and store.

Everything else is handed what it needs. A `Jam` owns what was opened and gives it back, whatever
happens: notes are released, takes are on disk, the engine has ended.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from engine.api import Limits
from engine.events import Timebase
from plugin import protocol
from plugin.backends.memory import MemoryBackend
from plugin.engine_link import EngineLink
from plugin.engine_process import EngineProcess
from plugin.file_player import FilePlayer
from plugin.files import data_folder
from plugin.midifile import MidiSong
from plugin.ports import Backend, InputPort, OutputPort
from plugin.realtime.clock import Clock, MonotonicClock
from plugin.realtime.loop import Loop
from plugin.record import JamRecord
from plugin.session import Session
from plugin.takes import library_path
from plugin.takes_writer import TakeWriter

IN_NAME, OUT_NAME = "Antiphon In", "Antiphon Out"


@dataclass(frozen=True, slots=True)
class Jam:
    """A session that is wired up and ready to run."""

    session: Session
    loop: Loop
    record: JamRecord
    clock: Clock
    player: FilePlayer | None
    timebase: Timebase

    @property
    def over(self) -> bool:
        """Whether a file that plays the player has ended and been answered."""
        return self.player is not None and self.player.finished and self.session.idle


def start_engine(weights: str | None = None) -> EngineProcess:
    """The engine in a process of its own. It says `Ready` when it is."""
    from engine.worker import run

    return EngineProcess(run, weights)


def system_backend(api: str | None = None) -> Backend:
    """The MIDI system of this machine. Raises PortError with a next step if there is none."""
    from plugin.backends.find import find_backend

    return find_backend(api)


@contextlib.contextmanager
def open_jam(
    backend: Backend,
    *,
    emit: Callable[[protocol.Event], None],
    seed: int,
    timebase: Timebase | None = None,
    limits: Limits | None = None,
    thru: bool = False,
    in_name: str | None = None,
    out_name: str | None = None,
    song: tuple[MidiSong, str] | None = None,
    weights: str | None = None,
) -> Iterator[Jam]:
    """Open ports, engine and library, and wire a session to them.

    in_name, out_name: existing ports; without them virtual ones are made. song: a file (and its
    name) that plays the player; on the memory backend it plays through the ports, elsewhere it
    takes the input's place. Raises PortError.
    """
    clock = MonotonicClock()
    record = JamRecord()
    player = FilePlayer(song[0], clock, song[1]) if song else None
    if timebase is None:
        timebase = player.timebase if player else Timebase()
    with contextlib.ExitStack() as closing:
        engine: EngineLink = start_engine(weights)
        closing.callback(engine.close)
        closing.callback(backend.close)
        output = _open_output(backend, out_name)
        beside, through = _other_side(backend, player, output, record, clock)
        port = through or player or _open_input(backend, in_name)
        takes = TakeWriter(
            library_path(data_folder()), on_trouble=lambda says: emit(protocol.Trouble(says))
        )
        closing.callback(takes.close)
        # What the session sends while it closes is heard on the other side, too.
        closing.callback(lambda: beside(clock.now_ns()))
        session = Session(
            send=output.send if through else _recording(output, record, clock),
            engine=engine,
            takes=takes,
            emit=emit,
            timebase=timebase,
            seed=seed,
            limits=limits,
            thru=thru,
            origin_ns=player.begin() if player else None,
        )
        closing.callback(lambda: session.close(clock.now_ns()))
        heard = port if through else _Overheard(port, record, clock)
        loop = Loop(
            session, clock=clock, inputs=[heard], output=output, engine=engine, beside=beside
        )
        yield Jam(session, loop, record, clock, player, timebase)


def _open_output(backend: Backend, name: str | None) -> OutputPort:
    virtual = name is None and backend.has_virtual_ports
    return backend.open_output(name or OUT_NAME, virtual=virtual)


def _open_input(backend: Backend, name: str | None) -> InputPort:
    virtual = name is None and backend.has_virtual_ports
    return backend.open_input(name or IN_NAME, virtual=virtual)


def _recording(output: OutputPort, record: JamRecord, clock: Clock) -> Callable[[bytes], None]:
    def send(message: bytes) -> None:
        output.send(message)
        record.sent(clock.now_ns(), message)

    return send


class _Overheard:
    """An input whose messages are recorded on their way."""

    def __init__(self, port: InputPort, record: JamRecord, clock: Clock) -> None:
        self._port, self._record, self._clock = port, record, clock
        self.name = port.name
        self.alive = port.alive
        self.close = port.close

    def poll(self) -> bytes | None:
        """The next message of the port."""
        message = self._port.poll()
        if message is not None:
            self._record.heard(self._clock.now_ns(), message)
        return message


def _other_side(
    backend: Backend,
    player: FilePlayer | None,
    output: OutputPort,
    record: JamRecord,
    clock: Clock,
) -> tuple[Callable[[int], None], InputPort | None]:
    """On the memory backend: a second program that plays the file in and listens to the answer."""
    if player is None or not isinstance(backend, MemoryBackend):
        return (lambda now_ns: None), None
    heard = backend.open_input(IN_NAME, virtual=True)
    far = MemoryBackend(backend.hub)
    keys = far.open_output(heard.name, virtual=False)
    ears = far.open_input(output.name, virtual=False)

    def play_and_listen(now_ns: int) -> None:
        while (message := ears.poll()) is not None:
            record.sent(now_ns, message)
        while (message := player.poll()) is not None:
            record.heard(clock.now_ns(), message)
            keys.send(message)

    return play_and_listen, heard
