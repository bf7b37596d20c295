"""The engine process: reads messages of `engine.api` from a pipe and answers them.

It runs beside the session, on one thread of numpy, and ends when the pipe does: an engine never
outlives its session. A question that a newer one has overtaken is not answered, so that a flood of
them costs no more than its notes; a plan that is overtaken while it is made is dropped.

Importing this module costs nothing; numpy and the weights are loaded inside `run`. It refuses to
know MIDI ports, clocks and files other than its weights.
"""

import os
import signal
import time
from collections import deque
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from engine.api import (
    Ask,
    Begin,
    Expect,
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
_AT_ONCE = 1000
"""Messages that are looked at before one of them is done: a sender may be as fast as we are."""


class Pipe(Protocol):
    """Our end of the way to the session, as far as it is used here."""

    def poll(self) -> bool:
        """Whether a message waits."""

    def recv(self) -> ToEngine:
        """The next message; waits for it. Raises EOFError when the session is gone."""

    def send(self, message: FromEngine) -> None:
        """To the session."""


def run(pipe: Connection, weights: str | None = None) -> None:
    """Serve until the pipe closes. `weights` names another checkpoint than the shipped one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the session, which then ends us
    # One thread: with other work on the machine two threads have a far worse 95th percentile.
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    try:
        planner = _load(pipe, Path(weights) if weights else None)
        if planner is not None:
            serve(pipe, planner)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


def _load(pipe: Pipe, weights: Path | None) -> "Planner | None":
    """A planner that is ready, and said so; None where it could not be had, and why was said."""
    try:
        from engine.key.network import KeyWeightsError
        from engine.model.checkpoint import SHIPPED, CheckpointError, load
        from engine.model.fast import FastPrior
        from engine.planner import Planner
    except ImportError as error:
        pipe.send(Failed(f"The music engine is not installed ({error}); run: make venv"))
        return None
    try:
        tensors, metadata = load(weights or SHIPPED)
        prior = FastPrior(tensors, metadata)
        planner = Planner(prior)
    except (CheckpointError, KeyWeightsError) as error:
        pipe.send(Failed(str(error)))
        return None
    _warm_up(planner)
    pipe.send(Ready(model=metadata.get("name", "prior"), parameters=prior.parameters))
    return planner


def serve(pipe: Pipe, planner: "Planner") -> None:
    """Answer until the pipe closes; then raises EOFError."""
    from engine.expect import expect

    inbox = _Inbox(pipe)
    while True:
        message = inbox.next()
        if isinstance(message, Begin):
            planner.begin(message.timebase)
        elif isinstance(message, Forget):
            planner.forget()
        elif isinstance(message, Hear):
            planner.hear(message.note, message.voice, held=message.held)
        elif isinstance(message, Expect):
            pipe.send(expect(planner.context, message))
        elif isinstance(message, Ask | Rework):
            _answer(pipe, inbox, planner, message)


class _Inbox:
    """Messages in order; heartbeats are answered on the way and never wait behind a plan.

    Overtaken: an `Ask` by a newer one, an `Expect` by a newer one, and everything by `Begin` and
    `Forget`. A `Hear` is never overtaken by questions, and a `Rework` by no other: each one is for
    notes of its own.
    """

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._waiting: deque[tuple[int, ToEngine]] = deque()
        self._number = 0
        self._newest: dict[type, int] = {}
        self._current: tuple[int, ToEngine] = (0, Ping(0))

    def next(self) -> ToEngine:
        """The next message that is worth doing; waits for it."""
        while True:
            if not self._waiting:
                self._take()
            self._take_all()
            while self._waiting:
                self._current = self._waiting.popleft()
                if not self._is_overtaken():
                    return self._current[1]

    def overtaken(self) -> bool:
        """Whether what `next` returned last is no longer worth doing."""
        self._take_all()
        return self._is_overtaken()

    def _is_overtaken(self) -> bool:
        number, message = self._current
        newest = self._newest.get(type(message), 0) if isinstance(message, Ask | Expect) else 0
        # Of these two a session needs both: to forget is not to begin.
        if not isinstance(message, Begin):
            newest = max(newest, self._newest.get(Forget, 0))
        return number < max(newest, self._newest.get(Begin, 0))

    def _take_all(self) -> None:
        for _ in range(_AT_ONCE):
            if not self._pipe.poll():
                return
            self._take()

    def _take(self) -> None:
        message = self._pipe.recv()
        if isinstance(message, Ping):
            self._pipe.send(Pong(message.token))
            return
        self._number += 1
        self._newest[type(message)] = self._number
        self._waiting.append((self._number, message))


def _answer(pipe: Pipe, inbox: _Inbox, planner: "Planner", ask: Ask | Rework) -> None:
    """Plan in pieces; stop when the session has asked for something newer."""
    from engine.rework import ReworkError, rework
    from engine.styles import StyleError

    started = time.perf_counter()
    ends_told = False

    def piece(notes: "list[Note]", *, done: bool) -> FromEngine:
        spent_ms = (time.perf_counter() - started) * 1e3
        ends = () if ends_told else planner.ends
        return Plan(ask.request, tuple(notes), done, spent_ms, planner.gave_way, ends)

    notes: list[Note] = []
    plan = planner.plan(ask) if isinstance(ask, Ask) else rework(planner, ask)
    try:
        for note in plan:
            notes.append(note)
            if len(notes) == PIECE:
                pipe.send(piece(notes, done=False))
                notes, ends_told = [], True
            if inbox.overtaken():
                return
        pipe.send(piece(notes, done=True))
    except (ReworkError, StyleError) as error:
        pipe.send(Refused(ask.request, str(error)))
    finally:
        plan.close()


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
