"""The composition root: the only file that names concrete ports, engine and store.

A `House` is what several jams can share, one after the other (engine, trainer, what writes the
settings); `plugin.wiring` makes a jam of it. Whoever opened something gives it back, whatever
happens: notes are released, takes are on disk, the engine has ended.
"""

import contextlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from engine.events import Timebase
from engine.learning import LearnRequest
from engine.smf.song import MidiSong
from plugin import protocol
from plugin.cables import PortWish
from plugin.control.desk import Desk
from plugin.control.store import path_in
from plugin.engine_process import EngineProcess
from plugin.files import data_folder
from plugin.ports import Backend
from plugin.settings import Settings
from plugin.steering import Keeper
from plugin.takes import library_path
from plugin.trainer_process import TrainerProcess
from plugin.tutor import Tutor
from plugin.wiring import (
    IN_NAME,
    NOBODY,
    OUT_NAME,
    House,
    Jam,
    JamWish,
    profiles_folder,
    wired,
)

DEMO_PHRASE = Path(__file__).resolve().parent / "demo" / "phrase.mid"

__all__ = [
    "DEMO_PHRASE",
    "IN_NAME",
    "NOBODY",
    "OUT_NAME",
    "House",
    "Jam",
    "JamWish",
    "comparer",
    "open_house",
    "open_jam",
    "profiles_folder",
    "settings_of",
    "start_engine",
    "start_trainer",
    "system_backend",
    "wired",
]


def start_engine(weights: str | None = None) -> EngineProcess:
    """The engine in a process of its own. It says `Ready` when it is."""
    from engine.worker import run

    return EngineProcess(run, weights)


def start_trainer(request: LearnRequest) -> TrainerProcess:
    """A training run in a process of its own."""
    from engine.adapt.trainer import run

    return TrainerProcess(run, request)


def comparer() -> Callable[[Connection], None]:
    """What answers a phrase twice, in a process of its own: for `plugin.served.comparing`."""
    from engine.comparing import run

    return run


def system_backend(api: str | None = None) -> Backend:
    """The MIDI system of this machine. Raises PortError with a next step if there is none."""
    from plugin.backends.find import find_backend

    return find_backend(api)


@contextlib.contextmanager
def open_house(weights: str | None, seed: int, *, keeps: bool = True) -> Iterator[House]:
    """An engine that is being started, and what goes with it. keeps: settings outlive the jam."""
    from engine.adapt.trainer import run

    news: deque[protocol.Event] = deque()
    with contextlib.ExitStack() as closing:
        engine = start_engine(weights)
        closing.callback(engine.close)
        keeper = None
        if keeps:
            keeper = Keeper(path_in(), lambda says: news.append(protocol.Trouble(says)))
            closing.callback(keeper.close)
        tutor = Tutor(
            run,
            library=library_path(data_folder()),
            folder=profiles_folder(),
            weights=weights,
            seed=seed,
        )
        closing.callback(tutor.close)
        yield House(engine, tutor, keeper, news)


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
    profile: str | None = NOBODY,
) -> Iterator[Jam]:
    """One jam in a house of its own, see `wired`; `lines` are polled and carried out.

    song: a file (and its name) that plays the player; on the memory backend it plays through the
    ports, elsewhere it takes the input's place, and what the desk keeps is not written.
    """
    wish = JamWish(seed, tuple(ins), tuple(outs), thru=thru, profile=profile, song=song)

    def beside(now_ns: int, jam: Jam) -> None:
        if (line := lines()) is not None:
            jam.steering.line(now_ns, line)

    with (
        open_house(weights, seed, keeps=song is None) as house,
        wired(backend, house, wish, desk=desk, emit=emit, beside=beside) as jam,
    ):
        yield jam


def settings_of(timebase: Timebase) -> Settings:
    """The usual settings, with this tempo."""
    if not timebase.tempo_known:
        return Settings()
    return Settings(bpm=timebase.bpm, beats_per_bar=timebase.beats_per_bar)
