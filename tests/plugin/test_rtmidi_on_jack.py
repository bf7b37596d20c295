"""What only RtMidi on a real JACK server shows: names, garbage, a server that stops or dies."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from plugin.backends import find, jack_pulse, rtmidi
from plugin.backends.find import find_backend
from plugin.backends.rtmidi import RtMidiBackend
from plugin.ports import PortError
from tests.rig.jackd import JackServer
from tests.rig.peer import JackPeer
from tests.rig.waiting import wait_for

NOTE_ON = bytes([0x90, 60, 100])


# ------------------------------------------------------------------------------- a real server


@pytest.mark.realport
class TestOnJack:
    def test_jack_is_found_where_alsa_is_missing(
        self, jack_server: JackServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(find, "ALSA_SEQUENCER", "/nowhere/snd/seq")
        backend = find_backend()
        assert backend.api == "JACK"
        backend.close()

    def test_a_daw_lists_a_client_by_our_name(self, jack_server: JackServer) -> None:
        backend = RtMidiBackend("JACK")
        backend.open_input("Antiphon In", virtual=True)
        backend.open_output("Antiphon Out", virtual=True)
        assert jack_server.ports("Antiphon") == ["Antiphon In:in", "Antiphon Out:out"]
        backend.close()

    def test_garbage_from_another_program_is_skipped(
        self, jack_server: JackServer, jack_peer: JackPeer
    ) -> None:
        backend = RtMidiBackend("JACK")
        port = backend.open_input("Antiphon In", virtual=True)
        jack_server.connect(jack_peer.source, "Antiphon In:in")
        bulk_dump = bytes([0xF0, *[1] * 9000, 0xF7])
        jack_peer.play(bytes([60, 1]), bytes([0x90]), bytes([0xFD]), bulk_dump, NOTE_ON)
        got: list[bytes] = []
        wait_for(lambda: got.append(message) or got if (message := port.poll()) else None, "a note")
        assert got == [NOTE_ON]
        backend.close()

    def test_threads_that_come_and_go_meanwhile_are_not_taken_for_jacks(
        self, jack_server: JackServer
    ) -> None:
        """An engine starts while the ports are opened: its end must not be theirs."""
        over = threading.Event()

        def churn() -> None:
            while not over.is_set():
                others = [threading.Thread(target=over.wait, args=(0.004,)) for _ in range(8)]
                for other in others:
                    other.start()
                for other in others:
                    other.join()

        churning = threading.Thread(target=churn)
        churning.start()
        try:
            backend = RtMidiBackend("JACK")
            ports = [
                backend.open_output("Antiphon Out", virtual=True),
                backend.open_input("Antiphon In", virtual=True),
            ]
        finally:
            over.set()
            churning.join()
        assert [port.name for port in ports if not port.alive()] == []
        backend.close()


@pytest.fixture
def new_server_after() -> Iterator[None]:
    """Fail where RtMidi objects are still put aside: they would spoil every later test."""
    yield
    assert not rtmidi._stuck


@pytest.mark.realport
@pytest.mark.slow
@pytest.mark.usefixtures("new_server_after")
class TestDyingJack:
    def test_a_port_can_be_opened_on_the_next_server(self, mortal_jack_server: JackServer) -> None:
        backend = RtMidiBackend("JACK")
        backend.open_output("Antiphon Out", virtual=True)
        mortal_jack_server.kill()
        backend.close()
        mortal_jack_server.close()
        with JackServer() as server, server.as_default(), JackPeer(server) as peer:
            backend = RtMidiBackend("JACK")
            port = backend.open_output("Antiphon Out", virtual=True)
            server.connect("Antiphon Out:out", peer.sink)
            port.send(NOTE_ON)
            assert peer.wait_for(1) == [NOTE_ON]
            backend.close()

    def test_ports_can_be_closed_after_libjack_freed_their_clients(
        self, mortal_jack_server: JackServer
    ) -> None:
        """It frees those of a dead server when the next is opened, whether or not that succeeds."""
        backend = RtMidiBackend("JACK")
        ports = [
            backend.open_input("Antiphon In", virtual=True),
            backend.open_output("Antiphon Out", virtual=True),
        ]
        mortal_jack_server.kill()
        wait_for(lambda: not any(port.alive() for port in ports), "the ports to be gone")
        with pytest.raises(PortError, match="No JACK server answers"):
            RtMidiBackend("JACK")
        backend.close()
        assert not any(port.alive() for port in ports)

    def test_a_stopped_server_is_noticed_and_blocks_nothing(
        self, mortal_jack_server: JackServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(jack_pulse, "STALL_NS", 1_000_000_000)
        backend = RtMidiBackend("JACK")
        port = backend.open_output("Antiphon Out", virtual=True)
        idle = backend.open_input("Antiphon In", virtual=True)
        assert port.alive()
        mortal_jack_server.freeze()
        start_ns = time.monotonic_ns()
        with pytest.raises(PortError):
            send_until_refused(port)
        assert time.monotonic_ns() - start_ns < 3 * jack_pulse.CYCLE_TIMEOUT_NS
        wait_for(lambda: not idle.alive(), "the input to be gone")
        backend.close()
        assert len(rtmidi._stuck) == 4
        with pytest.raises(PortError, match="JACK server is stopped"):
            RtMidiBackend("JACK")
        # Once it has ended, what was put aside is left to libjack on the way to the next one.
        mortal_jack_server.kill()
        with pytest.raises(PortError, match="No JACK server answers"):
            RtMidiBackend("JACK")
        assert rtmidi._stuck == []


def send_until_refused(port: Any) -> None:
    for _ in range(20_000):
        port.send(NOTE_ON)
