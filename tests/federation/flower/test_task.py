"""What workers are told and say survives Flower's messages; what makes no sense is a TaskError."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import federation
from federation.aggregate.rules import partial_sum

pytest.importorskip("flwr", reason="Flower is not installed: pip install 'antiphon[server]'")

from flwr.app import Array, ArrayRecord, ConfigRecord, MetricRecord, RecordDict

from federation.flower.task import TaskError, dealt, read, understood, work

assert federation  # before Flower: it switches off what Flower does unasked


def _through_a_message(content: RecordDict) -> RecordDict:
    """As Flower packs and unpacks it on the way."""
    from flwr.supercore.inflatable.inflatable_object import get_all_nested_objects
    from flwr.supercore.inflatable.inflatable_utils import inflate_object_from_contents

    packed = {name: part.deflate() for name, part in get_all_nested_objects(content).items()}
    found = inflate_object_from_contents(content.object_id, packed)
    assert isinstance(found, RecordDict)
    return found


@given(st.integers(0, 2**32 - 1), st.integers(1, 9), st.sampled_from(["f4", "f8"]))
def test_a_worker_gives_back_the_partial_sum(seed: int, count: int, dtype: str):
    rng = np.random.default_rng(seed)
    rows, weights = rng.normal(size=(count, 5)).astype(dtype), rng.uniform(0, 4096, count).tolist()
    reply = _through_a_message(work(_through_a_message(dealt(rows, weights))))
    found, expected = understood(reply, 5), partial_sum(list(rows), weights)
    assert np.array_equal(found.sum, expected.sum)
    assert (found.weight, found.count) == (expected.weight, expected.count)


def _answer(total: object, **of: object) -> RecordDict:
    return RecordDict(
        {
            "sum": ArrayRecord({"sum": Array(np.asarray(total))}),
            "of": MetricRecord({"weight": 1.0, "count": 1, **of}),  # type: ignore[dict-item]
        }
    )


@pytest.mark.parametrize(
    "reply",
    [
        RecordDict(),
        RecordDict({"sum": ConfigRecord({"sum": 1})}),
        _answer([1.0, 2.0, 3.0]),
        _answer(np.ones(2, np.float32)),
        _answer([1.0, np.nan]),
        _answer([1.0, np.inf]),
        _answer([[1.0, 2.0]]),
        _answer([1.0, 2.0], count=1.5),
        _answer([1.0, 2.0], weight=-1.0),
        _answer([1.0, 2.0], weight=float("nan")),
    ],
)
def test_an_answer_that_makes_no_sense_is_refused(reply: RecordDict):
    with pytest.raises(TaskError):
        understood(reply, 2)


@pytest.mark.parametrize(
    "content",
    [
        RecordDict(),
        dealt(np.ones(3), [1.0]),
        dealt(np.ones((1, 3), np.int64), [1.0]),
        RecordDict({"rows": ArrayRecord({"rows": Array(np.ones((1, 3)))})}),
    ],
)
def test_a_job_that_makes_no_sense_is_refused(content: RecordDict):
    with pytest.raises(TaskError):
        read(content)


def test_a_pickle_in_an_array_is_not_opened():
    import io

    packed = io.BytesIO()
    np.save(packed, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    evil = Array("object", (1,), "numpy.ndarray", packed.getvalue())
    with pytest.raises(TaskError):
        read(RecordDict({"rows": ArrayRecord({"rows": evil}), "weights": ConfigRecord()}))
