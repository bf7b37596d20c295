"""The take library: nothing that was played is lost."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events import Timebase, Voice
from engine.smf.notes import events_of, is_note_on, pair_notes
from engine.smf.song import read_midi
from plugin.files import safe_stem, unused_path
from plugin.midifile_writer import ticks, us_per_beat
from plugin.takes import TakeError, TakeLibrary, TakeWriter, export_stem
from tests.plugin.takes_stage import KNOWN, SECOND, play
from tests.rig.waiting import wait_for
from tests.strategies import awkward_names, messy_performances, performances, timebases

# ------------------------------------------------------------------------- what is kept


def test_a_take_comes_back_as_it_was_played(path: Path, writer: TakeWriter) -> None:
    take_id = play(writer, "Blue")
    assert writer.flush()
    with TakeLibrary(path) as library:
        (take,) = library.list_takes()
        messages = library.messages(take_id)
        notes = library.notes(take_id)
    assert (take.id, take.name, take.model, take.seed) == (take_id, "Blue", "prior", 7)
    assert (take.heard_notes, take.answer_notes) == (3, 1)
    assert (take.timebase, take.finished, take.starred) == (KNOWN, True, False)
    assert json.loads(take.settings) == {"top_p": 0.9}
    assert datetime.fromisoformat(take.started).tzinfo == UTC
    assert len(messages) == 8
    assert messages[1].message == b"\x80\x3c\x40"
    assert (messages[1].side, messages[1].t_ns) == (Voice.PLAYER, SECOND // 4)
    assert [(n.onset, n.duration, n.pitch) for n in notes[Voice.PARTNER]] == [(2.0, 1.0, 72)]


def test_ids_sort_by_time_even_when_the_clock_goes_back(path: Path) -> None:
    hours = iter([12, 12, 11, 13])
    writer = TakeWriter(path, now=lambda: datetime(2026, 1, 2, next(hours), tzinfo=UTC))
    ids = [writer.begin_take(KNOWN) for _ in range(4)]
    writer.close()
    assert ids == sorted(set(ids))
    assert len({len(take_id) for take_id in ids}) == 1
    with TakeLibrary(path) as library:
        assert [take.id for take in library.list_takes()] == ids[::-1]


def test_finish_may_say_what_begin_could_not_know(path: Path, writer: TakeWriter) -> None:
    take_id = writer.begin_take(Timebase(), name="first")
    writer.finish(take_id, model="prior", seed=2**70, settings={"a": 1})
    assert writer.flush()
    with TakeLibrary(path) as library:
        take = library.get(take_id)
    assert (take.model, take.seed, take.settings, take.name) == (
        "prior",
        2**70,
        '{"a": 1}',
        "first",
    )


def test_what_is_handed_over_is_on_disk_without_being_asked_for(path: Path) -> None:
    writer = TakeWriter(path)
    play(writer)

    def on_disk() -> bool:
        with TakeLibrary(path) as library:
            return [take.heard_notes for take in library.list_takes()] == [3]

    wait_for(on_disk, "the take in the library")
    assert on_disk()
    writer.close()


@given(played=messy_performances(), timebase=timebases(), name=awkward_names)
def test_anything_that_comes_through_a_port_is_kept(
    tmp_path_factory: pytest.TempPathFactory,
    played: list[tuple[int, bytes]],
    timebase: Timebase,
    name: str,
) -> None:
    path = tmp_path_factory.mktemp("takes") / "takes.sqlite3"
    writer = TakeWriter(path)
    take_id = writer.begin_take(timebase, name=name)
    for t_ns, message in played:
        writer.message(take_id, Voice.PLAYER, t_ns, message)
    saved = writer.flush()
    writer.close()
    assert saved
    with TakeLibrary(path) as library:
        kept = [(message.t_ns, message.message) for message in library.messages(take_id)]
        take = library.get(take_id)
    assert kept == played
    assert take.heard_notes == sum(is_note_on(message) for _, message in played)


# --------------------------------------------------------------------------------- export


@given(player=performances(), partner=performances(), timebase=timebases())
def test_importing_an_export_gives_the_same_notes(
    tmp_path_factory: pytest.TempPathFactory,
    player: list[tuple[int, bytes]],
    partner: list[tuple[int, bytes]],
    timebase: Timebase,
) -> None:
    folder = tmp_path_factory.mktemp("export")
    writer = TakeWriter(folder / "takes.sqlite3")
    take_id = writer.begin_take(timebase)
    for voice, messages in ((Voice.PLAYER, player), (Voice.PARTNER, partner)):
        for t_ns, message in messages:
            writer.message(take_id, voice, t_ns, message)
    writer.close()
    with TakeLibrary(folder / "takes.sqlite3") as library:
        song = read_midi(library.export(take_id, folder))
    us = us_per_beat(timebase.bpm)
    bar_ticks = round(timebase.beats_per_bar * 480)
    first = ticks(min((t for t, _ in player + partner), default=0), us)
    shift = first // bar_ticks * bar_ticks if timebase.tempo_known else 0
    assert (song.format, song.ticks_per_beat, song.tempos[0].us_per_beat) == (1, 480, us)
    for track, messages in ((1, player), (2, partner)):
        grid = [(ticks(t, us) - shift, message) for t, message in messages]
        assert [
            (n.onset_tick, n.onset_tick + n.duration_ticks, n.pitch, n.velocity, n.channel)
            for n in song.notes
            if n.track == track
        ] == [note[:5] for note in pair_notes(events_of(grid), 0, 0)]


def test_a_take_that_was_cut_off_in_mid_note_exports_with_the_note_released(
    path: Path, writer: TakeWriter, tmp_path: Path
) -> None:
    take_id = writer.begin_take(Timebase())
    writer.message(take_id, Voice.PLAYER, 0, b"\x90\x3c\x50")
    writer.message(take_id, Voice.PLAYER, SECOND, b"\x90\x40\x50")
    assert writer.flush()
    with TakeLibrary(path) as library:
        song = read_midi(library.export(take_id, tmp_path))
        assert not library.get(take_id).finished
        (first, second) = library.notes(take_id)[Voice.PLAYER]
    assert [n.duration_ticks for n in song.notes] == [960, 120]
    assert song.warnings == ()
    assert (first.duration, second.duration) == (1.0, 0.1)


def test_exports_into_a_folder_do_not_replace_each_other(
    path: Path, writer: TakeWriter, tmp_path: Path
) -> None:
    take_id = play(writer, "Blue: one/two")
    assert writer.flush()
    with TakeLibrary(path) as library:
        names = [library.export(take_id, tmp_path).name for _ in range(2)]
        named = library.export(take_id, tmp_path / "mine.mid")
        library.export(take_id, named)
    assert names == ["Blue- one-two 96bpm.mid", "Blue- one-two 96bpm (2).mid"]
    assert len(read_midi(named).notes) == 4


@given(name=awkward_names)
def test_file_names_that_every_system_takes(name: str) -> None:
    stem = safe_stem(name)
    assert stem
    assert not set(stem) & set('<>:"/\\|?*')
    assert stem.isprintable()
    assert stem == stem.strip(". ")
    assert len(stem.encode()) <= 120
    device = stem.split(".")[0].rstrip().upper()
    assert device not in {"CON", "PRN", "AUX", "NUL", "COM1", "LPT9", "LPT¹"}
    assert safe_stem(stem) == stem


def test_an_unused_name_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.mid").touch()
    (tmp_path / "a (2).mid").touch()
    assert unused_path(tmp_path, "a", ".mid").name == "a (3).mid"


# ----------------------------------------------------------------------- ids and deleting


def test_ids_may_be_cut_short_but_not_guessed(path: Path, writer: TakeWriter) -> None:
    ids = [play(writer) for _ in range(2)]
    assert writer.flush()
    with TakeLibrary(path) as library:
        assert library.get(ids[0]).id == ids[0]
        apart = next(at for at in range(len(ids[0])) if ids[0][at] != ids[1][at])
        assert library.get(ids[1][: apart + 1]).id == ids[1]
        with pytest.raises(TakeError, match=r"2 takes start with “20.*give more"):
            library.get("20")
        for unknown in ("", "nothing", "%", "é", "\ud800"):
            with pytest.raises(TakeError, match=r"There is no take .*antiphon takes list"):
                library.get(unknown)


def test_deleted_notes_are_nowhere_on_the_disk(path: Path) -> None:
    secret = b"\xf0do not keep this\xf7"
    writer = TakeWriter(path)
    take_id = play(writer)
    writer.message(take_id, Voice.PLAYER, 0, secret)
    writer.close()
    assert any(secret in file.read_bytes() for file in path.parent.iterdir())
    with TakeLibrary(path) as library:
        assert library.delete([take_id, "no such take"]) == 1
        assert library.list_takes() == []
        assert library.messages(take_id) == []
    assert not any(secret in file.read_bytes() for file in path.parent.iterdir())


def test_a_take_deleted_while_it_is_played_stays_deleted(path: Path, writer: TakeWriter) -> None:
    gone, kept = writer.begin_take(KNOWN), writer.begin_take(KNOWN)
    writer.message(gone, Voice.PLAYER, 0, b"\x90\x3c\x50")
    assert writer.flush()
    with TakeLibrary(path) as library:
        library.delete([gone])
        for take_id in (gone, kept):
            writer.message(take_id, Voice.PLAYER, SECOND, b"\x90\x3e\x50")
        assert writer.flush()
        assert [take.id for take in library.list_takes()] == [kept]
        assert library.messages(gone) == []
        assert len(library.messages(kept)) == 1


def test_stars_keeps_and_deletes_of_a_jam_are_on_disk_with_the_rest(
    path: Path, writer: TakeWriter
) -> None:
    first, second, third = (play(writer) for _ in range(3))
    writer.star(first, True)
    writer.star(second, True)
    writer.star(second, False)
    writer.keep(second)
    writer.delete(third)
    writer.star("nobody", True)
    writer.keep("nobody")
    writer.delete("nobody")
    assert writer.flush()
    with TakeLibrary(path) as library:
        takes = {take.id: take for take in library.list_takes()}
        assert set(takes) == {first, second}
        assert (takes[first].starred, takes[second].starred) == (True, False)
        assert json.loads(takes[second].settings) == {"top_p": 0.9, "kept": True}
        assert library.messages(third) == []


def test_what_a_jam_deletes_is_nowhere_on_the_disk(path: Path) -> None:
    writer = TakeWriter(path)
    take_id = writer.begin_take(KNOWN)
    writer.message(take_id, Voice.PLAYER, 0, b"\x90secret-notes")
    writer.finish(take_id)
    assert writer.flush()
    writer.delete(take_id)
    assert writer.flush()
    for file in path.parent.iterdir():
        assert b"secret-notes" not in file.read_bytes(), file.name
    writer.close()


def test_a_library_that_is_not_there_is_empty_and_is_not_made(path: Path) -> None:
    with TakeLibrary(path) as library:
        assert library.list_takes() == []
        assert library.delete(["x"]) == 0
    assert not path.parent.exists()


@given(name=awkward_names, bpm=st.floats(1, 999))
def test_the_name_of_an_export_can_be_made(name: str, bpm: float) -> None:
    class Named:
        title = name
        tempo_known = True
        tempo_bpm = bpm

    stem = export_stem(Named())  # type: ignore[arg-type]
    assert stem.endswith("bpm")
    assert safe_stem(stem) == stem
