"""The engine process: reads messages of `engine.api` from a pipe and answers them.

It runs beside the session, on one thread of numpy, and ends when the pipe does: an engine never
outlives its session. Planning is done in small pieces and is dropped as soon as another message
waits, because a plan older than the last heard note is void anyway.

Importing this module costs nothing; numpy and the weights are loaded inside `run`. It refuses to
know MIDI ports, clocks and files other than its weights.
"""

import os
import signal
import time
from collections import deque
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from engine.api import (
    Ask,
    Begin,
    Failed,
    Forget,
    FromEngine,
    Hear,
    Ping,
    Plan,
    Pong,
    Ready,
    Refused,
    Rework,
    ToEngine,
)

if TYPE_CHECKING:
    from engine.events import Note
    from engine.planner import Planner

PIECE = 8
"""Notes in one piece of a plan: the first ones can sound while the rest is being made."""


def run(pipe: Connection, weights: str | None = None) -> None:
    """Serve until the pipe closes. `weights` names another checkpoint than the shipped one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the session, which then ends us
    # One thread: with other work on the machine two threads have a far worse 95th percentile.
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    try:
        _serve(pipe, Path(weights) if weights else None)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


def _serve(pipe: Connection, weights: Path | None) -> None:
    try:
        from engine.key.network import KeyWeightsError
        from engine.model.checkpoint import SHIPPED, CheckpointError, load
        from engine.model.fast import FastPrior
        from engine.planner import Planner
    except ImportError as error:
        pipe.send(Failed(f"The music engine is not installed ({error}); run: make venv"))
        return
    try:
        tensors, metadata = load(weights or SHIPPED)
        prior = FastPrior(tensors, metadata)
        planner = Planner(prior)
    except (CheckpointError, KeyWeightsError) as error:
        pipe.send(Failed(str(error)))
        return
    _warm_up(planner)
    pipe.send(Ready(model=metadata.get("name", "prior"), parameters=prior.parameters))
    inbox = _Inbox(pipe)
    while True:
        message = inbox.next()
        if isinstance(message, Begin):
            planner.begin(message.timebase)
        elif isinstance(message, Forget):
            planner.forget()
        elif isinstance(message, Hear):
            planner.hear(message.note, message.voice, held=message.held)
        elif isinstance(message, Ask | Rework):
            _answer(pipe, inbox, planner, message)


class _Inbox:
    """Messages in order; heartbeats are answered on the way and never wait behind a plan."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._waiting: deque[ToEngine] = deque()

    def next(self) -> ToEngine:
        """The next message that is not a heartbeat; waits for it."""
        while not self._waiting:
            self._take()
        return self._waiting.popleft()

    def has_news(self) -> bool:
        """Whether a message waits that is not a heartbeat."""
        while self._pipe.poll():
            self._take()
        return bool(self._waiting)

    def _take(self) -> None:
        message = self._pipe.recv()
        if isinstance(message, Ping):
            self._pipe.send(Pong(message.token))
        else:
            self._waiting.append(message)


def _answer(pipe: Connection, inbox: _Inbox, planner: "Planner", ask: Ask | Rework) -> None:
    """Plan in pieces; stop when the session has something newer to say than a heartbeat."""
    from engine.rework import ReworkError, rework
    from engine.styles import StyleError

    started = time.perf_counter()

    def piece(notes: "list[Note]", *, done: bool) -> FromEngine:
        spent_ms = (time.perf_counter() - started) * 1e3
        return Plan(ask.request, tuple(notes), done, spent_ms, planner.gave_way)

    notes: list[Note] = []
    plan = planner.plan(ask) if isinstance(ask, Ask) else rework(planner, ask)
    try:
        for note in plan:
            notes.append(note)
            if len(notes) == PIECE:
                pipe.send(piece(notes, done=False))
                notes = []
                if inbox.has_news():
                    return
        pipe.send(piece(notes, done=True))
    except (ReworkError, StyleError) as error:
        pipe.send(Refused(ask.request, str(error)))
    finally:
        plan.close()


def _warm_up(planner: "Planner") -> None:
    """Touch every weight and buffer once, so that the first answer is as quick as the second."""
    from engine.events import Note, Timebase

    planner.hear(Note(0.0, 1.0, 60, 80))
    list(planner.plan(Ask(0, 0, 1.0, 3.0, seed=0)))
    planner.begin(Timebase())
