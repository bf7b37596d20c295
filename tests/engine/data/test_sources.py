from pathlib import Path

import numpy as np
import pytest

from engine.data.packed import write_folder
from engine.data.sources import Read, Refused, find, printable, read
from tests.engine.data.files import notes, piece, tune, write_midi


def _ids(*sources: Path) -> list[str]:
    tasks, refused = find(sources, tier="own")
    assert refused == []
    return [task.about["id"] for task in tasks]


def test_a_folder_is_searched_by_name_and_sub_folders_are_styles(tmp_path: Path):
    music = tmp_path / "music"
    for name in ("b.MID", "a.midi", "jazz/blue/c.kar", "jazz/d.rmi", "e.smf"):
        write_midi(music / name, notes(tune(1)))
    for other in ("note.txt", ".hidden.mid", ".trash/x.mid"):
        (music / other).parent.mkdir(exist_ok=True)
        (music / other).write_bytes(b"")
    tasks, refused = find([music], tier="ship", licence="CC0")
    assert refused == []
    assert [task.about["id"] for task in tasks] == [
        "music/a",
        "music/b",
        "music/e",
        "music/jazz/blue/c",
        "music/jazz/d",
    ]
    assert [task.about["style"] for task in tasks] == ["", "", "", "blue", "jazz"]
    assert {task.about["tier"] for task in tasks} == {"ship"}
    assert {task.about["licence"] for task in tasks} == {"CC0"}


def test_names_are_told_apart(tmp_path: Path):
    for name in ("one/m/a.mid", "two/m/a.mid", "one/m/A.midi"):
        write_midi(tmp_path / name, notes(tune(1)))
    found = _ids(tmp_path / "one" / "m", tmp_path / "two" / "m", tmp_path / "one" / "m" / "a.mid")
    assert len({name.casefold() for name in found}) == 4
    collections = [name.partition("/")[0] for name in found]
    assert collections == ["m", "m", "m (2)", "m"]


def test_files_are_named_one_by_one_too(tmp_path: Path):
    paths = [write_midi(tmp_path / "set" / f"{n}.mid", notes(tune(n))) for n in range(3)]
    assert _ids(*paths) == ["set/0", "set/1", "set/2"]


def test_names_that_no_table_holds_are_made_printable(tmp_path: Path):
    assert printable("a\nb\udcff") == "a_b_"
    write_midi(tmp_path / "x" / "a\nb.mid", notes(tune(1)))
    assert _ids(tmp_path / "x") == ["x/a_b"]


def test_bad_sources_are_refused_and_the_others_are_read(tmp_path: Path):
    (tmp_path / "empty").mkdir()
    good = write_midi(tmp_path / "good" / "a.mid", notes(tune(1)))
    tasks, refused = find([tmp_path / "empty", tmp_path / "absent", good], tier="own")
    assert len(tasks) == 1
    assert [one.reason for one in refused] == [
        "A source has no MIDI files",
        "A source is not there",
    ]
    assert all(one.sentence.endswith(".") for one in refused)


def test_a_packed_folder_is_a_task_a_collection(tmp_path: Path):
    write_folder(tmp_path, [piece(tune(1), "a", split="test")], print)
    (task,), refused = find([tmp_path], tier="ship")
    assert refused == []
    (found,) = read(task)
    assert isinstance(found, Read)
    assert (found.piece.about["tier"], found.piece.about["split"]) == ("own", "test")
    assert np.array_equal(found.piece.pitch, np.array(tune(1)))


@pytest.mark.parametrize("tier", ["..", "a/b", ""])
def test_an_index_that_leads_elsewhere_is_refused(tmp_path: Path, tier: str):
    rows = f"id,collection,tier,split,texture\na,tunes,{tier},train,poly\n"
    (tmp_path / "index.csv").write_text(rows)
    tasks, refused = find([tmp_path], tier="own")
    assert tasks == []
    assert len(refused) == 1
    assert "no file names" in refused[0].sentence


def test_what_a_collection_lacks_is_told(tmp_path: Path):
    write_folder(tmp_path, [piece(tune(1), "a")], print)
    index = tmp_path / "index.csv"
    index.write_text(index.read_text() + "b,tunes,own,train\n")
    (task,), _ = find([tmp_path], tier="own")
    found = read(task)
    assert [type(one) for one in found] == [Read, Refused]
