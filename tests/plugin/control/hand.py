"""A hand on knobs, pedals and keys, and the settings that come of what it does."""

from plugin.control.actions import Action
from plugin.control.bindings import (
    Binding,
    ControlMap,
    Manner,
    Source,
    SourceKind,
    Target,
    TargetKind,
)
from plugin.control.learn import Controls, Heard, Wish
from plugin.control.table import DIALS
from plugin.settings import Settings
from tests.strategies import MS

CLOSENESS = Target(TargetKind.DIAL, "closeness")
METRONOME = Target(TargetKind.DIAL, "metronome")
WAY = Target(TargetKind.DIAL, "way")
GO = Target(TargetKind.ACTION, Action.ANSWER_NOW.value)
HOLD = Target(TargetKind.ACTION, Action.HOLD.value)
QUIET = Target(TargetKind.PRESET, "quiet")
KNOB = Source(kind=SourceKind.CONTROL, number=20, channel=0)
PEDAL = Source(kind=SourceKind.CONTROL, number=64)
KEY = Source(kind=SourceKind.KEY, number=36)
FRESH = Settings()


def cc(number: int, value: int, channel: int = 0) -> bytes:
    return bytes((0xB0 | channel, number, value))


def note(key: int, velocity: int, channel: int = 0) -> bytes:
    return bytes((0x90 | channel, key, velocity))


def bound(source: Source, target: Target, manner: Manner, **more) -> Binding:
    return Binding(source=source, target=target, manner=manner, **more)


class Hand:
    """Sends messages and keeps the settings that come of them."""

    def __init__(self, *bindings: Binding, settings: Settings = FRESH) -> None:
        self.controls = Controls(ControlMap(bindings))
        self.settings = settings
        self.now_ns = 0

    def __call__(self, message: bytes, after_ms: float = 10) -> Heard | None:
        self.now_ns += round(after_ms * MS)
        heard = self.controls.message(self.now_ns, message, self.settings)
        if heard is not None and heard.dial:
            self.settings = DIALS[heard.dial].put(self.settings, heard.value)
        return heard

    def learn(self, target: Target, *args, **more) -> None:
        self.controls.learn(self.now_ns, Wish(target, *args, **more))

    @property
    def closeness(self) -> float:
        return self.settings.limits.closeness
