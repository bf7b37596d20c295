"""Lamps: the right one for each kind of message, no more often than an eye can use."""

import pytest

from plugin.protocol import Message
from plugin.realtime.clock import ManualClock
from plugin.served.lamps import EVERY_NS, SPOKE_EVERY_NS, Lamps
from plugin.served.messages import Active, Spoke

NOTE, RELEASE = bytes((0x93, 60, 80)), bytes((0x83, 60, 64))


class Window:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.told: list[Message] = []
        self.lamps = Lamps(self.clock, self.told.append)


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (NOTE, "notes"),
        (RELEASE, "notes"),
        (bytes((0xB0, 64, 127)), "control"),
        (bytes((0xC0, 3)), "control"),
        (bytes((0xE0, 0, 64)), "control"),
        (bytes((0xF0, 1, 0xF7)), "control"),
        (b"\xf8", "clock"),
        (b"\xfa", "clock"),
        (bytes((0xF2, 0, 0)), "clock"),
    ],
)
def test_each_kind_has_its_lamp(message: bytes, kind: str) -> None:
    w = Window()
    w.lamps.through("Keys", False, message)
    assert w.told == [Active("Keys", False, kind)]  # type: ignore[arg-type]


@pytest.mark.parametrize("message", [b"\xfe", b"\xff"])
def test_a_heartbeat_lights_nothing(message: bytes) -> None:
    w = Window()
    w.lamps.through("Keys", False, message)
    assert w.told == []


def test_twenty_times_a_second_each_lamp_by_itself() -> None:
    w = Window()
    for _ in range(1_000):
        w.lamps.through("Keys", False, b"\xf8")
        w.lamps.through("Keys", False, NOTE)
        w.lamps.through("Synth", True, NOTE)
        w.clock.advance_ns(1_000_000)
    assert len(w.told) == 3 * (1_000_000_000 // EVERY_NS)
    assert len(set(w.told)) == 3


def test_who_speaks_is_told_only_while_it_is_asked() -> None:
    w = Window()
    w.lamps.through("Keys", False, NOTE)
    assert Spoke("Keys") not in w.told
    w.lamps.listening = True
    for message in (RELEASE, bytes((0x90, 60, 0)), b"\xf8"):
        w.lamps.through("Keys", False, message)
    w.lamps.through("Synth", True, NOTE)
    assert not [m for m in w.told if isinstance(m, Spoke)]
    w.lamps.through("Keys", False, NOTE)
    w.lamps.through("Keys", False, NOTE)
    w.clock.advance_ns(SPOKE_EVERY_NS)
    w.lamps.through("Keys", False, NOTE)
    assert w.told.count(Spoke("Keys")) == 2
