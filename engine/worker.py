"""The engine process: reads messages of `engine.api` from a pipe and answers them.

It runs beside the session, on one thread of numpy, and ends when the pipe does: an engine never
outlives its session. What a newer message has overtaken is not done (`engine.inbox`).

Importing this module costs nothing; numpy and the weights are loaded inside `run`. It refuses to
know MIDI ports, clocks and files other than its weights.
"""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from engine.api import (
    Adopt,
    Ask,
    Begin,
    End,
    Expect,
    Failed,
    Forget,
    Hear,
    Judge,
    Profile,
    Ready,
    Rework,
    Tells,
)
from engine.inbox import Inbox, Pipe
from engine.words import INSTALL

if TYPE_CHECKING:
    from engine.appraising import Appraising
    from engine.planner import Planner
    from engine.pupil import Pupil


def run(pipe: Connection, weights: str | None = None) -> None:
    """Serve until the pipe closes. `weights` names another checkpoint than the shipped one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the session, which then ends us
    # One thread: with other work on the machine two threads have a far worse 95th percentile.
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    try:
        engine = _load(pipe, Path(weights) if weights else None)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
    if engine is None:
        return
    try:
        serve(pipe, engine)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass
    finally:
        engine.pupil.close()


@dataclass(frozen=True, slots=True, eq=False)
class Engine:
    """What answers. Made by `_load`, and by tests."""

    planner: "Planner"
    pupil: "Pupil"
    appraising: "Appraising | None" = None


def _load(pipe: Pipe, weights: Path | None) -> Engine | None:
    """An engine that is ready, and said so; None where it could not be had, and why was said."""
    try:
        from engine.building import Builder
        from engine.key.network import KeyWeightsError
        from engine.memory.memory import Memory
        from engine.planner import Planner
        from engine.pupil import Pupil
        from engine.saving import Saver
    except ImportError as error:
        pipe.send(Failed(f"The music engine is not installed ({error}); {INSTALL}."))
        return None
    builder = Builder(weights)
    prior = builder.prior()
    try:
        planner = Planner(builder.mixture(prior, Memory()))
    except KeyWeightsError as error:
        pipe.send(Failed(str(error)))
        return None
    _warm_up(planner)
    planner.context.remember(Memory())
    pupil = Pupil(planner, builder, Saver(), pipe.send, time.monotonic)
    appraising = _appraising(pipe, planner, pupil)
    pipe.send(Ready(builder.model, prior.parameters if prior is not None else 0))
    for says in builder.says:
        pipe.send(Tells(says))
    return Engine(planner, pupil, appraising)


def _appraising(pipe: Pipe, planner: "Planner", pupil: "Pupil") -> "Appraising":
    """Whatever of it can be had; what is damaged is said."""
    from engine.appraising import Appraising
    from engine.critic.network import SHIPPED, Critic, CriticError
    from engine.quote.index import QuoteIndexError
    from engine.quote.meter import QuoteMeter

    meter, critic = QuoteMeter(None), None
    try:
        meter = QuoteMeter.load()
    except QuoteIndexError as error:
        pipe.send(Tells(str(error)))
    try:
        critic = Critic.load() if SHIPPED.is_file() else None
    except CriticError as error:
        pipe.send(Tells(str(error)))
    return Appraising(planner, lambda: pupil.taste, meter=meter, critic=critic)


def serve(pipe: Pipe, engine: Engine, *, clock: Callable[[], float] = time.monotonic) -> None:
    """Answer until the pipe closes; then raises EOFError, or returns when told to end.

    clock: seconds.
    """
    from engine.answering import Answering
    from engine.expect import expect

    planner, pupil, appraising = engine.planner, engine.pupil, engine.appraising
    inbox = Inbox(pipe)
    answering = Answering(pipe, inbox, planner, clock, appraising)
    while True:
        match inbox.next(pupil.wait_s):
            case None:
                pupil.idle()
            case Hear() as heard:
                news = pupil.is_news(heard)
                planner.hear(heard.note, heard.voice, held=heard.held, learn=news)
                pupil.heard(heard, news=news)
                if appraising is not None:
                    appraising.hear(heard.note, heard.voice, news=news)
            case Expect() as question:
                pipe.send(expect(planner.context, question))
            case (Ask() | Rework()) as ask:
                answering.answer(ask)
            case Judge() as judgement:
                if appraising is not None and appraising.judge(judgement):
                    pupil.judged()
            case Begin() as begin:
                pupil.begin(begin)
                planner.begin(begin.timebase)
                if appraising is not None:
                    appraising.begin()
            case Forget():
                pupil.forget()
                planner.forget()
            case (Profile() | Adopt()) as change:
                if appraising is not None and isinstance(change, Profile):
                    appraising.another_player()
                pupil.change(change)
            case End():
                return
            case _:
                pass


def _warm_up(planner: "Planner") -> None:
    """Touch every weight and buffer once, so that the first answer is as quick as the second."""
    from engine.events import Note, Timebase
    from engine.expect import expect
    from engine.rework import rework

    note = Note(0.0, 1.0, 60, 80)
    planner.hear(note)
    list(planner.plan(Ask(0, 0, 1.0, 3.0, seed=0)))
    list(rework(planner, Rework(0, (note,), (), seed=0, beside=True)))
    expect(planner.context, Expect(0))
    planner.begin(Timebase())
