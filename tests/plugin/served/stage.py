"""A real session process and a window that keeps what it is told.

with Window(Open(system="memory", demo=True, seed=3)) as window:
    window.wait(protocol.PhraseHeard)
"""

import threading
from collections.abc import Callable
from typing import Self, TypeVar

import psutil

from plugin.protocol import Message
from plugin.served.client import SessionProcess
from plugin.served.messages import Asked, Open, Opened, Over, Wire
from tests.fakes.port import sounding
from tests.rig.waiting import wait_for

_Kind = TypeVar("_Kind", bound=Message)

DEADLINE_S = 60.0
"""Far more than anything takes, on a machine that does other work as well."""
DEMO = Open(system="memory", demo=True, seed=3)


def wait_until_gone(processes: list[psutil.Process]) -> None:
    """Until none of them runs; what nobody buries is dead all the same."""

    def dead(process: psutil.Process) -> bool:
        try:
            return bool(process.status() == psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return True

    wait_for(lambda: all(map(dead, processes)), lambda: f"the end of {processes}")


class Window:
    """See the module."""

    def __init__(self, opening: Open | None = DEMO, **variables: str) -> None:
        self.told: list[Message] = []
        self._news = threading.Condition()
        self.process = SessionProcess(self._tell, variables or None)
        if opening is not None:
            self.ask(opening)

    def _tell(self, message: Message) -> None:
        with self._news:
            self.told.append(message)
            self._news.notify_all()

    def ask(self, asked: Asked) -> None:
        assert self.process.send(asked)

    def of(self, kind: type[_Kind]) -> list[_Kind]:
        return [message for message in list(self.told) if isinstance(message, kind)]

    def wait(
        self,
        kind: type[_Kind],
        fits: Callable[[_Kind], bool] = lambda message: True,
        times: int = 1,
    ) -> _Kind:
        """The message of this kind that fits, once so many were told."""

        def found() -> list[_Kind]:
            return [message for message in self.of(kind) if fits(message)]

        with self._news:
            arrived = self._news.wait_for(
                lambda: len(found()) >= times or self.of(Over) != [], DEADLINE_S
            )
        assert arrived, f"no {kind.__name__} in {self.told[-20:]}"
        assert len(found()) >= times, f"the session ended: {self.told[-20:]}"
        return found()[times - 1]

    def opened(self) -> Opened:
        return self.wait(Opened)

    def children(self) -> list[psutil.Process]:
        """Engine, trainer and whatever else it started."""
        assert self.process.process_id is not None
        return psutil.Process(self.process.process_id).children(recursive=True)

    def out(self) -> list[tuple[int, bytes]]:
        """What went out on the wire, as far as it was overheard."""
        return [(wire.t_ns, wire.data) for wire in self.of(Wire) if wire.out]

    def over(self) -> str:
        """Wait for the end; why."""
        return self.wait(Over).says

    def is_silent(self) -> bool:
        """Whether every note that went out has ended, each once."""
        return sounding(self.out()) == {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.close(20.0)
