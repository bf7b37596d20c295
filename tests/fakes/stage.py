"""A session on a manual clock with fakes around it, and the hands of the player.

stage = Stage(FakeEngine(answer_with(...)))
stage.play((0, 60, 200), (250, 64, 200))     # (from ms, key, length ms)
stage.run(3_000)
assert stage.port.note_ons
"""

from collections.abc import Callable

from engine.events import Timebase, Voice
from plugin import protocol
from plugin.realtime.clock import ManualClock
from plugin.session import Session
from plugin.settings import Settings
from tests.fakes.engine import FakeEngine
from tests.fakes.port import FakeOutput
from tests.fakes.takes import FakeTakes

MS = 1_000_000
START_NS = 1_000_000_000
PATIENT_NS = 3_000 * MS
"""Longer than any hand-over takes."""


def settings_for(timebase: Timebase | None) -> Settings:
    """The usual ones, with this tempo."""
    if timebase is None or not timebase.tempo_known:
        return Settings()
    return Settings(bpm=timebase.bpm, beats_per_bar=timebase.beats_per_bar)


class Stage:
    """What surrounds a session. Times of helpers are in milliseconds."""

    def __init__(
        self,
        engine: FakeEngine | None = None,
        *,
        timebase: Timebase | None = None,
        settings: Settings | None = None,
        thru: bool = False,
        seed: int = 7,
        poll_ms: float = 1.0,
    ) -> None:
        """timebase: a tempo of our own, where `settings` say none."""
        self.clock = ManualClock(START_NS)
        self.engine = engine if engine is not None else FakeEngine()
        self.port, self.takes = FakeOutput(self.clock), FakeTakes()
        self.events: list[protocol.Event] = []
        self.watch: Callable[[protocol.Event], None] = lambda event: None
        """Called with each event at its moment."""
        self._poll_ns = round(poll_ms * MS)
        self.session = Session(
            send=self.port.send,
            engine=self.engine,
            takes=self.takes,
            emit=self._emit,
            settings=settings or settings_for(timebase),
            seed=seed,
            thru=thru,
        )

    def _emit(self, event: protocol.Event) -> None:
        self.events.append(event)
        self.watch(event)

    @property
    def now_ns(self) -> int:
        return self.clock.now_ns()

    def midi(self, *data: int) -> None:
        self.session.midi(self.now_ns, bytes(data))

    def down(self, pitch: int, velocity: int = 80, channel: int = 0) -> None:
        self.midi(0x90 | channel, pitch, velocity)

    def up(self, pitch: int, channel: int = 0) -> None:
        self.midi(0x80 | channel, pitch, 64)

    def command(self, command: protocol.Command) -> None:
        self.session.command(self.now_ns, command)

    def settle(self) -> int | None:
        """One round at this moment, as the loop makes it; when something is due next."""
        while (said := self.engine.poll()) is not None:
            self.session.engine_said(self.now_ns, said)
        return self.session.tick(self.now_ns)

    def run(self, ms: float, poll_ms: float | None = None) -> None:
        """Let time pass, a poll at a time, and be there whenever something is due."""
        poll_ns = self._poll_ns if poll_ms is None else round(poll_ms * MS)
        end_ns = self.now_ns + round(ms * MS)
        while True:
            due_ns = self.settle()
            if self.now_ns >= end_ns:
                return
            wake_ns = min(self.now_ns + poll_ns, end_ns)
            if due_ns is not None:
                wake_ns = min(wake_ns, max(due_ns, self.now_ns))
            if wake_ns == self.now_ns:
                self.settle()
                wake_ns = min(self.now_ns + poll_ns, end_ns)
            self.clock.sleep_until_ns(wake_ns)

    def play(self, *strokes: tuple[float, int, float]) -> None:
        """Strokes (from ms, key, length ms), counted from now; returns when all are released."""
        timed = [(at, 1, pitch) for at, pitch, _ in strokes]
        timed += [(at + length, 0, pitch) for at, pitch, length in strokes]
        began_ns = self.now_ns
        for at, starts, pitch in sorted(timed):
            self.run((began_ns + at * MS - self.now_ns) / MS)
            (self.down if starts else self.up)(pitch)

    def run_until(self, kind: type[protocol.Event], most_ms: float = 20_000) -> protocol.Event:
        """Let time pass until an event of this kind has come since now."""
        seen = len(self.events)
        end_ns = self.now_ns + round(most_ms * MS)
        while self.now_ns <= end_ns:
            self.run(self._poll_ns / MS)
            for event in self.events[seen:]:
                if isinstance(event, kind):
                    return event
        raise AssertionError(f"no {kind.__name__} within {most_ms} ms")

    def of(self, kind: type[protocol.Event]) -> list[protocol.Event]:
        return [event for event in self.events if isinstance(event, kind)]

    def hears(self, voice: Voice) -> list[tuple[float, int]]:
        """(onset, key) of what the present engine was told of one side."""
        return [(h.note.onset, h.note.pitch) for h in self.engine.heard if h.voice is voice]

    def close(self) -> None:
        self.session.close(self.now_ns)
