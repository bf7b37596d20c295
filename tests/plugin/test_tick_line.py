"""Lines through ticks."""

import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.realtime.tick_line import TickLine
from tests.strategies import MS


@given(
    st.integers(0, 10**15),
    st.integers(5 * MS, 130 * MS),
    st.integers(0, 10**6),
    st.integers(13, 600),
)
def test_exact_ticks_give_an_exact_line(
    begin_ns: int, period_ns: int, number: int, ticks: int
) -> None:
    line = TickLine()
    for k in range(ticks):
        line.add(number + k, begin_ns + k * period_ns)
    assert line.period_ns == pytest.approx(period_ns, rel=1e-9)
    assert line.ns(number + ticks) == pytest.approx(begin_ns + ticks * period_ns, abs=1_000)
    assert line.number(begin_ns) == pytest.approx(number, abs=1e-3)


def test_ticks_that_did_not_come_leave_the_line_where_it_is() -> None:
    line = TickLine()
    for k in range(200):
        if k % 7 and not 90 < k < 120:
            line.add(k, k * 20 * MS)
    assert line.ns(1_000) == pytest.approx(20_000 * MS, abs=10)


def test_a_steady_clock_is_averaged_and_a_bent_one_is_followed() -> None:
    for bend_ns, most_ms in ((0.0, 1.0), (-20_000.0, 2.5)):
        errors = []
        for seed in range(30):
            chance, line = random.Random(seed), TickLine()
            line.noise_ns = 3.0 * MS
            true_ns = [k * 25 * MS + bend_ns * k * k / 2 for k in range(300)]
            for k, at_ns in enumerate(true_ns):
                line.add(k, round(at_ns + chance.gauss(0, 3 * MS)))
            errors.append(abs(line.ns(299) - true_ns[299]) / MS)
        assert statistics.fmean(errors) < most_ms


def test_a_given_tempo_counts_until_there_are_ticks_enough() -> None:
    line = TickLine()
    line.restart(20.0 * MS, 10)
    line.add(0, 3 * MS)
    line.add(1, 23 * MS + 4 * MS)
    assert line.period_ns == 20 * MS
    assert line.ns(1) == 25 * MS
    for k in range(2, 20):
        line.add(k, 3 * MS + k * 21 * MS)
    assert line.period_ns == pytest.approx(21 * MS, rel=0.01)
