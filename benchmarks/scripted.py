"""An engine that always has the same plan ready: what is measured with it is the session alone."""

from collections import deque

from engine.api import Ask, FromEngine, Ping, Plan, Pong, Ready, ToEngine
from engine.events import Note


class ScriptedEngine:
    """An `EngineLink` in this process. `notes` are counted from the beginning of the answer."""

    def __init__(self, notes: list[Note]) -> None:
        self._notes = notes
        self._says: deque[FromEngine] = deque([Ready("scripted", 0)])

    def send(self, message: ToEngine) -> None:
        """Answer a question with the whole plan, a heartbeat with another."""
        if isinstance(message, Ping):
            self._says.append(Pong(message.token))
        elif isinstance(message, Ask):
            moved = tuple(
                Note(message.start_beat + n.onset, n.duration, n.pitch, n.velocity, n.channel)
                for n in self._notes
            )
            self._says.append(Plan(message.request, moved, True, 0.0))

    def poll(self) -> FromEngine | None:
        """What it says next."""
        return self._says.popleft() if self._says else None

    def restart(self) -> None:
        """It never stops."""

    def close(self) -> None:
        """Nothing to end."""
