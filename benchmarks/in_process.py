"""The real engine in this process, at once: what is measured with it is the music, not the time.

python -m benchmarks.feel   uses it on a manual clock
"""

from collections import deque

from engine.api import (
    Ask,
    Begin,
    Expect,
    Forget,
    FromEngine,
    Hear,
    Ping,
    Plan,
    Pong,
    Ready,
    Rework,
    ToEngine,
)
from engine.expect import expect
from engine.model.checkpoint import SHIPPED, load
from engine.model.fast import FastPrior
from engine.planner import Planner
from engine.rework import rework


class InProcessEngine:
    """An `EngineLink`: every message is obeyed before `send` returns."""

    def __init__(self) -> None:
        weights, metadata = load(SHIPPED)
        self._planner = Planner(FastPrior(weights, metadata))
        self._says: deque[FromEngine] = deque([Ready(metadata.get("name", "prior"), 0)])

    def send(self, message: ToEngine) -> None:
        """Obey."""
        planner = self._planner
        match message:
            case Begin():
                planner.begin(message.timebase)
            case Hear():
                planner.hear(message.note, message.voice, held=message.held)
            case Forget():
                planner.forget()
            case Ping():
                self._says.append(Pong(message.token))
            case Ask() | Rework():
                plan = (
                    planner.plan(message) if isinstance(message, Ask) else rework(planner, message)
                )
                self._says.append(Plan(message.request, tuple(plan), True, 0.0))
            case Expect():
                self._says.append(expect(planner.context, message))

    def poll(self) -> FromEngine | None:
        """What it says next."""
        return self._says.popleft() if self._says else None

    def restart(self) -> None:
        """It never stops."""

    def close(self) -> None:
        """Nothing to end."""
