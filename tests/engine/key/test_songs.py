from pathlib import Path

import numpy as np
import pytest

from engine.corpus import CorpusError
from engine.key.songs import NO_KEY, load_songs
from tests.engine.key.music import tune, write_keys


def test_signatures_are_read_with_their_mode_and_only_of_the_split(tmp_path: Path):
    data = write_keys(tmp_path, [tune("a", 2, 0), tune("b", -1, 1), tune("c", 0, 0, split="test")])
    songs, refused = load_songs(data, "train")
    assert [(s.piece, int(s.key[0]), s.mode_known) for s in songs] == [
        ("a", 2, True),
        ("b", 12 + 2, True),
    ]
    assert refused == []
    assert [s.piece for s in load_songs(data, "test")[0]] == ["c"]
    assert len(songs[0]) == len(songs[0].onset) == len(songs[0].key) == 36


def test_the_key_in_force_changes_where_the_signature_does(tmp_path: Path):
    piece, _ = tune("a", 0, 0)
    data = write_keys(tmp_path, [(piece, [(480, 0, 0), (4800, 3, 1)]), tune("b", 1, 0)])
    song = load_songs(data, "train")[0][0]
    assert song.key.tolist() == [NO_KEY] + [0] * 9 + [12 + 6] * 26


def test_a_collection_that_never_says_minor_tells_scales_only(tmp_path: Path):
    data = write_keys(tmp_path, [tune("a", 2, 0), tune("b", 1, 0)])
    assert [song.mode_known for song in load_songs(data, "train")[0]] == [False, False]


def test_an_unknown_mode_tells_the_scale_only(tmp_path: Path):
    data = write_keys(tmp_path, [tune("a", 2, 255), tune("b", 1, 1)])
    songs, _ = load_songs(data, "train")
    assert [(int(song.key[0]), song.mode_known) for song in songs] == [(2, False), (16, True)]


def test_defaults_say_nothing(tmp_path: Path):
    same = [tune("a", 0, 0), tune("b", 0, 0)]
    game = [tune("c", 1, 1, collection="freedoom"), tune("d", 2, 0, collection="freedoom")]
    data = write_keys(tmp_path, [*same, *game])
    with pytest.raises(CorpusError, match="key that can be believed"):
        load_songs(data, "train")


def test_a_guessed_mode_is_not_believed_against_the_third(tmp_path: Path):
    wrong, _ = tune("wrong", 2, 0, collection="esac")
    wrong.notes = [(o, d, p - 1 if p % 12 == 6 else p, v, t) for o, d, p, v, t in wrong.notes]
    pieces = [(wrong, [(0, 2, 0)]), tune("major", 2, 0, collection="esac")]
    pieces.append(tune("minor", 1, 1, collection="esac"))
    songs, refused = load_songs(write_keys(tmp_path, pieces), "train")
    assert [song.piece for song in songs] == ["major", "minor"]
    assert [(no.piece, no.collection) for no in refused] == [("wrong", "esac")]
    assert "third" in refused[0].why


def test_drums_are_left_out_and_notes_come_by_onset_and_pitch(tmp_path: Path):
    piece, keys = tune("a", 2, 1, tracks=2, drum_tracks=(1,))
    first = piece.notes[0]
    piece.notes[:1] = [(0, 480, 90, 80, 0), first, (0, 480, 36, 80, 1)]
    songs, _ = load_songs(write_keys(tmp_path, [(piece, keys), tune("b", 1, 0)]), "train")
    assert len(songs[0]) == 37
    assert songs[0].pitch[:2].tolist() == [first[2], 90]
    assert (np.diff(songs[0].onset) >= 0).all()


def test_what_cannot_be_read_is_a_sentence(tmp_path: Path):
    with pytest.raises(CorpusError, match="--data"):
        load_songs(tmp_path, "train")
    data = write_keys(tmp_path, [tune("a", 2, 0), tune("b", 1, 1)])
    (data / "ship" / "tunes.npz").write_bytes(b"noise")
    with pytest.raises(CorpusError, match="cannot be read"):
        load_songs(data, "train")
    (data / "index.csv").write_text("one,two\n1,2\n")
    with pytest.raises(CorpusError, match="no index"):
        load_songs(data, "train")
