"""The session process over a real MIDI server: played into by others, listened to, killed."""

import os
import signal
from pathlib import Path

import pytest

from plugin.protocol import EngineReady, NoteSounded, PhraseHeard
from plugin.served.messages import Active, Listen, Open, Opened, Ports, Spoke, ThreeNotes
from tests.behaviour.client import Script, start
from tests.behaviour.performance import Segment
from tests.behaviour.test_jam_over_jack import PHRASE, assert_clean, note_ons
from tests.plugin.served.stage import Window
from tests.rig.jackd import JackServer

pytestmark = [pytest.mark.realport, pytest.mark.slow]

IN, OUT = "Antiphon In", "Antiphon Out"


def opening(server: JackServer, **how: object) -> Window:
    variables = {**os.environ, **server.environment}
    return Window(Open(system="JACK", seed=7, **how), **variables)  # type: ignore[arg-type]


def script(segments: list[Segment]) -> Script:
    return Script(segments=segments, play_to=IN, record_from=[OUT])


class TestOverJack:
    """One server for all of them."""

    def test_a_phrase_is_answered_and_its_ports_light_up(self, jack_server: JackServer) -> None:
        with opening(jack_server) as window:
            window.wait(EngineReady)
            with start(
                script([Segment(events=PHRASE), Segment(quiet_s=1.5)]), jack_server.environment
            ) as client:
                window.wait(Ports, lambda ports: any("player" in one.name for one in ports.ins))
                heard = client.result(110)
            assert len(note_ons(heard.recorded)) >= 3
            assert_clean(heard)
            assert window.wait(PhraseHeard).notes == len(PHRASE) // 2
            lamps = {(lamp.port, lamp.out, lamp.kind) for lamp in window.of(Active)}
            assert lamps == {(IN, False, "notes"), (OUT, True, "notes")}
        jack_server.wait_until_gone("Antiphon")

    def test_it_is_found_out_which_keyboard_speaks(self, jack_server: JackServer) -> None:
        """A player whose port is not in use is heard, and not answered."""
        with opening(jack_server) as window:
            window.opened()
            window.ask(Listen(True))
            played = Script(segments=[Segment(events=PHRASE, delay_s=2.0)], name="keyboard")
            played.play_to = "elsewhere"
            sink = jack_server.control.midi_inports.register("elsewhere")
            try:
                with start(played, jack_server.environment) as client:
                    assert "keyboard" in window.wait(Spoke).port
                    client.result(110)
            finally:
                sink.unregister()
            window.ask(Listen(False))
            assert not window.of(NoteSounded)
        jack_server.wait_until_gone("Antiphon")

    def test_another_choice_of_ports_while_it_runs(self, jack_server: JackServer) -> None:
        with opening(jack_server) as window:
            assert (window.opened().hears, window.opened().plays) == (IN, OUT)
            sink = jack_server.control.midi_inports.register("synth")
            try:
                name = f"{jack_server.control.name}:synth"
                window.wait(Ports, lambda ports: any(one.name == name for one in ports.outs))
                window.ask(Open(system="JACK", seed=7, outs=(name,)))
                assert window.wait(Opened, times=2).plays == name
                window.wait(Ports, lambda ports: ports.outs[0].name == name)
            finally:
                sink.unregister()
            window.wait(Ports, lambda ports: ports.outs[0].name == name and not ports.outs[0].alive)
        jack_server.wait_until_gone("Antiphon")

    def test_a_session_that_is_killed_in_mid_note_leaves_none_behind(
        self, jack_server: JackServer, tmp_path: Path
    ) -> None:
        """Our JACK process sees its pipe end and releases what sounds (docs/adr/0011)."""
        with opening(jack_server) as window:
            window.opened()
            listen = Script(segments=[Segment(quiet_s=3.0)], record_from=[OUT], name="ear")
            with start(listen, jack_server.environment) as client:
                window.wait(Ports, lambda ports: any("ear" in one.name for one in ports.outs))
                window.ask(ThreeNotes())
                window.wait(Active, lambda lamp: lamp.out)
                assert window.process.process_id is not None
                os.kill(window.process.process_id, signal.SIGKILL)
                assert "SIGKILL" in window.over()
                heard = client.result(110)
            assert note_ons(heard.recorded)
            assert_clean(heard)
        jack_server.wait_until_gone("Antiphon")
