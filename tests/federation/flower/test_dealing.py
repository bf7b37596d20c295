"""Every shard counts exactly once, in whatever order workers answer, fail, linger and come back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.aggregate.rules import Partial, partial_sum
from federation.flower.dealing import Dealing

TIMEOUT_S = 20.0


class Stage:
    """A dealing with a clock by hand; shard s has s+1 changes, all of value 10**s."""

    def __init__(self, shards: int) -> None:
        self.now_s = 0.0
        self.dealing = Dealing(range(1, shards + 1), timeout_s=TIMEOUT_S, clock=lambda: self.now_s)
        self.sent: dict[str, tuple[int, int]] = {}

    def give(self, *online: int) -> dict[str, tuple[int, int]]:
        """Deal to these workers: (worker, shard) by message."""
        given = {}
        for worker, shard in self.dealing.next(online):
            name = f"m{len(self.sent)}"
            self.dealing.sent(name, worker, shard)
            self.sent[name] = given[name] = (worker, shard)
        return given

    def answer(self, name: str) -> bool:
        return self.dealing.answered(name, self.of(self.sent[name][1]))

    @staticmethod
    def of(shard: int) -> Partial:
        return partial_sum([np.array([10.0**shard])] * (shard + 1), [1.0] * (shard + 1))

    def is_right(self) -> bool:
        shards = range(len(self.dealing._sizes))
        total = self.dealing.total()
        return (total.sum[0], total.count) == (
            sum((s + 1) * 10.0**s for s in shards),
            sum(s + 1 for s in shards),
        )


def test_shards_go_to_free_workers_and_their_sums_together():
    stage = Stage(3)
    first = stage.give(1, 2)
    assert sorted(first.values()) == [(1, 0), (2, 1)]
    assert stage.give(1, 2) == {}
    assert stage.answer("m0")
    assert stage.give(1, 2) == {"m2": (1, 2)}
    assert stage.answer("m2")
    assert not stage.dealing.done
    assert stage.answer("m1")
    assert stage.dealing.done
    assert stage.is_right()
    assert stage.dealing.again == 0


def test_a_dead_workers_shard_goes_to_another_one():
    stage = Stage(2)
    stage.give(1, 2)
    stage.answer("m0")
    stage.now_s = TIMEOUT_S
    assert stage.dealing.overdue() == []
    stage.now_s += 0.1
    assert [(given.worker, given.shard) for given in stage.dealing.overdue()] == [(2, 1)]
    assert stage.give(1, 2) == {"m2": (1, 1)}  # though 2 is called online
    stage.answer("m2")
    assert stage.is_right()
    assert stage.dealing.again == 1


def test_whoever_failed_is_asked_again_only_where_there_is_nobody_else():
    stage = Stage(1)
    stage.give(1, 2)
    stage.dealing.failed("m0")
    assert stage.give(1) == {"m1": (1, 0)}
    stage.dealing.failed("m1")
    assert stage.give(1, 2) == {"m2": (2, 0)}


def test_while_a_good_worker_is_busy_nothing_goes_to_a_bad_one():
    stage = Stage(3)
    stage.give(1, 2)
    stage.dealing.failed("m0")
    assert stage.give(1, 2) == {}
    stage.answer("m1")
    assert stage.give(1, 2) == {"m2": (2, 2)}


def test_an_answer_that_comes_late_still_counts_if_it_is_the_first():
    stage = Stage(1)
    stage.give(1)
    stage.now_s = TIMEOUT_S + 1
    stage.dealing.overdue()
    stage.give(1, 2)
    assert stage.dealing.awaited == ["m1", "m0"]
    assert stage.answer("m0")
    assert not stage.answer("m1")
    assert stage.is_right()


def test_an_answer_that_comes_late_takes_the_shard_off_the_pile():
    stage = Stage(1)
    stage.give(1)
    stage.now_s = TIMEOUT_S + 1
    stage.dealing.overdue()
    assert stage.answer("m0")
    assert stage.give(2) == {}
    assert stage.is_right()


def test_an_answer_twice_and_an_answer_from_nowhere_do_not_count():
    stage = Stage(2)
    stage.give(1)
    assert stage.answer("m0")
    assert not stage.answer("m0")
    assert not stage.dealing.answered("who?", stage.of(1))
    assert not stage.dealing.done


def test_a_sum_of_another_number_of_changes_is_a_failure():
    stage = Stage(2)
    stage.give(1, 2)
    assert not stage.dealing.answered("m0", stage.of(1))
    assert stage.give(1, 2) == {}
    stage.answer("m1")
    assert stage.give(1, 2) == {"m2": (2, 0)}


def test_a_shard_that_is_with_another_worker_already_is_not_dealt_a_third_time():
    stage = Stage(1)
    stage.give(1)
    stage.now_s = TIMEOUT_S + 1
    stage.dealing.overdue()
    assert stage.give(1, 2) == {"m1": (2, 0)}
    stage.dealing.failed("m0")  # late, and of no use
    assert stage.give(1, 2, 3) == {}
    assert stage.answer("m1")
    assert stage.is_right()


def test_without_workers_nothing_happens():
    stage = Stage(1)
    assert stage.give() == {}
    assert not stage.dealing.done


ACTS = st.lists(
    st.tuples(st.sampled_from(["answer", "fail", "wrong", "wait"]), st.integers(0, 40)), max_size=60
)


@given(st.integers(1, 6), st.sets(st.integers(1, 4), min_size=1), ACTS)
def test_whatever_happens_each_shard_counts_once(shards, workers, acts):
    stage = Stage(shards)
    for act, number in acts:
        stage.give(*workers)
        assert len(stage.dealing._given) <= len(workers)
        name = f"m{number % len(stage.sent)}"
        if act == "answer":
            stage.answer(name)
        elif act == "fail":
            stage.dealing.failed(name)
        elif act == "wrong":
            stage.dealing.answered(name, partial_sum([np.ones(1)] * 99, [1.0] * 99))
        else:
            stage.now_s += number
            stage.dealing.overdue()
    for _ in range(20 * shards):
        if stage.dealing.done:
            break
        stage.now_s += TIMEOUT_S + 1
        stage.dealing.overdue()
        for name in stage.give(*workers):
            stage.answer(name)
    assert stage.dealing.done
    assert stage.is_right()
    assert stage.dealing.awaited == [] or all(name in stage.sent for name in stage.dealing.awaited)


def test_there_is_no_total_of_half_the_shards():
    stage = Stage(2)
    stage.give(1)
    stage.answer("m0")
    with pytest.raises(KeyError):
        stage.dealing.total()
