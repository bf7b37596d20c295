"""A take library in memory: what a session hands to the recorder, to be read at once.

It behaves like `plugin.takes_writer.TakeWriter` (tests/plugin/test_recorder.py plays the same to
both) and is stricter: what would be quietly dropped there fails here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.events import Timebase, Voice


@dataclass(slots=True)
class FakeTake:
    timebase: Timebase
    model: str
    seed: int | None
    settings: dict[str, object]
    start_beat: float
    name: str = ""
    messages: list[tuple[Voice, int, bytes]] = field(default_factory=list)
    finished: bool = False
    starred: bool = False
    kept: bool = False

    def of(self, side: Voice) -> list[bytes]:
        return [message for voice, _, message in self.messages if voice is side]


class FakeTakes:
    """A `TakeLog`."""

    def __init__(self) -> None:
        self.all: dict[str, FakeTake] = {}

    @property
    def list(self) -> list[FakeTake]:
        return list(self.all.values())

    def begin_take(
        self,
        timebase: Timebase,
        *,
        model: str = "",
        seed: int | None = None,
        settings: Mapping[str, object] | None = None,
        name: str = "",
        start_beat: float = 0.0,
    ) -> str:
        # A take that has a name was played before: it is written while another one is open.
        open_takes = [take for take in self.all.values() if not (take.finished or take.name)]
        assert name or not open_takes, "two takes at a time"
        take_id = f"take-{len(self.all) + 1}"
        self.all[take_id] = FakeTake(timebase, model, seed, dict(settings or {}), start_beat, name)
        return take_id

    def message(self, take_id: str, side: Voice, t_ns: int, message: bytes) -> None:
        take = self.all[take_id]
        assert not take.finished, "a message for a take that is over"
        assert t_ns >= (take.messages[-1][1] if take.messages else 0), "time went back"
        take.messages.append((side, t_ns, message))

    def finish(
        self,
        take_id: str,
        *,
        model: str | None = None,
        seed: int | None = None,
        settings: Mapping[str, object] | None = None,
    ) -> None:
        take = self.all[take_id]
        assert not take.finished, "finished twice"
        take.finished = True
        if seed is not None:
            take.seed = seed
        if model is not None:
            take.model = model
        if settings is not None:
            take.settings = dict(settings)

    def star(self, take_id: str, on: bool) -> None:
        self.all[take_id].starred = on

    def keep(self, take_id: str) -> None:
        self.all[take_id].kept = True

    def delete(self, take_id: str) -> None:
        assert self.all[take_id].finished, "deleted while it is open"
        del self.all[take_id]
