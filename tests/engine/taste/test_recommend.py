"""Takes and styles that fit come first, and a learnt taste has its say."""

import json
import math

import numpy as np
import pytest

from engine.events import DRUM_CHANNEL
from engine.taste.features import COUNT, NAMES, Situation
from engine.taste.model import TasteError
from engine.taste.portrait import portrait
from engine.taste.recommend import fitting, recommend, recommend_styles
from engine.taste.shipped import PATH, load, shipped
from engine.taste.signals import Kind, Signal
from engine.taste.styles import TRAITS, StyleTable, load_styles, shipped_styles, traits
from tests.engine.taste.lines import PLAIN, blank, line, vector

TUNE = [60, 62, 64, 65, 67, 65, 64, 62]
NOW = Situation.of(line(TUNE), 4.0)
ALIKE, STRANGE = line(TUNE[2:] + TUNE[:2]), line([37, 49, 42, 55, 41], step=2.0)


def test_a_take_of_the_same_music_comes_first_with_the_shipped_weights():
    found = recommend(NOW, [("strange", STRANGE), ("alike", ALIKE), ("silent", [])])
    assert [name for name, _ in found] == ["alike", "strange"]
    assert found[0][1] > found[1][1] + 1
    assert recommend(NOW, []) == []


def test_a_learnt_taste_has_its_say_and_a_prior_has_none():
    takes = [("low", line([48, 50, 52, 53])), ("high", line([72, 74, 76, 77]))]
    fit = vector(high=-0.1)
    taste = blank(high=3.0)
    assert [name for name, *_ in fitting(NOW, takes, taste=taste, fit=fit, scale=PLAIN)] == [
        "low", "high",
    ]  # fmt: skip
    for _ in range(20):
        taste.learn(Signal(Kind.STAR), vector(high=1.0), [vector(high=-1.0)])
    assert [name for name, *_ in fitting(NOW, takes, taste=taste, fit=fit, scale=PLAIN)] == [
        "high", "low",
    ]  # fmt: skip


def test_the_shipped_numbers_are_whole_and_reasonable():
    found = shipped()
    assert found is shipped()
    weights = dict(zip(NAMES, found.prior.weights.tolist(), strict=True))
    assert weights["critic"] > 0 > weights["quote"]
    fit = dict(zip(NAMES, found.fit.tolist(), strict=True))
    assert fit["keys"] > 0 > fit["new"]
    assert abs(found.prior.weights).max() < 1
    assert (found.scale.spread > 0.01).all()


@pytest.mark.parametrize("name", ["missing", "cut", "names", "number", "spread", "deviation"])
def test_damaged_numbers_are_a_sentence(tmp_path, name):
    stored = json.loads(PATH.read_text(encoding="utf-8"))
    path = tmp_path / "taste.json"
    if name == "names":
        stored["features"].pop("busy")
    if name == "number":
        stored["features"]["busy"]["prior"] = float("nan")
    if name == "spread":
        stored["features"]["busy"]["spread"] = 0.0
    if name == "deviation":
        stored["deviation"] = -1
    if name != "missing":
        text = json.dumps(stored)
        path.write_text(text[: len(text) // 2] if name == "cut" else text, encoding="utf-8")
    with pytest.raises(TasteError, match=r"^taste\.json cannot be read .*reinstall Antiphon"):
        load(path)


# -------------------------------------------------------------------------------------- styles


def _table() -> StyleTable:
    """Marches are even and in four, waltzes in three, tangos syncopated."""
    means = np.zeros((3, len(TRAITS)))
    means[1, TRAITS.index("in_three")] = 1.0
    means[2, TRAITS.index("syncopation")] = 1.0
    means[:, TRAITS.index("pitch")] = 5.0
    return StyleTable(("march", "waltz", "tango"), means, np.eye(len(TRAITS)) * 0.1)


def test_the_style_that_is_played_comes_first():
    played = {
        "march": Situation.of(line([60] * 8, step=1.0), 4.0),
        "waltz": Situation.of(line([60] * 8, step=1.0), 3.0),
        "tango": Situation.of(line([60] * 8, step=1.0, start=0.5), 4.0),
    }
    for name, now in played.items():
        assert recommend_styles(now, _table())[0][0] == name
    assert recommend_styles(played["waltz"], _table(), known=["tango", "march", "reel"])[0][0] in {
        "march", "tango",
    }  # fmt: skip
    assert recommend_styles(Situation.of([]), _table()) == []


def test_what_is_not_known_of_a_phrase_does_not_count():
    free = portrait(line([60] * 8, step=1.0))
    assert free is not None
    assert np.isnan(traits(free)[TRAITS.index("in_three")])
    scores = dict(_table().scores([free]))
    assert scores["march"] == pytest.approx(scores["waltz"]) == pytest.approx(scores["tango"])
    drums = portrait(line([36, 38], channel=DRUM_CHANNEL), 4.0)
    assert drums is not None
    assert all(math.isfinite(score) for _, score in _table().scores([drums]))


def test_more_of_it_is_a_mean_and_the_average_style_has_nought():
    one, other = portrait(line([60] * 8), 3.0), portrait(line([60] * 8), 4.0)
    assert one is not None
    assert other is not None
    both = dict(_table().scores([one, other]))
    each = [dict(_table().scores([found])) for found in (one, other)]
    assert both["waltz"] == pytest.approx((each[0]["waltz"] + each[1]["waltz"]) / 2)
    assert sum(both.values()) == pytest.approx(0)
    assert _table().scores([]) == []


def test_the_shipped_styles_know_what_is_in_three():
    table = shipped_styles()
    assert len(table.names) > 300
    assert len(set(table.names)) == len(table.names)
    three = dict(zip(table.names, table.means[:, TRAITS.index("in_three")], strict=True))
    assert three["waltz"] > 0.9
    assert three["reel"] < 0.1
    ranked = [name for name, _ in recommend_styles(Situation.of(line([67, 72, 76] * 8), 3.0))]
    assert ranked.index("jig") < ranked.index("reel")


def test_a_table_comes_out_of_its_file_and_a_damaged_one_is_a_sentence(tmp_path):
    path = tmp_path / "styles.json"
    path.write_text(_table().as_json(), encoding="utf-8")
    found = load_styles(path)
    assert found.names == _table().names
    assert found.means == pytest.approx(_table().means)
    stored = json.loads(_table().as_json())
    flat = np.zeros((len(TRAITS), len(TRAITS))).tolist()
    for change in ({"version": 2}, {"traits": []}, {"covariance": flat}, {"styles": {"a": [1.0]}},
                   {"styles": []}, {"covariance": None}):  # fmt: skip
        path.write_text(json.dumps({**stored, **change}), encoding="utf-8")
        with pytest.raises(TasteError, match=r"^styles\.json cannot be read"):
            load_styles(path)


def test_the_weights_of_what_fits_say_nothing_of_lengths():
    assert shipped().fit[NAMES.index("long")] == 0
    assert shipped().fit.shape == (COUNT,)
