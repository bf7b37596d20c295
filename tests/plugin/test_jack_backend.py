"""What only our own JACK process shows: exact times, and what it outlives and leaves behind."""

import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from plugin.backends import jack_process
from plugin.backends.common import GONE
from plugin.backends.jack import JackBackend
from plugin.backends.jack_frames import (
    LOOK_AHEAD_NS,
    MOST_A_CYCLE,
    Frame,
    Outgoing,
    Unpacker,
    pack,
)
from plugin.hotplug import Hotplug, LastingOutput
from plugin.ports import InputPort, PortError, arrival_ns, latency_ns
from tests.rig.jackd import JackServer
from tests.rig.peer import JackPeer
from tests.rig.pipewire import PipeWireServer
from tests.rig.waiting import wait_for

NOTE_ON = bytes([0x90, 60, 100])
NOTE_OFF = bytes([0x80, 60, 64])
PERIOD, NS_PER_FRAME = 100, 1_000


def frame(at_ns: int, pitch: int = 60) -> Frame:
    return Frame(at_ns, 1, bytes([0x90, pitch, 100]))


# ----------------------------------------------------------------------------- pure: the pipe


def test_frames_survive_any_cut_of_the_pipe() -> None:
    frames = [Frame(5, 2, NOTE_ON), Frame(-7, 65_535, b"\xf8"), Frame(2**60, 0, b"\xf0" * 4096)]
    data = b"".join(map(pack, frames))
    for step in (1, 3, 13, 4096, len(data)):
        unpacker = Unpacker()
        got = [f for at in range(0, len(data), step) for f in unpacker.feed(data[at : at + step])]
        assert got == frames


def test_a_message_goes_out_exactly_one_period_after_it_was_due() -> None:
    outgoing = Outgoing()
    for due in (30, 70, 99, 100, 142):
        outgoing.put(0, frame(due * NS_PER_FRAME))
    first = outgoing.take(100 * NS_PER_FRAME, PERIOD, NS_PER_FRAME)
    second = outgoing.take(200 * NS_PER_FRAME, PERIOD, NS_PER_FRAME)
    assert [offset for offset, _ in first] == [30, 70, 99]
    assert [offset for offset, _ in second] == [0, 42]
    assert len(outgoing) == 0


def test_a_late_message_goes_first_and_none_overtakes() -> None:
    outgoing = Outgoing()
    for number, due in enumerate((-50, 60, 20, 80)):
        outgoing.put(0, frame(due * NS_PER_FRAME, number))
    taken = outgoing.take(100 * NS_PER_FRAME, PERIOD, NS_PER_FRAME)
    assert [(offset, sent.message[1]) for offset, sent in taken] == [
        (0, 0),
        (60, 1),
        (60, 2),
        (80, 3),
    ]


def test_a_cycle_takes_no_more_than_it_has_time_for() -> None:
    outgoing = Outgoing()
    for number in range(MOST_A_CYCLE + 5):
        outgoing.put(0, frame(number))
    assert len(outgoing.take(10**6, PERIOD, NS_PER_FRAME)) == MOST_A_CYCLE
    assert len(outgoing.take(10**6, PERIOD, NS_PER_FRAME)) == 5


def test_one_wrong_number_does_not_hold_up_the_rest() -> None:
    outgoing = Outgoing()
    outgoing.put(0, frame(2**62))
    outgoing.put(0, frame(0))
    assert len(outgoing.take(LOOK_AHEAD_NS + 1, PERIOD, NS_PER_FRAME)) == 2


# ------------------------------------------------------------------------------- a real server


@pytest.fixture
def jack_backend(jack_server: JackServer) -> Iterator[JackBackend]:
    backend = JackBackend()
    yield backend
    backend.close()
    jack_server.wait_until_gone("Antiphon")


def receive(port: InputPort) -> tuple[bytes, int]:
    """The next message and when it came in."""
    got: list[bytes] = []

    def came() -> bool:
        message = port.poll()
        if message is not None:
            got.append(message)
        return bool(got)

    wait_for(came, "a message")
    return got[0], arrival_ns(port, time.monotonic_ns())


@pytest.mark.realport
class TestOnJack:
    def test_a_daw_lists_a_client_by_our_name(
        self, jack_server: JackServer, jack_backend: JackBackend
    ) -> None:
        jack_backend.open_input("Antiphon In", virtual=True)
        jack_backend.open_output("Antiphon Out", virtual=True)
        jack_backend.open_output("More", virtual=True)
        assert jack_server.ports("Antiphon") == [
            "Antiphon In:in",
            "Antiphon Out:out",
            "Antiphon Out:More",
        ]

    def test_what_comes_in_bears_the_moment_for_which_it_was_sent(
        self, jack_server: JackServer, jack_backend: JackBackend
    ) -> None:
        """Not a claim about speed: both are counted in JACK's frames."""
        heard = jack_backend.open_input("Antiphon In", virtual=True)
        output = jack_backend.open_output("Antiphon Out", virtual=True)
        jack_server.connect("Antiphon Out:out", "Antiphon In:in")
        errors_ns = []
        for number in range(60):
            due_ns = time.monotonic_ns() - 1_000 * number
            output.send(NOTE_ON, due_ns)
            errors_ns.append(receive(heard)[1] - due_ns)
        assert latency_ns(output) == pytest.approx(256 / 48_000 * 1e9, abs=1)
        # A tenth of a period, for half of them: a machine that does other work loses cycles.
        assert statistics.median(map(abs, errors_ns)) < 500_000

    def test_a_port_that_is_renamed_is_the_same_port(
        self, jack_server: JackServer, jack_backend: JackBackend
    ) -> None:
        port = jack_server.control.midi_inports.register("synth")
        try:
            output = jack_backend.open_output("rig:synth", virtual=False)
            for number in range(20):  # lists and news of it come from two threads of JACK's
                port.shortname = f"piano {number}"

                def has_its_new_name(number: int = number) -> bool:
                    assert output.alive(), f"lost at renaming {number}"
                    return f"rig:piano {number}" in jack_backend.outputs()

                wait_for(has_its_new_name, "the new name")
                assert output.alive()
        finally:
            port.unregister()
        wait_for(lambda: not output.alive(), "the port to be gone")

    def test_a_session_that_is_killed_leaves_no_note_behind(
        self, jack_server: JackServer, jack_peer: JackPeer
    ) -> None:
        jack_peer.forget()
        program = (
            "import sys\n"
            "from plugin.backends.jack import JackBackend\n"
            "port = JackBackend().open_output('Antiphon Out', virtual=True)\n"
            "sys.stdin.readline()\n"
            "port.send(bytes([0x90, 60, 100]))\n"
            "sys.stdin.readline()\n"
        )
        session = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE)
        assert session.stdin is not None
        jack_server.connect("Antiphon Out:out", jack_peer.sink)
        session.stdin.write(b"play\n")
        session.stdin.flush()
        assert jack_peer.wait_for(1) == [NOTE_ON]
        session.send_signal(signal.SIGKILL)
        session.wait()
        session.stdin.close()
        assert jack_peer.wait_for(2) == [NOTE_ON, NOTE_OFF]
        jack_server.wait_until_gone("Antiphon")


@pytest.mark.realport
@pytest.mark.slow
class TestStoppedJack:
    def test_a_stopped_server_is_noticed_and_blocks_nothing(
        self, mortal_jack_server: JackServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        backend = JackBackend()
        output = backend.open_output("Antiphon Out", virtual=True)
        assert output.alive()
        monkeypatch.setattr(jack_process, "STALL_NS", 1_000_000_000)
        monkeypatch.setattr(jack_process, "ASK_S", 0.5)
        mortal_jack_server.freeze()
        wait_for(lambda: not output.alive(), "the output to be gone")
        with pytest.raises(PortError) as refused:
            output.send(NOTE_ON)
        assert str(refused.value) == GONE
        with pytest.raises(PortError):
            backend.open_output("Antiphon Out", virtual=True)
        mortal_jack_server.kill()
        backend.close()

    def test_a_process_that_is_killed_is_a_port_that_has_gone(
        self, mortal_jack_server: JackServer
    ) -> None:
        backend = JackBackend()
        output = backend.open_output("Antiphon Out", virtual=True)
        assert output.alive()
        os.kill(backend._process._process.pid, signal.SIGKILL)
        wait_for(lambda: not output.alive(), "the port to be gone")
        with pytest.raises(PortError, match="has gone"):
            output.send(NOTE_ON)
        mortal_jack_server.kill()  # which may stand still now
        backend.close()


@pytest.mark.realport
@pytest.mark.slow
class TestPipeWireAnew:
    def test_a_new_server_is_found_by_the_same_backend(
        self, mortal_pipewire_server: PipeWireServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("plugin.backends.jack.TRY_AGAIN_S", 0.0)
        backend = JackBackend()
        assert backend.api == "PipeWire"
        output = backend.open_output("Antiphon Out", virtual=True)
        mortal_pipewire_server.kill()
        wait_for(lambda: not output.alive(), "the output to be gone")
        with pytest.raises(PortError, match="No JACK server answers"):
            backend.open_output("Antiphon Out", virtual=True)
        mortal_pipewire_server.restart()
        with JackPeer(mortal_pipewire_server) as peer:
            output = backend.open_output("Antiphon Out", virtual=True)
            mortal_pipewire_server.connect("Antiphon Out:out", peer.sink)
            output.send(NOTE_ON)
            assert peer.wait_for(1) == [NOTE_ON]
        backend.close()

    def test_a_synthesizer_that_is_unplugged_and_comes_back_is_silent(
        self, mortal_pipewire_server: PipeWireServer
    ) -> None:
        """Hot-plug as the session has it: opened again beside the music, what sounded is ended."""
        backend, told = JackBackend(), list[str]()
        with JackPeer(mortal_pipewire_server) as peer:
            sink = peer.sink
            output = LastingOutput(
                sink,
                lambda: backend.open_output(sink, virtual=False),
                backend.open_output(sink, virtual=False),
            )
            hotplug = Hotplug([output], tell=told.append)
            output.send(NOTE_ON)
            assert peer.wait_for(1) == [NOTE_ON]

        def looked(there: bool) -> bool:
            hotplug.look(time.monotonic_ns())
            return output.there is there

        wait_for(lambda: looked(False), "the synthesizer to be gone")
        output.send(bytes([0x90, 72, 100]))
        with JackPeer(mortal_pipewire_server) as peer:
            wait_for(lambda: looked(True), "the synthesizer to be back")
            assert peer.wait_for(1) == [NOTE_OFF]
            for message in (NOTE_OFF, bytes([0x80, 72, 64]), NOTE_ON):
                output.send(message)
            assert peer.wait_for(2) == [NOTE_OFF, NOTE_ON]
        assert [says.split(":")[0] for says in told] == [f"The port {sink}".split(":")[0]] * 2
        hotplug.close()
        output.close()
        backend.close()

    def test_a_port_that_comes_anew_between_two_looks_is_another_one(
        self, mortal_pipewire_server: PipeWireServer
    ) -> None:
        """Listed as before: whoever does not notice plays into nothing for ever."""
        backend = JackBackend()
        with JackPeer(mortal_pipewire_server) as peer:
            output = backend.open_output(peer.sink, virtual=False)
            assert output.alive()
        with JackPeer(mortal_pipewire_server) as peer:
            wait_for(lambda: not output.alive(), "the old connection to count as gone")
            anew = backend.open_output(peer.sink, virtual=False)
            anew.send(NOTE_ON)
            assert peer.wait_for(1) == [NOTE_ON]
        backend.close()

    def test_more_ports_come_and_go_than_pipewire_has_room_for(
        self, mortal_pipewire_server: PipeWireServer
    ) -> None:
        """It frees a port that is given back, and JACK-Client asks for its name after that."""
        backend = JackBackend()
        kept = backend.open_output("Antiphon Out", virtual=True)
        for _ in range(70):
            port = backend.open_input("Antiphon In", virtual=True)
            port.close()
        assert kept.alive()
        backend.close()

    def test_cycles_that_went_by_without_us_are_counted(
        self, mortal_pipewire_server: PipeWireServer
    ) -> None:
        backend = JackBackend()
        before = backend.skipped
        pid = backend._process._process.pid
        os.kill(pid, signal.SIGSTOP)
        try:
            time.sleep(0.1)
        finally:
            os.kill(pid, signal.SIGCONT)
        wait_for(lambda: backend.skipped > before, "the cycles to be counted")
        backend.close()
