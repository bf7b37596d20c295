"""Several ports as one, in memory."""

import pytest

from plugin.backends.memory import MemoryBackend
from plugin.hub import FilteredInput, MergedInput, SharedOutput
from plugin.ports import InputPort, PortError
from plugin.realtime.clock import ManualClock
from plugin.realtime.flood import NOTES_AT_ONCE
from tests.fakes.port import FakeOutput

ON = bytes([0x90, 60, 80])


def all_of(port: InputPort) -> list[bytes]:
    found: list[bytes] = []
    while (message := port.poll()) is not None:
        found.append(message)
    return found


class Stage:
    def __init__(self, *channels: range) -> None:
        self.app, self.clock = MemoryBackend(), ManualClock()
        far = MemoryBackend(self.app.hub)
        self.ports = [self.app.open_input(f"In {n}", virtual=True) for n in range(len(channels))]
        self.keys = [far.open_output(port.name, virtual=False) for port in self.ports]
        self.heard = MergedInput(
            [
                FilteredInput(port, self.clock, of)
                for port, of in zip(self.ports, channels, strict=True)
            ]
        )


def test_inputs_are_heard_together_each_on_its_channels() -> None:
    stage = Stage(range(16), range(1, 3))
    stage.keys[0].send(ON)
    for channel in range(4):
        stage.keys[1].send(bytes([0x90 | channel, 50, 80]))
    stage.keys[1].send(bytes([0xF8]))
    heard = all_of(stage.heard)
    assert sorted(heard) == sorted(
        [ON, bytes([0x91, 50, 80]), bytes([0x92, 50, 80]), bytes([0xF8])]
    )
    assert stage.heard.name == "In 0 and In 1"


def test_one_port_cannot_drown_another() -> None:
    stage = Stage(range(16), range(16))
    for _ in range(NOTES_AT_ONCE):
        stage.keys[0].send(ON)
    stage.keys[1].send(bytes([0x91, 50, 80]))
    assert bytes([0x91, 50, 80]) in [stage.heard.poll() for _ in range(2)]


def test_a_flood_is_thinned_at_its_port_and_its_last_value_arrives() -> None:
    stage = Stage(range(16))
    for n in range(5_000):
        stage.keys[0].send(bytes([0xB0, 1, n % 128]))
    polls = 0
    heard: list[bytes] = []
    while len(heard) < 2_000 and polls < 3_000:
        polls += 1
        stage.clock.advance_ns(10_000)
        message = stage.heard.poll()
        if message is not None:
            heard.append(message)
    stage.clock.advance_ns(10_000_000)
    heard += all_of(stage.heard)
    assert heard[-1] == bytes([0xB0, 1, 4_999 % 128])
    assert len(heard) < 1_000


def test_it_is_alive_as_long_as_one_of_them_is() -> None:
    stage = Stage(range(16), range(16))
    stage.app.hub.unplug("In 0")
    assert stage.heard.alive()
    stage.app.hub.unplug("In 1")
    assert not stage.heard.alive()


def test_outputs_all_play_and_one_that_fails_disturbs_none() -> None:
    clock = ManualClock()
    first, second = FakeOutput(clock), FakeOutput(clock)
    both = SharedOutput([first, second])
    both.send(ON)
    first.unplug()
    both.send(bytes([0x80, 60, 64]))
    assert [message for _, message in second.sent] == [ON, bytes([0x80, 60, 64])]
    assert [message for _, message in first.sent] == [ON]
    assert both.alive()
    second.unplug()
    with pytest.raises(PortError):
        both.send(ON)
    assert not both.alive()
