"""The session side of a window: opens the jam that is asked for, runs it, opens another, ends.

The engine, the trainer and the desk outlive a change of ports; ports, session and take writer are
the jam's. Whatever ends it - a wish, a signal, the end of the line, a fault - notes are released
first. It refuses to show and to understand music: that is the window's and the session's.

Thread: the session's.
"""

import contextlib
import secrets
import sys
import traceback
from dataclasses import dataclass, replace

import msgspec

from engine.smf.song import MidiSong, read_midi
from plugin import compose, protocol
from plugin.backends.memory import MemoryBackend
from plugin.cables import PortWish
from plugin.control.desk import Desk
from plugin.control.store import load, path_in
from plugin.file_player import song_timebase
from plugin.files import data_folder
from plugin.ports import Backend, PortError
from plugin.protocol import Message, SettingsChanged, StateChanged, Trouble
from plugin.realtime.clock import MonotonicClock
from plugin.realtime.loop import PortGoneError
from plugin.served.comparing import Comparing
from plugin.served.engine_line import EngineLine
from plugin.served.frames import End
from plugin.served.inbox import Inbox
from plugin.served.keys import Keys
from plugin.served.messages import VERSION, Asked, NotOpened, Open, Opened
from plugin.served.orders import Orders
from plugin.served.outbox import Outbox
from plugin.served.scores import Scores
from plugin.served.view import View
from plugin.signals import Wishes
from plugin.takes import DEMO_TAKE, library_path
from plugin.wiring import House, Jam, JamWish, wired

LOOK_EVERY_S = 0.1
MOST_ASKS_A_ROUND = 16
DEMO_NAME = "the built-in phrase"
NEWER = "This window is newer than its session process: close Antiphon and start it again."


@dataclass(frozen=True, slots=True)
class _Home:
    """What one jam after the other uses, as long as the weights are the same."""

    weights: str | None
    house: House
    line: EngineLine
    comparing: Comparing


class Host:
    """See the module."""

    def __init__(
        self, inbox: Inbox, outbox: Outbox, wishes: Wishes, *, silence_first: bool = False
    ) -> None:
        """silence_first: notes of a session that was killed may still sound in an instrument."""
        self._inbox, self._outbox, self._wishes = inbox, outbox, wishes
        self._silence_first = silence_first
        self._clock = MonotonicClock()
        self._next: Open | None = None
        self._over = False
        self._says = ""
        self._desk: Desk | None = None
        self._keeping = contextlib.ExitStack()
        self._home: _Home | None = None

    def run(self) -> str:
        """Until it is over; why, where nobody asked for it."""
        try:
            with self._keeping:
                while (opening := self._wait_for_open()) is not None:
                    self._open(opening)
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            return f"it stumbled ({type(error).__name__}: {error})"
        return self._says

    # -- between two jams --

    def _wait_for_open(self) -> Open | None:
        while not self._ended():
            if self._next is not None:
                opening, self._next = self._next, None
                return opening
            self._take(self._inbox.next(LOOK_EVERY_S))
        return None

    def _ended(self) -> bool:
        return self._over or self._outbox.broken or not self._wishes.grant(lambda: None)

    def _take(self, asked: Asked | End | None) -> Asked | None:
        """What is to be done in the jam that runs; the rest is done here."""
        match asked:
            case End(says):
                self._over, self._says = True, says
            case protocol.Quit():
                self._over = True
            case Open():
                self._next = asked
            case _:
                return asked
        return None

    def _open(self, opening: Open) -> None:
        if opening.version > VERSION:
            self._tell(NotOpened(NEWER))
            return
        home = self._home_for(opening)
        try:
            ins = tuple(PortWish.of(name) for name in opening.ins)
        except ValueError as error:
            self._tell(NotOpened(str(error)))
            return
        outs = tuple(PortWish(name) for name in opening.outs)
        try:
            self._jam(opening, home, _backend(opening.system), ins, outs)
        except (PortError, PortGoneError) as error:
            self._tell(NotOpened(str(error)))

    def _home_for(self, opening: Open) -> _Home:
        """The engine is being started before anything else: that takes longest."""
        home = self._home
        if home is not None and home.weights == opening.weights:
            home.line.renew()
            return home
        self._keeping.close()
        house = self._keeping.enter_context(compose.open_house(opening.weights, 0))
        line = EngineLine(house.engine, self._clock)
        comparing = Comparing(
            compose.comparer(),
            library=library_path(data_folder()),
            folder=compose.profiles_folder(),
            weights=opening.weights,
        )
        self._keeping.callback(comparing.close)
        self._home = _Home(opening.weights, replace(house, engine=line), line, comparing)
        return self._home

    # -- a jam --

    def _jam(
        self,
        opening: Open,
        home: _Home,
        backend: Backend,
        ins: tuple[PortWish, ...],
        outs: tuple[PortWish, ...],
    ) -> None:
        desk, song = self._desk_for(opening)
        keys, scores = Keys(), Scores(library_path(data_folder()))
        seed = secrets.randbelow(2**31) if opening.seed is None else opening.seed
        view = View(self._clock, self._tell, desk, home.line)
        orders = Orders(
            self._tell,
            tutor=home.house.tutor,
            comparing=home.comparing,
            scores=scores,
            keys=keys,
            view=view,
        )
        wish = JamWish(
            seed,
            ins,
            outs,
            thru=opening.thru,
            profile=compose.NOBODY if opening.demo and not opening.profile else opening.profile,
            song=song,
            beside_song=True,
            also=(keys,),
            takes_named=DEMO_TAKE if opening.demo else "",
        )

        def emit(event: protocol.Event) -> None:
            view.event(event)
            self._tell(event)

        def beside(now_ns: int, jam: Jam) -> None:
            for _ in range(MOST_ASKS_A_ROUND):
                found = self._inbox.next()
                if found is None:
                    break
                if (asked := self._take(found)) is not None:
                    orders.obey(now_ns, jam, asked)
            orders.tend(now_ns, jam)
            view.look(now_ns)

        house = replace(home.house, keeper=None) if opening.demo else home.house
        with (
            contextlib.closing(scores),
            contextlib.closing(view),
            wired(backend, house, wish, desk=desk, emit=emit, beside=beside, watch=view) as jam,
        ):
            self._tell(Opened(VERSION, backend.api, jam.hears, jam.plays, seed, opening.demo))
            self._tell(SettingsChanged(desk.settings))
            self._tell(StateChanged(jam.session.state))
            view.attach(jam)
            if self._silence_first:
                self._silence_first = False
                jam.session.command(self._clock.now_ns(), protocol.Panic())
            jam.loop.run(lambda: self._goes_on(jam))

    def _goes_on(self, jam: Jam) -> bool:
        def silence() -> None:
            jam.session.command(jam.clock.now_ns(), protocol.Panic())

        wanted = not (self._over or self._outbox.broken or self._next is not None)
        return self._wishes.grant(silence) and wanted

    def _desk_for(self, opening: Open) -> tuple[Desk, tuple[MidiSong, str] | None]:
        """The player's desk; for the demo one of its own, at the phrase's tempo."""
        if self._desk is None:
            kept, says = load(path_in())
            self._desk = Desk(kept)
            if says:
                self._tell(Trouble(says))
        if not opening.demo:
            return self._desk, None
        song = read_midi(compose.DEMO_PHRASE)
        settings = compose.settings_of(song_timebase(song))
        if opening.seed is not None:  # the same answers each time: others need time
            settings = msgspec.structs.replace(settings, candidates=1)
        kept = msgspec.structs.replace(self._desk.kept, settings=settings)
        return Desk(kept), (song, DEMO_NAME)

    def _tell(self, message: Message) -> bool:
        return self._outbox.put(message)


def _backend(system: str | None) -> Backend:
    """Raises PortError with a next step."""
    return MemoryBackend() if system == "memory" else compose.system_backend(system)
