"""Meta-training on made-up players with a tiny prior: it gets better, goes on, ships what fits."""

import json
from pathlib import Path

import pytest
import torch

from engine.adapt import forms
from engine.adapt.adapter import AdapterError
from engine.corpus import CorpusError
from engine.meta import command, run, starts
from engine.meta.starts import load_start
from engine.model import checkpoint
from engine.model.checkpoint import fingerprint
from engine.train import command as train_command
from tests.engine.adapt.stage import one_thread
from tests.engine.meta.stage import PLAYERS, write_tasks
from tests.fakes import tiny_prior

__all__ = ["one_thread"]

pytestmark = pytest.mark.slow


class Rounds:
    """A clock that says one second a round; may be told to break at one."""

    def __init__(self, *, breaks_at: int | None = None) -> None:
        self.calls, self._breaks_at = 0, breaks_at

    def __call__(self) -> float:
        self.calls += 1
        if self._breaks_at is not None and self.calls // 2 == self._breaks_at:
            raise KeyboardInterrupt
        return float(self.calls // 2)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    small = {"EPISODES_A_ROUND": 1, "VALID_EVERY": 2, "VALID_EPISODES": 2, "VALID_PHRASES": (1, 2)}
    for name, value in small.items():
        monkeypatch.setattr(run, name, value)
    monkeypatch.setattr("engine.meta.episodes.PHRASES", (1, 2))
    monkeypatch.setattr(run, "draw", lambda *_: None)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tasks(tmp_path_factory.mktemp("music") / "data")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_prior.write(tmp_path_factory.mktemp("prior") / "tiny.safetensors")


def _train(
    data: Path, weights: Path, out: Path, *, rounds: int = 6, method: str = "first-order", **more
) -> Path:
    told: dict = {"form": "state", "steps": 2, "seed": 3, "clock": Rounds(), **more}
    return run.train(data, weights, out, method, minutes=rounds / 60, threads=1, **told)


def _saved(out: Path) -> dict:
    return torch.load(out / "last.pt", weights_only=True)


@pytest.mark.parametrize("method", run.METHODS)
def test_each_method_moves_the_start_and_says_what_it_did(
    data: Path, weights: Path, tmp_path: Path, method: str
):
    best = _train(data, weights, tmp_path, method=method)
    card = json.loads((tmp_path / "run.json").read_text())
    assert (card["round"], card["method"], card["form"]) == (6, method, "state")
    assert card["prior"] == fingerprint(weights)
    assert [number for number, _ in card["valid"]] == [2, 4, 6]
    assert card["best"] == min(left for _, left in card["valid"]) < 100.0
    start, facts = load_start(best, fingerprint(weights))
    assert (start.form, start.steps, facts["method"]) == ("state", 2, method)
    assert start.values["said"].abs().sum() > 0
    assert (start.rates["said"] > 0).all()
    still = torch.allclose(start.rates["said"], torch.tensor(run.FIRST_RATE), rtol=1e-4)
    assert still == (method == "reptile")


def test_a_stopped_run_goes_on_as_if_nothing_had_happened(
    data: Path, weights: Path, tmp_path: Path
):
    whole = _train(data, weights, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        _train(data, weights, tmp_path / "broken", clock=Rounds(breaks_at=5))
    assert json.loads(_saved(tmp_path / "broken")["progress"])["round"] == 4
    resumed = _train(data, weights, tmp_path / "broken")
    one, other = (load_start(path, None)[0] for path in (whole, resumed))
    assert torch.allclose(one.values["said"], other.values["said"])
    assert torch.allclose(one.rates["said"], other.rates["said"])
    cards = [json.loads((tmp_path / name / "run.json").read_text()) for name in ("whole", "broken")]
    one_train, other_train = (dict(card["train"]) for card in cards)
    assert one_train == pytest.approx(other_train)


def test_a_finished_run_is_left_as_it_is(data: Path, weights: Path, tmp_path: Path):
    best = _train(data, weights, tmp_path, rounds=2)
    written, clock = best.read_bytes(), Rounds()
    assert _train(data, weights, tmp_path, rounds=2, clock=clock) == best
    assert clock.calls == 0
    assert best.read_bytes() == written


@pytest.mark.parametrize("other", ["method", "form", "seed", "prior", "steps"])
def test_the_save_of_another_run_is_not_gone_on_from(
    data: Path, weights: Path, tmp_path: Path, other: str
):
    _train(data, weights, tmp_path / "run", rounds=2)
    seven = tiny_prior.write(tmp_path / "seven.safetensors", seed=7)
    more = {"method": "reptile", "form": "heads", "seed": 4, "steps": 3}
    words = {other: more[other]} if other in more else {}
    with pytest.raises(AdapterError, match="name another folder with --out"):
        _train(data, seven if other == "prior" else weights, tmp_path / "run", **words)


@pytest.mark.parametrize("content", [b"", b"noise" * 100, None])
def test_a_save_that_cannot_be_read_is_a_sentence(
    data: Path, weights: Path, tmp_path: Path, content: bytes | None
):
    if content is None:
        torch.save(["no save"], tmp_path / "last.pt")
    else:
        (tmp_path / "last.pt").write_bytes(content)
    with pytest.raises(AdapterError, match="name another folder with --out"):
        _train(data, weights, tmp_path)


def test_a_slope_that_is_no_number_ends_it_and_the_last_save_stays_good(
    data: Path, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    original, calls = run.METHODS["first-order"], []

    def slopes(*what):
        calls.append(what)
        values, rates, loss = original(*what)
        if len(calls) == 4:
            values["said"] = values["said"] * torch.nan
        return values, rates, loss

    monkeypatch.setitem(run.METHODS, "first-order", slopes)
    with pytest.raises(AdapterError, match="not a number in round 3"):
        _train(data, weights, tmp_path)
    assert json.loads(_saved(tmp_path)["progress"])["round"] == 2
    assert load_start(tmp_path / "best.safetensors", None)[1]["rounds"] == "2"


def test_held_back_players_are_the_same_each_time_and_never_learnt_from(data: Path):
    one, same = run.validation(data), run.validation(data)
    assert [e.query.tobytes() for e in one] == [e.query.tobytes() for e in same]
    assert {episode.task for episode in one} == {"dora"}


def test_without_players_it_is_a_sentence(weights: Path, tmp_path: Path):
    lone = write_tasks(tmp_path / "data", [task for task in PLAYERS if task.meta != "meta_valid"])
    with pytest.raises(CorpusError, match="meta_valid"):
        _train(lone, weights, tmp_path / "run")


# ----------------------------------------------------------------------------------- the command


def _said(capsys: pytest.CaptureFixture) -> str:
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    return captured.err.strip().splitlines()[-1]


def test_the_command_trains_and_says_where_everything_is(
    data: Path, weights: Path, tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.undo()
    for name, value in {"EPISODES_A_ROUND": 1, "VALID_EPISODES": 2, "VALID_PHRASES": (1,)}.items():
        monkeypatch.setattr(run, name, value)
    monkeypatch.setattr("engine.meta.episodes.PHRASES", (1,))
    out = tmp_path / "run"
    words = ["meta", "--data", str(data), "--weights", str(weights), "--out", str(out)]
    words += ["--minutes", "0.0001", "--form", "state", "--steps", "1", "--threads", "1"]
    assert train_command.main(words) == 0
    said = capsys.readouterr().out
    for name in ("best.safetensors", "curve.png", "run.json"):
        assert str(out / name) in said
        assert (out / name).is_file()
    assert (out / "curve.png").read_bytes().startswith(b"\x89PNG")
    assert train_command.main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads((out / "run.json").read_text())


def test_a_start_is_shipped_for_the_prior_there_and_no_other(
    data: Path, weights: Path, tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch
):
    shipped, out = tmp_path / "start.safetensors", tmp_path / "run"
    other = tiny_prior.write(tmp_path / "other.safetensors", seed=7)
    monkeypatch.setattr(starts, "SHIPPED", shipped)
    best = _train(data, weights, out, rounds=2)
    monkeypatch.setattr(checkpoint, "SHIPPED", other)
    words = ["--ship", "--out", str(out)]
    for more in ([], ["--weights", str(weights)]):
        assert command.main([*words, *more]) == 1
        assert "another prior" in _said(capsys)
        assert not shipped.exists()
    monkeypatch.setattr(checkpoint, "SHIPPED", weights)
    assert command.main(words) == 0
    assert "Shipped: state, first-order, 2 steps" in capsys.readouterr().out
    assert shipped.read_bytes() == best.read_bytes()
    best.write_bytes(b"noise")
    assert command.main(words) == 1
    assert "damaged" in _said(capsys)
    assert len(shipped.read_bytes()) > 100, "what was shipped stays"


def test_what_cannot_be_done_is_a_sentence(
    data: Path, weights: Path, tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    words = ["--weights", str(weights), "--out", str(tmp_path / "run")]
    assert command.main(words) == 1
    assert "--data" in _said(capsys)
    assert command.main([*words, "--data", str(tmp_path)]) == 1
    assert "no index.csv" in _said(capsys)
    none = ["--weights", str(tmp_path / "none"), "--out", str(tmp_path / "run")]
    assert command.main([*none, "--data", str(data)]) == 1
    assert "no weights at" in _said(capsys)
    (tmp_path / "file").write_text("")
    to_file = [*words[:2], "--data", str(data), "--out", str(tmp_path / "file")]
    assert command.main(to_file) == 1
    assert "cannot be written" in _said(capsys)


@pytest.mark.parametrize(
    "words",
    [
        ["--minutes", "0"],
        ["--minutes", "nan"],
        ["--minutes", "-3"],
        ["--method", "magic"],
        ["--form", "lora-5"],
        ["--steps", "0"],
        ["--threads", "0"],
        ["somewhere"],
    ],
)
def test_wrong_words_are_wrong_usage(words: list[str], capsys: pytest.CaptureFixture):
    assert command.main(words) == 2
    assert _said(capsys)


def test_help_is_no_error_and_the_words_are_those_of_the_code(capsys: pytest.CaptureFixture):
    assert command.main(["--help"]) == 0
    assert "--ship" in capsys.readouterr().out
    assert tuple(run.METHODS) == command.METHODS
    assert forms.FORMS == command.FORMS
