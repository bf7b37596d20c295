"""A transport on a manual clock: what it sends, what it tells, and a DAW's clock played to it.

stage = TransportStage(bpm=100.0)
stage.hear(ClockMaster([(16, 120.0)], begin_ns=stage.now_ns).messages)
stage.run(2_000)
"""

from collections.abc import Iterable

import msgspec

from plugin.realtime.clock import ManualClock
from plugin.settings import Settings
from plugin.transport import NewsKind, Transport
from tests.fakes.port import Sent

MS = 1_000_000
START_NS = 5_000 * MS


class TransportStage:
    """See the module. Times of helpers are in milliseconds."""

    def __init__(self, **settings: object) -> None:
        self.clock = ManualClock(START_NS)
        self.settings = msgspec.structs.replace(Settings(), **settings)
        self.clicks: list[Sent] = []
        self.ticks: list[Sent] = []
        self.news: list[NewsKind] = []
        self.said: list[str] = []
        self.beats: list[float] = []
        self.transport = Transport(
            self.settings,
            lambda at_ns, message: self.clicks.append((at_ns, message)),
            lambda at_ns, message: self.ticks.append((at_ns, message)),
        )

    @property
    def now_ns(self) -> int:
        return self.clock.now_ns()

    def change(self, **settings: object) -> None:
        self.settings = msgspec.structs.replace(self.settings, **settings)
        self.transport.change(self.now_ns, self.settings)
        self._look()

    def midi(self, *data: int) -> bool:
        consumed = self.transport.midi(self.now_ns, bytes(data))
        self._look()
        return consumed

    def run(self, ms: float, poll_ms: float = 1.0) -> None:
        """Let time pass, and be there whenever something is due."""
        self._run_until(self.now_ns + round(ms * MS), round(poll_ms * MS))

    def hear(self, messages: Iterable[tuple[int, bytes]], poll_ms: float = 10.0) -> None:
        """A DAW's clock, each message at its moment."""
        for at_ns, message in messages:
            self._run_until(at_ns, round(poll_ms * MS))
            self.midi(*message)

    def heard(self) -> list[NewsKind]:
        """News since the last call."""
        news, self.news = self.news, []
        return news

    def _run_until(self, end_ns: int, poll_ns: int) -> None:
        while True:
            self.transport.tick(self.now_ns)
            self._look()
            if self.now_ns >= end_ns:
                return
            due_ns = self.transport.next_due_ns()
            wake_ns = min(self.now_ns + poll_ns, end_ns)
            if due_ns is not None:
                wake_ns = min(wake_ns, max(due_ns, self.now_ns + 1))
            self.clock.sleep_until_ns(wake_ns)

    def _look(self) -> None:
        self.beats.append(self.transport.grid.beat(self.now_ns))
        news = self.transport.take_news()
        self.news += [one.kind for one in news]
        self.said += [one.says for one in news if one.says]
