"""What is learnt from: takes, files and folders as pieces of one player."""

from pathlib import Path

import pytest

from engine.events import Note, Timebase, Voice
from plugin.lessons import ENOUGH_NOTES, LessonError, Lessons
from plugin.midifile_writer import Part, write_midi
from plugin.takes import DEMO_TAKE, TakeError, TakeLibrary, TakeWriter
from tests.plugin.sentences import assert_is_a_sentence
from tests.plugin.takes_stage import KNOWN, SECOND, play

FREE = Timebase()


def messages(keys: list[int], *, channel: int = 0) -> list[tuple[int, bytes]]:
    """Half a second a note."""
    found = []
    for number, key in enumerate(keys):
        at = number * SECOND // 2
        found.append((at, bytes((0x90 | channel, key, 80))))
        found.append((at + SECOND // 4, bytes((0x80 | channel, key, 64))))
    return found


@pytest.fixture
def writer(tmp_path: Path):
    made = TakeWriter(tmp_path / "takes.sqlite3")
    yield made
    made.close()


@pytest.fixture
def lessons(writer: TakeWriter, tmp_path: Path):
    library = TakeLibrary(tmp_path / "takes.sqlite3")
    yield Lessons(library)
    library.close()


def test_of_a_take_the_players_notes_count_in_beats_from_its_bar_line(lessons, writer):
    take_id = writer.begin_take(KNOWN, start_beat=7.0)
    for t_ns, message in messages([60, 62]):
        writer.message(take_id, Voice.PLAYER, t_ns, message)
    writer.message(take_id, Voice.PARTNER, SECOND, b"\x90\x40\x50")
    writer.finish(take_id)
    assert writer.flush()
    lessons.add([take_id])
    (piece,) = lessons.pieces
    assert piece.name == take_id
    assert piece.timebase == KNOWN
    per_s = KNOWN.bpm / 60
    assert [(n.onset, n.pitch) for n in piece.notes] == [
        (pytest.approx(7.0), 60),
        (pytest.approx(7.0 + 0.5 * per_s), 62),
    ]
    assert piece.notes[0].duration == pytest.approx(0.25 * per_s)


def test_the_last_takes_until_there_are_enough_notes(lessons, writer):
    ids = [play(writer, notes=60) for _ in range(30)]
    assert writer.flush()
    lessons.add(["last"])
    assert [piece.name for piece in lessons.pieces] == ids[: -ENOUGH_NOTES // 60 - 1 : -1]


def test_a_phrase_that_was_answered_again_counts_once_and_open_takes_not_at_all(lessons, writer):
    first = play(writer)
    again = writer.begin_take(KNOWN, settings={"attempt": 1})
    for t_ns, message in messages([60, 62, 64]):
        writer.message(again, Voice.PLAYER, t_ns, message)
    writer.finish(again)
    unfinished = writer.begin_take(KNOWN)
    writer.message(unfinished, Voice.PLAYER, 0, b"\x90\x40\x50")
    assert writer.flush()
    lessons.add(["last"])
    assert [piece.name for piece in lessons.pieces] == [first]


def test_takes_of_a_demo_are_nobodys_until_they_get_another_name(lessons, tmp_path):
    path = tmp_path / "demo.sqlite3"
    demo = TakeWriter(path, named=DEMO_TAKE)
    try:
        take_id = play(demo)
        assert demo.flush()
    finally:
        demo.close()
    with TakeLibrary(path) as library:
        assert [take.name for take in library.list_takes()] == [DEMO_TAKE]
        with pytest.raises(LessonError, match="no takes yet"):
            Lessons(library).add(["last"])
        library.rename(take_id, "My tune")
        adopted = Lessons(library)
        adopted.add(["last"])
        assert [piece.name for piece in adopted.pieces] == [take_id]


def test_starred_takes_are_all_taken(lessons, writer):
    ids = [play(writer) for _ in range(5)]
    for take_id in ids[:3]:
        writer.star(take_id, True)
    writer.star(ids[1], False)
    assert writer.flush()
    lessons.add(["starred"])
    assert {piece.name for piece in lessons.pieces} == {ids[0], ids[2]}


@pytest.mark.parametrize("word", ["last", "starred", "20261121", "nothing.txt"])
def test_what_is_not_there_is_a_sentence(lessons, word):
    with pytest.raises((LessonError, TakeError)) as error:
        lessons.add([word])
    assert_is_a_sentence(str(error.value))


def test_files_and_folders_and_what_is_no_midi(lessons, tmp_path):
    folder = tmp_path / "music" / "deep"
    folder.mkdir(parents=True)
    write_midi(folder / "b.mid", [Part("P", messages([60, 62, 64]))], KNOWN)
    write_midi(folder / "a.mid", [Part("P", messages([50, 52]))], FREE)
    write_midi(folder / "empty.mid", [Part("P", [])], KNOWN)
    (folder / "junk.mid").write_bytes(b"no music at all")
    lessons.add([str(tmp_path / "music")])
    assert [piece.name for piece in lessons.pieces] == ["a.mid", "b.mid"]
    free, timed = lessons.pieces
    assert [n.onset for n in free.notes] == pytest.approx([0.0, 1.0], abs=0.01)
    assert timed.timebase.bpm == pytest.approx(KNOWN.bpm)
    assert len(lessons.says) == 2
    for says in lessons.says:
        assert_is_a_sentence(says)
    lessons.pieces.clear()
    lessons.add([str(folder / "b.mid")])
    assert [note.pitch for note in lessons.pieces[0].notes] == [60, 62, 64]


def test_a_folder_without_music_is_a_sentence(lessons, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(LessonError) as error:
        lessons.add([str(tmp_path / "empty")])
    assert_is_a_sentence(str(error.value))


def test_drums_keep_their_channel(lessons, tmp_path):
    write_midi(tmp_path / "d.mid", [Part("P", messages([36, 38], channel=9))], KNOWN)
    lessons.add([str(tmp_path / "d.mid")])
    assert {note.channel for note in lessons.pieces[0].notes} == {9}
    assert isinstance(lessons.pieces[0].notes[0], Note)


def test_of_chosen_takes_and_files_each_is_a_piece(lessons, writer, tmp_path):
    take_id = play(writer)
    again = writer.begin_take(KNOWN, settings={"attempt": 1})
    for t_ns, message in messages([60, 62]):
        writer.message(again, Voice.PLAYER, t_ns, message)
    writer.finish(again)
    assert writer.flush()
    write_midi(tmp_path / "mine.mid", [Part("me", messages([60, 64, 67]))], KNOWN)
    lessons.add_chosen([take_id, again], [str(tmp_path / "mine.mid"), str(tmp_path / "no.mid")])
    assert [piece.name for piece in lessons.pieces] == ["mine.mid", take_id]
    assert len(lessons.says) == 1


def test_an_answer_to_the_same_phrase_alone_counts(lessons, writer):
    again = writer.begin_take(KNOWN, settings={"attempt": 1})
    for t_ns, message in messages([60, 62]):
        writer.message(again, Voice.PLAYER, t_ns, message)
    writer.finish(again)
    assert writer.flush()
    lessons.add_chosen([again], [])
    assert [piece.name for piece in lessons.pieces] == [again]


def test_nothing_to_learn_from_in_what_was_chosen(lessons, tmp_path):
    for paths in ([], [str(tmp_path / "no.mid")]):
        with pytest.raises(LessonError) as caught:
            lessons.add_chosen([], paths)
        assert_is_a_sentence(str(caught.value))
