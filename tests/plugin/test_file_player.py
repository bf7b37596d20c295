"""A file as the player, odd files too."""

from collections.abc import Sequence

import mido
import pytest

from engine.events import Timebase
from engine.smf.song import MidiSong, parse_midi
from plugin.file_player import LEAD_IN_NS, FilePlayer
from plugin.midifile_writer import Part, midi_bytes
from plugin.realtime.clock import ManualClock

SECOND = 1_000_000_000
FOUR_FOUR = Timebase(120.0, 4.0, tempo_known=True)


def song(*tracks: Sequence[mido.Message | mido.MetaMessage]) -> MidiSong:
    """480 ticks a beat; times are deltas."""
    import io

    file = mido.MidiFile(type=1, ticks_per_beat=480)
    file.tracks.extend(mido.MidiTrack(messages) for messages in tracks)
    buffer = io.BytesIO()
    file.save(file=buffer)
    return parse_midi(buffer.getvalue())


def tempo(bpm: float, time: int = 0) -> mido.MetaMessage:
    return mido.MetaMessage("set_tempo", tempo=round(60e6 / bpm), time=time)


def stroke(beat: float, pitch: int = 60, length: float = 1.0) -> list[mido.Message]:
    return [
        mido.Message("note_on", note=pitch, velocity=80, time=round(480 * beat)),
        mido.Message("note_off", note=pitch, velocity=64, time=round(480 * length)),
    ]


def played(found: MidiSong) -> tuple[FilePlayer, list[tuple[float, bytes]]]:
    """The player, and (seconds from the song's beat 0, message) of all it sends."""
    clock = ManualClock(7 * SECOND)
    player = FilePlayer(found, clock, "song.mid")
    assert player.poll() is None
    origin_ns = player.begin()
    assert origin_ns == 7 * SECOND + LEAD_IN_NS
    sent = []
    while not player.finished:
        while (message := player.poll()) is not None:
            sent.append(((clock.now_ns() - origin_ns) / SECOND, message))
        clock.advance_ns(1_000_000)
    return player, sent


def test_every_message_comes_when_it_is_due() -> None:
    player, sent = played(song([tempo(120), *stroke(0), *stroke(1, 64, 0.5)]))
    assert [(round(at, 2), m[0] & 0xF0, m[1]) for at, m in sent] == [
        (0.0, 0x90, 60),
        (0.5, 0x80, 60),
        (1.0, 0x90, 64),
        (1.25, 0x80, 64),
    ]
    assert player.timebase == FOUR_FOUR
    assert player.poll() is None
    assert player.alive()
    assert player.name == "song.mid"


def test_empty_bars_before_the_music_are_left_out() -> None:
    program = mido.Message("program_change", program=5)
    _, sent = played(song([tempo(120), program, *stroke(9)]))
    assert [(round(at, 2), m[0] & 0xF0) for at, m in sent] == [
        (0.0, 0xC0),
        (0.5, 0x90),
        (1.0, 0x80),
    ]


def test_free_time_begins_with_the_first_note() -> None:
    player, sent = played(song(stroke(9)))
    assert player.timebase == Timebase()
    assert [round(at, 2) for at, _ in sent] == [0.0, 0.5]


@pytest.mark.parametrize(
    ("events", "timebase"),
    [
        ([tempo(100), tempo(140, 480)], Timebase()),  # a grid that bends is none for us
        ([tempo(120, 480)], Timebase()),
        ([tempo(5)], Timebase()),
        ([tempo(60_000_000)], Timebase()),
        ([tempo(400)], Timebase(400.0, 4.0, tempo_known=True)),
        (
            [tempo(120), mido.MetaMessage("time_signature", numerator=6, denominator=8)],
            Timebase(120.0, 3.0, tempo_known=True),
        ),
        (
            [tempo(120), mido.MetaMessage("time_signature", numerator=255, denominator=1)],
            FOUR_FOUR,
        ),
        (
            [tempo(120), mido.MetaMessage("time_signature", numerator=1, denominator=128)],
            FOUR_FOUR,
        ),
    ],
)
def test_what_makes_a_grid(events: list[mido.MetaMessage], timebase: Timebase) -> None:
    assert FilePlayer(song(events, stroke(0)), ManualClock(), "x").timebase == timebase


def test_nobody_waits_for_what_a_file_says_long_after_its_last_note() -> None:
    late = mido.Message("control_change", control=64, value=0, time=480 * 10_000)
    pedal = mido.Message("control_change", control=64, value=127)
    _, sent = played(song([tempo(120), pedal, *stroke(0), late]))
    assert sent[-1][1] == bytes([0xB0, 64, 0])
    assert sent[-1][0] == pytest.approx(1.5, abs=0.01)


def test_a_file_without_notes_plays_what_there_is() -> None:
    player, sent = played(song([tempo(120), mido.Message("control_change", control=7, value=9)]))
    assert [m for _, m in sent] == [bytes([0xB0, 7, 9])]
    assert player.finished


def test_drums_and_a_crowd_of_notes() -> None:
    drums = [m.copy(channel=9) for m in stroke(0)]
    crowd = [(0, bytes([0x90 | n % 16, n % 128, 80])) for n in range(8_000)]
    _, sent = played(song([tempo(120), *drums]))
    assert [m[0] for _, m in sent] == [0x99, 0x89]
    player, sent = played(parse_midi(midi_bytes([Part("x", crowd)], FOUR_FOUR)))
    assert sum(m[0] & 0xF0 == 0x90 for _, m in sent) == 8_000
    assert player.finished


def test_closing_plays_no_further() -> None:
    player = FilePlayer(song(stroke(0)), ManualClock(), "x")
    player.close()
    assert player.finished
