"""What a window sees beside the events: told when it changes, and not over and over."""

from plugin.backends.memory import MemoryBackend, MemoryHub
from plugin.cables import Cables
from plugin.control.desk import Desk
from plugin.control.learn import LEARN_FOR_NS
from plugin.protocol import Message
from plugin.realtime.clock import ManualClock
from plugin.realtime.ledger import silence
from plugin.record import JamRecord
from plugin.served.engine_line import EngineLine
from plugin.served.messages import Active, DeskIs, Ports, Pulse, Spoke, Wire
from plugin.served.view import SLOW_NS, View
from plugin.steering import Steering
from plugin.wiring import Jam
from tests.fakes.engine import FakeEngine
from tests.fakes.stage import Stage
from tests.rig.waiting import wait_for

NOTE, RELEASE = bytes((0x90, 60, 80)), bytes((0x80, 60, 64))


class Window:
    """A view of a stage whose ports are in memory."""

    def __init__(self) -> None:
        self.stage, self.desk = Stage(), Desk()
        self.told: list[Message] = []
        self.reads = True
        clock: ManualClock = self.stage.clock
        self.view = View(clock, self.tell, self.desk, EngineLine(FakeEngine(), clock))
        hub = MemoryHub()
        self.others = MemoryBackend(hub)
        self.pads = self.others.open_output("Pads", virtual=True)
        self.cables = Cables(
            MemoryBackend(hub),
            clock,
            ins=(),
            outs=(),
            in_name="Our In",
            out_name="Our Out",
            tell=lambda says: None,
            gone=lambda now_ns: None,
            watch=self.view,
        )
        self.keys = self.others.open_output("Our In", virtual=False)
        session = self.stage.session
        steering = Steering(self.desk, self.tell)  # type: ignore[arg-type]
        loop: object = None
        self.view.attach(
            Jam(session, loop, JamRecord(), clock, steering, self.cables, None)  # type: ignore[arg-type]
        )

    def tell(self, message: Message) -> bool:
        if self.reads:
            self.told.append(message)
        return self.reads

    def of(self, kind: type) -> list[Message]:
        return [message for message in self.told if isinstance(message, kind)]

    def look(self, ns: int = SLOW_NS) -> None:
        self.stage.clock.advance_ns(ns)
        self.view.look(self.stage.now_ns)

    def play(self, message: bytes = NOTE) -> None:
        self.keys.send(message)
        assert self.cables.input.poll() == message

    def close(self) -> None:
        self.view.close()
        self.cables.close()


def test_everything_is_told_at_the_beginning_and_then_what_changes() -> None:
    w = Window()
    assert len(w.of(Ports)) == len(w.of(DeskIs)) == 1
    for _ in range(20):
        w.look()
    assert len(w.of(Ports)) == len(w.of(DeskIs)) == 1
    assert len(w.of(Pulse)) == 10
    w.others.open_output("New", virtual=True)
    w.view.survey()
    w.desk.line(0, "bars 2")
    w.look()
    assert [port.name for port in w.of(Ports)[-1].ins] == ["Our In", "Pads", "New"]  # type: ignore[attr-defined]
    assert w.of(DeskIs)[-1].undo == "bars: 2"  # type: ignore[attr-defined]
    w.close()


def test_what_was_left_out_is_told_again() -> None:
    w = Window()
    w.reads = False
    w.desk.line(0, "save mine")
    w.look()
    w.reads = True
    w.look()
    assert w.of(DeskIs)[-1].presets == ("mine",)  # type: ignore[attr-defined]
    w.close()


def test_a_knob_that_nobody_moves_is_waited_for_no_longer() -> None:
    w = Window()
    w.desk.line(w.stage.now_ns, "learn closeness")
    w.look()
    assert w.of(DeskIs)[-1].learning == "closeness"  # type: ignore[attr-defined]
    w.look(LEARN_FOR_NS)
    assert w.of(DeskIs)[-1].learning == ""  # type: ignore[attr-defined]
    w.close()


def test_what_is_bound_is_told_in_words() -> None:
    w = Window()
    w.desk.line(w.stage.now_ns, "learn hold")
    w.desk.midi(w.stage.now_ns, bytes((0xB0, 64, 127)))
    w.look()
    (binding,) = w.of(DeskIs)[-1].bindings  # type: ignore[attr-defined]
    assert "64" in binding.source
    assert binding.target == "hold or release"
    w.close()


def test_lamps_of_what_goes_through() -> None:
    w = Window()
    w.play()
    w.cables.output.send(RELEASE)
    assert w.of(Active) == [Active("Our In", False, "notes"), Active("Our Out", True, "notes")]
    assert w.of(Wire) == []
    w.close()


def test_the_wire_is_told_with_the_moment_for_which_it_is_meant() -> None:
    w = Window()
    w.stage.down(48)
    w.stage.clock.advance_ns(5)
    w.view.overhear(True)
    w.play()
    w.cables.output.send(RELEASE, w.stage.now_ns + 7)
    assert w.of(Wire) == [Wire(5, False, NOTE), Wire(12, True, RELEASE)]
    w.view.overhear(False)
    w.play()
    assert len(w.of(Wire)) == 2
    w.close()


def test_a_wire_that_broke_begins_again_with_silence() -> None:
    w = Window()
    w.view.overhear(True)
    w.reads = False
    w.play()
    w.reads = True
    w.play(RELEASE)
    wires = [wire.data for wire in w.of(Wire)]  # type: ignore[attr-defined]
    assert wires == [*silence(), RELEASE]
    w.close()


def test_other_inputs_are_listened_to_only_while_it_is_asked() -> None:
    w = Window()
    w.pads.send(NOTE)
    w.look()
    w.view.listen(True)
    w.look()
    assert w.view._listening is not None
    wait_for(lambda: not w.view._listening.busy, "the port to be open")  # type: ignore[union-attr]
    w.pads.send(NOTE)
    w.play()
    w.look()
    assert set(w.of(Spoke)) == {Spoke("Pads"), Spoke("Our In")}
    w.view.listen(False)
    wait_for(lambda: not w.view._listening.busy, "the port to be closed")  # type: ignore[union-attr]
    w.pads.send(NOTE)
    for _ in range(10):
        w.look()
    assert len(w.of(Spoke)) == 2
    w.close()
