"""TAKE-1: what sounded lies in the take it belongs to; the fake library keeps the same."""

from pathlib import Path

import pytest

from engine.events import Timebase, Voice
from plugin.recorder import Recorder
from plugin.take_log import TakeLog
from plugin.takes import TakeLibrary, TakeWriter
from tests.fakes.takes import FakeTakes

TIMEBASE = Timebase(90.0, 3.0, tempo_known=True)
ON, OFF = bytes([0x90, 60, 80]), bytes([0x80, 60, 64])
DOWN, UP = bytes([0xB2, 64, 127]), bytes([0xB2, 64, 0])


def begin(recorder: Recorder, now_ns: int, seed: int = 5) -> str:
    recorder.begin(
        now_ns, TIMEBASE, start_beat=1.5, model="m", seed=seed, settings={"temperature": 0.9}
    )
    return recorder.take_id


def play(takes: TakeLog) -> list[str]:
    """Two takes, with all that may come before, between and after."""
    recorder = Recorder(takes)
    recorder.heard(0, ON)  # no take is open
    recorder.finish()
    first = begin(recorder, 100)
    recorder.heard(100, ON)
    recorder.heard(250, OFF)
    recorder.sent(400, bytes([0x90, 72, 70]))
    recorder.note(start_beat=2.0, end_beat=6.0)
    recorder.finish("better model")
    recorder.sent(500, bytes([0x80, 72, 64]))
    second = begin(recorder, 600, seed=6)
    recorder.heard(610, bytes([0xE0, 0, 64]))
    recorder.finish()
    return [first, second]


def test_messages_lie_in_their_take_with_their_time() -> None:
    takes = FakeTakes()
    first, second = (takes.all[take_id] for take_id in play(takes))
    assert first.messages == [
        (Voice.PLAYER, 0, ON),
        (Voice.PLAYER, 150, OFF),
        (Voice.PARTNER, 300, bytes([0x90, 72, 70])),
    ]
    assert second.messages == [(Voice.PLAYER, 10, bytes([0xE0, 0, 64]))]
    assert (first.model, first.seed, first.start_beat) == ("better model", 5, 1.5)
    assert first.settings == {"temperature": 0.9, "start_beat": 2.0, "end_beat": 6.0}
    assert (second.model, second.seed, second.settings) == ("m", 6, {"temperature": 0.9})
    assert first.finished
    assert second.finished


def test_the_library_on_disk_keeps_the_same(tmp_path: Path) -> None:
    fake = FakeTakes()
    expected = [fake.all[take_id] for take_id in play(fake)]
    path = tmp_path / "takes.sqlite3"
    writer = TakeWriter(path)
    ids = play(writer)
    writer.close()
    with TakeLibrary(path) as library:
        for take_id, wanted in zip(ids, expected, strict=True):
            take = library.get(take_id)
            assert [(m.side, m.t_ns, m.message) for m in library.messages(take_id)] == [
                tuple(message) for message in wanted.messages
            ]
            assert take.as_json()["settings"] == wanted.settings
            assert (take.model, take.seed, take.finished) == (wanted.model, wanted.seed, True)
            assert (take.timebase, take.start_beat) == (wanted.timebase, wanted.start_beat)


@pytest.mark.parametrize("release", [UP, bytes([0xB2, 121, 0])])
def test_a_pedal_that_is_down_is_down_in_every_new_take(release: bytes) -> None:
    takes = FakeTakes()
    recorder = Recorder(takes)
    recorder.heard(0, DOWN)
    for now_ns in (100, 200):
        begin(recorder, now_ns)
        recorder.heard(now_ns, ON)
        recorder.finish()
    recorder.heard(300, release)
    begin(recorder, 400)
    recorder.heard(400, ON)
    recorder.finish()
    assert [take.of(Voice.PLAYER) for take in takes.list] == [[DOWN, ON], [DOWN, ON], [ON]]


def test_a_new_take_ends_the_one_before() -> None:
    takes = FakeTakes()
    recorder = Recorder(takes)
    begin(recorder, 0)
    begin(recorder, 1)
    assert [take.finished for take in takes.list] == [True, False]
