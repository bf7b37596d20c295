"""Times, contents and rows of takes in words."""

from datetime import datetime, timedelta, timezone

import pytest

from gui.takes import words
from tests.gui.takes.stage import NOON, take

ZONE = timezone(timedelta(hours=2))
NOW = datetime(2026, 5, 1, 14, 5, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("earlier", "says"),
    [
        (timedelta(seconds=5), "just now, 14:04"),
        (timedelta(seconds=61), "1 min ago, 14:03"),
        (timedelta(minutes=59, seconds=59), "59 min ago, 13:05"),
        (timedelta(hours=3), "3 h ago, 11:05"),
        (timedelta(hours=15), "yesterday, 23:05"),
        (timedelta(days=6), "6 days ago, 14:05"),
        (timedelta(days=8), "23 Apr 2026, 14:05"),
        (timedelta(seconds=-90), "1 May 2026, 14:06"),
    ],
)
def test_when(earlier: timedelta, says: str) -> None:
    assert words.when((NOW - earlier).astimezone(NOON.tzinfo).isoformat(), NOW) == says


def test_a_row_says_all_that_it_shows() -> None:
    shown = take(name="Night bus", starred=True, finished=False)
    said = words.spoken(shown, NOW, playing=True)
    assert said == (
        "Night bus, starred, playing, not finished, 5 min ago, 14:00, you 4, partner 2 notes, "
        "96.0 bpm"
    )
    assert words.heading(take(), NOW) == "5 min ago, 14:00"
    assert words.below(take(), NOW) == "you 4, partner 2 notes · 96.0 bpm"


def test_what_is_not_there_is_not_said() -> None:
    assert words.content(take(answer_notes=0, heard_notes=1)) == "you 1 note"
    assert words.content(take(heard_notes=0)) == "partner 2 notes"
    assert words.tempo(take(tempo_known=False)) == "free time"


def test_every_word_of_a_search_must_be_there() -> None:
    found = words.searched(take(name="Night bus"))
    assert words.matches(found, "BUS 96.0")
    assert words.matches(found, f"{NOON.astimezone():%H:%M} may friday")
    assert words.matches(found, "")
    assert not words.matches(found, "bus 97.0")
