"""Make docs/pictures/ardour.png: Ardour's window after two turns of trading with Antiphon.

    python -m tests.daw.picture FILE.png

The take is recorded without a window, as the tests do it; then Ardour's window opens the session on
an X server without a screen while the jam still runs, so what it shows is what a player sees. Needs
Xvfb, xdotool and import (Debian: xvfb xdotool imagemagick) beside what the tests need.
"""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.daw.ardour import Ardour
from tests.daw.jam import RunningJam
from tests.daw.studio import Studio
from tests.daw.test_trade import BARS, SCRIPT, TURN, phrase_at
from tests.rig.waiting import wait_for

WIDTH, HEIGHT = 1348, 712
DISPLAY = ":79"
ZOOM_TO_SESSION, HIGHER_TRACKS = (1250, 106), (1163, 106)
"""Buttons of Ardour 7.3 in a window of that width."""
PREFERENCES = """<?xml version="1.0" encoding="UTF-8"?>
<Ardour>
  <Config>
    <Option name="try-autostart-engine" value="1"/>
    <Option name="send-midi-clock" value="1"/>
  </Config>
  <Extra><AudioMIDISetup><EngineStates>
    <State backend="JACK" driver="" device="" input-device="" output-device=""
      sample-rate="48000" buffer-size="256" n-periods="0" input-latency="0" output-latency="0"
      lm-input="" lm-output="" active="1" use-buffered-io="0" midi-option="" lru="1">
      <MIDIDevices/></State>
  </EngineStates></AudioMIDISetup></Extra>
</Ardour>
"""
NO_QUESTIONS = '<?xml version="1.0" encoding="UTF-8"?>\n<instant><no-memory-warning/></instant>\n'


def main(path: Path) -> None:
    """Record, open the window, and take its picture."""
    with Studio() as studio, Ardour(studio, 120.0) as ardour:
        ardour.midi_track("Player")
        ardour.write_region("Player", 4 * TURN, phrase_at(0, 2 * TURN))
        words = ("--way", "trade", "--bars", str(BARS), "--clock", "external")
        with RunningJam(studio, *words, "--say", "most at once 1", "--say", "grid 4"):
            ardour.run_action(SCRIPT)
            ardour.arm("Partner")
            ardour.record()
            ardour.wait_until(4 * TURN)
            ardour.stop()
            ardour.arm("Partner", on=False)
            ardour.locate(0)
            print(ardour.recorded("Partner"))
            session = ardour.session_file()
            ardour.close()
            with _screen(), _window(studio, session):
                _take(path)


@contextlib.contextmanager
def _screen() -> Iterator[None]:
    words = ["Xvfb", DISPLAY, "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-nolisten", "tcp"]
    with _process(words, {}):
        wait_for(lambda: _x("xdotool", "getdisplaygeometry"), "an X server")
        yield


@contextlib.contextmanager
def _window(studio: Studio, session: Path) -> Iterator[None]:
    folder = studio.home / ".config" / "ardour7"
    (folder / ".a7").touch()  # its first questions were answered
    (folder / "config").write_text(PREFERENCES, encoding="utf-8")
    (folder / "instant.xml").write_text(NO_QUESTIONS, encoding="utf-8")
    options = ["--no-splash", "--no-announcements", "--no-hw-optimizations"]
    environment = {**studio.environment, "DISPLAY": DISPLAY}
    with _process(["ardour", *options, str(session)], environment):
        name = session.stem
        wait_for(lambda: _x("xdotool", "search", "--name", f"^{name}"), "Ardour's window", 60.0)
        _pause(6)  # nothing says when it has drawn its tracks
        for x, y in (*[HIGHER_TRACKS] * 2, ZOOM_TO_SESSION):
            _x("xdotool", "mousemove", str(x), str(y), "click", "1")
            _pause(1)
        _x("xdotool", "mousemove", str(WIDTH - 1), str(HEIGHT - 1))
        _pause(1)
        yield


def _take(path: Path) -> None:
    subprocess.run(["import", "-display", DISPLAY, "-window", "root", path], check=True)
    subprocess.run(["mogrify", "-strip", "-colors", "128", path], check=True)


@contextlib.contextmanager
def _process(words: list[str], environment: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(
        words, env=environment or None, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(8)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _x(*words: str) -> bool:
    environment = {"DISPLAY": DISPLAY, "PATH": "/usr/bin"}
    done = subprocess.run(words, env=environment, capture_output=True, check=False)
    return done.returncode == 0


def _pause(seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        wait_for(lambda: False, "nothing", seconds)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
