"""The whole program over a real MIDI server, on a screen, by keyboard and mouse (GUI-1).

An independent client plays a phrase, the take that appears is dragged into another program, and
panic is pressed while the partner plays. Its pictures stay in the test's folder, to be looked at.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.live.screen import Screen
from engine.events import Voice
from gui.kept import Kept, path_in, save
from plugin.files import data_folder
from plugin.realtime.ledger import NOTE_ON
from plugin.takes import TakeLibrary, library_path
from tests.behaviour.client import Script, start
from tests.behaviour.performance import Segment, still_sounding
from tests.behaviour.test_jam_over_jack import PHRASE, line, note_ons
from tests.gui.driven import DROP_AT, Driven, why_no_screen
from tests.rig.jackd import JackServer

pytestmark = [
    pytest.mark.realport,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(bool(why_no_screen()), reason=why_no_screen() or "there is one"),
]
IN, OUT = "Antiphon In", "Antiphon Out"
LONG_PHRASE = line(62, 65, 69, 72, 74, 72, 69, 65, 67, 69, 70, 69, 67, 65, 64, 62)


@pytest.fixture
def screen() -> Iterator[Screen]:
    made = Screen()
    yield made
    made.close()


class TestOnAScreen:
    """One server, one evening."""

    def test_a_phrase_a_drag_and_panic(
        self, jack_server: JackServer, screen: Screen, tmp_path: Path
    ) -> None:
        variables = {**jack_server.environment, **screen.variables}
        save(path_in(), Kept(first_run_done=True))
        with (
            Driven(variables, "--system", "JACK", "--seed", "7", "--profile", "") as window,
            Driven(screen.variables, "--drop") as target,
        ):
            window.until(ready=True)
            target.until(shown=True)
            window.picture(tmp_path / "1-ready.png")

            # A phrase, and its answer as others hear it.
            phrase = [Segment(events=PHRASE), Segment(quiet_s=1.5)]
            with start(Script(phrase, IN, [OUT]), jack_server.environment) as client:
                heard = client.result(110)
            assert still_sounding(heard.recorded) == []
            answer = [message for _, message in note_ons(heard.recorded)]
            assert len(answer) >= 3
            shown = window.until(takes=1, finished=True)
            window.picture(tmp_path / "2-answered.png")

            # The take, dragged into the other program: what it gets is what was heard.
            window.drag("take", (DROP_AT[0] + 150, DROP_AT[1] + 150))
            dropped = target.until(files=bool)
            assert "text/uri-list" in dropped["formats"]  # Qt makes a text/plain of it by itself
            assert dropped["action"] == "CopyAction"
            (path,) = map(Path, dropped["files"])
            window.picture(tmp_path / "3-dragged.png")
            with TakeLibrary(library_path(data_folder())) as library:
                exported = library.midi(shown["take"])
                messages = library.messages(shown["take"])
            assert path.read_bytes() == exported
            sent = [
                one.message
                for one in messages
                if one.side is Voice.PARTNER
                and one.message[0] & 0xF0 == NOTE_ON
                and one.message[2] > 0
            ]
            assert sent == answer

            # Hold and let go by keyboard.
            window.key("h")
            window.until(holding=True)
            window.key("h")
            window.until(holding=False)

            # Panic while the partner plays, by mouse, then by Esc twice.
            for number, panic in enumerate(("click", "keys"), 4):
                script = Script([Segment(events=LONG_PHRASE), Segment(delay_s=8.0)], IN, [OUT])
                with start(script, jack_server.environment) as client:
                    window.until(standing="answering")
                    if panic == "click":
                        window.click("panic")
                    else:
                        window.key("Escape", "Escape")
                    window.until(standing="listening")
                    window.picture(tmp_path / f"{number}-after-{panic}.png")
                    heard = client.result(110)
                assert still_sounding(heard.recorded) == []

            # Closed by keyboard: everything ends, no port stays.
            window.key("ctrl+q")
            assert window.wait() == 0
        jack_server.wait_until_gone("Antiphon")
