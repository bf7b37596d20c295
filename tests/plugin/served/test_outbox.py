"""A window that does not read: lamps, ghosts and pulses are left out, and nothing else."""

import threading

from plugin.protocol import Message, Said
from plugin.served.frames import MOST_BYTES, End, FrameReader
from plugin.served.messages import Active, Planned, Told, Wire
from plugin.served.outbox import MOST_BEFORE_LIGHT, MOST_BEFORE_WIRE, Outbox
from tests.rig.waiting import wait_for

LAMP = Active("a", True, "notes")


class Window:
    """The other end; it reads only while `reads` is set."""

    def __init__(self) -> None:
        self.reads = threading.Event()
        self.got = b""
        self.gone = False

    def write(self, data: bytes) -> None:
        if self.gone:
            raise BrokenPipeError("gone")
        self.reads.wait()
        self.got += data

    def messages(self) -> list[Message]:
        left = [self.got, b""]
        reader: FrameReader[Message] = FrameReader(lambda size: left.pop(0), Told)
        found = []
        while not isinstance(message := reader.next(), End):
            found.append(message)
        assert message == End()
        return found


def test_everything_comes_in_order_to_who_reads() -> None:
    window = Window()
    window.reads.set()
    outbox = Outbox(window.write)
    sent: list[Message] = [Said(str(number)) for number in range(500)]
    assert all(outbox.put(message) for message in sent)
    assert outbox.close()
    assert window.messages() == sent


def test_what_is_shown_for_a_moment_is_left_out_and_all_else_is_kept() -> None:
    window = Window()
    outbox = Outbox(window.write)
    kept = [outbox.put(Said(str(number))) for number in range(3 * MOST_BEFORE_LIGHT)]
    assert all(kept)
    assert not outbox.put(LAMP)
    assert not outbox.put(Planned(()))
    assert outbox.put(Wire(0, True, b"\x90\x3c\x40"))
    window.reads.set()
    wait_for(lambda: outbox.put(LAMP), "a lamp that is taken again")
    assert outbox.close()
    found = window.messages()
    assert [m.says for m in found if isinstance(m, Said)] == [str(n) for n in range(len(kept))]
    assert [m for m in found if isinstance(m, Active | Planned)] == [LAMP]


def test_a_wire_that_nobody_reads_ends_sometime() -> None:
    window = Window()
    outbox = Outbox(window.write)
    wires = [outbox.put(Wire(n, True, b"\xf8")) for n in range(2 * MOST_BEFORE_WIRE)]
    assert MOST_BEFORE_WIRE <= sum(wires) < 2 * MOST_BEFORE_WIRE
    window.reads.set()
    assert outbox.close()


def test_a_window_that_is_gone_is_noticed_and_nothing_waits_for_it() -> None:
    window = Window()
    window.gone = True
    outbox = Outbox(window.write)
    outbox.put(LAMP)
    wait_for(lambda: outbox.broken, "the broken line")
    assert outbox.put(Said("more"))
    assert outbox.close()


def test_what_is_too_long_for_a_frame_costs_only_itself() -> None:
    window = Window()
    window.reads.set()
    outbox = Outbox(window.write)
    outbox.put(Said("x" * MOST_BYTES))
    outbox.put(Said("after"))
    assert outbox.close()
    assert window.messages() == [Said("after")]


def test_closing_waits_no_longer_than_it_is_told() -> None:
    window = Window()
    outbox = Outbox(window.write)
    outbox.put(Said("stuck"))
    assert not outbox.close(0.01)
    window.reads.set()
    assert outbox.close()
