"""Wires a session to ports, engine and library: one jam, from opening to the last note-off.

Everything it needs is handed in by the composition root (`plugin.compose`); it refuses to know
which engine and which MIDI system these are.
"""

import contextlib
import secrets
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from engine.api import Profile
from engine.smf.song import MidiSong
from plugin import protocol
from plugin.backends.memory import MemoryBackend
from plugin.cables import Cables, PortWish
from plugin.control.desk import Desk
from plugin.engine_link import EngineLink
from plugin.file_player import FilePlayer
from plugin.files import data_folder
from plugin.latency import LatencyError, delay_ns
from plugin.overheard import OtherSide, Overheard, noting
from plugin.ports import Backend, InputPort, latency_ns
from plugin.realtime.clock import Clock, MonotonicClock
from plugin.realtime.loop import Loop
from plugin.record import JamRecord
from plugin.session import Session
from plugin.steering import Keeper, Steering
from plugin.takes import library_path
from plugin.takes_writer import TakeWriter
from plugin.tutor import Tutor
from plugin.watching import Watch

IN_NAME, OUT_NAME = "Antiphon In", "Antiphon Out"
PROFILES_FOLDER = "profiles"
NOBODY = ""
"""The profile that is nobody's: what is learnt is gone with the jam."""


@dataclass(frozen=True, slots=True)
class House:
    """What one jam after the other can use. keeper None: what the desk keeps is not written.

    news: of other threads, and from before there was a session.
    """

    engine: EngineLink
    tutor: Tutor
    keeper: Keeper | None = None
    news: deque[protocol.Event] = field(default_factory=deque)


@dataclass(frozen=True, slots=True)
class JamWish:
    """What a jam is to be.

    ins, outs: existing ports; without them virtual ones are made. song: a file (and its name) that
    plays the player. beside_song: the inputs are open as well while it does. profile: who the
    player is, None for the one in use. also: inputs of this process's own. takes_named: what its
    takes are called, "" for no name.
    """

    seed: int
    ins: tuple[PortWish, ...] = ()
    outs: tuple[PortWish, ...] = ()
    thru: bool = False
    profile: str | None = NOBODY
    song: tuple[MidiSong, str] | None = None
    beside_song: bool = False
    also: tuple[InputPort, ...] = ()
    takes_named: str = ""


@dataclass(frozen=True, slots=True)
class Jam:
    """A session that is wired up and ready to run."""

    session: Session
    loop: Loop
    record: JamRecord
    clock: Clock
    steering: Steering
    cables: Cables
    player: FilePlayer | None

    @property
    def hears(self) -> str:
        """Name of the port that the player plays into."""
        names = [port.name for port in self.cables.inputs]
        return " and ".join(names) or self.cables.input.name

    @property
    def plays(self) -> str:
        """Name of the port that the partner plays through."""
        return self.cables.output.name

    @property
    def over(self) -> bool:
        """Whether a file that plays the player has ended and been answered."""
        return self.player is not None and self.player.finished and self.session.idle


def profiles_folder() -> Path:
    """Where the profiles of this user are."""
    return data_folder() / PROFILES_FOLDER


@contextlib.contextmanager
def wired(
    backend: Backend,
    house: House,
    wish: JamWish,
    *,
    desk: Desk,
    emit: Callable[[protocol.Event], None],
    beside: Callable[[int, Jam], None] = lambda now_ns, jam: None,
    watch: Watch | None = None,
) -> Iterator[Jam]:
    """Open the ports and the library and wire a session to them; the backend is closed with it.

    desk: what the player's lines and knobs go through; its settings are the jam's. `emit` is called
    from the thread that runs the loop, and must return at once; `beside` every round. watch is
    shown what goes through the ports. Raises PortError.
    """
    clock, news = MonotonicClock(), house.news
    # What goes on until Ctrl-C is not kept in memory: the take library has it.
    record = JamRecord(keeps_messages=wish.song is not None and not wish.beside_song)
    player = FilePlayer(wish.song[0], clock, wish.song[1]) if wish.song else None
    alone = player is not None and not wish.beside_song

    def trouble(says: str) -> None:
        news.append(protocol.Trouble(says))

    with contextlib.ExitStack() as closing:
        closing.callback(backend.close)
        jams: list[Jam] = []
        cables = Cables(
            backend,
            clock,
            ins=wish.ins,
            outs=wish.outs,
            in_name=IN_NAME,
            out_name=OUT_NAME,
            tell=trouble,
            gone=lambda now_ns: jams[0].session.player_gone(now_ns),  # noqa: PLW0108  made below
            instead=player if alone and not isinstance(backend, MemoryBackend) else None,
            also=(*wish.also, player) if player and not alone else wish.also,
            watch=watch,
        )
        closing.callback(cables.close)
        port, output = cables.input, cables.output
        other = None
        if alone and player is not None and isinstance(backend, MemoryBackend):
            other = OtherSide(backend, player, port, output, record, clock, deaf=wish.thru)

        def tell() -> None:
            while news:
                heed(news.popleft())

        steering = Steering(desk, emit, house.keeper, house.tutor.wish)

        def heed(event: protocol.Event) -> None:
            emit(event)
            if isinstance(event, protocol.SettingsChanged):
                steering.changed(clock.now_ns(), event)
            elif isinstance(event, protocol.PartnerOf):
                house.tutor.profile = event.profile

        def each_round(now_ns: int) -> None:
            jam = jams[0]
            cables.news()
            tell()
            beside(now_ns, jam)
            house.tutor.tend(emit, lambda command: jam.session.command(now_ns, command))
            if other:
                other.listen(now_ns)
                other.play()

        early_ns = 0
        try:
            # What the port adds by itself is in its arrival times, too: a DAW's clock and our notes
            # are late alike, and nothing is to be made good.
            early_ns = max(0, delay_ns(data_folder(), output.name) - latency_ns(output))
        except LatencyError as error:
            trouble(str(error))
        takes = TakeWriter(
            library_path(data_folder()),
            on_trouble=trouble,
            on_saved=lambda take_id: news.append(protocol.TakeSaved(take_id)),
            named=wish.takes_named,
        )
        closing.callback(tell)
        closing.callback(takes.close)
        if other:
            # What the session sends while it closes is heard on the other side, too.
            closing.callback(lambda: other.listen(clock.now_ns()))
        heard_at_wire = other is not None and not wish.thru
        session = Session(
            send=output.send if heard_at_wire else noting(output, record.sent, clock),
            engine=house.engine,
            takes=takes,
            emit=heed,
            settings=desk.settings,
            seed=wish.seed,
            thru=wish.thru,
            pass_on=noting(output, record.passed_on, clock, passes_on=True),
            origin_ns=player.begin() if player else None,
            steer=steering.midi,
            early_ns=early_ns,
        )
        closing.callback(lambda: session.close(clock.now_ns()))
        loop = Loop(
            session,
            clock=clock,
            inputs=[port if other else Overheard(port, record, clock)],
            output=output,
            engine=house.engine,
            sources=backend.inputs if watch is None else watch.survey,
            beside=each_round,
            hotplug=cables.hotplug,
        )
        jam = Jam(session, loop, record, clock, steering, cables, player)
        jams.append(jam)
        session.introduce(Profile(wish.profile, str(profiles_folder())), secrets.randbits(53))
        steering.attach(session)
        yield jam
