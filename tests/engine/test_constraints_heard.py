"""The pull toward the player: bounded, fading, and never a ban."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.encoding import DURATION, FIELD_SIZES, ONSET, PITCH, VELOCITY
from engine.sampling.heard import Heard

notes = st.tuples(
    st.none() | st.integers(0, 288),
    st.integers(0, 127),
    st.integers(0, 288),
    st.integers(0, 32),
    st.booleans(),
)


def _hear(*found: tuple[int | None, int, int, int, bool]) -> Heard:
    heard = Heard()
    for delta, pitch, duration, velocity, drums in found:
        heard.hear(delta, pitch, duration, velocity, drums=drums)
    return heard


@given(
    found=st.lists(notes, min_size=1, max_size=30),
    strength=st.floats(0.01, 1.0),
    last=st.none() | st.integers(0, 127),
    drums=st.booleans(),
)
def test_a_pull_is_finite_and_never_a_ban(found, strength, last, drums):
    pull = _hear(*found).pull(strength)
    assert pull is not None
    for field in (ONSET, PITCH, DURATION, VELOCITY):
        bias = pull.bias(field, last, drums=drums)
        assert bias.shape == (FIELD_SIZES[field],)
        assert (bias <= 1e-6).all()
        assert (bias >= -8.0).all()


def test_no_pull_without_strength_or_without_notes():
    assert Heard().pull(1.0) is None
    heard = _hear((None, 60, 10, 10, False))
    assert heard.pull(0.0) is None
    heard.forget()
    assert heard.pull(1.0) is None
    assert heard.last_pitch is None


def test_it_leads_to_the_pitch_classes_and_steps_of_the_player():
    heard = _hear(*[(24, 60 + 2 * (n % 4), 24, 10, False) for n in range(40)])
    pull = heard.pull(1.0)
    bias = pull.bias(PITCH, None, drums=False)
    assert bias[72] == bias[60] > bias[61]
    after_64 = pull.bias(PITCH, 64, drums=False)
    assert after_64[66] > after_64[60]
    assert int(after_64.argmax()) == 66
    assert pull.bias(PITCH, 0, drums=False).shape == pull.bias(PITCH, 127, drums=False).shape


@pytest.mark.parametrize(("field", "size"), [(ONSET, 289), (DURATION, 289)])
def test_it_leads_to_the_times_of_the_player_and_their_neighbours(field, size):
    bias = _hear(*[(48, 60, 48, 10, False)] * 10).pull(1.0).bias(field, None, drums=False)
    assert int(bias.argmax()) == 48
    assert bias[47] > bias[46] > bias[40]
    assert len(bias) == size


def test_a_stronger_pull_pulls_more_and_so_do_more_notes():
    def depth(count: int, strength: float) -> float:
        heard = _hear(*[(24, 60, 24, 16, False)] * count)
        return -float(heard.pull(strength).bias(VELOCITY, None, drums=False).min())

    assert depth(20, 0.2) < depth(20, 0.5) < depth(20, 1.0)
    assert depth(1, 1.0) < depth(4, 1.0) < depth(40, 1.0)


def test_the_player_of_now_counts_more_than_the_player_of_then():
    old, new = [(24, 60, 24, 5, False)] * 100, [(12, 66, 12, 28, False)] * 60
    pull = _hear(*old, *new).pull(1.0)
    for field, then, now in ((ONSET, 24, 12), (VELOCITY, 5, 28), (PITCH, 60, 66)):
        bias = pull.bias(field, None, drums=False)
        assert bias[now] > bias[then]


def test_drums_are_counted_by_key_and_move_no_pitch():
    heard = _hear((None, 60, 24, 10, False), *[(24, 38, 24, 10, True)] * 10)
    assert heard.last_pitch == 60
    pull = heard.pull(1.0)
    assert int(pull.bias(PITCH, None, drums=True).argmax()) == 38
    assert int(pull.bias(PITCH, None, drums=False).argmax()) % 12 == 0
    assert np.isclose(pull.bias(PITCH, None, drums=False)[36], 0.0)
