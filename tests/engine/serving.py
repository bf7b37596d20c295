"""An engine's parts as the worker puts them together, for tests that are its pipe."""

from collections.abc import Callable
from pathlib import Path
from time import monotonic

from engine.building import Builder
from engine.inbox import Pipe
from engine.planner import Planner
from engine.pupil import Pupil
from engine.saving import Saver
from engine.worker import Engine


def engine_of(
    planner: Planner,
    pipe: Pipe,
    *,
    weights: Path = Path("nowhere"),
    clock: Callable[[], float] = monotonic,
    saver: Saver | None = None,
) -> Engine:
    """One without an opinion about answers."""
    pupil = Pupil(planner, Builder(weights), saver or Saver(), pipe.send, clock)
    return Engine(planner, pupil)
