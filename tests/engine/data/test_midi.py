from pathlib import Path

import numpy as np
import pytest

from engine.data import midi
from engine.data.midi import RefusedError, read_piece
from engine.data.pieces import Piece
from tests.engine.data.files import meter, notes, tempo, tune, write_midi

ABOUT = {"id": "mine/a", "collection": "mine", "tier": "own", "title": "a"}


def _read(path: Path) -> Piece:
    return read_piece(path, ABOUT)[0]


def test_ticks_become_480ths_of_a_beat_and_time_has_tempo_and_bars(tmp_path: Path):
    conductor = [tempo(0, 90), meter(0, 3, 2), tempo(960, 120), meter(576, 6, 3)]
    line = notes(tune(1, 20), step=96, length=48)
    one = _read(write_midi(tmp_path / "a.mid", conductor, line, division=192))
    assert one.onset.tolist() == [240 * n for n in range(20)]
    assert set(one.duration.tolist()) == {120}
    assert one.events["tempo"].times.tolist() == [0, 2400]
    assert one.events["tempo"].columns["bpm"].tolist() == pytest.approx([90.0, 120.0], rel=1e-5)
    assert one.events["meter"].times.tolist() == [0, 1440]
    assert one.events["meter"].columns["num"].tolist() == [3, 6]
    assert one.events["meter"].columns["den"].tolist() == [4, 8]
    row = one.about
    assert (row["timebase"], row["meter"], row["bpm"]) == ("q480", "3/4", "90.0")
    assert (row["id"], row["n_notes"], row["split"]) == ("mine/a", "20", "")
    assert (row["texture"], row["velocity"], row["kind"]) == ("mono", "1", "sequenced")


def test_a_file_that_counts_frames_is_in_milliseconds(tmp_path: Path):
    division = (256 - 25) << 8 | 40  # 25 frames a second, 40 ticks each: one tick a millisecond
    path = write_midi(
        tmp_path / "a.mid", notes(tune(2, 12), step=333, length=111), division=division
    )
    one = _read(path)
    assert one.milliseconds
    assert one.about["timebase"] == "ms"
    assert one.onset.tolist() == [333 * n for n in range(12)]
    assert set(one.duration.tolist()) == {111}
    assert one.events == {}


def test_channels_are_tracks_with_their_programs_and_channel_ten_is_drums(tmp_path: Path):
    everything = [
        (0, b"\xc0\x28"),
        (0, b"\xc3\x21"),
        *notes(tune(3, 16), channel=0),
        *notes([36, 38] * 8, channel=9),
        (1, b"\xc3\x22"),
        *notes(tune(4, 16), channel=3, start=240),
    ]
    one = _read(write_midi(tmp_path / "a.mid", everything, kind=0))
    assert one.program.tolist() == [0x28, 0x22, 0]
    assert one.drum.tolist() == [False, False, True]
    assert one.about["texture"] == "mono-tracks"
    assert set(one.pitch[one.track == 2].tolist()) == {36, 38}


def test_a_tracks_own_program_counts_before_another_tracks(tmp_path: Path):
    one = _read(
        write_midi(
            tmp_path / "a.mid",
            [(0, b"\xc0\x01")],
            [(0, b"\xc0\x05"), *notes(tune(5, 10))],
            notes(tune(6, 10)),
        )
    )
    assert one.program[0] == 5
    assert one.program[1] in (1, 5)  # it has none of its own: what its channel is given


def test_chords_are_poly_and_drums_alone_are_drums(tmp_path: Path):
    chords = [*notes([60] * 10), *notes([64] * 10), *notes([67] * 10)]
    assert _read(write_midi(tmp_path / "a.mid", chords)).about["texture"] == "poly"
    kit = notes([36, 42] * 8, channel=9)
    assert _read(write_midi(tmp_path / "b.mid", kit)).about["texture"] == "drums"


@pytest.mark.parametrize(("count", "known"), [(15, True), (16, False)])
def test_one_loudness_for_all_notes_is_unknown(tmp_path: Path, count: int, known: bool):
    one = _read(write_midi(tmp_path / "a.mid", notes(tune(7, count), velocities=(80,))))
    assert one.velocity.any() == known
    assert one.about["velocity"] == str(int(known))


def test_played_time_is_told_from_written_time(tmp_path: Path):
    line = [(tick + tick % 7, message) for tick, message in notes(tune(8, 40), step=251)]
    assert _read(write_midi(tmp_path / "a.mid", line)).about["kind"] == "performed"
    line = notes(tune(8, 40), velocities=(80,))
    assert _read(write_midi(tmp_path / "b.mid", line)).about["kind"] == "score"


def test_what_cannot_be_learnt_from_is_refused_with_a_sentence(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(midi, "MOST_NOTES", 30)
    hours = [*notes(tune(9, 10)), *notes([60], start=480 * 2 * 3600 * 7)]
    files = {
        "It has no notes": write_midi(tmp_path / "a.mid", [tempo(0, 100)]),
        "It has fewer than 8 notes": write_midi(tmp_path / "b.mid", notes([60] * 7)),
        "It has more than 30 notes": write_midi(tmp_path / "c.mid", notes([60] * 31)),
        "It lasts more than 6 hours": write_midi(tmp_path / "d.mid", hours),
        "It is empty": tmp_path / "e.mid",
        "It is not a MIDI file (it has no MIDI header)": tmp_path / "not: a file.mid",
        "There is no file It": tmp_path / "absent.mid",
    }
    (tmp_path / "e.mid").write_bytes(b"")
    (tmp_path / "not: a file.mid").write_bytes(b"dear diary")
    reasons = {}
    for reason, path in files.items():
        with pytest.raises(RefusedError) as refused:
            _read(path)
        reasons[reason] = refused.value.reason
        sentence = str(refused.value)
        assert sentence.endswith(".")
        assert f"“{path.name}”" in sentence
    assert reasons == {reason: reason for reason in files}


def test_names_in_any_encoding_are_read(tmp_path: Path):
    title = "Été à Köln".encode("latin-1")
    name = (0, b"\xff\x03" + bytes([len(title)]) + title)
    one, mended = read_piece(write_midi(tmp_path / "a.mid", [name, *notes(tune(1, 9))]), ABOUT)
    assert len(one) == 9
    assert not mended


def test_damage_is_told(tmp_path: Path):
    path = write_midi(tmp_path / "a.mid", notes(tune(1, 20)))
    path.write_bytes(path.read_bytes()[:-40])
    one, mended = read_piece(path, ABOUT)
    assert mended
    assert 8 <= len(one) < 20


def test_notes_are_by_onset_then_pitch_and_none_lasts_nothing(tmp_path: Path):
    both = [*notes([72] * 9, length=0), *notes([60] * 9)]
    one = _read(write_midi(tmp_path / "a.mid", both))
    order = np.lexsort((one.pitch, one.onset))
    assert order.tolist() == list(range(18))
    assert one.duration.min() >= 1
