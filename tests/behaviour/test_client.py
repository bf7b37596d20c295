"""The behaviour tests trust their client, so it is tested first: without a server, then on one."""

from pathlib import Path

import mido
import pytest

from tests.behaviour.client import Script, start
from tests.behaviour.performance import Performance, Segment, read_events, still_sounding
from tests.rig.jackd import RATE_HZ, JackServer

ON, OFF = bytes([0x90, 60, 100]), bytes([0x80, 60, 0])
OFF_BY_VELOCITY = bytes([0x90, 60, 0])
REPLY_ON, REPLY_OFF = bytes([0x91, 72, 90]), bytes([0x81, 72, 0])
PHRASE = [(0.0, ON), (0.1234, OFF), (0.2, ON), (0.2, bytes([0x90, 64, 80])), (0.3, OFF)]


def perform(
    segments: list[Segment], heard: dict[int, bytes], *, rate_hz: int = 1000, frames: int = 10
) -> Performance:
    """Run a performance cycle by cycle, at 1000 frames a second, until it is over."""
    performance = Performance(segments, rate_hz)
    for first in range(0, 100_000, frames):
        for frame in range(first, first + frames):
            if frame in heard:
                performance.hear(frame, heard[frame])
        for offset, _ in performance.due(first, frames):
            assert 0 <= offset < frames
        if performance.over.is_set():
            return performance
    raise AssertionError("the performance does not end")


def test_segments_follow_each_other_to_the_frame() -> None:
    performance = perform(
        [Segment(events=PHRASE), Segment(events=[(0.0, ON), (0.05, OFF)], delay_s=0.5)], {}
    )
    assert [frame for frame, _ in performance.played] == [0, 123, 200, 200, 300, 800, 850]
    assert (performance.begun, performance.ended) == ([0, 800], [300, 850])
    assert performance.timed_out == []


def test_the_first_segment_can_wait_too() -> None:
    assert perform([Segment(events=PHRASE, delay_s=0.25)], {}).begun == [250]
    assert perform([Segment(events=PHRASE, reply_s=0.25)], {70: REPLY_ON}).begun == [320]
    assert perform([Segment(events=PHRASE, quiet_s=1, timeout_s=3)], {}).timed_out == [0]


def test_quiet_waits_until_the_reply_has_come_and_gone() -> None:
    heard = {700: REPLY_ON, 1900: REPLY_OFF}  # one long note: silence of messages, not of music
    performance = perform([Segment(events=PHRASE), Segment(quiet_s=0.4)], heard)
    assert performance.begun == [0, 2300]
    assert performance.recorded == [(700, REPLY_ON), (1900, REPLY_OFF)]


def test_barging_in_counts_from_the_first_note_of_the_reply() -> None:
    heard = {100: REPLY_ON, 200: REPLY_OFF, 1000: REPLY_ON, 1100: REPLY_OFF, 1200: REPLY_ON}
    performance = perform([Segment(events=PHRASE), Segment(events=PHRASE, reply_s=0.25)], heard)
    assert performance.begun == [0, 1250]  # what came during the phrase was no reply to it


def test_a_reply_that_never_comes_is_reported() -> None:
    performance = perform(
        [Segment(events=PHRASE), Segment(events=[(0.0, ON)], quiet_s=0.1, timeout_s=2.0)], {}
    )
    assert performance.timed_out == [1]
    assert 2300 <= performance.begun[1] <= 2320


def test_notes_that_still_sound_are_counted() -> None:
    assert still_sounding([(0, ON), (1, OFF), (2, ON), (3, OFF_BY_VELOCITY)]) == []
    assert still_sounding([(0, OFF), (1, ON), (2, ON), (3, OFF), (4, REPLY_OFF)]) == [(0, 60)]
    assert still_sounding([(0, bytes([0xB0, 64, 127])), (0, bytes([0xF8]))]) == []


@pytest.fixture
def midi_file(tmp_path: Path) -> Path:
    file = mido.MidiFile(ticks_per_beat=480)
    track = mido.MidiTrack()
    track.append(mido.MetaMessage("set_tempo", tempo=400_000))
    track.append(mido.Message("note_on", note=60, velocity=100, time=0))
    track.append(mido.Message("note_off", note=60, velocity=0, time=240))
    track.append(mido.MetaMessage("set_tempo", tempo=800_000))
    track.append(mido.Message("note_on", note=60, velocity=100, time=240))
    file.tracks.append(track)
    path = tmp_path / "phrase.mid"
    file.save(path)
    return path


def test_a_file_is_read_with_its_tempo(midi_file: Path) -> None:
    assert read_events(str(midi_file)) == [
        (0.0, ON),
        (pytest.approx(0.2), OFF),
        (pytest.approx(0.6), ON),
    ]


@pytest.mark.realport
@pytest.mark.slow
def test_two_clients_hear_each_other_to_the_sample(
    jack_server: JackServer, midi_file: Path
) -> None:
    player = Script(
        segments=[
            Segment(events=PHRASE),
            Segment(file=str(midi_file), quiet_s=0.3),
            Segment(quiet_s=0.2, timeout_s=0.5),
        ],
        play_to="partner:in",
        record_from=["partner:out"],
    )
    partner = Script(
        segments=[
            Segment(events=[(0.0, REPLY_ON), (0.25, REPLY_OFF)], reply_s=0.5),
            Segment(delay_s=2.0),
        ],
        play_to="player:in",
        record_from=["player:out"],
        name="partner",
    )
    with (
        start(player, jack_server.environment) as one,
        start(partner, jack_server.environment) as other,
    ):
        played, heard = one.result(), other.result()
    assert [message for _, message in played.recorded] == [REPLY_ON, REPLY_OFF]
    assert [message for _, message in heard.recorded] == [message for _, message in played.played]
    assert len(played.played) == len(PHRASE) + 3

    # Each counts from its own first cycle, so the two differ by a constant, and by nothing else.
    for sent, got in ((played.played, heard.recorded), (heard.played, played.recorded)):
        offsets = {
            round((got_s - sent_s) * RATE_HZ)
            for (sent_s, _), (got_s, _) in zip(sent, got, strict=True)
        }
        assert len(offsets) == 1
    assert played.timed_out == [2]  # nobody answered the second phrase
    assert heard.timed_out == []
    assert still_sounding(heard.recorded) == [(0, 60), (0, 64)]


@pytest.mark.realport
def test_a_client_can_leave_the_connecting_to_others(jack_server: JackServer) -> None:
    waiting = Script(segments=[Segment(events=PHRASE)], name="keys")
    listening = Script(
        segments=[Segment(quiet_s=0.1, timeout_s=1.0)], record_from=["keys:out"], name="ear"
    )
    with (
        start(waiting, jack_server.environment) as one,
        start(listening, jack_server.environment) as other,
    ):
        heard, played = other.result(), one.result()
    assert [message for _, message in played.played] == [message for _, message in PHRASE]
    # The last note sounds on, so the ear gives up waiting; it has heard all of it.
    assert [message for _, message in heard.recorded] == [message for _, message in PHRASE]


@pytest.mark.realport
def test_a_client_that_cannot_play_says_why(mortal_jack_server: JackServer) -> None:
    script = Script(segments=[Segment(quiet_s=1.0)], play_to="nobody")
    with start(script, mortal_jack_server.environment) as client:
        mortal_jack_server.wait_for_port("player:out")
        mortal_jack_server.kill()
        with pytest.raises(RuntimeError, match="the client failed"):
            client.result()
