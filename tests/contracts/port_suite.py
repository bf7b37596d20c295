"""What every MIDI backend must do, said once: `test_ports.py` runs it against each of them.

A rig is a backend under test together with the other side of its ports, another program. The suite
uses nothing of a backend but `plugin.ports`.
"""

import threading
import time
from collections.abc import Callable
from typing import Protocol

import pytest

from plugin.ports import Backend, InputPort, OutputPort, PortError
from tests.rig.waiting import wait_for

NOTE_ON = bytes([0x90, 60, 100])

KINDS = {
    "note-on": NOTE_ON,
    "note-off": bytes([0x80, 60, 64]),
    "note-on with velocity 0": bytes([0x90, 60, 0]),
    "key pressure": bytes([0xA2, 60, 1]),
    "sustain pedal": bytes([0xBF, 64, 127]),
    "program": bytes([0xC0, 5]),
    "channel pressure": bytes([0xD9, 9]),
    "pitch bend": bytes([0xE0, 0, 64]),
    "sysex": bytes([0xF0, 0x7E, 0x7F, 6, 1, 0xF7]),
    "sysex of 2000 bytes": bytes([0xF0, *(n % 128 for n in range(1998)), 0xF7]),
    "quarter frame": bytes([0xF1, 0x25]),
    "song position": bytes([0xF2, 48, 0]),
    "clock": bytes([0xF8]),
    "start": bytes([0xFA]),
    "continue": bytes([0xFB]),
    "stop": bytes([0xFC]),
}

NO_MESSAGES = {
    "nothing": b"",
    "data without a status": bytes([60, 100]),
    "half a note": bytes([0x90, 60]),
    "two notes": NOTE_ON * 2,
    "a status inside": bytes([0x90, 60, 0x90]),
    "sysex without an end": bytes([0xF0, 1, 2]),
    "an undefined status": bytes([0xF4]),
}


PLAYED_AT_MOST, QUIET_S = 10, 1.0


class PortRig(Protocol):
    """A backend and another program on the same MIDI system."""

    backend: Backend
    source: str
    """Name of a port of the other program that we can read from."""
    sink: str
    """Name of a port of the other program that we can write to."""
    rewritten: dict[bytes, bytes]
    """What this system makes of some messages on their way, though they mean the same."""

    def names(self) -> list[str]:
        """The ports that the other program sees, in both directions."""

    def plug_in(self, port: InputPort) -> Callable[..., None]:
        """Connect the other program to our virtual input; a function that plays messages."""

    def plug_out(self, port: OutputPort) -> None:
        """Connect our virtual output to the other program, which hears it from now on."""

    def play(self, *messages: bytes) -> None:
        """The other program sends these from its source."""

    def wait_for(self, count: int) -> list[bytes]:
        """Wait until the other program has heard so many messages; all that it has heard."""

    def skipped(self) -> int:
        """Cycles in which the system did not wait for one of us: what went by then is lost."""

    def leave(self) -> None:
        """The other program ends."""

    def end_system(self) -> None:
        """The MIDI system ends as if it crashed."""


def arriving(
    rig: PortRig, play: Callable[[], None], news: Callable[[], list[bytes]], count: int
) -> list[bytes]:
    """What arrives of so many messages.

    PipeWire goes on without a program that is late, as when the machine stands still for some
    milliseconds. What was under way then is lost by nobody's fault, so all is played once more.
    """
    got: list[bytes] = []
    for _ in range(PLAYED_AT_MOST):
        before, got = rig.skipped(), []
        play()

        def over(before: int = before, got: list[bytes] = got) -> bool:
            got.extend(news())
            return len(got) >= count or rig.skipped() > before

        wait_for(over, lambda: f"{count} messages, of which {len(got)} came")  # noqa: B023
        quiet_s, pause = time.monotonic() + QUIET_S, threading.Event()
        while len(got) < count and time.monotonic() < quiet_s:
            if more := news():
                got.extend(more)
                quiet_s = time.monotonic() + QUIET_S
            pause.wait(0.005)
        if len(got) >= count:
            break
    return got


def played_in(
    rig: PortRig, play: Callable[..., None], port: InputPort, *messages: bytes
) -> list[bytes]:
    """What arrives at our input of what the other program plays."""
    return arriving(
        rig, lambda: play(*messages), lambda: list(iter(port.poll, None)), len(messages)
    )


def played_out(rig: PortRig, port: OutputPort, *messages: bytes) -> list[bytes]:
    """What the other program hears of what we send."""
    known = len(rig.wait_for(0))

    def play() -> None:
        for message in messages:
            port.send(message)

    def news() -> list[bytes]:
        nonlocal known
        heard = rig.wait_for(0)[known:]
        known += len(heard)
        return heard

    return arriving(rig, play, news, len(messages))


def numbered(count: int) -> list[bytes]:
    """Messages that are all different up to 16384, so that order and loss show."""
    return [bytes([0xE0, n % 128, n // 128]) for n in range(count)]


def is_sentence_with_next_step(error: PortError) -> bool:
    """Two sentences: what is the matter, and what to do."""
    text = str(error)
    return text[0].isupper() and text.endswith(".") and text.count(". ") >= 1 and "\n" not in text


def send_until_refused(port: OutputPort) -> None:
    """Far more than RtMidi's ring holds (unguarded, it would spin for ever), or any pipe."""
    for _ in range(200_000):
        port.send(NOTE_ON)


def cannot_list(backend: Backend) -> bool:
    try:
        backend.inputs()
    except PortError:
        return True
    return False


class PortSuite:
    """Names, messages, closing. Subclasses give the fixture `rig`, which closes what is opened."""

    # ------------------------------------------------------------------------ names and opening

    def test_others_see_a_virtual_port_by_its_name(self, rig: PortRig) -> None:
        ours = rig.backend.open_input("Antiphon In", virtual=True)
        theirs = rig.backend.open_output("Antiphon Out", virtual=True)
        assert (ours.name, theirs.name) == ("Antiphon In", "Antiphon Out")
        for name in ("Antiphon In", "Antiphon Out"):
            assert len([listed for listed in rig.names() if listed.startswith(name)]) == 1

    def test_we_see_the_ports_of_others_and_not_our_own(self, rig: PortRig) -> None:
        before = rig.backend.inputs(), rig.backend.outputs()
        rig.backend.open_input("Antiphon In", virtual=True)
        rig.backend.open_output("Antiphon Out", virtual=True)
        assert (rig.backend.inputs(), rig.backend.outputs()) == before
        assert rig.source in before[0]
        assert rig.sink in before[1]
        assert rig.source not in before[1]

    def test_ports_of_one_name_get_two(self, rig: PortRig) -> None:
        first = rig.backend.open_input("Antiphon In", virtual=True)
        second = rig.backend.open_input("Antiphon In", virtual=True)
        assert first.name == "Antiphon In"
        assert second.name != first.name
        assert played_in(rig, rig.plug_in(second), second, NOTE_ON) == [NOTE_ON]
        assert first.poll() is None

    def test_an_existing_port_is_opened_by_part_of_its_name_in_any_case(self, rig: PortRig) -> None:
        keys = rig.backend.open_input(rig.source[1:].upper(), virtual=False)
        assert keys.name == rig.source
        assert keys.alive()
        assert played_in(rig, rig.play, keys, NOTE_ON) == [NOTE_ON]

    def test_an_existing_port_takes_what_we_send(self, rig: PortRig) -> None:
        synth = rig.backend.open_output(rig.sink, virtual=False)
        assert synth.name == rig.sink
        assert played_out(rig, synth, NOTE_ON) == [NOTE_ON]

    def test_a_missing_port_is_an_error_that_lists_what_exists(self, rig: PortRig) -> None:
        with pytest.raises(PortError) as of_input:
            rig.backend.open_input("no such keyboard", virtual=False)
        with pytest.raises(PortError) as of_output:
            rig.backend.open_output("no such synth", virtual=False)
        for error, wanted, existing in (
            (of_input.value, "no such keyboard", rig.source),
            (of_output.value, "no such synth", rig.sink),
        ):
            assert wanted in str(error)
            assert existing in str(error)
            assert is_sentence_with_next_step(error)

    # ------------------------------------------------------------------------------- messages

    def test_every_kind_of_message_comes_in_unchanged(self, rig: PortRig) -> None:
        port = rig.backend.open_input("Antiphon In", virtual=True)
        play = rig.plug_in(port)
        for name, message in KINDS.items():
            expected = [rig.rewritten.get(message, message)]
            assert played_in(rig, play, port, message) == expected, name

    def test_every_kind_of_message_goes_out_unchanged(self, rig: PortRig) -> None:
        port = rig.backend.open_output("Antiphon Out", virtual=True)
        rig.plug_out(port)
        expected = [rig.rewritten.get(message, message) for message in KINDS.values()]
        assert played_out(rig, port, *KINDS.values()) == expected

    def test_an_input_with_nothing_to_say_says_none(self, rig: PortRig) -> None:
        port = rig.backend.open_input("Antiphon In", virtual=True)
        assert port.poll() is None
        assert port.alive()

    def test_of_1000_messages_in_none_is_lost_and_none_overtakes(self, rig: PortRig) -> None:
        port = rig.backend.open_input("Antiphon In", virtual=True)
        sent = numbered(1000)
        assert played_in(rig, rig.plug_in(port), port, *sent) == sent

    def test_of_5000_messages_out_none_is_lost_and_none_overtakes(self, rig: PortRig) -> None:
        # More than RtMidi's ring holds at once.
        port = rig.backend.open_output("Antiphon Out", virtual=True)
        rig.plug_out(port)
        sent = numbered(5000)
        assert played_out(rig, port, *sent) == sent

    def test_sending_to_nobody_is_no_error(self, rig: PortRig) -> None:
        port = rig.backend.open_output("Antiphon Out", virtual=True)
        port.send(bytes([0x90, 1, 1]))
        assert port.alive()
        rig.plug_out(port)
        port.send(NOTE_ON)
        assert wait_for(lambda: NOTE_ON in rig.wait_for(0), "the note that somebody listens to")

    @pytest.mark.parametrize("name", NO_MESSAGES)
    def test_what_is_no_message_is_refused_and_the_port_is_well(
        self, rig: PortRig, name: str
    ) -> None:
        port = rig.backend.open_output("Antiphon Out", virtual=True)
        rig.plug_out(port)
        with pytest.raises(ValueError, match="MIDI message"):
            port.send(NO_MESSAGES[name])
        assert played_out(rig, port, NOTE_ON) == [NOTE_ON]

    # --------------------------------------------------------------------------------- closing

    def test_a_closed_port_is_silent_and_no_longer_listed(self, rig: PortRig) -> None:
        ours = rig.backend.open_input("Antiphon In", virtual=True)
        theirs = rig.backend.open_output("Antiphon Out", virtual=True)
        for port in (ours, theirs):
            port.close()
            port.close()
            assert not port.alive()
        assert ours.poll() is None
        with pytest.raises(PortError) as error:
            theirs.send(NOTE_ON)
        assert is_sentence_with_next_step(error.value)
        wait_for(
            lambda: not [name for name in rig.names() if name.startswith("Antiphon")],
            lambda: f"our ports to go from {rig.names()}",
        )

    def test_a_port_can_be_opened_again_under_its_name(self, rig: PortRig) -> None:
        for _ in range(3):
            port = rig.backend.open_input("Antiphon In", virtual=True)
            assert port.name == "Antiphon In"
            assert played_in(rig, rig.plug_in(port), port, NOTE_ON) == [NOTE_ON]
            port.close()


class PortLossSuite:
    """Ports that go while they are open. Subclasses give the fixture `rig`, anew for each test."""

    def test_closing_the_backend_closes_its_ports(self, rig: PortRig) -> None:
        ports = [
            rig.backend.open_input("Antiphon In", virtual=True),
            rig.backend.open_output(rig.sink, virtual=False),
        ]
        rig.backend.close()
        rig.backend.close()
        assert not any(port.alive() for port in ports)

    def test_an_unplugged_instrument_is_noticed(self, rig: PortRig) -> None:
        keys = rig.backend.open_input(rig.source, virtual=False)
        synth = rig.backend.open_output(rig.sink, virtual=False)
        ours = rig.backend.open_output("Antiphon Out", virtual=True)
        assert keys.alive()
        assert synth.alive()
        rig.leave()
        wait_for(lambda: not keys.alive(), "the keyboard to be gone")
        wait_for(lambda: not synth.alive(), "the synthesizer to be gone")
        with pytest.raises(PortError) as error:
            synth.send(NOTE_ON)
        assert is_sentence_with_next_step(error.value)
        assert ours.alive()
        ours.send(NOTE_ON)

    def test_a_dead_system_is_noticed_and_blocks_nothing(self, rig: PortRig) -> None:
        ours = rig.backend.open_input("Antiphon In", virtual=True)
        theirs = rig.backend.open_output("Antiphon Out", virtual=True)
        synth = rig.backend.open_output(rig.sink, virtual=False)
        rig.end_system()
        start_s = time.monotonic()
        for port in (theirs, synth):
            with pytest.raises(PortError) as error:
                send_until_refused(port)
            assert is_sentence_with_next_step(error.value)
        # Each of several clients notices for itself, some ms after the other.
        wait_for(lambda: not any(port.alive() for port in (ours, theirs, synth)), "all to be gone")
        wait_for(lambda: cannot_list(rig.backend), "the list of ports to be refused")
        assert ours.poll() is None
        with pytest.raises(PortError):
            rig.backend.open_input("Antiphon In", virtual=True)
        assert time.monotonic() - start_s < 5.0
        rig.backend.close()
