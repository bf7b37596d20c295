"""A click and a note on one key of one port: each ends before the other begins."""

import pytest

from engine.events import Note
from plugin.clicks import Clicks
from plugin.protocol import NoteSounded, Start
from plugin.realtime.metronome import ACCENT
from plugin.settings import Settings
from tests.fakes.engine import FakeEngine, answer_with
from tests.fakes.port import sounding
from tests.fakes.stage import MS, Stage

ON, OFF = bytes([0x99, 76, 112]), bytes([0x89, 76, 64])


def test_a_click_asks_for_room_and_gives_it() -> None:
    said: list[object] = []
    clicks = Clicks(lambda _, message: said.append(message), lambda *key: said.append(key[1:]))
    clicks.send(0, ON)
    clicks.release_key(1, 9, 75)
    clicks.release_key(1, 9, 76)
    clicks.send(2, OFF)  # it was released before
    clicks.release_key(3, 9, 76)
    assert said == [(9, 76), ON, OFF]
    clicks.send(4, ON)
    clicks.send(5, OFF)
    assert said[3:] == [(9, 76), ON, OFF]


@pytest.mark.parametrize("after_ms", [5.0, 495.0])
def test_a_player_on_the_key_of_the_click(after_ms: float) -> None:
    s = Stage(settings=Settings(bpm=120.0, metronome=True), thru=True)
    s.run(20)
    s.command(Start())
    s.run(2_000 + after_ms)
    s.down(ACCENT[0], channel=9)
    assert set(sounding(s.port.sent).values()) == {1}
    s.run(2_500)
    assert set(sounding(s.port.sent).values()) <= {1}
    s.up(ACCENT[0], channel=9)
    s.close()
    assert sounding(s.port.sent) == {}


def test_a_partner_on_the_key_of_the_click() -> None:
    drums = tuple(Note(0.5 * n, 0.45, ACCENT[0], 90, 9) for n in range(12))
    s = Stage(FakeEngine(answer_with(*drums)), settings=Settings(bpm=120.0, metronome=True))
    most = 0

    def watch(event: object) -> None:
        nonlocal most
        most = max([most, *sounding(s.port.sent).values()])

    s.watch = watch
    s.command(Start())
    s.play((0, 60, 200), (250, 62, 200), (500, 64, 200))
    for _ in range(400):
        s.run(10)
        watch(None)
    assert len([e for e in s.of(NoteSounded) if e.partner]) >= 8  # type: ignore[attr-defined]
    assert most == 1
    assert s.now_ns > 4_000 * MS
    s.close()
    assert sounding(s.port.sent) == {}
