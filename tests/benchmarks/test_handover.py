"""What benchmarks.handover counts, on lines made by hand; and that its fit sees what plays."""

import math

import numpy as np
import pytest

from benchmarks import handover_fit
from benchmarks.handover import FixedSilence, WithoutModel, at_equal_mistakes, deadlines, measure
from benchmarks.handover_fit import delays, search, table, waits
from benchmarks.handover_phrases import Line
from engine.api import GAP_SHARES
from plugin.turns import GAPS_ALONE, MIXED, HandOver

SHARES = len(GAP_SHARES)


def _line(*notes: tuple[float, float, bool], seed: int = 0) -> Line:
    """Notes as (onset, length in seconds, whether a phrase ends); what is expected is random."""
    rng = np.random.default_rng(seed)
    onset, length, ends = (np.array(column) for column in zip(*notes, strict=True))
    onset_ns = onset * 1e9
    gaps_ns = np.sort(rng.uniform(0.1e9, 1.5e9, (len(onset), SHARES)), axis=1)
    return Line(
        onset_ns,
        onset_ns + length * 1e9,
        ends.astype(bool),
        np.append(onset_ns[1:], np.inf),
        rng.random(len(onset)),
        gaps_ns[:, ::1],
        rng.random(len(onset)),
        np.sort(rng.uniform(0.1e9, 1.5e9, (len(onset), SHARES)), axis=1),
    )


def _tune(seed: int, count: int = 120) -> Line:
    rng = np.random.default_rng(seed)
    gaps = rng.choice([0.01, 0.2, 0.3, 0.45, 0.9, 1.6], count, p=[0.1, 0.3, 0.3, 0.2, 0.08, 0.02])
    onset = np.cumsum(gaps)
    length = np.append(np.diff(onset), 0.4) * rng.uniform(0.4, 1.2, count)
    ends = (np.arange(count) % 12 == 11).tolist()
    return _line(*zip(onset, np.maximum(length, 0.01), ends, strict=True), seed=seed)


LINE = _line((0.0, 0.2, False), (0.4, 0.2, False), (1.4, 0.8, False), (2.0, 0.3, True),
             (4.0, 0.5, True))  # fmt: skip


def test_a_fixed_silence_comes_in_where_it_is_silent_for_so_long():
    came = deadlines(LINE, FixedSilence(0.5))
    # The second note is followed by 0.8 s of silence; the third is held into the fourth.
    assert came[:3].tolist() == [math.inf, pytest.approx(1.1e9), math.inf]
    assert came[3:] == pytest.approx([2.8e9, 5.0e9])


def test_mistakes_delays_and_ends_are_counted():
    found = measure({"one": [LINE], "two": [LINE]}, lambda: FixedSilence(0.5))
    assert found["mistakes_per_1000"] == pytest.approx(1000 / 3, abs=0.01)
    assert found["delay_s_p50"] == 0.5
    assert found["ends_taken_percent"] == 100.0
    slow = measure({"one": [LINE]}, lambda: FixedSilence(1.9))
    assert slow["mistakes_per_1000"] == 0.0
    assert slow["ends_taken_percent"] == 50.0, "the piece went on before it came in"


def test_a_key_held_for_very_long_is_not_waited_for():
    held = _line((0.0, 0.2, False), (0.3, 20.0, True))
    came = deadlines(held, HandOver())
    assert came[0] == math.inf
    assert came[1] < 20e9
    assert deadlines(held, FixedSilence(0.5))[1] == pytest.approx(20.8e9)


def test_without_the_model_its_expectation_changes_nothing():
    line = _tune(1)
    assert deadlines(line, WithoutModel()).tolist() == deadlines(
        Line(*[getattr(_tune(1), name) for name in ("onset_ns", "release_ns", "ends", "next_ns")],
             line.over, line.gaps_ns * 3, line.over, line.gaps_after_ns * 3), WithoutModel()
    ).tolist()  # fmt: skip
    assert deadlines(line, HandOver()).tolist() != deadlines(line, WithoutModel()).tolist()


@pytest.mark.parametrize(("weights", "model"), [(MIXED, True), (GAPS_ALONE, False)])
def test_the_fit_computes_what_plays(weights, model):
    line = _tune(2)
    patience, breath = waits(weights, table([line]), model=model)
    rule = HandOver()
    for n in range(len(line.onset_ns)):
        rule.note_on(int(line.onset_ns[n]))
        if model:
            rule.expected(0.5, [round(gap) for gap in line.gaps_after_ns[n]])
        assert rule.patience_ns() / 1e9 == pytest.approx(patience[n], abs=1e-6)
        assert rule.breath_ns() / 1e9 == pytest.approx(breath[n], abs=1e-6)


def test_the_fit_lowers_the_cost_and_puts_the_middle_of_the_dial_where_it_says():
    tables = [table([_tune(seed) for seed in range(3 * kind, 3 * kind + 3)]) for kind in (0, 1)]
    start = handover_fit.STARTS["mixed"]

    def cost(weights) -> float:
        return float(np.mean([np.log(c) for _, c in delays(weights, tables, (20.0,), model=True)]))

    found = search(start, tables, model=True, steps=150)
    middle, _ = delays(found, tables, (handover_fit.MIDDLE,), model=True)[0]
    assert middle == pytest.approx(1.0)
    assert cost(found) < cost(start)
    assert found == search(start, tables, model=True, steps=150)


def test_between_two_points_of_a_curve_delays_are_read_off_by_its_mistakes():
    def point(mistakes: float, delay: float) -> dict[str, float]:
        return {"mistakes_per_1000": mistakes, "delay_s_p50": delay, "delay_s_p90": 2 * delay,
                "ends_taken_percent": 50.0}  # fmt: skip

    curve = [point(1.0, 0.8), point(100.0, 0.2)]
    assert at_equal_mistakes(curve, 10.0)["delay_s_p50"] == 0.5
    assert at_equal_mistakes(curve, 1.0)["delay_s_p90"] == 1.6
    assert at_equal_mistakes(curve, 200.0) == {}
