"""When it is time, on a clock that the test moves."""

from datetime import timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import given

from federation.client.schedule import (
    DAY,
    IDLE_S,
    JITTER,
    LONGEST_BACK_OFF,
    WEEK,
    Facts,
    back_off,
    decide,
    next_time,
)  # fmt: skip
from tests.federation.client.stage import DAWN


def _due(*, most: int = 3, mains: bool = True, **how) -> bool:
    facts = Facts(**{"now": DAWN, "idle_s": IDLE_S, "on_mains": True, **how})
    return decide(facts, most_a_week=most, mains_only=mains).due


def test_idle_on_mains_and_long_ago_it_is_time():
    assert _due()


@pytest.mark.parametrize(
    "how",
    [
        {"paused": True},
        {"idle_s": IDLE_S - 1},
        {"on_mains": False},
        {"on_mains": None},
        {"not_before": DAWN + timedelta(seconds=1)},
        {"failures": 1, "failed": DAWN - timedelta(minutes=14)},
        {"sent": [DAWN - timedelta(days=day) for day in (1, 3, 6)]},
    ],
)
def test_each_of_these_alone_says_no_and_why(how):
    facts = Facts(**{"now": DAWN, "idle_s": IDLE_S, "on_mains": True, **how})
    said = decide(facts, most_a_week=3, mains_only=True)
    assert not said.due
    assert said.why.endswith(".")


def test_on_battery_where_that_was_chosen():
    assert _due(mains=False, on_mains=None)


def test_after_a_week_it_may_be_again_and_says_when():
    sent = [DAWN - timedelta(days=day) for day in (6, 3, 1)]
    said = decide(Facts(DAWN, IDLE_S, True, sent=sent), most_a_week=3, mains_only=True)
    assert said.again == sent[0] + WEEK
    assert _due(now=said.again, sent=sent)


def test_a_clock_that_went_back_years_does_not_stop_it_for_years():
    assert _due(not_before=DAWN + timedelta(days=3650))
    assert _due(failures=9, failed=DAWN + timedelta(days=3650))


@given(st.binary(min_size=4, max_size=4))
def test_the_next_time_is_a_day_and_a_little_away(drawn):
    wait = next_time(DAWN, lambda count: drawn[:count]) - DAWN
    assert DAY <= wait < DAY + JITTER


def test_it_backs_off_further_each_time_and_not_for_ever():
    waits = [back_off(failures) for failures in range(40)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (timedelta(0), LONGEST_BACK_OFF)
    assert len(set(waits)) > 5


@given(st.lists(st.integers(0, 60), max_size=80), st.integers(1, 7))
def test_never_more_in_a_week_than_was_allowed(steps, most):
    """Whoever asks whenever: of what is done, no week holds more than so many."""
    now, sent = DAWN, []
    for hours in steps:
        now += timedelta(hours=hours)
        if _due(now=now, sent=sent, most=most):
            sent.append(now)
    for when in sent:
        assert sum(when - WEEK < other <= when for other in sent) <= most
