"""A job and its outcome come through the folder as they were, without a pickle."""

from pathlib import Path

import numpy as np
import pytest

from federation.aggregate.rules import partial_sum
from federation.flower import job
from federation.flower.job import Report


def test_a_job_is_read_as_it_was_written(tmp_path: Path):
    rows = [np.array([1.0, 2.0], "f4"), np.array([3.0, 4.0], "f4"), np.zeros(2, "f4")]
    job.ask(tmp_path, rows, [1.0, 64.0, 0.5], 2, 20.0)
    found = job.asked(tmp_path)
    assert found.rows.dtype == np.float32
    assert found.rows.tolist() == [[1.0, 2.0], [3.0, 4.0], [0.0, 0.0]]
    assert (found.weights.tolist(), found.per_shard, found.timeout_s) == ([1.0, 64.0, 0.5], 2, 20.0)
    assert found.shards() == [slice(0, 2), slice(2, 3)]


def test_an_outcome_is_a_sum_or_a_reason_or_not_there_yet(tmp_path: Path):
    assert job.outcome(tmp_path) is None
    job.fail(tmp_path, "no workers")
    assert job.outcome(tmp_path) == "no workers"
    partial = partial_sum([np.array([0.1, 2e-9])] * 3, [1.0, 0.3, 4096.0])
    job.finish(tmp_path, partial, Report(2, 1, 9.5))
    found = job.outcome(tmp_path)
    assert isinstance(found, tuple)
    assert np.array_equal(found[0].sum, partial.sum)
    assert (found[0].weight, found[0].count, found[1]) == (partial.weight, 3, Report(2, 1, 9.5))


def test_nothing_is_unpickled(tmp_path: Path):
    np.savez(tmp_path / "job.npz", rows=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ValueError, match="pickle"):
        job.asked(tmp_path)


def test_damaged_files_are_said_to_be(tmp_path: Path):
    (tmp_path / "job.npz").write_bytes(b"PK\x03\x04 but no more")
    with pytest.raises(ValueError, match="damaged"):
        job.asked(tmp_path)
