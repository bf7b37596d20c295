"""What the tier makes of good and bad outcomes, with a stand-in for everything that Flower does."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from federation.aggregate.rules import Partial, partial_sum
from federation.flower import job
from federation.flower.processes import Child
from federation.flower.tier import MOST_PER_SHARD, MOST_RUNS, Tier, TierError
from tests.federation.formats.stage import assert_is_a_sentence

ROWS = list(np.random.default_rng(0).normal(size=(200, 4)))
WEIGHTS = [1.0] * 200


class QuietTier(Tier):
    """Instead of Flower, `act` answers: "work", "less", "fail", "nothing" or "die"."""

    def __init__(self, folder: Path, act: str = "work") -> None:
        self.now_s = 0.0
        super().__init__(folder, workers=2, clock=lambda: self.now_s, wait=self._pass)
        self.act, self.starts, self.jobs = act, 0, []

    def _pass(self, seconds: float) -> None:
        self.now_s += seconds

    def _start(self) -> None:
        self.starts += 1
        (self.folder / "jobs").mkdir(parents=True)
        self._running = True

    def _flwr(self, *words: str) -> str:
        folder = Path(words[-1].removeprefix('job="').removesuffix('"'))
        asked = job.asked(folder)
        self.jobs.append(asked)
        found = partial_sum(list(asked.rows), asked.weights.tolist())
        if self.act == "less":
            found = Partial(found.sum, found.weight, found.count - 1)
        if self.act == "fail":
            job.fail(folder, "TaskError: no use")
        elif self.act == "die":
            command = [sys.executable, "-c", "print('out of memory')"]
            log = self.folder / "link.log"
            self._children.start(Child("link", command, dict(os.environ), log, vital=True))
        elif self.act != "nothing":
            job.finish(folder, found, job.Report(len(asked.shards()), 0, 1.0))
        return ""


def _refused(tier: Tier) -> str:
    with pytest.raises(TierError) as error:
        tier.aggregate(ROWS, WEIGHTS)
    assert_is_a_sentence(str(error.value))
    assert list((tier.folder / "jobs").iterdir()) == []
    return str(error.value)


def test_it_starts_when_it_is_asked_and_shards_are_bounded(tmp_path: Path):
    tier = QuietTier(tmp_path / "tier")
    found = tier.aggregate(ROWS, WEIGHTS)
    assert np.allclose(found.sum, np.sum(ROWS, axis=0))
    assert (tier.starts, tier.jobs[0].per_shard) == (1, MOST_PER_SHARD)
    tier.aggregate(ROWS[:5], WEIGHTS[:5])
    assert (tier.starts, tier.jobs[1].per_shard) == (1, 3)


def test_an_answer_of_other_than_all_changes_is_not_used(tmp_path: Path):
    assert "199 changes instead of 200" in _refused(QuietTier(tmp_path / "tier", "less"))


def test_what_the_workers_could_not_do_is_said(tmp_path: Path):
    assert "TaskError: no use" in _refused(QuietTier(tmp_path / "tier", "fail"))


def test_no_answer_ends_in_time(tmp_path: Path):
    assert "no answer in 300 seconds" in _refused(QuietTier(tmp_path / "tier", "nothing"))


def test_when_the_link_dies_it_says_so_and_the_next_time_all_begins_anew(tmp_path: Path):
    tier = QuietTier(tmp_path / "tier", "die")
    tier._wait = lambda _: os.sched_yield()  # the clock stands still until the child has died
    assert "link died" in _refused(tier)
    tier.act = "work"
    tier.aggregate(ROWS, WEIGHTS)
    assert tier.starts == 2
    tier.close()


def test_after_many_runs_all_begins_anew(tmp_path: Path):
    tier = QuietTier(tmp_path / "tier")
    for _ in range(MOST_RUNS + 1):
        tier.aggregate(ROWS[:1], WEIGHTS[:1])
    assert tier.starts == 2
