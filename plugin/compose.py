"""The composition root of a session: the only file that names concrete ports, engine and store.

Everything else is handed what it needs. A `Jam` owns what was opened and gives it back, whatever
happens: notes are released, takes are on disk, the engine has ended.
"""

import contextlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from engine.events import Timebase
from engine.smf.song import MidiSong
from plugin import protocol
from plugin.backends.memory import MemoryBackend
from plugin.cables import Cables, PortWish
from plugin.control.desk import Desk
from plugin.control.store import path_in
from plugin.engine_link import EngineLink
from plugin.engine_process import EngineProcess
from plugin.file_player import FilePlayer
from plugin.files import data_folder
from plugin.latency import LatencyError, delay_ns
from plugin.outlet import Send
from plugin.ports import Backend, InputPort, OutputPort, latency_ns
from plugin.realtime.clock import Clock, MonotonicClock
from plugin.realtime.loop import Loop
from plugin.record import JamRecord
from plugin.session import Session
from plugin.settings import Settings
from plugin.steering import Keeper, Steering
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
    hears: str
    """Name of the port that the player plays into."""
    plays: str
    """Name of the port that the partner plays through."""

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
    desk: Desk,
    lines: Callable[[], str | None] = lambda: None,
    thru: bool = False,
    ins: Sequence[PortWish] = (),
    outs: Sequence[PortWish] = (),
    song: tuple[MidiSong, str] | None = None,
    weights: str | None = None,
) -> Iterator[Jam]:
    """Open ports, engine and library, and wire a session to them.

    ins, outs: existing ports; without them virtual ones are made. song: a file (and its
    name) that plays the player; on the memory backend it plays through the ports, elsewhere it
    takes the input's place. desk: what the player's lines (`lines`, polled) and knobs go through;
    its settings are the jam's, and what it keeps is written, unless a file plays. `emit` is called
    from the thread that runs the loop, and must return at once. Raises PortError.
    """
    clock = MonotonicClock()
    # What goes on until Ctrl-C is not kept in memory: the take library has it.
    record = JamRecord(keeps_messages=song is not None)
    player = FilePlayer(song[0], clock, song[1]) if song else None
    with contextlib.ExitStack() as closing:
        engine: EngineLink = start_engine(weights)
        closing.callback(engine.close)
        closing.callback(backend.close)
        troubles: deque[str] = deque()  # of other threads, and from before there was a session
        sessions: list[Session] = []
        cables = Cables(
            backend,
            clock,
            ins=ins,
            outs=outs,
            in_name=IN_NAME,
            out_name=OUT_NAME,
            tell=troubles.append,
            gone=lambda now_ns: sessions[0].player_gone(now_ns),  # noqa: PLW0108  made below
            instead=player if player is None or not isinstance(backend, MemoryBackend) else None,
        )
        closing.callback(cables.close)
        port, output = cables.input, cables.output
        other = None
        if player is not None and isinstance(backend, MemoryBackend):
            other = _OtherSide(backend, player, port, output, record, clock, deaf=thru)

        def tell() -> None:
            while troubles:
                emit(protocol.Trouble(troubles.popleft()))

        keeper = None
        if song is None:
            keeper = Keeper(path_in(), troubles.append)
            closing.callback(keeper.close)
        steering = Steering(desk, emit, keeper)

        def heed(event: protocol.Event) -> None:
            emit(event)
            if isinstance(event, protocol.SettingsChanged):
                steering.changed(clock.now_ns(), event)

        def beside(now_ns: int) -> None:
            cables.news()
            tell()
            if (line := lines()) is not None:
                steering.line(now_ns, line)
            if other:
                other.listen(now_ns)
                other.play()

        early_ns = 0
        try:
            # What the port adds by itself is in its arrival times, too: a DAW's clock and our notes
            # are late alike, and nothing is to be made good.
            early_ns = max(0, delay_ns(data_folder(), output.name) - latency_ns(output))
        except LatencyError as error:
            troubles.append(str(error))
        takes = TakeWriter(library_path(data_folder()), on_trouble=troubles.append)
        closing.callback(tell)
        closing.callback(takes.close)
        if other:
            # What the session sends while it closes is heard on the other side, too.
            closing.callback(lambda: other.listen(clock.now_ns()))
        heard_at_wire = other is not None and not thru
        session = Session(
            send=output.send if heard_at_wire else _noting(output, record.sent, clock),
            engine=engine,
            takes=takes,
            emit=heed,
            settings=desk.settings,
            seed=seed,
            thru=thru,
            pass_on=_noting(output, record.passed_on, clock, passes_on=True),
            origin_ns=player.begin() if player else None,
            steer=steering.midi,
            early_ns=early_ns,
        )
        sessions.append(session)
        steering.attach(session)
        closing.callback(lambda: session.close(clock.now_ns()))
        heard = port if other else _Overheard(port, record, clock)
        loop = Loop(
            session,
            clock=clock,
            inputs=[heard],
            output=output,
            engine=engine,
            sources=backend.inputs,
            beside=beside,
            hotplug=cables.hotplug,
        )
        yield Jam(session, loop, record, clock, player, port.name, output.name)


def settings_of(timebase: Timebase) -> Settings:
    """The usual settings, with this tempo."""
    if not timebase.tempo_known:
        return Settings()
    return Settings(bpm=timebase.bpm, beats_per_bar=timebase.beats_per_bar)


def _noting(
    output: OutputPort,
    note: Callable[[int, bytes], None],
    clock: Clock,
    *,
    passes_on: bool = False,
) -> Send:
    """The output's `send`, and what went out is noted.

    passes_on: what is given as due is when the message came in; every message then goes out the
    same time after it, which is steadier than as soon as can be.
    """

    def send(message: bytes, due_ns: int | None = None) -> None:
        if passes_on and due_ns is not None:
            due_ns += latency_ns(output)
        output.send(message, due_ns)
        note(clock.now_ns(), message)

    return send


class _Overheard:
    """An input whose messages are recorded on their way."""

    def __init__(self, port: InputPort, record: JamRecord, clock: Clock) -> None:
        self._port, self._record, self._clock = port, record, clock
        self.alive = port.alive
        self.close = port.close

    @property
    def name(self) -> str:
        """The port's."""
        return self._port.name

    @property
    def arrived_ns(self) -> int | None:
        """As that of the port."""
        arrived_ns: int | None = getattr(self._port, "arrived_ns", None)
        return arrived_ns

    def poll(self) -> bytes | None:
        """The next message of the port."""
        message = self._port.poll()
        if message is not None:
            self._record.heard(self._clock.now_ns(), message)
        return message


class _OtherSide:
    """On the memory backend: a second program that plays the file in and listens to the answer."""

    def __init__(
        self,
        backend: MemoryBackend,
        player: FilePlayer,
        heard: InputPort,
        output: OutputPort,
        record: JamRecord,
        clock: Clock,
        *,
        deaf: bool,
    ) -> None:
        """`deaf`: it does not note what it hears, because it cannot tell answer and thru apart."""
        self._player, self._record, self._clock, self._deaf = player, record, clock, deaf
        far = MemoryBackend(backend.hub)
        self._keys = far.open_output(heard.name, virtual=False)
        self._ears = far.open_input(output.name, virtual=False)

    def play(self) -> None:
        """Send what is due."""
        while (message := self._player.poll()) is not None:
            self._record.heard(self._clock.now_ns(), message)
            self._keys.send(message)

    def listen(self, now_ns: int) -> None:
        """Note what has arrived."""
        while (message := self._ears.poll()) is not None:
            if not self._deaf:
                self._record.sent(now_ns, message)
