"""The engine's inbox: messages in order, and which of them are still worth doing.

A question that a newer one has overtaken is not answered, so that a flood of them costs no more
than its notes. It refuses to know what answers are.
"""

from collections import deque
from typing import Protocol

from engine.api import (
    Adopt,
    Ask,
    Begin,
    End,
    Expect,
    Forget,
    FromEngine,
    Hear,
    Judge,
    Ping,
    Pong,
    Profile,
    ToEngine,
)

_AT_ONCE = 1000
"""Messages that are looked at before one of them is done: a sender may be as fast as we are."""


class Pipe(Protocol):
    """Our end of the way to the session, as far as it is used here."""

    def poll(self, timeout: float | None = 0.0) -> bool:
        """Whether a message waits, or comes within so many seconds."""

    def recv(self) -> ToEngine:
        """The next message; waits for it. Raises EOFError when the session is gone."""

    def send(self, message: FromEngine) -> None:
        """To the session."""


class Inbox:
    """Messages in order; heartbeats are answered on the way and never wait behind a plan.

    Overtaken: an `Ask` by a newer one, an `Expect` by a newer one, every question by the `End`, and
    everything that is asked or told by `Begin` and `Forget`. A `Hear` is never overtaken by
    questions, and a `Rework` by no other: each one is for notes of its own. What outlives a
    session is never overtaken: whose partner to be, what the player thinks of an answer, what is
    to be unlearnt.
    """

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._waiting: deque[tuple[int, ToEngine]] = deque()
        self._number = 0
        self._newest: dict[type, int] = {}
        self._current: tuple[int, ToEngine] = (0, Ping(0))

    def next(self, wait_s: float | None = None) -> ToEngine | None:
        """The next message that is worth doing; None if none comes within `wait_s` (None: waits).

        Raises EOFError when the session is gone.
        """
        while True:
            if not self._waiting:
                if wait_s is not None and not self._pipe.poll(wait_s):
                    return None
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

    def empty(self) -> bool:
        """Whether nothing waits to be done."""
        self._take_all()
        return not self._waiting

    def _is_overtaken(self) -> bool:
        number, message = self._current
        if isinstance(message, Profile | Adopt | Judge | Forget | End):
            return False
        newest = self._newest.get(type(message), 0) if isinstance(message, Ask | Expect) else 0
        if not isinstance(message, Hear):
            newest = max(newest, self._newest.get(End, 0))
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
