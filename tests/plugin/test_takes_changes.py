"""What can be done to takes that are there: names, the bin, what is new; libraries of old."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events import Timebase, Voice
from engine.smf.song import parse_midi
from plugin.takes import (
    KEPT_DISCARDED,
    LONGEST_NAME,
    TakeError,
    TakeLibrary,
    TakeWriter,
    tidy_name,
)
from plugin.takes_store import SCHEMA_VERSION, open_library
from tests.plugin.takes_stage import KNOWN, play
from tests.strategies import awkward_names

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)

# The library as the first version made it, word for word: such files are out there.
FIRST_SCHEMA = """
CREATE TABLE takes (
    id TEXT PRIMARY KEY, started TEXT NOT NULL, name TEXT NOT NULL, tempo_bpm REAL NOT NULL,
    tempo_known INTEGER NOT NULL, beats_per_bar REAL NOT NULL, start_beat REAL NOT NULL,
    model TEXT NOT NULL, seed TEXT, settings TEXT NOT NULL,
    starred INTEGER NOT NULL DEFAULT 0, finished INTEGER NOT NULL DEFAULT 0,
    heard_notes INTEGER NOT NULL DEFAULT 0, answer_notes INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE messages (
    take_id TEXT NOT NULL, seq INTEGER NOT NULL, side INTEGER NOT NULL, t_ns INTEGER NOT NULL,
    message BLOB NOT NULL, PRIMARY KEY (take_id, seq)
) WITHOUT ROWID;
INSERT INTO takes VALUES ('20260101-120000-000aaaa', '2026-01-01T12:00:00.000+00:00', 'Old', 96.0,
    1, 4.0, 0.0, 'prior', '7', '{}', 1, 1, 1, 0);
INSERT INTO messages VALUES ('20260101-120000-000aaaa', 0, 0, 0, x'903c50');
PRAGMA user_version = 1;
"""


@pytest.fixture
def library(path: Path) -> Iterator[TakeLibrary]:
    with TakeLibrary(path) as found:
        yield found


@pytest.fixture
def ids(path: Path, writer: TakeWriter) -> list[str]:
    """Three takes, the oldest first."""
    found = [play(writer, name) for name in ("Blue", "Green", "")]
    assert writer.flush()
    return found


def listed(library: TakeLibrary, *, discarded: bool = False) -> list[str]:
    return [take.id for take in library.list_takes(discarded=discarded)]


# ---------------------------------------------------------------------------------- names


def test_a_take_gets_a_name_and_loses_it(library: TakeLibrary, ids: list[str]) -> None:
    assert library.rename(ids[2], "  Night \n bus\x07 ") == "Night bus"
    assert library.get(ids[2]).title == "Night bus"
    assert library.rename(ids[2], "") == ""
    assert library.get(ids[2]).title.startswith("Take 20")
    assert [library.get(take_id).name for take_id in ids[:2]] == ["Blue", "Green"]


@given(name=awkward_names | st.text(max_size=400))
def test_any_name_becomes_one_line_and_stays_it(name: str) -> None:
    kept = tidy_name(name)
    assert len(kept) <= LONGEST_NAME
    assert kept == kept.strip()
    assert len(kept.splitlines()) <= 1
    assert kept.replace("\u200d", "").isprintable()
    assert tidy_name(kept) == kept


def test_a_name_given_while_the_take_is_played_stays(
    path: Path, writer: TakeWriter, library: TakeLibrary
) -> None:
    take_id = writer.begin_take(KNOWN)
    assert writer.flush()
    library.rename(take_id, "early")
    writer.finish(take_id, settings={"a": 1})
    assert writer.flush()
    assert library.get(take_id).name == "early"


# -------------------------------------------------------------------------------- the bin


def test_what_is_discarded_is_hidden_and_comes_back_whole(
    library: TakeLibrary, ids: list[str]
) -> None:
    before, heard = library.get(ids[1]), library.messages(ids[1])
    assert library.discard([ids[1], "nobody"], NOON) == 1
    assert listed(library) == [ids[2], ids[0]]
    assert listed(library, discarded=True) == [ids[1]]
    with pytest.raises(TakeError, match="no take"):
        library.get(ids[1])
    found = library.get(ids[1], discarded=True)
    assert found.deleted == "2026-05-01T12:00:00.000+00:00"
    assert library.restore([ids[1], ids[0]]) == 1
    assert library.get(ids[1]) == before
    assert library.messages(ids[1]) == heard
    assert listed(library) == ids[::-1]


def test_a_second_discard_does_not_lengthen_the_stay(library: TakeLibrary, ids: list[str]) -> None:
    library.discard([ids[0]], NOON)
    assert library.discard([ids[0]], NOON + timedelta(days=20)) == 0
    assert library.empty_bin(NOON + KEPT_DISCARDED) == 0, "on the thirtieth day it is there"
    assert library.empty_bin(NOON + KEPT_DISCARDED + timedelta(seconds=1)) == 1
    assert library.messages(ids[0]) == []
    assert library.restore([ids[0]]) == 0
    assert listed(library) == [ids[2], ids[1]]


def test_emptying_the_bin_takes_nothing_that_is_not_in_it(
    library: TakeLibrary, ids: list[str]
) -> None:
    assert library.empty_bin(NOON + timedelta(days=9999)) == 0
    assert listed(library) == ids[::-1]


def test_changes_are_all_or_none(path: Path, library: TakeLibrary, ids: list[str]) -> None:
    connection = open_library(path, create=False)
    connection.execute(
        f"CREATE TRIGGER t BEFORE UPDATE ON takes WHEN OLD.id = '{ids[0]}' "
        "BEGIN SELECT RAISE(ABORT, 'not this one'); END"
    )
    connection.close()
    with pytest.raises(TakeError):
        library.discard([ids[2], ids[0]])
    assert listed(library) == ids[::-1]
    assert library.discard([ids[2]]) == 1, "the library goes on after a change that failed"


# ------------------------------------------------------------------------------ what is new


def test_listing_since_a_take_begins_with_it(library: TakeLibrary, ids: list[str]) -> None:
    assert [take.id for take in library.list_takes(since=ids[1])] == [ids[2], ids[1]]
    assert library.list_takes(since="3") == []


def test_a_take_that_is_whole_on_disk_is_told_once(path: Path) -> None:
    saved: list[str] = []

    def on_saved(take_id: str) -> None:
        with TakeLibrary(path) as library:
            assert library.get(take_id).finished
        saved.append(take_id)
        raise RuntimeError("a listener that fails costs no take")

    writer = TakeWriter(path, on_saved=on_saved)
    ids = [play(writer), play(writer)]
    assert writer.flush()
    unfinished = writer.begin_take(Timebase())
    writer.message(unfinished, Voice.PLAYER, 0, b"\x90\x3c\x50")
    assert writer.flush()
    assert saved == ids
    writer.close()


def test_the_midi_bytes_are_those_of_the_export(
    library: TakeLibrary, ids: list[str], tmp_path: Path
) -> None:
    content = library.midi(ids[0])
    assert library.export(ids[0], tmp_path).read_bytes() == content
    assert len(parse_midi(content).notes) == 4


# ---------------------------------------------------------------------------- older libraries


def old_library(path: Path) -> None:
    path.parent.mkdir(parents=True)
    connection = sqlite3.connect(path)
    connection.executescript(FIRST_SCHEMA)
    connection.close()


def test_a_library_of_the_first_version_opens_with_all_that_is_in_it(path: Path) -> None:
    old_library(path)
    with TakeLibrary(path) as library:
        (take,) = library.list_takes()
        assert (take.name, take.starred, take.deleted) == ("Old", True, None)
        assert [message.message for message in library.messages(take.id)] == [b"\x90\x3c\x50"]
        assert library.discard([take.id]) == 1
        assert library.list_takes() == []
    connection = open_library(path, create=False)
    assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


def test_a_jam_writes_on_in_a_library_of_the_first_version(path: Path) -> None:
    old_library(path)
    writer = TakeWriter(path)
    take_id = play(writer, "New")
    assert writer.flush()
    writer.close()
    with TakeLibrary(path) as library:
        assert [take.name for take in library.list_takes()] == ["New", "Old"]
        assert library.get(take_id).heard_notes == 3


def test_a_step_that_fails_leaves_the_old_library_as_it_was(path: Path) -> None:
    old_library(path)
    blocker = sqlite3.connect(path)
    # The column is there already, so that the step to the second version cannot be made.
    blocker.execute("ALTER TABLE takes ADD COLUMN deleted TEXT")
    blocker.commit()
    blocker.close()
    with TakeLibrary(path) as library, pytest.raises(TakeError, match="cannot be used"):
        library.list_takes()
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    assert connection.execute("SELECT name FROM takes").fetchall() == [("Old",)]
    connection.close()


def test_a_library_that_is_open_in_the_older_program_can_be_written_by_it(path: Path) -> None:
    old_library(path)
    older = sqlite3.connect(path, isolation_level=None)
    older.execute("SELECT count(*) FROM takes").fetchone()
    with TakeLibrary(path) as library:
        assert len(library.list_takes()) == 1
        older.execute(
            "INSERT INTO takes (id, started, name, tempo_bpm, tempo_known, beats_per_bar, "
            "start_beat, model, seed, settings) VALUES ('20260202-120000-000aaaa', "
            "'2026-02-02T12:00:00.000+00:00', 'Later', 96.0, 1, 4.0, 0.0, 'prior', '7', '{}')"
        )
        older.close()
        assert [take.name for take in library.list_takes()] == ["Later", "Old"]
