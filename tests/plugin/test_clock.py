"""Both clocks keep the same promises."""

import pytest

from plugin.realtime.clock import Clock, ManualClock, MonotonicClock


@pytest.mark.parametrize("clock", [ManualClock(10**9), MonotonicClock()])
@pytest.mark.parametrize("way", ["sleep_until_ns", "rest_until_ns"])
def test_sleeping_never_ends_before_the_due_time(clock: Clock, way: str) -> None:
    for ahead_ns in (0, -5_000_000, 400_000, 2_000_000):
        began_ns = clock.now_ns()
        getattr(clock, way)(began_ns + ahead_ns)
        assert clock.now_ns() >= began_ns + max(ahead_ns, 0)


def test_a_manual_clock_moves_only_when_told() -> None:
    clock = ManualClock(5)
    assert (clock.now_ns(), clock.now_ns()) == (5, 5)
    clock.advance_ns(10)
    clock.sleep_until_ns(12)
    assert clock.now_ns() == 15
    clock.sleep_until_ns(20)
    assert clock.now_ns() == 20
    with pytest.raises(ValueError, match="does not go back"):
        clock.advance_ns(-1)
