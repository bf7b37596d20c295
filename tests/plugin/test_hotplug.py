"""Ports that go and come back, on the memory hub; the thread beside is run when the test says."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.backends.memory import MemoryBackend, MemoryHub
from plugin.hotplug import TRY_AGAIN_NS, Hotplug, LastingInput, LastingOutput
from plugin.ports import PortError
from tests.fakes.port import sounding

ON, OFF = bytes([0x90, 60, 80]), bytes([0x80, 60, 64])
PEDAL_DOWN, PEDAL_UP = bytes([0xB2, 64, 127]), bytes([0xB2, 64, 0])


class Desk:
    """A synthesizer and a keyboard that can be unplugged, our lasting ports, and their keeper."""

    def __init__(self, *, plugged: bool = True) -> None:
        self.hub = MemoryHub()
        self.app = MemoryBackend(self.hub)
        self.heard: list[bytes] = []
        self.told: list[str] = []
        self.gone: list[tuple[int, str]] = []
        self.back: list[str] = []
        self.jobs: list[Callable[[], None]] = []
        self.now_ns = 0
        if plugged:
            self.plug()
        self.output = LastingOutput("Synth", self.open_output, self.try_open(self.open_output))
        self.input = LastingInput("Keys", self.open_input, self.try_open(self.open_input))
        self.hotplug = Hotplug(
            [self.input, self.output],
            tell=self.told.append,
            gone=lambda now_ns, port: self.gone.append((now_ns, port.name)),
            back=lambda now_ns, port: self.back.append(port.name),
            beside=self.jobs.append,
        )

    def open_output(self):
        return self.app.open_output("Synth", virtual=False)

    def open_input(self):
        return self.app.open_input("Keys", virtual=False)

    def try_open(self, open_port):
        try:
            return open_port()
        except PortError:
            return None

    def plug(self) -> None:
        self.far = MemoryBackend(self.hub)
        self.synth = self.far.open_input("Synth", virtual=True)
        self.keys = self.far.open_output("Keys", virtual=True)

    def unplug(self) -> None:
        self.hear()
        self.far.close()

    def hear(self) -> list[bytes]:
        while (message := self.synth.poll()) is not None:
            self.heard.append(message)
        return self.heard

    def look(self, later_ns: int = TRY_AGAIN_NS) -> None:
        """Time passes, what was started beside is done, and the keeper looks."""
        self.now_ns += later_ns
        while self.jobs:
            self.jobs.pop()()
        self.hotplug.look(self.now_ns)


def test_what_goes_is_told_once_and_what_is_back_as_well() -> None:
    desk = Desk()
    desk.look()
    assert (desk.told, desk.hotplug.missing) == ([], ())
    desk.unplug()
    for _ in range(5):
        desk.look()
    assert [name for _, name in desk.gone] == ["Keys", "Synth"]
    assert desk.hotplug.missing == ("Keys", "Synth")
    assert len(desk.told) == 2
    assert all("gone" in says and says.endswith("looked for.") for says in desk.told)
    desk.plug()
    for _ in range(3):
        desk.look()
    assert desk.back == ["Keys", "Synth"]
    assert desk.told[2:] == ["The port Keys is back.", "The port Synth is back."]
    desk.keys.send(ON)
    assert desk.input.poll() == ON
    desk.output.send(ON)
    assert desk.hear() == [ON]


def test_what_sounded_is_ended_when_the_port_is_back_and_only_once() -> None:
    desk = Desk()
    for message in (ON, PEDAL_DOWN):
        desk.output.send(message)
    desk.unplug()
    desk.look()
    desk.plug()
    desk.look()
    desk.look()
    assert desk.hear() == [ON, PEDAL_DOWN, OFF, PEDAL_UP]
    desk.output.send(OFF)  # the ledger's own: the note has been ended
    assert desk.hear()[4:] == []
    for message in (ON, OFF):
        desk.output.send(message)
    assert desk.hear()[4:] == [ON, OFF]


def test_a_note_that_began_while_it_was_gone_has_no_end_either() -> None:
    desk = Desk()
    desk.unplug()
    desk.output.send(ON)
    assert not desk.output.there, "the first message that fails is enough"
    desk.look()
    desk.plug()
    desk.look()
    desk.look()
    desk.output.send(OFF)
    assert desk.hear() == []


def test_a_key_that_is_struck_again_while_it_is_gone_is_still_owed_its_end() -> None:
    desk = Desk()
    desk.output.send(ON)
    desk.unplug()
    for message in (OFF, ON):
        desk.output.send(message)
    desk.look()
    desk.plug()
    desk.look()
    desk.look()
    assert desk.hear() == [ON, OFF]
    desk.output.send(OFF)
    assert desk.hear() == [ON, OFF]


def test_a_session_can_begin_without_its_ports() -> None:
    desk = Desk(plugged=False)
    assert desk.hotplug.missing == ("Keys", "Synth")
    assert desk.input.poll() is None
    desk.output.send(ON)
    desk.look()
    desk.look()
    assert "no MIDI input" in desk.input.why_gone
    assert desk.told == []
    desk.plug()
    desk.look()
    desk.look()
    assert desk.back == ["Keys", "Synth"]
    assert desk.hear() == []


def test_nothing_is_opened_in_the_sessions_thread_nor_too_often() -> None:
    desk = Desk()
    desk.unplug()
    desk.hotplug.look(0)
    assert len(desk.jobs) == 1
    for now_ns in range(0, 10 * TRY_AGAIN_NS, TRY_AGAIN_NS // 4):
        desk.hotplug.look(now_ns)
    assert len(desk.jobs) == 1, "one at a time, however long it takes"
    desk.look(10 * TRY_AGAIN_NS)
    assert len(desk.jobs) == 1
    desk.jobs.pop()()
    desk.hotplug.look(desk.now_ns + TRY_AGAIN_NS // 2)
    assert desk.jobs == []
    desk.hotplug.look(desk.now_ns + TRY_AGAIN_NS)
    assert len(desk.jobs) == 1


@given(
    st.lists(
        st.one_of(
            st.sampled_from(["plug", "unplug", "look"]),
            st.tuples(st.sampled_from([0x80, 0x90, 0x91]), st.integers(60, 61)),
        ),
        max_size=60,
    )
)
def test_whatever_happens_nothing_sounds_in_the_end(steps: list[object]) -> None:
    """Every note-on that a synthesizer got is followed by exactly one note-off, over all gaps."""
    desk, plugged, ledger = Desk(), True, set()
    for step in steps:
        if step == "plug" and not plugged:
            desk.plug()
            plugged = True
        elif step == "unplug" and plugged:
            desk.unplug()
            plugged = False
        elif isinstance(step, tuple):
            kind, pitch = step
            key = (kind & 0x0F, pitch)
            # As the ledger sends: what sounds is released before it is struck again.
            if key in ledger:
                desk.output.send(bytes((0x80 | key[0], pitch, 64)))
                ledger.discard(key)
            if kind >= 0x90:
                desk.output.send(bytes((0x90 | key[0], pitch, 80)))
                ledger.add(key)
        else:
            desk.look()
    if not plugged:
        desk.plug()
    for _ in range(3):
        desk.look()
    for channel, pitch in ledger:
        desk.output.send(bytes((0x80 | channel, pitch, 64)))
    assert desk.output.there
    assert sounding([(0, message) for message in desk.hear()]) == {}


def test_a_note_that_is_no_message_is_still_the_callers_fault() -> None:
    with pytest.raises(ValueError, match="not one complete MIDI message"):
        Desk().output.send(bytes([0x90, 60]))
