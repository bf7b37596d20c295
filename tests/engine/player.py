"""A planner with a memory beside a small prior, and a player's notes, for the tests of learning."""

from pathlib import Path

from engine.api import Ask, Hear
from engine.building import Builder
from engine.events import Note, Voice
from engine.limits import Constraints
from engine.memory.memory import Memory
from engine.planner import Planner
from tests.fakes import tiny_prior

LIMITS = Constraints(max_notes=12)


def builder(folder: Path) -> Builder:
    """Of the small prior's file, which is made if it is not there."""
    path = folder / "tiny.safetensors"
    return Builder(path if path.exists() else tiny_prior.write(path))


def planner(made: Builder, **how: object) -> Planner:
    """One with an empty memory."""
    return Planner(made.mixture(made.prior(), Memory(capacity=4096)), **how)  # type: ignore[arg-type]


def note(number: int) -> Note:
    """The player's line: a figure that comes again and again."""
    return Note(0.5 * number, 0.4, 60 + (0, 3, 7, 5)[number % 4], 70 + number % 3)


def hear(number: int, *, again: bool = False, voice: Voice = Voice.PLAYER) -> Hear:
    return Hear(number, note(number), voice, again=again)


def ask(request: int, after: int, *, seed: int = 3, candidates: int = 1) -> Ask:
    start = 0.5 * after + 1.0
    return Ask(
        request,
        after,
        start,
        start + 8.0,
        seed,
        LIMITS,
        may_hand_over=False,
        candidates=candidates,
    )
