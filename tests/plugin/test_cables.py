"""The ports of a jam: wished by name and channel, waited for, coming back."""

import pytest

from plugin.backends.memory import MemoryBackend
from plugin.cables import Cables, PortWish
from plugin.ports import PortError
from plugin.realtime.clock import ManualClock

NOTE = bytes([0x90, 60, 80])


class Desk:
    """Cables on a memory system, another program beside them, and what was told."""

    def __init__(self, *ins: str, outs: tuple[str, ...] = ()) -> None:
        self.clock = ManualClock(10**9)
        self.ours = MemoryBackend()
        self.theirs = MemoryBackend(self.ours.hub)
        self.said: list[str] = []
        self.gone: list[int] = []
        self._ins, self._outs = ins, outs

    def plug(self, **how: object) -> Cables:
        return Cables(
            self.ours,
            self.clock,
            ins=[PortWish.of(text) for text in self._ins],
            outs=[PortWish(text) for text in self._outs],
            in_name="Antiphon In",
            out_name="Antiphon Out",
            tell=self.said.append,
            gone=self.gone.append,
            **how,  # type: ignore[arg-type]
        )

    def look(self, cables: Cables) -> None:
        for _ in range(4):
            self.clock.advance_ns(600_000_000)
            cables.hotplug.look(self.clock.now_ns())
            cables.hotplug._tried.wait(30.0)


@pytest.mark.parametrize(
    ("text", "name", "channels"),
    [
        ("Keys", "Keys", set(range(16))),
        ("Keys@1", "Keys", {0}),
        ("My Keys@1-3,10", "My Keys", {0, 1, 2, 9}),
        ("me@home", "me@home", set(range(16))),
    ],
)
def test_wishes_in_words(text: str, name: str, channels: set[int]) -> None:
    assert PortWish.of(text) == PortWish(name, frozenset(channels))


@pytest.mark.parametrize("text", ["Keys@0", "Keys@17", "Keys@5-2", "Keys@1-"])
def test_wishes_that_are_none(text: str) -> None:
    if text == "Keys@1-":
        assert PortWish.of(text).channels == {0}
        return
    with pytest.raises(ValueError, match="channels"):
        PortWish.of(text)


def test_without_wishes_there_are_two_virtual_ports() -> None:
    desk = Desk()
    cables = desk.plug()
    assert (cables.input.name, cables.output.name) == ("Antiphon In", "Antiphon Out")
    desk.theirs.open_output("Antiphon In", virtual=False).send(NOTE)
    assert cables.input.poll() == NOTE
    cables.close()
    assert desk.theirs.inputs() == []


def test_a_port_that_is_not_there_is_said_and_found_when_it_comes() -> None:
    desk = Desk("Keys")
    cables = desk.plug()
    assert "Keys" in desk.said[0]
    assert desk.said[0].endswith("It is waited for.")
    assert cables.input.poll() is None
    keys = desk.theirs.open_output("Keys", virtual=True)
    desk.look(cables)
    assert desk.said[-1] == "The port Keys is back."
    keys.send(NOTE)
    assert cables.input.poll() == NOTE
    cables.close()


def test_an_input_that_goes_is_said_and_its_keys_count_as_released() -> None:
    desk = Desk("Keys")
    desk.theirs.open_output("Keys", virtual=True)
    cables = desk.plug()
    desk.ours.hub.unplug("Keys")
    desk.look(cables)
    assert len(desk.gone) == 1
    assert "gone" in desk.said[0]
    cables.close()


def test_several_inputs_each_on_its_channels_and_several_outputs() -> None:
    desk = Desk("Keys@1", "Pad@10", outs=("Synth", "Lamp"))
    keys = desk.theirs.open_output("Keys", virtual=True)
    pad = desk.theirs.open_output("Pad", virtual=True)
    synth = desk.theirs.open_input("Synth", virtual=True)
    lamp = desk.theirs.open_input("Lamp", virtual=True)
    cables = desk.plug()
    for port in (keys, pad):
        for channel in (0, 9):
            port.send(bytes([0x90 | channel, 60, 80]))
    heard = [cables.input.poll() for _ in range(5)]
    assert sorted(m for m in heard if m) == [bytes([0x90, 60, 80]), bytes([0x99, 60, 80])]
    cables.output.send(NOTE)
    assert (synth.poll(), lamp.poll()) == (NOTE, NOTE)
    cables.close()


def test_a_system_that_cannot_make_our_ports_is_an_error() -> None:
    desk = Desk()
    desk.ours.hub.unplug()
    desk.ours.close()

    class Dead(MemoryBackend):
        def open_output(self, name: str, *, virtual: bool):
            raise PortError("No system. Start one.")

    desk.ours = Dead()
    with pytest.raises(PortError, match="Start one"):
        desk.plug()


def test_what_is_no_music_is_said_once() -> None:
    class Dump:
        name, refused, arrived_ns = "Keys", 0, None

        def poll(self) -> None:
            return None

        def alive(self) -> bool:
            return True

        def close(self) -> None:
            pass

    dump = Dump()

    class System(MemoryBackend):
        def open_input(self, name: str, *, virtual: bool) -> Dump:  # type: ignore[override]
            return dump

    desk = Desk("Keys")
    desk.ours = System()
    cables = desk.plug()
    cables.news()
    assert desk.said == []
    dump.refused = 3
    cables.news()
    cables.news()
    assert len(desk.said) == 1
    assert "no music" in desk.said[0]
    cables.close()


class Watcher:
    """Keeps what it is shown."""

    def __init__(self) -> None:
        self.shown: list[tuple[object, ...]] = []
        self.surveys = 0

    def begin(self, backend: MemoryBackend, cables: Cables) -> None:
        self.shown.append(("begin", [port.name for port in cables.inputs], cables.makes_ins))

    def survey(self) -> list[str]:
        self.surveys += 1
        return []

    def through(self, port: str, out: bool, message: bytes) -> None:
        self.shown.append((port, out, message))

    def heard(self, message: bytes) -> None:
        self.shown.append(("heard", message))

    def sent(self, message: bytes, due_ns: int | None) -> None:
        self.shown.append(("sent", message, due_ns))


def test_who_watches_is_shown_what_goes_through_each_port_and_all() -> None:
    desk, watcher = Desk(outs=("Near", "Far")), Watcher()
    near = desk.theirs.open_input("Near", virtual=True)
    cables = desk.plug(watch=watcher)
    desk.theirs.open_output("Antiphon In", virtual=False).send(NOTE)
    assert cables.input.poll() == NOTE
    cables.output.send(NOTE, 7)
    assert near.poll() == NOTE
    assert watcher.shown == [
        ("begin", ["Antiphon In"], True),
        ("Antiphon In", False, NOTE),
        ("heard", NOTE),
        ("Near", True, NOTE),  # the other one is not there: nothing went through it
        ("sent", NOTE, 7),
    ]
    desk.look(cables)
    assert watcher.surveys, "while a port is away, ports are listed beside the music"
    cables.close()


def test_inputs_of_our_own_play_beside_the_ports() -> None:
    desk = Desk()
    keys = desk.theirs.open_input("keys", virtual=True)
    cables = desk.plug(also=(keys,))
    MemoryBackend(desk.ours.hub).open_output("keys", virtual=False).send(NOTE)
    desk.theirs.open_output("Antiphon In", virtual=False).send(NOTE)
    assert [cables.input.poll() for _ in range(3)] == [NOTE, NOTE, None]
    assert [port.name for port in cables.inputs] == ["Antiphon In"]
    cables.close()
