"""Reading MIDI files: what a tolerant reader owes to whole, odd and broken ones."""

import os
import struct
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.events import Timebase
from engine.smf.chunks import MAX_EVENTS
from engine.smf.notes import events_of, is_note_on, pair_notes
from engine.smf.song import MidiFileError, MidiSong, parse_midi, read_midi
from plugin.midifile_writer import Part, midi_bytes, ticks, us_per_beat
from tests.plugin.sentences import assert_is_a_sentence
from tests.strategies import messy_performances, performances, timebases


def smf(
    *tracks: bytes, format_: int = 1, division: int = 480, announced: int | None = None
) -> bytes:
    count = len(tracks) if announced is None else announced
    header = b"MThd" + struct.pack(">IHHH", 6, format_, count, division & 0xFFFF)
    return header + b"".join(b"MTrk" + struct.pack(">I", len(body)) + body for body in tracks)


END = b"\x00\xff\x2f\x00"
ONE_NOTE = b"\x00\x90\x3c\x50\x83\x60\x80\x3c\x40" + END


def spans(song: MidiSong) -> list[tuple[int, int, int]]:
    return [(n.onset_tick, n.duration_ticks, n.pitch) for n in song.notes]


def unreleased(messages: list[tuple[float, bytes]]) -> int:
    open_notes: dict[tuple[int, int], int] = {}
    for _, message in messages:
        if message[0] & 0xE0 == 0x80:
            key = (message[0] & 0x0F, message[1])
            if is_note_on(message):
                open_notes[key] = open_notes.get(key, 0) + 1
            else:
                open_notes[key] = max(0, open_notes.get(key, 0) - 1)
    return sum(open_notes.values())


# ------------------------------------------------------------------------------- whole files


def test_a_note_in_ticks_and_in_seconds() -> None:
    song = parse_midi(smf(ONE_NOTE))
    (note,) = song.notes
    assert (note.onset_tick, note.duration_ticks) == (0, 480)
    assert (note.onset_s, note.duration_s) == (0.0, 0.5)
    assert (note.pitch, note.velocity, note.channel, note.track) == (60, 80, 0, 0)
    assert song.warnings == ()
    assert song.timebase() == Timebase(120.0, 4.0, tempo_known=False)


def test_running_status_and_velocity_zero_end_notes() -> None:
    song = parse_midi(smf(b"\x00\x90\x3c\x50\x60\x3c\x00\x00\x3e\x50\x60\x3e\x00" + END))
    assert spans(song) == [(0, 96, 60), (96, 96, 62)]


def test_tempo_changes_are_felt_by_every_track() -> None:
    conductor = (
        b"\x00\xff\x51\x03\x07\xa1\x20"  # 120 bpm
        b"\x00\xff\x58\x04\x06\x03\x18\x08"  # 6/8
        b"\x83\x60\xff\x51\x03\x0f\x42\x40" + END  # 60 bpm after a beat
    )
    song = parse_midi(smf(conductor, b"\x87\x40\x90\x3c\x50\x83\x60\x80\x3c\x40" + END))
    assert [(t.tick, t.bpm, t.seconds) for t in song.tempos] == [(0, 120, 0.0), (480, 60, 0.5)]
    assert [(n.onset_s, n.duration_s) for n in song.notes] == [(1.5, 1.0)]
    assert song.timebase() == Timebase(120.0, 3.0, tempo_known=True)
    assert song.notes_in_beats()[0].onset == 2.0
    assert song.notes_in_seconds()[0].onset == 1.5


def test_pedal_and_program_are_kept_and_the_pedal_goes_up_in_the_end() -> None:
    song = parse_midi(smf(b"\x00\xc2\x05\x00\xb2\x40\x7f" + ONE_NOTE))
    assert [(p.channel, p.program) for p in song.programs] == [(2, 5)]
    assert [c.data for c in song.controllers] == [b"\xc2\x05", b"\xb2\x40\x7f", b"\xb2\x40\x00"]
    assert song.messages()[-1][1] == b"\xb2\x40\x00"


def test_system_exclusive_is_not_passed_on_and_keeps_running_status() -> None:
    body = b"\x00\x90\x3c\x50\x00\xf0\x03\x7e\x7f\xf7\x60\x3c\x00" + END
    song = parse_midi(smf(body))
    assert spans(song) == [(0, 96, 60)]
    assert [m[0] for _, m in song.messages()] == [0x90, 0x90]


def test_the_oldest_of_equal_keys_is_released_first() -> None:
    body = b"\x00\x90\x3c\x50\x60\x90\x3c\x60\x00\x80\x3c\x00\x60\x80\x3c\x00" + END
    assert spans(parse_midi(smf(body))) == [(0, 96, 60), (96, 96, 60)]


@pytest.mark.parametrize(
    ("division", "seconds_per_tick"),
    [(0xE728, 1 / 1000), (0xE804, 1 / 96), (0xE350, 1001 / (30000 * 80)), (0xE20A, 1 / 300)],
)
def test_film_frames_are_seconds_whatever_the_tempo(division: int, seconds_per_tick: float) -> None:
    tempo = b"\x00\xff\x51\x03\x0f\x42\x40"
    song = parse_midi(smf(tempo + ONE_NOTE, division=division))
    assert song.counts_frames
    assert song.notes[0].duration_s == pytest.approx(480 * seconds_per_tick)
    assert not song.tempo_known


def test_independent_patterns_come_one_after_the_other_in_their_own_tempo() -> None:
    slow = b"\x00\xff\x51\x03\x0f\x42\x40" + ONE_NOTE
    song = parse_midi(smf(slow, ONE_NOTE, format_=2))
    assert [(n.onset_s, n.duration_s) for n in song.notes] == [(0.0, 1.0), (1.0, 0.5)]


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("テスト".encode("cp932"), "テスト"),
        ("Gérard à Nîmes".encode("latin-1"), "Gérard à Nîmes"),
        ("Фортепиано".encode(), "Фортепиано"),
        (b"a\x1b[31mb\x07", "a [31mb"),
    ],
)
def test_names_in_old_encodings(raw: bytes, name: str) -> None:
    song = parse_midi(smf(b"\x00\xff\x03" + bytes([len(raw)]) + raw + ONE_NOTE))
    assert song.tracks[0].name == name


# ------------------------------------------------------------------------------ broken files


def warned(song: MidiSong, words: str) -> bool:
    return any(words in warning for warning in song.warnings)


def test_wrappers_around_the_header() -> None:
    plain = smf(ONE_NOTE)
    riff = b"RIFF" + struct.pack("<I", len(plain) + 12) + b"RMIDdata" + struct.pack("<I", 4) + plain
    assert len(parse_midi(riff).notes) == 1
    mac = parse_midi(b"\x00\x04name" + bytes(122) + plain)
    assert len(mac.notes) == 1
    assert warned(mac, "128 bytes before")


def test_a_track_size_that_is_too_large_does_not_swallow_the_next_track() -> None:
    data = bytearray(smf(ONE_NOTE, ONE_NOTE))
    data[21] += 1
    song = parse_midi(bytes(data))
    assert len(song.notes) == 2
    assert warned(song, "size of a chunk was wrong")


@pytest.mark.parametrize("size", [0, 3, 0xFFFFFFFF])
def test_the_last_track_ends_at_its_end_whatever_its_size(size: int) -> None:
    data = bytearray(smf(ONE_NOTE))
    data[18:22] = struct.pack(">I", size)
    assert spans(parse_midi(bytes(data))) == [(0, 480, 60)]


def test_a_file_that_was_cut_short_keeps_what_was_there() -> None:
    body = b"".join(b"\x00\x90\x3c\x50\x60\x80\x3c\x40" for _ in range(9)) + END
    whole = smf(body)
    counts = [len(parse_midi(whole[:length]).notes) for length in range(14, len(whole))]
    assert counts == sorted(counts)
    assert counts[0] == 0
    assert counts[-1] == 9


def test_a_note_without_end_lasts_as_long_as_its_track() -> None:
    song = parse_midi(smf(b"\x00\x90\x3c\x50\x60\x90\x40\x50\x87\x40\x80\x40\x00" + END))
    assert spans(song) == [(0, 1056, 60), (96, 960, 64)]
    assert warned(song, "never released end with their track (1×)")
    assert unreleased(song.messages()) == 0


def test_values_above_127_and_system_messages_do_not_cost_the_notes_after_them() -> None:
    body = b"\x00\xb0\x07\xff\x00\xf1\x7f\x00\xf8" + ONE_NOTE
    song = parse_midi(smf(body))
    assert spans(song) == [(0, 480, 60)]
    assert song.controllers[0].data == b"\xb0\x07\x7f"
    assert warned(song, "above 127")
    assert warned(song, "System messages")


def test_a_time_of_five_bytes_is_read() -> None:
    song = parse_midi(smf(b"\x81\x80\x80\x80\x00" + ONE_NOTE[1:]))
    assert spans(song) == [(1 << 28, 480, 60)]
    assert warned(song, "pause of 4,660 minutes")


def test_tempos_and_meters_that_do_not_exist_are_ignored() -> None:
    body = b"\x00\xff\x51\x03\x00\x00\x00\x00\xff\x58\x04\x00\x02\x18\x08" + ONE_NOTE
    song = parse_midi(smf(body))
    assert song.notes[0].duration_s == 0.5
    assert song.meters == ()
    assert warned(song, "Tempo changes were ignored (1×)")
    assert warned(song, "Time signatures were ignored (1×)")


def test_no_time_unit_in_the_header() -> None:
    song = parse_midi(smf(ONE_NOTE, division=0))
    assert song.notes[0].duration_s == 0.5
    assert warned(song, "no time unit")


def test_a_wrong_count_of_tracks_is_only_worth_a_warning() -> None:
    for announced in (0, 9999):
        song = parse_midi(smf(ONE_NOTE, ONE_NOTE, announced=announced))
        assert len(song.notes) == 2
        assert warned(song, f"announces {announced} tracks, 2 were found")


def test_rubbish_behind_the_last_track_is_not_music() -> None:
    rubbish = b"\x00<p>" + smf(ONE_NOTE)[14:]
    assert len(parse_midi(smf(ONE_NOTE) + rubbish).notes) == 1


# ---------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"not a midi file", "not a MIDI file"),
        (b"MThd\x00\x00\x00\x06\x00", "cut off inside its header"),
        (b"SMF2CLIP" + bytes(40), "a MIDI 2.0 clip"),
        (b"PK\x03\x04" + bytes(40), "a ZIP archive"),
        (b"\xf0\x7e\x7f\x06\x01\xf7", "a system exclusive dump"),
        (b"\n<!doctype html>\n<HTML><body>404</body></HTML>", "a web page"),
    ],
)
def test_what_is_no_midi_file_is_refused_in_one_sentence(data: bytes, says: str) -> None:
    with pytest.raises(MidiFileError, match=says) as refusal:
        parse_midi(data, "“x.mid”")
    assert_is_a_sentence(str(refusal.value))


def test_far_too_many_events_are_refused() -> None:
    body = b"\x00\x90\x3c\x50" + b"\x00\x3c\x50" * MAX_EVENTS
    with pytest.raises(MidiFileError, match="more than 400,000 events") as refusal:
        parse_midi(smf(body))
    assert_is_a_sentence(str(refusal.value))


def test_paths_that_are_no_files_are_refused_in_one_sentence(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo.mid"
    os.mkfifo(fifo)
    large = tmp_path / "large.mid"
    with large.open("wb") as file:
        file.truncate(50_000_001)
    cases = [
        (tmp_path, "is a folder"),
        (tmp_path / "none.mid", "There is no file"),
        (tmp_path / "nul\0l.mid", "There is no file"),
        (large / "x.mid", "There is no file"),
        (fifo, "not a file on disk"),
        (large, "50 MB"),
    ]
    for path, says in cases:
        with pytest.raises(MidiFileError, match=says) as refusal:
            read_midi(path)
        assert_is_a_sentence(str(refusal.value))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "private.mid"
    path.write_bytes(smf(ONE_NOTE))
    path.chmod(0)
    with pytest.raises(MidiFileError, match="may not be read"):
        read_midi(path)


# -------------------------------------------------------------------------------------- laws


@given(data=st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for candidate in (data, smf(data), smf(data, data, format_=2), smf()[:10] + data):
        try:
            song = parse_midi(candidate)
        except MidiFileError as refusal:
            assert_is_a_sentence(str(refusal))
        else:
            assert unreleased(song.messages()) == 0


@given(messages=performances(), at=st.integers(0, 10_000), new=st.integers(0, 255))
def test_one_wrong_byte_anywhere_is_survived(
    messages: list[tuple[int, bytes]], at: int, new: int
) -> None:
    data = bytearray(midi_bytes([Part("Player", messages)], Timebase()))
    data[at % len(data)] = new
    try:
        song = parse_midi(bytes(data))
    except MidiFileError as refusal:
        assert_is_a_sentence(str(refusal))
    else:
        times = [seconds for seconds, _ in song.messages()]
        assert times == sorted(times)
        assert unreleased(song.messages()) == 0


@given(player=performances(), partner=performances(), timebase=timebases())
@example(player=[], partner=[], timebase=Timebase(tempo_known=True))
def test_a_written_file_holds_the_same_notes_to_the_tick(
    player: list[tuple[int, bytes]], partner: list[tuple[int, bytes]], timebase: Timebase
) -> None:
    song = parse_midi(midi_bytes([Part("Player", player), Part("Partner", partner)], timebase))
    assert song.warnings == () or not (player or partner)
    us = us_per_beat(timebase.bpm)
    assert song.tempos[0].us_per_beat == us
    first = min((t for t, _ in player + partner), default=0)
    bar_ticks = round(timebase.beats_per_bar * 480)
    shift = ticks(first, us) // bar_ticks * bar_ticks if timebase.tempo_known else 0
    for track, messages in ((1, player), (2, partner)):
        grid = [(ticks(t, us) - shift, message) for t, message in messages]
        want = [
            (n.onset, n.end - n.onset, n.pitch, n.velocity, n.channel)
            for n in pair_notes(events_of(grid), 0, 0)
        ]
        got = [
            (n.onset_tick, n.duration_ticks, n.pitch, n.velocity, n.channel)
            for n in song.notes
            if n.track == track
        ]
        assert got == want


@given(messages=performances(), timebase=timebases())
def test_writing_what_was_read_changes_nothing(
    messages: list[tuple[int, bytes]], timebase: Timebase
) -> None:
    once = midi_bytes([Part("Player", messages)], timebase)
    song = parse_midi(once)
    played = [(round(seconds * 1e9), message) for seconds, message in song.messages()]
    assert midi_bytes([Part("Player", played)], timebase) == once


@given(messages=messy_performances(), timebase=timebases())
def test_whatever_came_through_a_port_is_written_with_every_note_released(
    messages: list[tuple[int, bytes]], timebase: Timebase
) -> None:
    song = parse_midi(midi_bytes([Part("Player", messages)], timebase))
    assert len(song.notes) == sum(
        is_note_on(message) and max(message) < 0xA0 and max(message[1:]) < 0x80
        for _, message in messages
    )
    assert unreleased(song.messages()) == 0
    assert not warned(song, "never released")
