"""A batch: enough different devices, each once, none from too far back, first come first served."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.aggregate.buffer import LEAST_DEVICES, MOST_STALE, Waiting, batch
from federation.aggregate.rules import staleness_weight

HEAD = 9

waiting = st.lists(
    st.builds(
        Waiting,
        uuid=st.uuids().map(str),
        device=st.integers(0, 40).map(str),
        from_version=st.integers(0, HEAD),
        received=st.integers(0, 100),
        notes=st.sampled_from([64, 256]),
    ),
    max_size=60,
    unique_by=lambda one: one.uuid,
)


def _from(device: int, version: int = HEAD) -> Waiting:
    return Waiting(f"u{device}-{version}", f"d{device}", version, device, 256)


@given(waiting, st.integers(1, 10), st.integers(0, 30))
def test_what_is_chosen_keeps_all_the_rules(found: list[Waiting], least: int, more: int):
    made = batch(found, HEAD, least=least, most=least + more)
    devices = [one.device for one in made.chosen]
    assert len(devices) == len(set(devices))
    assert not devices or least <= len(devices) <= least + more
    assert all(HEAD - one.from_version <= MOST_STALE for one in made.chosen)
    assert {one for one in found if HEAD - one.from_version > MOST_STALE} == set(made.too_old)
    assert list(made.ages) == [staleness_weight(HEAD - one.from_version) for one in made.chosen]
    usable = {one.device for one in found if HEAD - one.from_version <= MOST_STALE}
    assert bool(devices) == (len(usable) >= least)


@given(waiting, st.randoms())
def test_the_order_of_reading_makes_no_difference(found: list[Waiting], chance):
    turned = list(found)
    chance.shuffle(turned)
    first, second = batch(found, HEAD, least=3), batch(turned, HEAD, least=3)
    assert (first.chosen, first.ages, set(first.too_old)) == (
        second.chosen,
        second.ages,
        set(second.too_old),
    )


def test_nothing_before_twenty_devices():
    assert LEAST_DEVICES == 20
    assert batch([_from(n) for n in range(19)], HEAD).chosen == ()
    assert len(batch([_from(n) for n in range(20)], HEAD).chosen) == 20


def test_twenty_contributions_of_one_device_are_one():
    assert batch([_from(0, HEAD - n % 5) for n in range(20)], HEAD, least=2).chosen == ()


def test_of_two_by_one_device_the_newer_base_wins():
    older = Waiting("u", "d0", HEAD - 2, 99, 256)  # came later, but starts from an older version
    assert batch([_from(0), older], HEAD, least=1).chosen == (_from(0),)
    later = Waiting("u", "d0", HEAD, 99, 256)
    assert batch([later, _from(0)], HEAD, least=1).chosen == (later,)


def test_first_come_first_served():
    made = batch([_from(n) for n in reversed(range(30))], HEAD, most=20)
    assert [one.device for one in made.chosen] == [f"d{n}" for n in range(20)]


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match="not there yet"):
        batch([_from(0, HEAD + 1)], HEAD)
    with pytest.raises(ValueError, match="no sense"):
        batch([], HEAD, least=5, most=4)
