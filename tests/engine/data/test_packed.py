from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.midi import RefusedError
from engine.data.packed import pack, read_collection, read_index, write_folder
from engine.data.pieces import Events, Piece
from tests.engine.data.files import piece, tune

COLUMNS = ("onset", "duration", "pitch", "velocity", "track", "program", "drum", "role")


def _no_bar(_: int) -> None:
    pass


def _assert_same(one: Piece, other: Piece) -> None:
    assert dict(one.about) == dict(other.about)
    assert one.milliseconds == other.milliseconds
    for name in COLUMNS:
        assert np.array_equal(getattr(one, name), getattr(other, name)), name
    assert set(one.events) == set(other.events)
    for name, events in one.events.items():
        assert np.array_equal(events.times, other.events[name].times), name
        assert set(events.columns) == set(other.events[name].columns), name
        for column, values in events.columns.items():
            assert np.array_equal(values, other.events[name].columns[column]), (name, column)


def _back(folder: Path, pieces: list[Piece]) -> list[Piece]:
    """The pieces, written and read again."""
    write_folder(folder, pieces, _no_bar)
    rows = read_index(folder)
    assert rows is not None
    places = dict.fromkeys((row["tier"], row["collection"]) for row in rows)
    found = []
    for tier, collection in places:
        mine = [row for row in rows if (row["tier"], row["collection"]) == (tier, collection)]
        read, missing = read_collection(folder / tier / f"{collection}.npz", mine)
        assert missing == []
        found += read
    return found


@st.composite
def pieces_of_any_kind(draw: st.DrawFn) -> Piece:
    count = draw(st.integers(1, 20))
    tracks = draw(st.integers(1, 3))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    largest = draw(st.sampled_from([100, 60_000, 5_000_000]))
    onset = np.sort(rng.integers(0, largest, count))
    one = replace(
        piece([60] * count),
        milliseconds=draw(st.booleans()),
        onset=onset,
        duration=rng.integers(1, largest, count),
        pitch=rng.integers(0, 128, count).astype(np.uint8),
        velocity=rng.integers(0, 128, count).astype(np.uint8),
        track=rng.integers(0, tracks, count).astype(np.uint16),
        program=rng.integers(0, 128, tracks).astype(np.uint8),
        drum=rng.integers(0, 2, tracks).astype(bool),
        role=rng.integers(0, 10, tracks).astype(np.uint8),
    )
    events = {}
    if draw(st.booleans()):
        columns = {"bpm": rng.uniform(30, 300, 2).astype(np.float32)}
        events["tempo"] = Events(np.array([0, 777]), columns)
    if draw(st.booleans()):
        events["phrase"] = Events(np.array([0, 96_000]), {})
    if draw(st.booleans()):
        words = draw(st.lists(st.sampled_from(["C", "F#m7", "Ébm", "N"]), min_size=1, max_size=5))
        events["chord"] = Events(np.arange(len(words)) * 480, {"id": np.array(words)})
    return replace(one, events=events)


@given(st.lists(pieces_of_any_kind(), min_size=1, max_size=5))
def test_what_is_packed_and_read_again_is_the_same(tmp_path_factory, found: list[Piece]):
    named = [
        replace(one, about={**one.about, "id": f"tunes/{n}, “ü”", "style": "reel"})
        for n, one in enumerate(found)
    ]
    for one, other in zip(named, _back(tmp_path_factory.mktemp("packed"), named), strict=True):
        _assert_same(one, other)


def test_collections_lie_in_their_tiers_and_other_columns_are_kept(tmp_path: Path):
    found = []
    for name, tier, collection in (("a", "own", "x"), ("b", "ship", "x"), ("c", "own", "y")):
        one = piece(tune(1), name)
        row = {**one.about, "tier": tier, "collection": collection, "mood": f"mood of {name}"}
        found.append(replace(one, about=row))
    back = _back(tmp_path, found)
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.glob("*/*.npz")} == {
        "own/x.npz",
        "own/y.npz",
        "ship/x.npz",
    }
    assert [one.about["mood"] for one in back] == ["mood of a", "mood of b", "mood of c"]


def test_where_sources_differ_a_collection_keeps_what_they_all_say():
    rich = {"bpm": np.array([100.0]), "beat": np.array([4])}
    one = replace(piece(tune(1)), events={"tempo": Events(np.array([0]), rich)})
    poor = {"bpm": np.array([90.0])}
    other = replace(piece(tune(2), "b"), events={"tempo": Events(np.array([0]), poor)})
    arrays = pack([one, other, piece(tune(3), "c")])
    assert arrays["tempo_bpm"].tolist() == [100.0, 90.0]
    assert arrays["tempo_off"].tolist() == [0, 1, 2, 2]
    assert "tempo_beat" not in arrays


def test_a_folder_without_our_index_is_no_packed_folder(tmp_path: Path):
    assert read_index(tmp_path) is None
    (tmp_path / "index.csv").write_text("file,oddity\na.mid,none\n")
    assert read_index(tmp_path) is None


def test_a_broken_index_or_collection_is_refused_in_a_sentence(tmp_path: Path):
    (tmp_path / "index.csv").write_bytes(b"id,collection,tier,split,texture\n\xff\xfe,x\n")
    with pytest.raises(RefusedError, match="fetch the folder again"):
        read_index(tmp_path)
    write_folder(tmp_path, [piece(tune(1))], _no_bar)
    rows = read_index(tmp_path)
    assert rows is not None
    path = tmp_path / "own" / "tunes.npz"
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(RefusedError, match="fetch the folder again"):
        read_collection(path, rows)
    with pytest.raises(RefusedError, match="fetch the folder again"):
        read_collection(tmp_path / "own" / "absent.npz", rows)


def test_rows_without_a_piece_are_told(tmp_path: Path):
    write_folder(tmp_path, [piece(tune(1))], _no_bar)
    rows = [{"id": "tune"}, {"id": "another"}]
    found, missing = read_collection(tmp_path / "own" / "tunes.npz", rows)
    assert len(found) == 1
    assert missing == [{"id": "another"}]
