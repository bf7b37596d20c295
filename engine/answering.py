"""Answers one question: the first answer as soon as it can be had, a better one if there is time.

Plans leave in pieces, so that their first notes can sound while the rest is made. When a plan is
told and nothing else waits, more answers to the same question are drawn and appraised; one that is
better takes the first one's place (`Plan.anew`), and an answer that quotes too much gives way to
any other. It refuses to know what makes an answer a good one.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from engine.api import Ask, Candidate, Candidates, Plan, Refused, Rework
from engine.events import Note
from engine.inbox import Inbox, Pipe
from engine.planner import Planner
from engine.rework import ReworkError, rework
from engine.styles import StyleError

PIECE = 8
"""Notes in one piece of a plan: the first ones can sound while the rest is being made."""
MORE_FOR_QUOTES = 3
"""So many more are drawn while the best one quotes too much."""
_NEXT_SEED = 0x9E3779B97F4A7C15
_SEEDS = 2**63


class Appraiser(Protocol):
    """Tells good answers from bad ones."""

    def appraise(self, ask: Ask, notes: tuple[Note, ...], seed: int) -> Candidate:
        """What an answer is worth to this player, after what was heard."""

    def quotes_too_much(self, request: int, candidate: Candidate) -> bool:
        """Whether another answer has to be drawn."""

    def explained(self, request: int, ranked: Sequence[Candidate]) -> tuple[Candidate, ...]:
        """The candidates, each with what spoke for it."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """An answer with all that its plan says."""

    candidate: Candidate
    gave_way: tuple[str, ...]
    ends: tuple[tuple[int, float], ...]
    alone_notes: int


class Answering:
    """Thread: the engine's one."""

    def __init__(
        self,
        pipe: Pipe,
        inbox: Inbox,
        planner: Planner,
        clock: Callable[[], float],
        appraiser: Appraiser | None = None,
    ) -> None:
        """clock: seconds, monotonic. Without an appraiser the first answer is the only one."""
        self._pipe, self._inbox, self._clock = pipe, inbox, clock
        self._planner, self._appraiser = planner, appraiser

    def answer(self, ask: Ask | Rework) -> None:
        """Plan, unless the session asks for something newer meanwhile."""
        started = self._clock()
        try:
            notes = self._first(ask, started)
        except (ReworkError, StyleError) as error:
            self._pipe.send(Refused(ask.request, str(error)))
            return
        if notes and isinstance(ask, Ask) and self._appraiser is not None and self._inbox.empty():
            self._look_for_better(ask, notes, started, self._appraiser)

    def _first(self, ask: Ask | Rework, started: float) -> tuple[Note, ...]:
        """The answer, told in pieces; nothing where it was overtaken."""
        planner = self._planner
        notes: list[Note] = []
        told = 0

        def piece(*, done: bool) -> Plan:
            return Plan(
                ask.request,
                tuple(notes[told:]),
                done,
                (self._clock() - started) * 1e3,
                planner.gave_way,
                () if told else planner.ends,
                seed=ask.seed,
                alone_notes=planner.alone_notes,
            )

        plan = planner.plan(ask) if isinstance(ask, Ask) else rework(planner, ask)
        try:
            for note in plan:
                notes.append(note)
                if len(notes) - told == PIECE:
                    self._pipe.send(piece(done=False))
                    told = len(notes)
                if self._inbox.overtaken():
                    return ()
            self._pipe.send(piece(done=True))
        finally:
            plan.close()
        return tuple(notes)

    def _look_for_better(
        self, ask: Ask, notes: tuple[Note, ...], started: float, appraiser: Appraiser
    ) -> None:
        """While nothing waits: draw others, tell one that is better than those before it."""

        def rank(one: Candidate) -> tuple[bool, float]:
            """What quotes too much comes last."""
            return not appraiser.quotes_too_much(ask.request, one), one.score

        best = appraiser.appraise(ask, notes, ask.seed)
        found = [best]
        drawn = 1
        while drawn < ask.candidates + MORE_FOR_QUOTES * (not rank(best)[0]):
            seed = (ask.seed + drawn * _NEXT_SEED) % _SEEDS
            drawn += 1
            other = self._another(replace(ask, seed=seed), appraiser)
            if other is None:
                break
            if not other.candidate.notes:
                continue
            found.append(other.candidate)
            if rank(other.candidate) <= rank(best):
                continue
            best = other.candidate
            spent_ms = (self._clock() - started) * 1e3
            self._pipe.send(
                Plan(
                    ask.request,
                    best.notes,
                    True,
                    spent_ms,
                    other.gave_way,
                    other.ends,
                    seed=seed,
                    anew=True,
                    alone_notes=other.alone_notes,
                )
            )
        ranked = sorted(found, key=rank, reverse=True)
        told = appraiser.explained(ask.request, ranked)
        self._pipe.send(Candidates(ask.request, told))

    def _another(self, ask: Ask, appraiser: Appraiser) -> Drawn | None:
        """Another answer; None where something else has come to be done."""
        planner = self._planner
        plan: Generator[Note, None, None] = planner.plan(ask)
        notes = []
        try:
            for note in plan:
                notes.append(note)
                if not self._inbox.empty():
                    return None
        finally:
            plan.close()
        candidate = appraiser.appraise(ask, tuple(notes), ask.seed)
        return Drawn(candidate, planner.gave_way, planner.ends, planner.alone_notes)
