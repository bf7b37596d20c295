"""The session's view of its engine: what it was told, what it was asked, whether it still lives.

Keeps the last notes so that a restarted engine is told them again, answers "is this plan still
wanted?", and restarts an engine that died or hangs, ever more patiently if it dies again. It
refuses to decide when to ask and what to do with a plan: that is `plugin.session`.

Thread: one. Real-time: yes.
"""

from collections import deque

from engine.api import Ask, Begin, Failed, Forget, FromEngine, Hear, Limits, Ping, Plan, Pong, Ready
from engine.events import Note, Timebase, Voice
from plugin.engine_link import EngineLink, Stopped

PING_EVERY_NS = 1_000_000_000
HUNG_AFTER_NS = 5_000_000_000
HEALTHY_AFTER_NS = 60_000_000_000
LONGEST_PAUSE_NS = 30_000_000_000
REMEMBERED_NOTES = 512
"""Notes that a restarted engine is told again."""


class Partner:
    """One engine, however often it has to be started."""

    def __init__(self, engine: EngineLink, timebase: Timebase) -> None:
        self._engine, self._timebase = engine, timebase
        self._context: deque[Hear] = deque(maxlen=REMEMBERED_NOTES)
        self._serial = self._requests = 0
        self._wanted: int | None = None
        self._pinged_ns: int | None = None
        self._last_sign_ns = 0
        self._stopped_ns: int | None = None
        self._failures = 0
        self.model = ""
        engine.send(Begin(timebase))

    @property
    def asked(self) -> bool:
        """Whether a question stands."""
        return self._wanted is not None

    def hear(self, note: Note, voice: Voice) -> None:
        """A note sounded; in order of onset."""
        self._serial += 1
        heard = Hear(self._serial, note, voice)
        self._context.append(heard)
        self._engine.send(heard)

    def forget(self) -> None:
        """Everything heard so far is forgotten."""
        self._context.clear()
        self._engine.send(Forget())

    def ask(self, start_beat: float, end_beat: float, seed: int, limits: Limits) -> None:
        """Ask for an answer; an earlier question is void."""
        self._requests += 1
        self._wanted = self._requests
        self._engine.send(Ask(self._requests, self._serial, start_beat, end_beat, seed, limits))

    def void(self) -> None:
        """No plan is wanted any more."""
        self._wanted = None

    def receive(self, now_ns: int, message: FromEngine | Stopped) -> Ready | Plan | Failed | None:
        """What the session must know of a message: None if it is stale or a heartbeat.

        A death is reported as `Failed`, and the restart is under way.
        """
        self._last_sign_ns = now_ns
        match message:
            case Plan():
                return message if message.request == self._wanted else None
            case Ready():
                self.model = message.model
                return message
            case Pong():
                return None
            case Failed():
                return message
            case Stopped():
                self._wanted = None
                if self._stopped_ns is not None and now_ns - self._stopped_ns > HEALTHY_AFTER_NS:
                    self._failures = 0
                self._stopped_ns, self._pinged_ns = now_ns, None
                self._failures += 1
                if self._failures == 1:
                    self._restart(now_ns)
                return Failed(message.says)

    def watch(self, now_ns: int) -> Failed | None:
        """Heartbeat and restart; says so if the engine hangs. Call it every few milliseconds."""
        if self._failures > 1 and self._stopped_ns is not None and self._pinged_ns is None:
            pause_ns = min(500_000_000 * 2**self._failures, LONGEST_PAUSE_NS)
            if now_ns - self._stopped_ns >= pause_ns:
                self._restart(now_ns)
            return None
        if self._pinged_ns is None:
            self._last_sign_ns = now_ns
        if self._pinged_ns is None or now_ns - self._pinged_ns >= PING_EVERY_NS:
            self._pinged_ns = now_ns
            self._engine.send(Ping(now_ns))
        if now_ns - self._last_sign_ns > HUNG_AFTER_NS:
            found = self.receive(now_ns, Stopped("The engine hung; it is being restarted."))
            return found if isinstance(found, Failed) else None
        return None

    def _restart(self, now_ns: int) -> None:
        self._engine.restart()
        self._engine.send(Begin(self._timebase))
        for heard in self._context:
            self._engine.send(heard)
        self._pinged_ns, self._last_sign_ns = now_ns, now_ns
