import json
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.corpus import CorpusError, load_streams
from engine.critic import fit, train
from engine.critic.examples import PART, Example, gather
from engine.critic.network import Critic, read
from engine.critic.reference import Reference
from engine.evaluate.continuation.continuers import repeated
from engine.evaluate.continuation.passages import choose
from tests.engine.critic import weights
from tests.engine.music import rows, tune, write_folder
from tests.fakes import tiny_prior


def _examples(count: int, seed: int) -> list[Example]:
    """Humans play narrow steps here; two answers leap about, the third is human."""
    rng = np.random.default_rng(seed)

    def line(notes: int, reach: int) -> np.ndarray:
        found = np.array(rows(notes, seed=int(rng.integers(1 << 30))), dtype=np.int64)
        found[:, 1] = np.clip(60 + np.cumsum(rng.integers(-reach, reach + 1, notes)), 0, 127)
        return found

    return [
        Example(line(12, 2), line(10, 2), (line(10, 11), line(10, 11), line(10, 2)))
        for _ in range(count)
    ]


def test_what_can_be_told_is_learnt_and_chosen_by():
    torch.manual_seed(0)
    critic = Reference(16, 1, 2)
    train_on, held_out = _examples(60, 1), _examples(40, 2)
    leaps = [[0, 1]] * len(train_on)
    before = fit.asked(critic, held_out)["one"]
    history = fit.fit(critic, fit.shown(train_on, leaps), fit.shown(held_out, [[0]] * 40),
                      epochs=6, rate=5e-3, seed=1, say=lambda _: None)  # fmt: skip
    assert len(history) == 6
    found = fit.asked(critic, held_out)
    assert found["one"] > 0.9 > before
    assert found["best"] < found["one"], "its best answer is a human one"
    best = [numbers[0] for numbers in fit.best_and_another(critic, held_out)]
    assert np.mean(np.array(best) == 2) > 0.8
    assert max(epoch["valid_auc"] for epoch in history) == pytest.approx(found["one"], abs=0.01)


def test_silence_is_never_the_best_and_never_shown():
    critic = weights.reference()
    one = _examples(1, 3)[0]
    silent = Example(one.heard, one.human, (np.zeros((0, 9), dtype=np.int64), one.answers[0]))
    assert fit.best_and_another(critic, [silent]) == [[1, 0]]
    assert len(fit.shown([silent], [[0, 1]]).drawn) == 1


def test_a_share_of_what_was_shown_is_shown_again():
    seen = fit.shown(_examples(40, 4), [[0, 1]] * 40)
    part = fit.some(seen, 0.25, 1)
    assert 2 < len(part.human) < 20
    assert 5 < len(part.drawn) < 40
    assert all(any(one is other for other in seen.drawn) for one in part.drawn)
    assert len(fit.some(seen, 0.0, 1).human) == 0


def test_auc_is_the_chance_of_the_human_one_being_higher():
    human, drawn = np.array([3.0, 1.0]), np.array([2.0, 0.0])
    assert fit.auc(human, drawn) == pytest.approx(0.75)
    assert fit.auc(drawn, human) == pytest.approx(0.25)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    pieces = [tune(f"a{n}", seed=n, count=80) for n in range(6)]
    pieces += [tune(f"v{n}", seed=9 + n, count=80, split="valid") for n in range(3)]
    return write_folder(tmp_path / "data", pieces)


def test_answers_are_kept_known_again_and_refused_where_they_are_of_another_run(
    tmp_path: Path, data: Path
):
    passages = choose(load_streams(data, "train"), 4, seed=1)
    calls: list[int] = []

    def counted(passage, seed):  # type: ignore[no-untyped-def]
        calls.append(seed)
        return repeated(passage, seed)

    def run(many, answers=2):  # type: ignore[no-untyped-def]
        return gather(many, counted, tmp_path / "kept", answers=answers, seed=1,
                      progress=lambda _: None)  # fmt: skip

    first = run(passages)
    assert len(set(calls)) == len(calls) == 8, "each answer under a seed of its own"
    again = run(passages)
    assert len(calls) == 8
    for one, other in zip(first, again, strict=True):
        assert np.array_equal(one.heard, other.heard)
        assert np.array_equal(one.answers[1], other.answers[1])
    with pytest.raises(CorpusError, match="another run"):
        run(passages, answers=3)
    with pytest.raises(CorpusError, match="another run"):
        run(passages[::-1])
    part = tmp_path / "kept" / "000000.npz"
    part.write_bytes(part.read_bytes()[:-50])
    run(passages)
    assert len(calls) == 16, "a damaged part is made anew"
    assert PART > len(passages)


@pytest.mark.slow
def test_the_command_makes_a_critic_that_loads_and_a_card(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
):
    prior = tiny_prior.write(tmp_path / "tiny.safetensors")
    out = tmp_path / "critic.safetensors"
    words = ["--data", str(data), "--weights", str(prior), "--folder", str(tmp_path / "run"),
             "--out", str(out), "--epochs", "1", "--later", "4", "--json"]  # fmt: skip
    assert train.main(words) == 0
    card = json.loads(capsys.readouterr().out)
    assert [one["passages"] for one in card["rounds"]] == [6, 4]
    assert card == json.loads(out.with_suffix(".json").read_text())
    assert card["parameters"] == Critic.load(out).parameters
    before = read(out)
    (tmp_path / "run" / "round2.json").unlink()
    assert train.main(words) == 0, "it goes on with the second round"
    assert json.loads(capsys.readouterr().out)["rounds"] == card["rounds"]
    after = read(out)
    assert all(np.array_equal(after[name], before[name]) for name in before), "to the same end"
    assert train.main([*words, "--epochs", "2"]) == 1
    assert "another run" in capsys.readouterr().err


def test_wrong_words_and_missing_data_end_with_a_sentence(tmp_path: Path, capsys):
    assert train.main(["--rounds", "0"]) == 2
    assert train.main(["--data", str(tmp_path / "none"), "--weights", "nothing"]) == 1
    assert "Traceback" not in capsys.readouterr().err
