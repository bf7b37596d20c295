"""Many players learn together, on a tiny prior and players of one habit."""

import numpy as np
import pytest

from engine.adapt.lesson import lesson_of
from engine.adapt.material import take_of
from federation.client.learning import SharedScorer, bits, learn, towards_adapting
from federation.experiments import table
from federation.experiments.arms import MAIN, TRIALS, Arm, arm
from federation.experiments.players import Contributor, Unseen
from federation.experiments.rounds import EACH_ROUND, World, judged, run
from federation.formats.lineage import Lineage
from tests.engine.adapt.stage import habit, one_thread, piece, start_of
from tests.fakes import tiny_prior

__all__ = ["one_thread"]
RANK = 4


@pytest.fixture
def shared() -> SharedScorer:
    prior = tiny_prior.model(seed=0)
    return SharedScorer(prior, Lineage.of_prior(dict(prior.state_dict()), "tiny", rank=RANK))


def rows(seed: int, notes: int = 60):
    played = habit(notes, seed=seed)
    return take_of(piece(played), played, drums=False).rows


def world(shared: SharedScorer) -> World:
    contributors = [
        Contributor(
            f"player {n}",
            "habit",
            lesson_of([rows(n)]),
            (lesson_of([rows(n)[:30]]), lesson_of([rows(n)[30:]])),
        )
        for n in range(EACH_ROUND)
    ]
    valid = [Unseen("valid", "habit", lesson_of([rows(50, 40)]), lesson_of([rows(51, 40)]))]
    return World(shared, contributors, valid, [lesson_of([rows(60, 40)])])


def test_with_nothing_learnt_the_shared_model_is_the_prior(shared: SharedScorer) -> None:
    lesson = lesson_of([rows(1)])
    plain = bits(shared, lesson, shared.zero())
    nothing = shared.of_vector(shared.to_vector(shared.zero()))
    assert bits(shared, lesson, nothing) == plain
    assert set(shared.merged(shared.zero())) == set(shared.base)


def test_learning_moves_b_alone_and_finds_fewer_bits(shared: SharedScorer) -> None:
    lesson = lesson_of([rows(1)])
    learnt = learn(shared, [lesson], shared.zero(), rate=0.01, steps=5)
    assert list(learnt) == list(shared.lineage.names)
    assert bits(shared, lesson, learnt) < bits(shared, lesson, shared.zero())


def test_a_pull_back_keeps_it_nearer_to_where_it_began(shared: SharedScorer) -> None:
    lesson, begun = lesson_of([rows(1)]), shared.zero()
    free = shared.to_vector(learn(shared, [lesson], begun, rate=0.01, steps=6))
    held = shared.to_vector(learn(shared, [lesson], begun, rate=0.01, steps=6, prox=100.0))
    assert np.linalg.norm(held) < 0.7 * np.linalg.norm(free)


def test_towards_adapting_is_another_slope_than_the_plain_one(shared: SharedScorer) -> None:
    support, query = lesson_of([rows(1)[:30]]), lesson_of([rows(1)[30:]])
    found = towards_adapting(shared, support, query, shared.zero(), rate=0.01, steps=1)
    plain = learn(shared, [query], shared.zero(), rate=0.01, steps=1)
    moved, other = shared.to_vector(found), shared.to_vector(plain)
    assert np.linalg.norm(moved) == pytest.approx(np.linalg.norm(other), rel=1e-3)
    assert not np.allclose(moved, other)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["FedAvg", "FedAdam", "FedProx", "centralised", "30% stale"])
def test_what_many_learn_helps_one_who_took_no_part(shared: SharedScorer, name: str) -> None:
    found = run(world(shared), arm(name), rounds=4, seed=1)
    assert found.best_round == 4
    assert found.curve[0] == (0, 100.0)
    assert found.curve[-1][1] < 99.0
    judge = Unseen("judge", "habit", lesson_of([rows(70, 40)]), lesson_of([rows(71, 40)]))
    worth = judged(shared, found.best, [judge], start_of(shared.base))
    nothing = judged(shared, shared.to_vector(shared.zero()), [judge], start_of(shared.base))
    assert worth.taken[0] == worth.alone[0] < nothing.alone[0]
    assert np.isfinite(worth.adapted).all()


@pytest.mark.slow
def test_an_attack_harms_the_plain_mean_and_not_the_median(shared: SharedScorer) -> None:
    plain = run(world(shared), arm("20% attackers, plain mean"), rounds=4, seed=1)
    median = run(world(shared), arm("20% attackers, clip, median, gate"), rounds=4, seed=1)
    assert plain.curve[-1][1] > 100.0
    assert median.curve[-1][1] < 99.5


@pytest.mark.slow
def test_the_gate_drops_what_is_worse(shared: SharedScorer) -> None:
    alone = Arm("worse", attackers=1.0, gate=True)
    found = run(world(shared), alone, rounds=4, seed=1)
    assert found.dropped == 4
    assert found.curve[-1][1] == 100.0


def test_the_same_seed_is_the_same_run(shared: SharedScorer) -> None:
    one, two = (run(world(shared), MAIN[0], rounds=1, seed=3) for _ in range(2))
    assert (one.best == two.best).all()
    assert one.curve == two.curve


def test_arms_have_names_of_their_own() -> None:
    names = [one.name for one in (*MAIN, *TRIALS)]
    assert len(set(names)) == len(names)
    with pytest.raises(ValueError, match="name one of"):
        arm("none")


def test_a_table_of_known_numbers() -> None:
    judges = {"prior": [10.0, 20.0], "names": ["a", "b"], "styles": ["x", "y"]}
    runs = [
        {
            "alone": [9.0, 20.0],
            "taken": [9.0, 18.0],
            "adapted": [5.0, 10.0],
            "curve": [(0, 100.0), (4, 90.0)],
            "best_round": 4,
            "dropped": 1,
            "bytes": 2_000_000,
        }
    ]
    found = table.row(runs, judges)
    assert found["alone"]["saved_percent"] == pytest.approx(5.0)
    assert found["taken"]["saved_percent"] == pytest.approx(10.0)
    assert found["adapted"]["saved_percent"] == pytest.approx(50.0)
    assert found["adapted"]["interval"] == pytest.approx((50.0, 50.0))
    assert found["by_style"] == pytest.approx({"x": 10.0, "y": 10.0})
    assert (found["valid_percent"], found["megabytes_up"]) == (10.0, 2.0)
    local = {"saved_percent": 1.0, "interval": (0.0, 2.0)}
    assert table.words({"arm": found}, local)[-1].startswith("arm")
