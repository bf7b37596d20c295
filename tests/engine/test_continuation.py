"""`antiphon evaluate continuation`: the whole way on made-up music, its report and its examples."""

import io
import json
import math
from pathlib import Path

import mido
import numpy as np
import pytest

from engine.critic.network import Critic, save
from engine.critic.rows import rows_of
from engine.evaluate import command
from engine.evaluate.continuation.chosen import COUNTS, auc, choose_among, name_of
from engine.evaluate.continuation.continuers import planned
from engine.evaluate.continuation.examples import (
    EXAMPLES,
    SHEET,
    in_turn,
    midi_bytes,
    write_examples,
)
from engine.evaluate.continuation.passages import choose
from engine.evaluate.continuation.run import FIGURES, SYSTEMS, interval
from engine.evaluate.continuation.similarity import HISTOGRAMS
from engine.planner import Planner
from tests.engine.critic.weights import tensors
from tests.engine.music import stream, tune, write_folder
from tests.fakes import tiny_prior
from tests.shared import SHARED, needs_shared


@pytest.fixture
def data(tmp_path: Path) -> Path:
    pieces = [tune(f"a{n}", seed=n, count=80) for n in range(4)]
    pieces += [tune(f"e{n}", seed=n, count=80, split="test") for n in range(5)]
    pieces += [tune("x", seed=3, split="test", count=80, collection="other")]
    return write_folder(tmp_path / "data", pieces)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    return tiny_prior.write(tmp_path / "tiny.safetensors")


@pytest.mark.slow
def test_the_report_has_its_figures_and_examples_can_be_heard(
    tmp_path: Path, data: Path, weights: Path, capsys: pytest.CaptureFixture
):
    critic = tmp_path / "critic.safetensors"
    save(critic, tensors(), {})
    words = ["continuation", "--data", str(data), "--weights", str(weights), "--primes", "4"]
    words += ["--critic", str(critic)]
    assert command.main([*words, "--out", str(tmp_path / "examples"), "--json"]) == 0
    printed = capsys.readouterr()
    report = json.loads(printed.out, parse_constant=lambda name: pytest.fail(f"{name} in JSON"))
    assert report["primes"] == 4
    assert report["model"] == "tiny"
    assert report["repeatable"] == 1.0
    assert list(report["systems"]) == list(SYSTEMS)
    for name, system in report["systems"].items():
        assert set(system["figures"]) == set(FIGURES), name
        for figure in system["figures"].values():
            low, high = figure["interval"]
            assert low - 1e-9 <= figure["mean"] <= high + 1e-9
        assert set(system["sets"]) == set(HISTOGRAMS)
    assert 0 <= report["critic"]["auc_best"]["8"] <= report["critic"]["auc"] <= 1
    human, repeat = report["systems"]["human"], report["systems"]["repeat"]
    assert human["figures"]["likeness"]["mean"] == pytest.approx(1.0)
    assert repeat["figures"]["style"]["mean"] == pytest.approx(1.0)
    assert "two_sample" not in human
    assert repeat["two_sample"]["accuracy"] == 0.5, "tunes of four notes do repeat themselves"
    assert sum(each["primes"] for each in report["by_collection"].values()) == 4
    assert len(report["examples"]) == 5
    for path in report["examples"][:-1]:
        song = mido.MidiFile(path)
        assert [track.name for track in song.tracks[1:]] == ["prime", "continuation"]
        assert song.type == 1
    assert (tmp_path / "examples" / SHEET).read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_the_table_is_for_people_and_says_what_is_missing(tmp_path: Path, weights, capsys):
    alone = write_folder(tmp_path / "alone", [
        tune(f"e{n}", seed=n, count=80, split="test") for n in range(3)
    ])  # fmt: skip
    words = ["continuation", "--data", str(alone), "--weights", str(weights), "--quick"]
    words += ["--no-critic"]
    assert command.main(words) == 0
    printed = capsys.readouterr().out
    for word in ("tiny on 3 primes", "repeat", "human", "no training split", "quick look"):
        assert word in printed
    assert "n-gram  " not in printed
    assert "best of" not in printed
    assert "nan" not in printed
    assert max(map(len, printed.splitlines())) <= 160


def test_what_cannot_be_done_is_a_sentence(tmp_path: Path, data: Path, weights: Path, capsys):
    def fails(*words: object) -> str:
        assert command.main(["continuation", "--data", *map(str, words)]) == 1
        captured = capsys.readouterr()
        assert captured.out == ""
        assert "Traceback" not in captured.err
        return captured.err

    short = write_folder(tmp_path / "short", [tune("e", split="test", count=20)])
    assert "no index.csv" in fails(tmp_path, "--weights", weights)
    assert "fewer than two passages" in fails(short, "--weights", weights)
    assert "no weights at" in fails(data, "--weights", tmp_path / "none")
    assert "no critic's weights" in fails(data, "--critic", tmp_path / "none")


@pytest.mark.parametrize("words", [["--primes", "0"], ["--seed", "x"], ["--tier"]])
def test_wrong_words_are_wrong_usage(words: list[str], capsys: pytest.CaptureFixture):
    assert command.main(["continuation", *words]) == 2
    assert "usage: antiphon evaluate continuation" in capsys.readouterr().err


def test_the_model_hears_the_prime_and_keeps_to_its_bars(tmp_path: Path):
    continuer = planned(Planner(tiny_prior.fast(tmp_path)))
    passages = choose([stream(100, seed=n, piece=str(n)) for n in range(3)], 3, seed=0)
    for passage in passages:
        found = continuer(passage, 7)
        assert found.notes
        assert found == continuer(passage, 7)
        assert found != continuer(passage, 8)
        for note in found.notes:
            assert passage.truth.start_beat <= note.onset < passage.truth.end_beat
            assert note.end <= passage.truth.end_beat + 1.0


def test_the_best_of_n_is_the_critics_choice_among_the_first_n(tmp_path: Path):
    passages = choose([stream(100, seed=n, piece=str(n)) for n in range(4)], 4, seed=0)
    model, critic = planned(Planner(tiny_prior.fast(tmp_path))), Critic(tensors(seed=2))
    first = [model(passage, 5 + number) for number, passage in enumerate(passages)]

    def score(passage, answer):
        rows = rows_of(passage.prime.notes, answer.notes, passage.timebase, drums=False)
        return critic.score(*rows)

    chosen = choose_among(critic, model, passages, first, seed=5)
    named = [chosen.continued[name_of(count)] for count in COUNTS]
    scores = [
        [score(passage, found) for passage, found in zip(passages, each, strict=True)]
        for each in [first, *named]
    ]
    assert (np.diff(np.array(scores), axis=0) >= 0).all(), "of more the best is never worse"
    assert np.max(np.array(scores[-1]) - scores[0]) > 0
    again = choose_among(critic, model, passages, first, seed=5)
    assert again.continued == chosen.continued
    truth = np.array([score(passage, passage.truth) for passage in passages])
    assert chosen.facts["auc"] == pytest.approx(auc(truth, np.array(scores[0])))
    assert chosen.facts["candidate_ms"]["p95"] > 0


def test_an_interval_holds_the_mean_and_leaves_out_what_is_not_there():
    values = np.array([1.0, 2.0, 3.0, math.nan, 4.0])
    low, high = interval(values, 0)
    assert low < 2.5 < high
    assert interval(values, 0) == interval(values[~np.isnan(values)], 0)
    assert interval(np.full(4, 2.0), 0) == [2.0, 2.0]
    assert all(map(math.isnan, interval(np.array([math.nan]), 0)))


def test_examples_take_every_collection_in_turn():
    names = ["a"] * 30 + ["b"] * 2 + ["c"] * 5
    chosen = in_turn(names)
    assert len(chosen) == len(set(chosen)) == EXAMPLES
    assert chosen == sorted(chosen)
    assert [sum(names[n] == name for n in chosen) for name in "abc"] == [13, 2, 5]
    assert in_turn(["a", "b"]) == [0, 1]


def test_a_file_releases_every_note_and_strikes_no_key_twice():
    passage = choose([stream(100, seed=1, velocity=False)], 1, seed=0)[0]
    low = passage.truth.notes[0].pitch
    crowded = [
        type(note)(note.onset, 3.0, low, 0, 0) for note in passage.truth.notes
    ]  # fmt: skip
    found = passage.continued_by(crowded)
    song = mido.MidiFile(file=io.BytesIO(midi_bytes(passage, found)))
    for track, notes in zip(song.tracks[1:], (passage.prime.notes, found.notes), strict=True):
        down: set[int] = set()
        struck = 0
        for message in track:
            if message.type == "note_on":
                assert message.note not in down
                assert message.velocity > 0
                down.add(message.note)
                struck += 1
            elif message.type == "note_off":
                down.remove(message.note)
        assert not down
        assert struck == len(notes)


@pytest.mark.slow
def test_a_sheet_of_few_and_of_strange_passages(tmp_path: Path):
    streams = [
        stream(100, piece="a/b c:d*e", tempo_known=False),
        stream(100, piece="kit", collection="kit", drums=True),
    ]
    passages = choose(streams, 9, seed=0)
    found = [passages[0].truth, passages[1].continued_by([])]
    paths = write_examples(tmp_path / "new" / "folder", passages, found, model="no $one$")
    assert [path.name for path in paths[:-1]] == ["01-kit-kit.mid", "02-tunes-b-c-d-e.mid"]
    assert all(path.stat().st_size > 0 for path in paths)


@needs_shared
@pytest.mark.slow
def test_the_shared_music_gives_300_primes():
    from engine.corpus import load_streams

    assert SHARED is not None
    passages = choose(load_streams(SHARED / "data", "test"), 300, seed=1)
    assert len(passages) == 300
    assert len({passage.collection for passage in passages}) >= 14
    drums = {passage.collection for passage in passages if passage.truth.drums}
    assert drums <= {"groove", "drum_patterns"}
    for passage in passages:
        pitches = [note.pitch for note in passage.truth.notes]
        assert len(pitches) >= 4
        assert min(pitches) >= 0
