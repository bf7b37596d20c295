"""What is said between the tier and its workers: rows and weights there, a partial sum back.

`dealt` and `read` make and take apart a job of the worker, `answer` and `understood` its result;
`work` is what it does: `federation.aggregate.rules.partial_sum`, nothing else. Arrays go as
NumPy's own bytes, which Flower reads with pickling off.

It refuses to know where the rows came from and to keep them.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from flwr.app import (  # noqa: TID253 - this package is where Flower is known
    Array,
    ArrayRecord,
    ConfigRecord,
    MetricRecord,
    RecordDict,
)

from federation.aggregate.rules import Partial, partial_sum

SHARD = "shard"
"""The name of the query that the workers answer."""


class TaskError(Exception):
    """A message is not what it should be; the message says what is wrong with it."""


def dealt(rows: npt.NDArray[Any], weights: Sequence[float]) -> RecordDict:
    """The content of a message to a worker. rows: one change each."""
    return RecordDict(
        {
            "rows": ArrayRecord({"rows": Array(np.ascontiguousarray(rows))}),
            "weights": ConfigRecord({"weights": [float(weight) for weight in weights]}),
        }
    )


def read(content: RecordDict) -> tuple[npt.NDArray[Any], list[float]]:
    """Rows and weights of such a message. Raises TaskError."""
    try:
        rows = content.array_records["rows"]["rows"].numpy()
        weights = content.config_records["weights"]["weights"]
    except (KeyError, ValueError, TypeError) as error:
        raise TaskError("The job has no rows, or no weights.") from error
    if rows.ndim != 2 or rows.dtype.kind != "f" or not isinstance(weights, list):
        raise TaskError(f"The job's rows are {rows.shape} of {rows.dtype}.")
    return rows, [float(weight) for weight in weights]


def work(content: RecordDict) -> RecordDict:
    """From a job to its answer. Raises TaskError and ValueError."""
    rows, weights = read(content)
    return answer(partial_sum(list(rows), weights))


def answer(partial: Partial) -> RecordDict:
    """The content of a worker's reply."""
    return RecordDict(
        {
            "sum": ArrayRecord({"sum": Array(partial.sum)}),
            "of": MetricRecord({"weight": partial.weight, "count": partial.count}),
        }
    )


def understood(content: RecordDict, size: int) -> Partial:
    """The partial sum in a reply: so many finite numbers. Raises TaskError."""
    try:
        total = content.array_records["sum"]["sum"].numpy()
        weight, count = (
            content.metric_records["of"]["weight"],
            content.metric_records["of"]["count"],
        )
    except (KeyError, ValueError, TypeError) as error:
        raise TaskError("The answer has no sum.") from error
    if total.shape != (size,) or total.dtype != np.float64 or not np.isfinite(total).all():
        raise TaskError(f"The answer's sum is {total.shape} of {total.dtype}, or not finite.")
    if not isinstance(count, int) or not isinstance(weight, int | float):
        raise TaskError("The answer does not say of how many.")
    if not math.isfinite(weight) or weight < 0.0:
        raise TaskError("The answer's weight makes no sense.")
    return Partial(total, float(weight), count)
