"""`antiphon evaluate taste`: players react as they should, and what is learnt is measured right."""

import json
from pathlib import Path

import numpy as np
import pytest

from engine.evaluate import command
from engine.evaluate.taste import fit, run
from engine.evaluate.taste.loop import COUNTS, Lived, Ready, live
from engine.evaluate.taste.places import pairs
from engine.evaluate.taste.players import CHANGE_AFTER, KINDS, LIKINGS, Player, likings, player
from engine.evaluate.taste.pool import Asked, draw_pool
from engine.evaluate.taste.recommending import recommending
from engine.evaluate.taste.report import CURVES, table
from engine.evaluate.taste.run import interval, judged, outcome
from engine.taste.features import COUNT, NAMES, Scale
from engine.taste.model import Prior, Taste
from engine.taste.shipped import load as load_shipped
from engine.taste.shipped import shipped
from engine.taste.signals import Kind, Signal
from engine.taste.styles import load_styles
from tests.engine.music import stream, tune, write_folder
from tests.engine.taste.lines import blank, line, vector
from tests.fakes import tiny_prior

PHRASE = tuple(line([60, 62, 64, 65, 67, 65, 64, 62]))


def _asked(*answers: list) -> Asked:
    return Asked(
        piece="a", collection="b", bar_beats=4.0, beats=8.0, phrase=PHRASE,
        answers=tuple(map(tuple, answers)), truth=PHRASE, likelihood=(-4.0,) * (len(answers) + 1),
    )  # fmt: skip


def _pool(count: int = 40) -> list[Asked]:
    rng = np.random.default_rng(3)
    return [
        _asked(*(line(rng.integers(48, 84, int(rng.integers(3, 20))).tolist(),
                      step=float(rng.choice([0.25, 0.5, 1.0])), start=4.0) for _ in range(4)))
        for _ in range(count)
    ]  # fmt: skip


def test_likings_are_what_their_names_say():
    plain = line([60, 62, 64, 65], step=1.0, start=4.0)
    asked = _asked(
        plain,
        line([60, 62] * 8, step=0.25, start=4.0),
        line([72, 74, 76, 77], step=1.0, start=4.0),
        line([60, 72, 60, 71], step=1.0, start=4.0),
        list(PHRASE),
        line([60, 62, 64, 62], step=1.0, start=4.0, duration=4.0),
    )
    found = {name: [one(asked, each) for each in asked.answers] for name, one in LIKINGS.items()}
    assert int(np.argmax(found["dense"])) == 1
    assert int(np.argmax(found["high"])) == 2
    assert int(np.argmin(found["smooth"])) == 3
    assert int(np.argmax(found["close"])) == 4
    assert int(np.argmax(found["lengthy"])) == 5
    assert found["home"] == [0, 1, 0, 0, 1, 1]
    assert found["middling"][1] > found["middling"][0]
    whole = likings([asked, _asked(*[plain] * 5, [])])
    for name, liked in whole.items():
        assert liked.shape == (2, 6)
        assert liked.mean() == pytest.approx(0, abs=1e-9)
        assert liked[1, 5] == liked.min(), f"{name}: nobody likes silence"


@pytest.mark.parametrize("kind", KINDS)
def test_players_say_what_they_feel(kind):
    likes = likings(_pool())
    rng = np.random.default_rng(0)
    one = player(kind, likes, rng)
    places = one.liked.argmax(), one.liked.argmin()
    best, worst = (np.unravel_index(place, one.liked.shape) for place in places)
    good = [one.judge(*map(int, best), 0, rng).kind for _ in range(200)]
    bad = [one.judge(*map(int, worst), 0, rng).kind for _ in range(200)]
    praise, blame = {Kind.STAR, Kind.KEEP}, {Kind.DELETE, Kind.INTERRUPT, Kind.AGAIN}
    assert sum(each in praise for each in good) > sum(each in praise for each in bad)
    assert sum(each in blame for each in bad) > sum(each in blame for each in good)
    changed = bool((one.now(CHANGE_AFTER) != one.now(CHANGE_AFTER - 1)).any())
    assert changed == (kind == "changing")


def test_an_erratic_player_praises_what_is_disliked_now_and_then():
    liked = np.full((1, 2), -3.0)
    rng = np.random.default_rng(1)
    steady, erratic = Player("mixed", liked, liked), Player("erratic", liked, liked, 1 / 3)
    assert all(steady.judge(0, 0, 0, rng).kind is not Kind.STAR for _ in range(300))
    assert any(erratic.judge(0, 0, 0, rng).kind is Kind.STAR for _ in range(300))


def test_an_evening_teaches_what_the_player_likes():
    pool = _pool(60)
    likes = likings(pool)
    ready = [Ready.of(asked) for asked in pool]
    scale = fit.scale_of(fit.natural(pool)[0])
    taste = blank(0.5)
    one = player("high", likes, np.random.default_rng(0))
    lived = live(one, taste, ready, range(40), scale, np.random.default_rng(1))
    assert list(lived.weights) == list(COUNTS)
    assert not lived.weights[0].any()
    assert int(lived.weights[80].argmax()) == NAMES.index("high")
    exchanges = [lived.exchanges[count] for count in COUNTS]
    assert exchanges == sorted(exchanges)
    early = [gain for signals, gain in lived.first if signals < 5]
    late = [gain for signals, gain in lived.first if signals >= 40]
    assert np.mean(late) > np.mean(early) + 0.3
    again = live(one, blank(0.5), ready, range(40), scale, np.random.default_rng(1))
    assert again.first == lived.first, "the same seed is the same evening"


class _Fussy(Player):
    """Asks again after every first answer and stars the second."""

    def judge(self, phrase, answer, signals, rng):
        return Signal(Kind.STAR if signals % 2 else Kind.AGAIN)


class _Told(Taste):
    """Notes what it is told."""

    def learn(self, signal, answer, others=(), before=()):
        self.told = [*getattr(self, "told", []), (signal.kind, answer, len(others), list(before))]
        return super().learn(signal, answer, others, before)


def test_what_is_starred_after_again_is_told_with_what_was_before():
    liked = np.zeros((3, 4))
    taste = _Told(Prior(np.zeros(COUNT), 0.5))
    ready = [Ready.of(asked) for asked in _pool(3)]
    scale = Scale(np.zeros(COUNT), np.ones(COUNT))
    live(_Fussy("high", liked, liked), taste, ready, range(3), scale, np.random.default_rng(0))
    assert len(taste.told) == COUNTS[-1]
    for again, star in zip(taste.told[::2], taste.told[1::2], strict=True):
        assert (again[0], again[3]) == (Kind.AGAIN, [])
        assert (star[0], again[2], star[2]) == (Kind.STAR, 3, 3)
        assert [each.tolist() for each in star[3]] == [again[1].tolist()]


def test_outcomes_are_shares_of_what_could_be_had():
    liked = np.array([[0.0, 1.0, 2.0], [3.0, 3.0, 0.0]])
    best = outcome(liked, np.array([2, 0]))
    assert (best["agreement"].mean(), best["regret"].mean()) == (1, 0)
    assert best["gain"].mean() == pytest.approx(1)
    chance = outcome(liked, np.array([-1, -1]))
    assert chance["agreement"].tolist() == pytest.approx([1 / 3, 2 / 3])
    assert chance["gain"].mean() == pytest.approx(0)
    assert chance["regret"].tolist() == pytest.approx([1, 1])
    assert outcome(liked, np.array([0, 2]))["gain"].mean() < -1


def test_a_taste_is_judged_on_other_phrases_and_popularity_is_of_the_others():
    rng = np.random.default_rng(0)
    standard = np.zeros((30, 3, COUNT))
    standard[:, :, 0] = rng.normal(size=(30, 3))
    liked = standard[:, :, 0]
    # On the first phrases everything is the other way round: who looks there is wrong.
    liked = np.where(np.arange(30)[:, None] < 10, -liked, liked)
    likes, dislikes = Player("high", liked, liked), Player("dense", -liked, -liked)
    good = np.zeros(COUNT)
    good[0] = 1.0
    lived = Lived(dict.fromkeys(COUNTS, good), {count: count for count in COUNTS})
    report = judged({"high": [(likes, lived)], "dense": [(dislikes, lived)]}, standard, 10, rng)
    assert report["high"]["agreement"]["80"]["mean"] == 1
    assert report["dense"]["agreement"]["80"]["mean"] == 0
    assert report["high"]["agreement"]["popularity"]["mean"] == 0, "the other one decides"
    assert report["all"]["agreement"]["80"]["mean"] == pytest.approx(0.5)
    assert report["high"]["regret"]["80"]["mean"] == 0
    assert report["high"]["agreement"]["ceiling"]["mean"] == 0, "told by the first phrases alone"
    assert report["all"]["exchanges"]["80"] == 80


def test_intervals_hold_the_mean_and_grow_with_doubt():
    rng = np.random.default_rng(0)
    for spread in (0.0, 1.0):
        found = interval(rng.normal(size=(8, 50)) * spread + 2, rng)
        low, high = found["interval"]
        assert low <= found["mean"] + 1e-9
        assert found["mean"] <= high + 1e-9
        assert (high - low > 0.05) == (spread > 0)


def test_places_of_a_pair_do_not_overlap_and_short_pieces_are_refused():
    streams = [stream(200, seed=n, piece=f"p{n}") for n in range(6)] + [stream(40, piece="short")]
    found = pairs(streams, 10, np.random.default_rng(0))
    assert sorted(pair.piece for pair in found) == [f"p{n}" for n in range(6)]
    for pair in found:
        assert pair.now.figures != pair.take.figures
    assert len(pairs(streams, 3, np.random.default_rng(0))) == 3


def test_recommending_finds_the_piece_that_is_played():
    streams = [
        stream(256, seed=n, pattern=8, piece=f"p{n}", labels=(f"style {n % 2}",)) for n in range(12)
    ]
    rng = np.random.default_rng(0)
    found = pairs(streams, 12, rng)
    scale = Scale(np.zeros(COUNT), np.ones(COUNT))
    styles = fit.style_table(found, _vocabulary("style 0", "style 1", "style 2"))
    report = recommending(found, vector(new=-1.0), scale, styles, rng)
    assert report["piece_first"]["mean"] > 0.9
    assert report["piece_first"]["chance"] == pytest.approx(1 / 12)
    assert styles.names == ("style 0", "style 1")
    worst = recommending(found, vector(new=1.0), scale, styles, rng)
    assert worst["piece_above"]["mean"] < 0.1


def _vocabulary(*names: str):
    from engine.styles import Vocabulary

    return Vocabulary(names)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    pieces = [tune(f"{split[0]}{n}", seed=n + salt, count=160, split=split)
              for salt, split in ((0, "train"), (50, "valid"), (90, "test"))
              for n in range(8)]  # fmt: skip
    return write_folder(tmp_path / "data", pieces)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    return tiny_prior.write(tmp_path / "tiny.safetensors")


@pytest.mark.slow
def test_a_pool_is_drawn_alike_and_read_again(tmp_path: Path, data: Path, weights: Path):
    def drawn(seed: int, folder: Path | None) -> list[Asked]:
        return draw_pool(data, weights, split="test", tier="ship", phrases=5, answers=3, seed=seed,
                         folder=folder)  # fmt: skip

    one = drawn(1, tmp_path / "out")
    assert drawn(1, None) == one
    assert len(one) == 5
    assert all(len(asked.answers) == 3 and len(asked.likelihood) == 4 for asked in one)
    assert all(bits < 0 for asked in one for bits in asked.likelihood)
    path = tmp_path / "out" / "test-pool.json"
    kept = path.read_text(encoding="utf-8")
    path.write_text(kept.replace('"piece": "', '"piece": "kept '), encoding="utf-8")
    assert drawn(1, tmp_path / "out")[0].piece.startswith("kept ")
    assert not drawn(2, tmp_path / "out")[0].piece.startswith("kept ")
    path.write_text(kept[:100], encoding="utf-8")
    assert drawn(1, tmp_path / "out") == one


@pytest.mark.slow
def test_the_command_reports_prints_and_draws(
    tmp_path: Path,
    data: Path,
    weights: Path,
    capsys: pytest.CaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
):
    kinds = ("high", "erratic")
    monkeypatch.setattr(run, "KINDS", kinds)
    words = ["taste", "--data", str(data), "--weights", str(weights), "--phrases", "6",
             "--answers", "3", "--players", "1", "--out", str(tmp_path / "out")]  # fmt: skip
    assert command.main([*words, "--json"]) == 0
    report = json.loads(
        capsys.readouterr().out, parse_constant=lambda name: pytest.fail(f"{name} in JSON")
    )
    assert list(report["kinds"]) == [*kinds, "all"]
    for found in report["kinds"].values():
        for what in ("agreement", "gain", "regret"):
            assert list(found[what]) == [*map(str, COUNTS), "popularity", "ceiling", "chance"]
    assert report["judged_phrases"] == 2
    assert report["recommended"]["pieces"] == 8
    assert Path(report["curves"]).read_bytes().startswith(b"\x89PNG")
    assert Path(report["curves"]).name == CURVES
    printed = table(report)
    for word in ("tiny, 3 answers", "popularity", "ceiling", "erratic", "of the same piece"):
        assert word in printed
    assert "nan" not in printed
    assert max(map(len, printed.splitlines())) <= 150


@pytest.mark.slow
def test_too_little_music_is_a_sentence(tmp_path: Path, weights: Path, capsys):
    alone = write_folder(tmp_path / "alone", [tune("e", count=160, split="test")])
    assert command.main(["taste", "--data", str(alone), "--weights", str(weights)]) == 1
    assert "only 1 pieces have eight bars" in capsys.readouterr().err


@pytest.mark.slow
def test_the_shipped_numbers_can_be_made_anew(
    tmp_path: Path, data: Path, weights: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(fit, "SHIPPED", weights)
    assert fit.main(["--data", str(data), "--out", str(tmp_path / "out")]) == 0
    made = load_shipped(tmp_path / "out" / "taste.json")
    assert made.prior.weights[NAMES.index("critic")] == fit.REASONED["critic"][2]
    assert made.fit[NAMES.index("long")] == 0
    assert load_styles(tmp_path / "out" / "styles.json").means.shape[1] > 0
    assert shipped().prior.deviation == fit.DEVIATION
