"""`antiphon evaluate adapt` on made-up players with a tiny prior: every row, every figure."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.adapt.forms import FORMS
from engine.adapt.lesson import Scorer
from engine.corpus import load_tasks
from engine.encoding import FIELDS
from engine.evaluate import command
from engine.evaluate.adapt import report as adapt
from engine.evaluate.adapt.cases import cases
from engine.evaluate.adapt.scores import BOTH, MEMORY, PRIOR, PROMPT, SHIPS, WITH_MEMORY, query
from engine.evaluate.adapt.scores import scores as scores_of
from engine.meta.starts import save_start
from engine.meta.tasks import SETTINGS
from engine.model.checkpoint import fingerprint
from tests.engine.adapt.stage import one_thread, scorer, start_of
from tests.engine.meta.stage import PLAYERS, Task, episode, write_tasks
from tests.fakes import tiny_prior

__all__ = ["one_thread"]

WORDS = ("--phrases", "1", "2", "--quick", "--threads", "1")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tasks(tmp_path_factory.mktemp("music") / "data")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_prior.write(tmp_path_factory.mktemp("prior") / "tiny.safetensors")


def _words(data: Path, weights: Path, *more: object) -> list[str]:
    return ["adapt", "--data", str(data), "--weights", str(weights), *WORDS, *map(str, more)]


def _fails(capsys: pytest.CaptureFixture, words: list[str], code: int = 1) -> str:
    assert command.main(words) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Traceback" not in captured.err
    return captured.err.strip().splitlines()[-1]


@pytest.mark.slow
def test_the_report_has_every_row_and_every_figure(
    data: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture
):
    start = tmp_path / "start.safetensors"
    save_start(start, start_of(scorer().base, form="state"), fingerprint(weights), {"method": "x"})
    more = ("--json", "--out", tmp_path, "--forms", "lora-4,heads", "--starts", start)
    assert command.main(_words(data, weights, *more)) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["tasks"], report["tier"], report["quick"]) == ("meta_test", "all", True)
    assert report["prior"] == fingerprint(weights)
    assert report["players"] == ["emil", "fran"], "one of each collection"
    assert report["shipped_form"] == "lora-4"
    learnt = ("lora-4", "heads", "state, x", SHIPS)
    methods = {PRIOR, PROMPT, MEMORY, BOTH, adapt.NGRAM, *learnt}
    methods |= {name + WITH_MEMORY for name in learnt}
    found = Counter((row["setting"], row["phrases"]) for row in report["rows"])
    assert found == {(s, n): len(methods) for s in SETTINGS for n in (1, 2)}
    for row in report["rows"]:
        assert row["method"] in methods
        low, high = row["interval"]
        assert low - 1e-9 <= row["saved_percent"] <= high + 1e-9
        assert row["worst_percent"] <= row["saved_percent"] + 1e-9
        assert set(row["fields"]) == set(FIELDS)
        assert row["bits_per_note"] == pytest.approx(sum(row["fields"].values()))
        figures = [v for v in row.values() if isinstance(v, float)]
        assert np.isfinite([*figures, *row["interval"], *row["fields"].values()]).all()
        assert row["episodes"] == 2
        assert (row["kept"] is None) == (not row["method"].startswith(SHIPS))
        assert 0 <= row["seconds"] <= row["most_seconds"]
        if row["method"] == PRIOR:
            assert (row["saved_percent"], row["worse_than_prior"]) == (0.0, 0.0)
        if row["method"] == PROMPT:
            assert row["over_prompt_percent"] == 0.0
        if row["method"].startswith(SHIPS) and row["phrases"] == 1:
            assert row["kept"] == 0.0, "one phrase: nothing is held back that could speak for it"
    assert (tmp_path / "adapt.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_the_table_is_for_people(data: Path, weights: Path, capsys: pytest.CaptureFixture):
    assert command.main(_words(data, weights)) == 0
    said = capsys.readouterr().out
    for word in (*SETTINGS, PRIOR, PROMPT, MEMORY, BOTH, SHIPS, "n-gram", "2 unseen players"):
        assert word in said
    assert "{" not in said


@pytest.mark.parametrize("same", [True, False])
def test_an_adapter_that_changes_nothing_is_the_prior_as_live(same: bool):
    """And prompt, memory and adapters are asked about the same notes."""
    model, one = scorer(), episode(same=same)
    nothing = start_of(model.base, rate=0.0, steps=1)
    found = scores_of(model, one, {"nothing": nothing}, None)
    live = PROMPT if same else PRIOR
    assert found["nothing"].bits == pytest.approx(found[live].bits, abs=1e-5)
    assert found["nothing" + WITH_MEMORY].bits == pytest.approx(found[BOTH].bits, abs=1e-4)
    assert found[PROMPT].bits != pytest.approx(found[PRIOR].bits, abs=1e-3)
    for heard in (True, False):
        asked = query(one, heard=heard)
        assert np.array_equal(asked.rows, one.query[one.heard :])
        assert not asked.counted[0, [0, 4]].any(), "where it begins is not asked of anybody"


def test_what_is_scored_is_what_the_model_says():
    model, one = scorer(), episode(same=False)
    bits = scores_of(model, one, {}, None)[PRIOR].bits
    asked = query(one, heard=False)
    with torch.no_grad():
        expected = model.bits(asked.lesson, {}).numpy() * asked.counted
    assert bits == pytest.approx(expected.sum(axis=0) / len(asked.rows), abs=1e-4)
    assert isinstance(model, Scorer)


def test_of_one_collection_only_some_players_count(tmp_path: Path):
    tasks = [Task(f"p{n}", meta="meta_test", split="test") for n in range(6)]
    tasks.append(Task("q", meta="meta_test", split="test", collection="other"))
    found = cases(load_tasks(write_tasks(tmp_path / "d", tasks), "meta_test"), (1, 2), most=2)
    per = Counter((one.collection, one.setting, number) for number, one in found)
    assert set(per) == {(c, s, n) for c in ("tunes", "other") for s in SETTINGS for n in (1, 2)}
    assert {key[0]: n for key, n in per.items()} == {"tunes": 2, "other": 1}
    again = cases(load_tasks(tmp_path / "d", "meta_test"), (1, 2), most=2)
    assert [one.query.tobytes() for _, one in again] == [one.query.tobytes() for _, one in found]


def test_what_cannot_be_done_is_a_sentence(
    data: Path, weights: Path, tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    assert "--data" in _fails(capsys, ["adapt"])
    assert "no index.csv" in _fails(capsys, _words(tmp_path, weights))
    assert "name another" in _fails(capsys, _words(data, weights, "--tasks", "nobody"))
    assert "no weights at" in _fails(capsys, _words(data, tmp_path / "none"))
    other = tmp_path / "other.safetensors"
    save_start(other, start_of(scorer().base), "f" * 16, {})
    assert "another prior" in _fails(capsys, _words(data, weights, "--starts", other))
    tiny = [Task("t", meta="meta_test", split="test", pieces=1, count=10), PLAYERS[0]]
    lone = write_tasks(tmp_path / "tiny", tiny)
    assert "enough music" in _fails(capsys, _words(lone, weights))


@pytest.mark.parametrize("word", ["", "lora", "lora-4,", "everything", "lora-4,lora-5"])
def test_a_form_that_there_is_not_is_wrong_usage_and_a_sentence(
    data: Path, weights: Path, capsys: pytest.CaptureFixture, word: str
):
    said = _fails(capsys, _words(data, weights, "--forms", word), code=2)
    assert "names no forms of adapters" in said
    assert all(form in said for form in FORMS)
