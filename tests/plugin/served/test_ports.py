"""Ports as a window lists them, and listening to those that are not in use."""

from collections.abc import Iterator

import pytest

from plugin.backends.memory import MemoryBackend, MemoryHub
from plugin.cables import Cables, PortWish
from plugin.realtime.clock import ManualClock
from plugin.served.listening import Listening
from plugin.served.messages import PortIs
from plugin.served.port_list import PortList
from tests.rig.waiting import wait_for

NOTE = bytes((0x90, 60, 80))


class System:
    """A hub with the keyboards and synthesizers of others, and our cables on it."""

    def __init__(self, ins: tuple[str, ...] = (), outs: tuple[str, ...] = ()) -> None:
        hub = MemoryHub()
        self.hub, self.ours, self.others = hub, MemoryBackend(hub), MemoryBackend(hub)
        self.keys = self.others.open_output("Keys", virtual=True)
        self.pads = self.others.open_output("Pads", virtual=True)
        self.synth = self.others.open_input("Synth", virtual=True)
        self.cables = Cables(
            self.ours,
            ManualClock(),
            ins=[PortWish(name) for name in ins],
            outs=[PortWish(name) for name in outs],
            in_name="Our In",
            out_name="Our Out",
            tell=lambda says: None,
            gone=lambda now_ns: None,
        )
        self.list = PortList(self.ours, self.cables)
        self.list.survey()


@pytest.fixture
def system() -> Iterator[System]:
    made = System()
    yield made
    made.cables.close()


def test_our_own_ports_are_chosen_and_those_of_others_can_be(system: System) -> None:
    ports = system.list.ports()
    assert ports.system == "memory"
    assert ports.virtual
    assert ports.ins == (
        PortIs("Our In", ours=True, chosen=True, alive=True),
        PortIs("Keys", ours=False, chosen=False, alive=True),
        PortIs("Pads", ours=False, chosen=False, alive=True),
    )
    assert [port.name for port in ports.outs] == ["Our Out", "Synth"]


def test_a_chosen_port_that_is_away_stays_in_the_list_and_is_away() -> None:
    s = System(ins=("Keys",), outs=("Synth",))
    assert s.list.ports().ins[0] == PortIs("Keys", ours=False, chosen=True, alive=True)
    s.hub.unplug("Keys")
    s.cables.hotplug.look(0)
    s.list.survey()
    assert s.list.ports().ins == (
        PortIs("Keys", ours=False, chosen=True, alive=False),
        PortIs("Pads", ours=False, chosen=False, alive=True),
    )
    s.cables.close()


def test_a_port_that_never_was_is_listed_as_away() -> None:
    s = System(ins=("Theremin",))
    assert s.list.ports().ins[0] == PortIs("Theremin", ours=False, chosen=True, alive=False)
    s.cables.close()


def test_it_is_told_who_speaks_and_of_notes_alone(system: System) -> None:
    spoke: list[str] = []
    listening = Listening(system.ours, spoke.append)
    listening.want({"Keys", "Pads"})
    wait_for(lambda: not listening.busy, "the ports to be open")
    system.keys.send(b"\xf8")
    system.keys.send(bytes((0x80, 60, 64)))
    listening.look()
    assert spoke == []
    system.pads.send(NOTE)
    listening.look()
    assert spoke == ["Pads"]
    listening.want(())
    wait_for(lambda: not listening.busy, "the ports to be closed")
    system.pads.send(NOTE)
    listening.look()
    assert spoke == ["Pads"]
    listening.close()


def test_a_port_that_cannot_be_opened_does_not_spoil_the_others(system: System) -> None:
    spoke: list[str] = []
    listening = Listening(system.ours, spoke.append)
    listening.want({"None", "Keys"})
    wait_for(lambda: not listening.busy, "the ports to be open")
    system.keys.send(NOTE)
    listening.look()
    assert spoke == ["Keys"]
    listening.close()
    assert system.keys.alive()


def test_ports_that_come_are_listened_to_as_well(system: System) -> None:
    spoke: list[str] = []
    listening = Listening(system.ours, spoke.append)
    listening.want({"Keys"})
    wait_for(lambda: not listening.busy, "the port to be open")
    listening.want({"Keys", "Pads"})
    wait_for(lambda: not listening.busy, "the other one to be open")
    for port in (system.keys, system.pads):
        port.send(NOTE)
    listening.look()
    assert spoke == ["Keys", "Pads"]
    listening.close()
