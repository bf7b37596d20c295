"""An engine in memory that does what a test tells it: answers, keeps silent, hangs, dies.

It passes tests/plugin/test_engine_link.py, as the one in a process of its own does. It says nothing
by itself but `Ready` when it starts, a `Pong` to each `Ping`, what `answer` makes of an `Ask`, what
`reworked` makes of a `Rework`, and `expects` to each `Expect` if it is set.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace

from engine.api import (
    Ask,
    Expect,
    Expected,
    FromEngine,
    Hear,
    Ping,
    Plan,
    Pong,
    Ready,
    Rework,
    ToEngine,
)
from engine.events import Note
from plugin.engine_link import Stopped

READY = Ready("fake", 7)

Answer = Callable[[Ask], Sequence[FromEngine]]


def answer_with(*notes: Note, piece: int = 8) -> Answer:
    """The same notes to every question, their onsets counted from the asked start."""

    def answer(ask: Ask) -> list[Plan]:
        moved = [
            Note(ask.start_beat + n.onset, n.duration, n.pitch, n.velocity, n.channel)
            for n in notes
        ]
        pieces = [tuple(moved[at : at + piece]) for at in range(0, len(moved), piece)] or [()]
        return [
            Plan(ask.request, part, number == len(pieces), 0.0, seed=ask.seed)
            for number, part in enumerate(pieces, 1)
        ]

    return answer


def reworked(task: Rework) -> list[Plan]:
    """Each note an octave higher; beside it, one of the allowed keys that is not taken."""
    if not task.beside:
        notes = tuple(replace(note, pitch=(note.pitch + 12) % 128) for note in task.notes)
        return [Plan(task.request, notes, True, 0.0)]
    keys = task.limits.keys[: len(task.notes)]
    notes = tuple(replace(n, pitch=key) for n, key in zip(task.notes, keys, strict=False))
    return [Plan(task.request, notes, True, 0.0)]


class FakeEngine:
    """An `EngineLink`; `told` is what the present life was sent, `log` what all lives were."""

    def __init__(self, answer: Answer | None = None, *, ready: bool = True) -> None:
        self.answer, self._gets_ready = answer, ready
        self.expects: tuple[float, tuple[float, ...]] | None = None
        self.log: list[ToEngine] = []
        self.lives = 0
        self.closed = False
        self._begin()

    # -- the session's side --

    def send(self, message: ToEngine) -> None:
        if not self.alive:
            return
        self.told.append(message)
        self.log.append(message)
        if self.hangs:
            return
        if isinstance(message, Ping):
            self._says.append(Pong(message.token))
        elif isinstance(message, Ask) and self.answer is not None:
            self._says.extend(self.answer(message))
        elif isinstance(message, Rework):
            self._says.extend(reworked(message))
        elif isinstance(message, Expect) and self.expects is not None:
            self._says.append(Expected(message.request, *self.expects))

    def poll(self) -> FromEngine | Stopped | None:
        return self._says.popleft() if self._says else None

    def restart(self) -> None:
        if not self.closed:
            self._begin()

    def close(self) -> None:
        self.closed, self.alive = True, False
        self._says.clear()

    # -- the test's side --

    @property
    def asks(self) -> list[Ask]:
        """Every question that a living engine was asked."""
        return [message for message in self.log if isinstance(message, Ask)]

    @property
    def reworks(self) -> list[Rework]:
        """Every rework that a living engine was asked for."""
        return [message for message in self.log if isinstance(message, Rework)]

    @property
    def heard(self) -> list[Hear]:
        """Every note that the present life was told."""
        return [message for message in self.told if isinstance(message, Hear)]

    def say(self, *messages: FromEngine | Stopped) -> None:
        """Put words into its mouth, if it still lives."""
        if self.alive:
            self._says.extend(messages)

    def die(self) -> None:
        """End by itself: what it was sent meanwhile is lost."""
        if self.alive:
            self.alive = False
            self._says.append(Stopped("The engine stopped; it is being restarted."))

    def hang(self) -> None:
        """Take everything, say nothing more."""
        self.hangs = True

    def _begin(self) -> None:
        self.lives += 1
        self.alive, self.hangs = True, False
        self.told: list[ToEngine] = []
        self._says: deque[FromEngine | Stopped] = deque([READY] if self._gets_ready else [])
