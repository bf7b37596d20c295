"""The dealing over Flower's Message API, with workers that die, fail and answer twice."""

from collections import deque
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest

import federation
from federation.aggregate.rules import partial_sum
from federation.flower.dealing import Dealing
from federation.flower.job import Job

pytest.importorskip("flwr", reason="Flower is not installed: pip install 'antiphon[server]'")

from flwr.app import Error, Message
from flwr.supercore.task_identity import TaskIdentity

from federation.flower.server_app import MOST_AGAIN, QUERY, deal
from federation.flower.task import TaskError, answer, work

assert federation

ROWS = np.random.default_rng(0).normal(size=(10, 6)).astype(np.float32)
WEIGHTS = np.random.default_rng(1).uniform(1, 9, 10)


@pytest.fixture(autouse=True)
def _as_a_task(monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages are made by tasks: Flower sets these in the process that runs one."""
    for name in ("_task_id", "_run_id", "_node_id"):
        monkeypatch.setattr(TaskIdentity, name, 7)


class FakeGrid:
    """Flower's Grid, with workers that do what `acts` says, message by message, then their work.

    acts: "work", "die" (never answers, though online), "fail", "lie", "nonsense".
    """

    def __init__(self, workers: int, acts: Iterable[str] = ()) -> None:
        self.workers, self.acts = workers, deque(acts)
        self.pushed: list[Message] = []
        self.answers: dict[str, Message] = {}

    def get_node_ids(self) -> list[int]:
        return list(range(1, self.workers + 1))

    def push_messages(self, messages: Iterable[Message]) -> list[str]:
        names = []
        for message in messages:
            names.append(f"m{len(self.pushed)}")
            message.metadata.__dict__["_message_id"] = names[-1]
            self.pushed.append(message)
            act = self.acts.popleft() if self.acts else "work"
            if act == "fail":
                reply = Message(Error(1, "out of memory"), reply_to=message)
            elif act == "lie":
                reply = Message(answer(partial_sum([np.ones(6)] * 7, [1.0] * 7)), reply_to=message)
            elif act == "nonsense":
                one = partial_sum([np.full(5, np.nan)], [1.0])
                reply = Message(answer(one), reply_to=message)
            elif act == "work":
                reply = Message(work(message.content), reply_to=message)
            else:
                continue
            self.answers[names[-1]] = reply
        return names

    def pull_messages(self, names: Iterable[str]) -> list[Message]:
        return [self.answers.pop(name) for name in names if name in self.answers]


def _deal(grid: Any, said: list[str] | None = None) -> tuple[Any, Dealing]:
    now_s = [0.0]

    def wait(seconds: float) -> None:
        now_s[0] += seconds

    job = Job(ROWS, WEIGHTS, 3, 20.0)
    dealing = Dealing((3, 3, 3, 1), timeout_s=20.0, clock=lambda: now_s[0])
    lines = [] if said is None else said
    return deal(grid, job, dealing, lines.append, wait), dealing


@pytest.mark.parametrize("workers", [1, 2, 7])
def test_the_sum_is_that_of_one_process(workers: int):
    grid = FakeGrid(workers)
    found, dealing = _deal(grid)
    expected = partial_sum(list(ROWS), WEIGHTS.tolist())
    assert np.allclose(found.sum, expected.sum, rtol=0, atol=1e-12)
    assert found.weight == pytest.approx(expected.weight)
    assert (found.count, dealing.again, len(grid.pushed)) == (10, 0, 4)
    assert all(message.metadata.message_type == QUERY for message in grid.pushed)


@pytest.mark.parametrize("act", ["die", "fail", "lie", "nonsense"])
@pytest.mark.parametrize("when", [0, 1, 3])
def test_a_worker_that_is_of_no_use_is_replaced_and_nothing_counts_twice(act: str, when: int):
    said: list[str] = []
    grid = FakeGrid(2, ["work"] * when + [act])
    found, dealing = _deal(grid, said)
    assert np.allclose(found.sum, partial_sum(list(ROWS), WEIGHTS.tolist()).sum, atol=1e-12)
    assert (found.count, dealing.again, len(grid.pushed)) == (10, 1, 5)
    again = [message for message in grid.pushed if message.content == grid.pushed[when].content]
    assert len({message.metadata.dst_node_id for message in again}) == 2


def test_a_shard_that_nobody_can_do_is_given_up():
    with pytest.raises(TaskError, match="again and again"):
        _deal(FakeGrid(2, ["fail"] * 200))
    assert MOST_AGAIN * 4 < 200
