"""The line to an engine that outlives a jam: the next jam must not hear answers to the last one.

Questions are numbered anew in each jam. So a jam begins with a ping, and what the engine says until
it answers that is dropped; then it says once more that it is ready. Beside that it measures how
long the engine takes. It refuses to start an engine.
"""

from engine.api import Ask, Failed, FromEngine, Ping, Plan, Pong, Ready, Rework, ToEngine
from plugin.engine_link import EngineLink, Stopped
from plugin.realtime.clock import Clock


class EngineLine:
    """An `EngineLink`. Thread: one. Real-time: yes."""

    def __init__(self, engine: EngineLink, clock: Clock) -> None:
        self._engine, self._clock = engine, clock
        self._ready: Ready | None = None
        self._fence: int | None = None
        self._fences = 0
        self._asked: tuple[int, int] | None = None
        self.took_ns = 0
        """From the last question to the first piece of its plan."""

    def renew(self) -> None:
        """Another jam begins; call it before that says anything."""
        self._asked, self.took_ns = None, 0
        self._fences -= 1  # a session's own pings have the time, which is above 0
        self._fence = self._fences
        self._engine.send(Ping(self._fence))

    def send(self, message: ToEngine) -> None:
        """Hand a message over."""
        if isinstance(message, Ask | Rework):
            self._asked = message.request, self._clock.now_ns()
        self._engine.send(message)

    def poll(self) -> FromEngine | Stopped | None:
        """The next thing that the engine said in this jam."""
        while (said := self._engine.poll()) is not None:
            if isinstance(said, Ready):
                self._ready = said
            elif isinstance(said, Stopped | Failed):
                self._ready = self._fence = None
            if self._fence is None:
                self._measure(said)
                return said
            if isinstance(said, Pong) and said.token == self._fence:
                self._fence = None
                if self._ready is not None:
                    return self._ready
        return None

    def restart(self) -> None:
        """End the engine and start another."""
        self._ready = self._fence = self._asked = None
        self._engine.restart()

    def close(self) -> None:
        """End the engine for good."""
        self._engine.close()

    def _measure(self, said: FromEngine | Stopped) -> None:
        if isinstance(said, Plan) and self._asked is not None and said.request == self._asked[0]:
            self.took_ns = self._clock.now_ns() - self._asked[1]
            self._asked = None
