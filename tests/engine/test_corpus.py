from pathlib import Path

import numpy as np
import pytest

from engine.corpus import EVERY_TIER, CorpusError, data_hash, load_streams, rows_of
from engine.encoding import (
    COLUMN_SIZES,
    COLUMNS,
    DRUM_FAMILY,
    TICKS_PER_BEAT,
    TIME_VALUES,
    UNKNOWN_POSITION,
    NoteEncoder,
)
from tests.engine.music import Piece, notes_of, tune, write_folder


def _line(track: int, count: int = 10, step: int = 480) -> list[tuple[int, int, int, int, int]]:
    return [(step * n, step, 60 + track, 0, track) for n in range(count)]


def _merged(*lines: list[tuple[int, int, int, int, int]]) -> list[tuple[int, int, int, int, int]]:
    return sorted(note for line in lines for note in line)


def test_a_score_is_encoded_as_it_would_be_heard(tmp_path: Path):
    rng = np.random.default_rng(3)
    onsets = np.sort(rng.integers(0, 24_000, 200))
    piece = Piece(
        "waltz",
        [(int(on), int(rng.integers(20, 900)), 60, int(rng.integers(1, 128)), 0) for on in onsets],
        meters=[(0, 3, 4)],
    )
    (stream,) = load_streams(write_folder(tmp_path, [piece]), "train")
    encoder = NoteEncoder(3.0)
    heard = [encoder.encode(note, drums=False) for note in notes_of(piece)]
    # Two notes that round to one tick may change places; pitches are equal, so compare in order.
    assert sorted(map(tuple, rows_of(stream).tolist())) == sorted(map(tuple, heard))


def test_a_note_just_before_the_bar_line_is_where_a_player_would_hear_it(tmp_path: Path):
    notes = [(480 * 4 * n + 1919, 100, 60, 80, 0) for n in range(10)]
    piece = Piece("early", notes, meters=[(0, 4, 4)])
    (stream,) = load_streams(write_folder(tmp_path, [piece]), "train")
    encoder = NoteEncoder(4.0)
    heard = [encoder.encode(note, drums=False) for note in notes_of(piece)]
    assert rows_of(stream).tolist() == [list(row) for row in heard]
    assert set(stream.bar_tick.tolist()) == {0}


def test_the_meter_changes_where_the_map_says(tmp_path: Path):
    piece = Piece(
        "mixed",
        _line(0, 14),
        meters=[(480, 3, 4), (480 * 7, 4, 4)],
        tempos=[(0, 90.0), (960, 110.0)],
    )
    (stream,) = load_streams(write_folder(tmp_path, [piece]), "train")
    beats = [-1, 0, 1, 2, 0, 1, 2, 0, 1, 2, 3, 0, 1, 2]
    assert stream.bar_tick.tolist() == [
        UNKNOWN_POSITION if beat < 0 else beat * TICKS_PER_BEAT for beat in beats
    ]
    assert stream.bpm == pytest.approx(100.0)
    assert stream.tempo_known


def test_a_score_without_meter_has_no_bars(tmp_path: Path):
    (stream,) = load_streams(write_folder(tmp_path, [Piece("free", _line(0))]), "train")
    assert (stream.bar_tick == UNKNOWN_POSITION).all()
    assert stream.tempo_known


def test_played_time_is_warped_onto_its_beats(tmp_path: Path):
    # Beats get slower: 500, 520, 540 ... ms; a note on each and one halfway to the next.
    beats = np.cumsum([1000, *(500 + 20 * n for n in range(15))])
    halves = (beats[:-1] + beats[1:]) // 2
    notes = sorted((int(at), 100, 60, 70, 0) for at in (*beats[:-1], *halves))
    marks = [(int(at), int(n % 4 == 0)) for n, at in enumerate(beats)]
    piece = Piece("rubato", notes, milliseconds=True, beats=marks)
    (stream,) = load_streams(write_folder(tmp_path, [piece]), "train")
    assert np.diff(stream.onset).round(6) == pytest.approx(np.full(len(notes) - 1, 48.0), abs=0.2)
    assert stream.tempo_known
    assert stream.bar_tick[:9].tolist() == [48 * n % 384 for n in range(9)]
    assert 60_000 / 800 < stream.bpm < 60_000 / 500


def test_played_time_without_beats_counts_at_the_nominal_tempo(tmp_path: Path):
    notes = [(250 * n, 125, 60, 70, 0) for n in range(12)]
    piece = Piece("roll", notes, milliseconds=True)
    (stream,) = load_streams(write_folder(tmp_path, [piece]), "train")
    assert not stream.tempo_known
    assert (stream.bar_tick == UNKNOWN_POSITION).all()
    assert np.diff(stream.onset) == pytest.approx(np.full(11, TICKS_PER_BEAT / 2))
    assert stream.bpm == 120.0


def test_hands_are_one_stream_and_single_lines_and_bands_are_many(tmp_path: Path):
    hands = Piece("hands", _merged(_line(0), _line(1)), tracks=2)
    lines = Piece("lines", _merged(_line(0), _line(1)), tracks=2, texture="mono-tracks")
    band = Piece("band", _merged(*(_line(n) for n in range(4))), tracks=4)
    folder = write_folder(tmp_path, [hands, lines, band])
    found = [(stream.piece, len(stream)) for stream in load_streams(folder, "train")]
    assert found == [("hands", 20), ("lines", 10), ("lines", 10), *[("band", 10)] * 4]


def test_drums_are_a_stream_of_their_own(tmp_path: Path):
    piece = Piece("groove", _merged(_line(0), _line(1), _line(2)), tracks=3, drum_tracks=(2,))
    found = load_streams(write_folder(tmp_path, [piece]), "train")
    assert [(stream.drums, len(stream)) for stream in found] == [(False, 20), (True, 10)]
    assert rows_of(found[1])[0, COLUMNS.index("kind")] == 3
    assert set(found[1].family.tolist()) == {DRUM_FAMILY}
    assert set(found[0].family.tolist()) == {0}, "nobody said what plays"


def test_each_note_has_the_family_of_its_track(tmp_path: Path):
    song = Piece("song", _merged(_line(0), _line(1)), tracks=2, programs=(73, 0))
    kit = Piece("kit", _line(0), programs=(35,), drum_tracks=(0,))
    found = load_streams(write_folder(tmp_path, [song, kit]), "train")
    assert found[0].family.tolist() == [10, 1] * 10, "flute over piano"
    assert found[1].family.tolist() == [DRUM_FAMILY] * 10
    assert rows_of(found[0])[:2, COLUMNS.index("voice")].tolist() == [10, 1]


def test_marked_phrases_begin_once_even_with_a_chord(tmp_path: Path):
    chords = [(480 * (n // 4), 480, 60 + 4 * (n % 4), 0, 0) for n in range(24)]
    tune_of_two = Piece("marked", chords, phrases=[0, 480 * 3, 480 * 3 + 100])
    plain = Piece("plain", _line(0))
    folder = write_folder(tmp_path, [tune_of_two, plain])
    marked, unmarked = load_streams(folder, "train")
    assert np.flatnonzero(marked.phrase).tolist() == [0, 12]
    assert not unmarked.phrase.any()


def test_labels_are_read_from_the_index(tmp_path: Path):
    piece = Piece("a", _line(0), title="The Rag", composer="Joplin, Scott", style="piano/dance")
    (stream,) = load_streams(write_folder(tmp_path, [piece]), "train")
    assert stream.labels == ("tunes", "piano", "dance", "joplin", "ragtime")


def test_an_index_with_short_lines_is_read(tmp_path: Path):
    folder = write_folder(tmp_path, [Piece("a", _line(0))])
    lines = (folder / "index.csv").read_text().splitlines()
    (folder / "index.csv").write_text("\n".join([lines[0], lines[1].rstrip(",")]) + "\n")
    (stream,) = load_streams(folder, "train")
    assert stream.labels == ("tunes",)


def test_notes_of_one_tick_are_sorted_upwards(tmp_path: Path):
    chords = [(480 * (n // 3), 240, 72 - 4 * (n % 3), 50 + n, 0) for n in range(12)]
    (stream,) = load_streams(write_folder(tmp_path, [Piece("chords", chords)]), "train")
    assert stream.pitch.tolist() == [64, 68, 72] * 4
    assert stream.velocity.tolist()[:3] == [52, 51, 50]


def test_fragments_are_left_out(tmp_path: Path):
    folder = write_folder(tmp_path, [Piece("short", _line(0, 7)), Piece("long", _line(0, 8))])
    assert [stream.piece for stream in load_streams(folder, "train")] == ["long"]


def test_a_split_and_a_tier_are_read_and_nothing_else(tmp_path: Path):
    folder = write_folder(
        tmp_path,
        [
            tune("a"),
            tune("b", split="test"),
            tune("c", split="bench_overlap"),
            tune("d", tier="nc", collection="other"),
        ],
    )
    assert [stream.piece for stream in load_streams(folder, "train")] == ["a"]
    assert [stream.piece for stream in load_streams(folder, "test")] == ["b"]
    assert {stream.piece for stream in load_streams(folder, "train", tier=EVERY_TIER)} == {"a", "d"}


def test_a_part_of_a_stream_is_a_stream(tmp_path: Path):
    (stream,) = load_streams(write_folder(tmp_path, [tune("a")]), "train")
    part = stream.part(10, 15)
    assert len(part) == 5
    assert part.onset.tolist() == stream.onset[10:15].tolist()
    assert rows_of(part)[0, 0] == 0
    assert rows_of(part)[1:].tolist() == rows_of(stream)[11:15].tolist()


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (lambda folder: (folder / "index.csv").unlink(), "no index.csv"),
        (
            lambda folder: (folder / "index.csv").write_bytes(b"\xff\xfe\x00broken"),
            "cannot be read",
        ),
        (lambda folder: (folder / "index.csv").write_text("id,split\na,train\n"), "no column"),
        (lambda folder: (folder / "ship/tunes.npz").unlink(), "cannot be read"),
        (lambda folder: (folder / "ship/tunes.npz").write_bytes(b""), "cannot be read"),
        (lambda folder: (folder / "ship/tunes.npz").write_bytes(b"PK\x03\x04"), "cannot be read"),
        (lambda folder: np.savez(folder / "ship/tunes.npz", ids=np.zeros(3)), "cannot be read"),
    ],
)
def test_a_broken_folder_is_one_sentence(tmp_path: Path, harm, says: str):
    folder = write_folder(tmp_path, [tune("a")])
    harm(folder)
    with pytest.raises(CorpusError, match=says):
        load_streams(folder, "train")


def test_an_unknown_split_is_told_what_there_is(tmp_path: Path):
    folder = write_folder(tmp_path, [tune("a")])
    with pytest.raises(CorpusError, match="it has train of ship"):
        load_streams(folder, "test")


def test_the_hash_names_what_was_read(tmp_path: Path):
    folder = write_folder(tmp_path, [tune("a"), tune("b", tier="nc")])
    ship, everything = data_hash(folder), data_hash(folder, tier=EVERY_TIER)
    (folder / "nc/tunes.npz").write_bytes(b"other")
    assert data_hash(folder) == ship
    assert data_hash(folder, tier=EVERY_TIER) != everything
    (folder / "ship/tunes.npz").write_bytes(b"other")
    assert data_hash(folder) != ship
    with pytest.raises(CorpusError, match="cannot be read"):
        data_hash(tmp_path / "nowhere")


@pytest.mark.slow
def test_the_shared_validation_music_fits_the_model(shared: Path):
    if not (shared / "data" / "index.csv").is_file():
        pytest.skip(f"no collections in {shared / 'data'}")
    streams = load_streams(shared / "data", "valid")
    assert sum(map(len, streams)) > 100_000
    assert len({stream.collection for stream in streams}) >= 10
    for stream in streams:
        found = rows_of(stream)
        assert found[0, 0] == 0
        assert (found >= 0).all()
        assert (found.max(axis=0) < COLUMN_SIZES).all()
        assert (np.diff(np.floor(stream.onset + 0.5)) >= 0).all()
    together = np.concatenate([rows_of(stream)[:, 0] for stream in streams])
    assert np.median(TIME_VALUES[together]) < TICKS_PER_BEAT
