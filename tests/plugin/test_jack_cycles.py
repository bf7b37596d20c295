"""What our JACK process plays in a cycle, and once more after cycles that did not wait for it."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from plugin.backends import jack_cycles
from plugin.backends.jack_cycles import CycleOut
from plugin.backends.jack_frames import Frame, pack

FRAMES = 256
ON, OFF, ALSO_OFF = bytes([0x90, 60, 100]), bytes([0x80, 60, 64]), bytes([0x90, 60, 0])
OTHER_OFF = bytes([0x80, 62, 64])
PEDAL, NO_PEDAL = bytes([0xB0, 64, 127]), bytes([0xB0, 64, 0])


class FullError(Exception):
    """As JACK says that a port has no room."""


class FakePort:
    """Keeps what a cycle writes, as far as there is room."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.room = 100

    def clear_buffer(self) -> None:
        self.written = []

    def write_midi_event(self, offset: int, message: bytes) -> None:
        assert 0 <= offset < FRAMES
        if len(self.written) == self.room:
            raise FullError
        self.written.append(message)


class Rig:
    """A cycle with a server whose frames the test counts."""

    def __init__(self) -> None:
        self.blocksize, self.samplerate = FRAMES, 48_000
        self.last_frame_time = 2**32 - FRAMES  # they come round
        from_session, self._to_process = os.pipe()
        os.set_blocking(from_session, False)
        self.cycle = CycleOut(self, from_session, FullError)
        self.port = FakePort()
        self.cycle.ports = {0: self.port}

    @property
    def frame_time(self) -> int:
        return self.last_frame_time

    def run(self, *messages: bytes, skipped: int = 0) -> list[bytes]:
        """The next cycle but so many, for which these have been sent; what it writes."""
        for message in messages:
            os.write(self._to_process, pack(Frame(0, 0, message)))
        self.last_frame_time = (self.last_frame_time + FRAMES * (1 + skipped)) % 2**32
        self.cycle.run(FRAMES)
        return self.port.written


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    # This is the thread of all tests: with a real-time policy they would starve one another.
    monkeypatch.setattr(jack_cycles, "_wish_for_real_time", lambda: None)
    rig = Rig()
    rig.run()
    yield rig
    for pipe in (rig._to_process, rig.cycle._from_session):
        os.close(pipe)


def test_cycle_after_cycle_each_message_goes_out_once(rig: Rig) -> None:
    assert rig.run(ON) == [ON]
    assert rig.run(OFF) == [OFF]
    assert rig.run() == []
    assert rig.cycle.skipped == 0


@pytest.mark.parametrize("off", [OFF, ALSO_OFF, NO_PEDAL])
def test_what_was_let_go_is_let_go_again_where_cycles_were_skipped(rig: Rig, off: bytes) -> None:
    assert rig.run(ON, PEDAL, off) == [ON, PEDAL, off]
    assert rig.run(skipped=3) == [off]
    assert rig.cycle.skipped == 3
    assert rig.run() == [off]
    assert rig.run() == []


def test_a_cycle_that_may_be_lost_as_well_is_made_good_too(rig: Rig) -> None:
    rig.run(ON)
    rig.run(OFF)
    assert rig.run(skipped=1) == [OFF]
    assert rig.run(OTHER_OFF, skipped=1) == [OFF, OTHER_OFF]
    assert rig.run() == [OFF, OTHER_OFF]
    assert rig.run() == []


@pytest.mark.parametrize(("off", "on"), [(OFF, ON), (NO_PEDAL, PEDAL)])
def test_what_was_pressed_again_stays_pressed(rig: Rig, off: bytes, on: bytes) -> None:
    assert rig.run(on, off, on) == [on, off, on]
    assert rig.run(skipped=1) == []


def test_no_note_and_nothing_else_is_played_twice(rig: Rig) -> None:
    rig.run(ON, bytes([0xB0, 1, 0]), bytes([0xE0, 0, 64]), b"\xf8", b"\xfc")
    assert rig.run(skipped=1) == []


def test_it_comes_before_what_is_new(rig: Rig) -> None:
    rig.run(ON)
    rig.run(OFF)
    assert rig.run(ON, skipped=1) == [OFF, ON]
    assert rig.run() == []


def test_a_pedal_and_the_key_of_its_number_are_two(rig: Rig) -> None:
    rig.run(NO_PEDAL, bytes([0x90, 64, 100]))
    assert rig.run(skipped=1) == [NO_PEDAL]


def test_a_key_that_did_not_fit_has_not_been_let_go_yet(rig: Rig) -> None:
    rig.run(ON)
    rig.port.room = 1
    assert rig.run(b"\xf8", OFF) == [b"\xf8"]
    assert rig.run(skipped=1) == [OFF]
    assert rig.run() == [OFF]
    assert rig.run() == []
