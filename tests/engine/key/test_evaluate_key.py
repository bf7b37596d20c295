import json
from pathlib import Path

import numpy as np
import pytest

from engine.evaluate import command
from engine.evaluate.key import LEARNT, answers_of, ask, interval, mark, needed
from engine.events import Note
from engine.key.finder import KeyFinder
from engine.key.network import Classifier, Network, save
from engine.key.profiles import Correlation, Setting
from engine.key.trials import AFTER, LIMIT, changes_of, trials_of
from engine.key.tuning import FOLLOWING, STEADY
from engine.key.tuning import tune as choose
from tests.engine.key.music import HARMONIC_MINOR, MAJOR, song, tensors, tune, write_keys


def _always(key: int, count: int) -> np.ndarray:
    chances = np.full((count, LIMIT, 24), 0.01)
    chances[:, :, key] = 0.6
    return chances


def test_marks_tell_right_near_and_wrong():
    trials = trials_of([song(MAJOR, 0), song(MAJOR, 7), song(MAJOR, 12 + 9), song(MAJOR, 6)])
    marks = mark(answers_of(_always(0, 4)), trials)
    assert marks.right[:, 0].tolist() == [1, 0, 0, 0]
    assert marks.mirex[:, 0].tolist() == [1, 0.5, 0.3, 0]
    assert marks.scale[:, 0].tolist() == [1, 0, 1, 0]
    assert marks.live.sum(axis=1).tolist() == [48] * 4
    doubtful = mark(answers_of(_always(12 + 9, 1)), trials_of([song(MAJOR, 0, mode_known=False)]))
    assert (doubtful.scale[0, 0], doubtful.modes.tolist()) == (1, [False])


def test_notes_needed_is_the_first_note_that_reaches_the_share():
    points = np.zeros((4, LIMIT))
    points[0, 3:] = points[1, 5:] = points[2, 9:] = 1
    assert needed(points) == {"50%": 6, "75%": 10, "90%": None}


def test_intervals_hold_the_mean():
    points = np.random.default_rng(0).random(300)
    low, high = interval(points)
    assert low < points.mean() < high
    assert high - low < 0.1


def test_changes_lead_with_another_key_and_count_from_the_change():
    songs = [song(MAJOR, 0, piece="a"), song(MAJOR, 3, root=63, piece="b")]
    found = changes_of(songs)
    assert [t.pitch for t in found] == [t.pitch for t in changes_of(songs)]
    assert found
    for trial in found:
        assert len(trial.pitch) == trial.lead + len(trial)
        assert trial.pitch[trial.lead :] == trial.song.pitch.tolist()[:LIMIT]
    forgetful = Correlation(Setting(half_life=8.0))
    answers = ask(forgetful, found, lambda _: None)
    assert mark(answers, found).right[:, 40].all()


def test_tuning_agrees_with_the_live_method():
    songs = [song(MAJOR, 5, root=65), song(HARMONIC_MINOR, 12 + 2, root=62)]
    trials = trials_of(songs)
    settings, table = choose(trials, changes_of(songs))
    assert set(settings) == set(table) == {STEADY, FOLLOWING}
    steady = settings[STEADY]
    reached = table[STEADY][steady.profile]["valid_right"]
    assert reached == max(entry["valid_right"] for entry in table[STEADY].values())
    right = mark(ask(Correlation(steady), trials, lambda _: None), trials).right
    after = [right[:, notes - 1].mean() if notes <= 48 else 0 for notes in AFTER]
    assert np.mean(after) == pytest.approx(reached)


@pytest.mark.parametrize(
    "judge",
    [Correlation(Setting()), Network(Classifier(tensors()))],
    ids=["correlation", "network"],
)
def test_answers_are_those_of_the_live_method(judge):
    trial = trials_of([song(HARMONIC_MINOR, 12)])[0]
    answers = ask(judge, [trial], lambda _: None)
    finder = KeyFinder(judge)
    finder.reset()
    for place in range(len(trial)):
        finder.hear(Note(0.0, trial.duration[place], trial.pitch[place], 80))
        key = finder.key()
        assert key.number == answers.said[0, place]
        assert key.confidence == pytest.approx(answers.chance[0, place], abs=1e-5)
        assert key.scale_confidence == pytest.approx(answers.scale_chance[0, place], abs=1e-5)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    tunes = [tune(f"{split}{n}", n - 2, n % 2, split=split)
             for split in ("valid", "test") for n in range(5)]  # fmt: skip
    return write_keys(tmp_path / "data", tunes)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    save(tmp_path / "key.safetensors", tensors(), {"name": "tiny"})
    return tmp_path / "key.safetensors"


@pytest.mark.slow
def test_the_command_prints_both_methods(data: Path, weights: Path, capsys):
    words = ["key", "--data", str(data), "--weights", str(weights)]
    assert command.main([*words, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["pieces"], report["pieces_mode_known"], report["pieces_minor"]) == (5, 5, 2)
    assert set(report["methods"]) == {
        *("krumhansl-kessler", "temperley-1999", "kostka-payne", "aarden-essen"),
        *(STEADY, FOLLOWING, LEARNT),
    }
    for found in report["methods"].values():
        assert list(found["after"]) == [str(notes) for notes in AFTER if notes <= 36]
        for figures in found["after"].values():
            low, high = figures["right_interval"]
            assert low <= figures["right"] <= high
            assert figures["right"] <= figures["mirex"]
            assert figures["right"] <= figures["scale"]
    assert report["methods"][STEADY]["after"]["32"]["right"] == 1.0
    assert report["gain"]["from_the_start"]["32"]["right"]["gain"] < 0, "random weights know less"
    assert command.main(words) == 0
    said = capsys.readouterr().out
    for name in ("MIREX", "tunes", STEADY, LEARNT, "after a change of key"):
        assert name in said
    assert "{" not in said


def test_without_a_validation_split_nothing_is_tuned(tmp_path: Path, weights: Path, capsys):
    data = write_keys(tmp_path / "lone", [tune("a", 1, 0, split="test"),
                                          tune("b", 0, 1, split="test")])  # fmt: skip
    assert command.main(["key", "--data", str(data), "--weights", str(weights), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["tuning"] == {}
    assert "not tuned" in report["says"][0]


def test_what_cannot_be_done_is_a_sentence(data: Path, tmp_path: Path, weights: Path, capsys):
    assert command.main(["key", "--data", str(data), "--weights", str(tmp_path / "none")]) == 1
    assert "no key weights at" in capsys.readouterr().err
    words = ["key", "--data", str(data), "--weights", str(weights), "--split", "dress"]
    assert command.main(words) == 1
    assert "believed" in capsys.readouterr().err
