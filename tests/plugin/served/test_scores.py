"""What is auditioned: takes and files as they are, from their first note on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.api import Candidate, Quoted
from engine.events import Note, Timebase, Voice
from plugin.compose import DEMO_PHRASE
from plugin.served.messages import Audition
from plugin.served.scores import Found, Scores, of_alternative, three_notes
from plugin.takes import TakeLibrary, TakeWriter
from tests.plugin.sentences import assert_is_a_sentence
from tests.plugin.takes_stage import SECOND, play
from tests.rig.waiting import wait_for


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return tmp_path / "takes.sqlite3"


@pytest.fixture
def scores(library: Path) -> Iterator[Scores]:
    found = Scores(library)
    yield found
    found.close()


def read(scores: Scores, wish: Audition) -> Found:
    scores.wish(wish)
    return wait_for(scores.poll, "what was wished")


def test_a_take_is_what_was_heard_byte_for_byte(scores: Scores, library: Path) -> None:
    writer = TakeWriter(library)
    take_id = play(writer, "First")
    writer.close()
    found = read(scores, Audition(take_id=take_id))
    with TakeLibrary(library) as takes:
        kept = [(one.t_ns, one.side, one.message) for one in takes.messages(take_id)]
    assert list(found.score) == kept
    assert (found.name, found.trouble) == ("First", "")


def test_one_side_begins_with_its_own_first_note(scores: Scores, library: Path) -> None:
    writer = TakeWriter(library)
    take_id = play(writer)
    writer.close()
    found = read(scores, Audition(take_id=take_id, side="partner"))
    assert [(at_ns, side) for at_ns, side, _ in found.score] == [
        (0, Voice.PARTNER),
        (SECOND, Voice.PARTNER),
    ]


def test_a_pedal_from_before_is_down_when_the_first_note_sounds(
    scores: Scores, library: Path
) -> None:
    writer = TakeWriter(library)
    take_id = writer.begin_take(Timebase())
    for t_ns, data in ((0, (0xB0, 64, 127)), (SECOND, (0x90, 60, 80)), (2 * SECOND, (0x80, 60, 0))):
        writer.message(take_id, Voice.PLAYER, t_ns, bytes(data))
    writer.finish(take_id)
    writer.close()
    found = read(scores, Audition(take_id=take_id, side="player"))
    assert [at_ns for at_ns, _, _ in found.score] == [0, 0, SECOND]


def test_a_file_plays_from_its_first_note(scores: Scores) -> None:
    found = read(scores, Audition(path=str(DEMO_PHRASE)))
    assert found.name == DEMO_PHRASE.stem
    assert found.score[0][0] == 0
    assert sum(message[0] & 0xF0 == 0x90 for _, _, message in found.score) == 22
    assert [one[0] for one in found.score] == sorted(one[0] for one in found.score)


@pytest.mark.parametrize("what", ["take", "file", "garbage", "silent"])
def test_what_cannot_be_heard_is_said(
    scores: Scores, library: Path, tmp_path: Path, what: str
) -> None:
    wish = Audition(path=str(tmp_path / "none.mid"))
    if what == "take":
        wish = Audition(take_id="2020")
    elif what == "garbage":
        (tmp_path / "none.mid").write_bytes(b"RIFF of something else")
    elif what == "silent":
        writer = TakeWriter(library)
        wish = Audition(take_id=writer.begin_take(Timebase()))
        writer.finish(wish.take_id)
        writer.close()
    found = read(scores, wish)
    assert not found.score
    assert_is_a_sentence(found.trouble)


def test_a_newer_wish_takes_the_place_of_one_that_is_read(scores: Scores, library: Path) -> None:
    scores.wish(Audition(path=str(DEMO_PHRASE)))
    scores.wish(Audition(take_id="none"))
    assert "no take" in wait_for(scores.poll, "the second").trouble
    scores.wish(Audition(path=str(DEMO_PHRASE)))
    scores.forget()
    scores.close()
    assert scores.poll() is None


def test_an_alternative_sounds_at_the_tempo_of_now() -> None:
    notes = (Note(8.0, 1.0, 60, 80, 3), Note(9.0, 0.5, 62, 70, 3))
    candidate = Candidate(seed=1, notes=notes, score=0.5, why=(), quoted=Quoted(0, ""))
    timebase = Timebase(60.0, 4.0, tempo_known=True)
    assert of_alternative(candidate, timebase, None) == [
        (0, Voice.PARTNER, bytes((0x93, 60, 80))),
        (SECOND, Voice.PARTNER, bytes((0x83, 60, 64))),
        (SECOND, Voice.PARTNER, bytes((0x93, 62, 70))),
        (SECOND + SECOND // 2, Voice.PARTNER, bytes((0x83, 62, 64))),
    ]
    assert {one[2][0] & 0x0F for one in of_alternative(candidate, timebase, 5)} == {5}


def test_three_notes_are_three() -> None:
    messages = [message for _, _, message in three_notes(2)]
    assert [message[0] for message in messages] == [0x92, 0x82] * 3
