"""With which settings a jam begins: those of the last one, the usual ones, those of the words."""

import argparse
from pathlib import Path

import pytest

from plugin.commands.jam import _desk
from plugin.control.store import Kept, load, path_in, save
from plugin.settings import Settings, Way

TRADE = Settings(way=Way.TRADE, bars=2)
MINE = Kept(settings=TRADE, presets={"mine": Settings(way=Way.VARY)})


def words(**said: object) -> argparse.Namespace:
    names = ("way", "bars", "tempo", "meter", "clock")
    return argparse.Namespace(**{**dict.fromkeys(names), "say": [], "usual": False, **said})


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTIPHON_DATA", str(tmp_path))
    save(path_in(), MINE)


def test_it_begins_as_the_last_one_ended() -> None:
    assert _desk(words(), None)[0].kept == MINE


def test_the_usual_settings_cost_no_preset() -> None:
    desk, _ = _desk(words(usual=True), None)
    assert desk.settings == Settings()
    assert desk.line(0, "eagerness 0.8").keep
    save(path_in(), desk.kept)
    assert load(path_in())[0].presets == MINE.presets


def test_words_come_on_top_of_what_was_kept() -> None:
    settings = _desk(words(bars="4", say=["scale D dorian"]), None)[0].settings
    assert (settings.way, settings.bars) == (Way.TRADE, 4)
    assert str(settings.limits.scale) == "D dorian"
