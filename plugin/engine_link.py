"""What a session needs of an engine, wherever that engine lives.

`plugin.engine_process` keeps it in a process of its own; tests keep one in memory. Nothing here or
behind it may block the thread that plays.
"""

from dataclasses import dataclass
from typing import Protocol

from engine.api import FromEngine, ToEngine


@dataclass(frozen=True, slots=True)
class Stopped:
    """The engine has ended by itself or was killed; `says` is a sentence."""

    says: str


class EngineLink(Protocol):
    """A line to an engine. Thread: one. Real-time: yes, every method returns at once."""

    def send(self, message: ToEngine) -> None:
        """Hand a message over; it is lost if the engine is gone."""

    def poll(self) -> FromEngine | Stopped | None:
        """The next thing the engine said, None if there is none yet."""

    def restart(self) -> None:
        """End the engine if it still runs and start a new one, which knows nothing."""

    def close(self) -> None:
        """End the engine for good."""
