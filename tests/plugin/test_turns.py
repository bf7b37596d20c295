"""JAM-3: when the partner comes in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.api import GAP_SHARES
from plugin.turns import (
    CHORD_NS,
    GAPS_ALONE,
    HELD_LEAST_NS,
    HELD_TIMES,
    LONGEST_SURE_S,
    MIXED,
    SPAN,
    SURE,
    HandOver,
)
from tests.strategies import MS


def played(
    *gaps_ms: float, held_ms: float = 50, handover: HandOver | None = None
) -> tuple[HandOver, int]:
    """A hand-over after notes this far apart, and the moment of the last onset."""
    handover, now_ns = handover or HandOver(), 0
    for gap_ms in (0, *gaps_ms):
        now_ns += round(gap_ms * MS)
        handover.note_on(now_ns)
        handover.note_off(now_ns + round(held_ms * MS))
    return handover, now_ns


def sure_by(ms: float) -> tuple[int, ...]:
    """Gaps of which the prior is sure by then; before, they climb, and after."""
    return tuple(round(ms * MS * (1 + share - SURE)) for share in GAP_SHARES)


def told(*gaps_ms: float, sure_ms: float, over: float = 0.1) -> HandOver:
    """After such notes the prior expects the next one by then."""
    handover, _ = played(*gaps_ms)
    handover.expected(over, sure_by(sure_ms))
    return handover


def test_nothing_before_the_first_note() -> None:
    handover = HandOver()
    assert handover.deadline_ns() is None
    assert handover.deadline_ns(held=True) is None
    handover.note_off(5)
    handover.expected(0.5, sure_by(300))
    assert handover.deadline_ns() is None


def test_a_silence_counts_from_the_last_onset_and_from_the_last_release() -> None:
    short, last_ns = played(*[800] * 8, held_ms=10)
    assert short.deadline_ns() == last_ns + short.patience_ns()
    long, last_ns = played(*[400] * 8, held_ms=2_000)
    assert long.deadline_ns() == last_ns + 2_000 * MS + long.breath_ns()


def test_a_fast_player_is_answered_sooner_with_the_engine_and_without() -> None:
    alone = [played(*[gap] * 8)[0] for gap in (100, 350, 450, 600, 1_100)]
    mixed = [told(*[gap] * 8, sure_ms=400) for gap in (100, 350, 450, 600, 1_100)]
    for waits in (alone, mixed):
        patience = [handover.patience_ns() for handover in waits]
        assert patience == sorted(patience)
        assert patience[0] < patience[3] < patience[4]
        assert waits[0].breath_ns() < waits[4].breath_ns()


def test_where_the_prior_expects_the_next_note_late_the_partner_waits() -> None:
    waits = [told(*[500] * 8, sure_ms=sure).patience_ns() for sure in (250, 600, 1_500)]
    assert waits == sorted(set(waits))
    endless = [told(*[500] * 8, sure_ms=1e3 * LONGEST_SURE_S * k).patience_ns() for k in (1, 9)]
    assert endless[0] == endless[1]


def test_an_expectation_counts_until_the_next_key_is_struck() -> None:
    handover = told(*[500] * 8, sure_ms=1_500)
    expecting = handover.patience_ns()
    handover.note_off(4_100 * MS)
    assert handover.patience_ns() == expecting
    handover.expected(0.9, sure_by(700))
    assert handover.patience_ns() < expecting, "told again after the release"
    handover.note_on(4_500 * MS)
    assert handover.patience_ns() == played(*[500] * 9)[0].patience_ns(), "the gaps alone"
    handover.expected(0.1, sure_by(1_500))
    handover.note_on(4_510 * MS)
    assert handover.patience_ns() == played(*[500] * 9)[0].patience_ns(), "one more of a chord"


@pytest.mark.parametrize("gaps", [(), (5,), (0,) * len(GAP_SHARES)])
def test_what_is_no_expectation_is_none(gaps: tuple[int, ...]) -> None:
    handover, _ = played(*[500] * 8)
    alone = handover.patience_ns(), handover.breath_ns()
    handover.expected(0.5, gaps)
    assert (handover.patience_ns(), handover.breath_ns()) == alone


def test_the_first_notes_of_a_session_are_judged_by_what_the_prior_expects() -> None:
    quick, slow = told(sure_ms=300), told(sure_ms=1_200)
    assert quick.patience_ns() < slow.patience_ns()
    assert quick.breath_ns() < slow.breath_ns()
    quick, slow = told(*[400] * 24, sure_ms=300), told(*[400] * 24, sure_ms=1_200)
    ratio = slow.patience_ns() / quick.patience_ns()
    assert ratio < told(sure_ms=1_200).patience_ns() / told(sure_ms=300).patience_ns()


def test_the_dial_makes_everything_slower_or_faster() -> None:
    waits = {}
    for dial in (0.0, 0.25, 0.5, 1.0):
        handover, _ = played(*[500] * 8, handover=HandOver(dial))
        waits[dial] = handover.patience_ns(), handover.breath_ns()
    assert waits[0.0] > waits[0.25] > waits[0.5] > waits[1.0]
    for middle, least, most in zip(waits[0.5], waits[1.0], waits[0.0], strict=True):
        assert most == pytest.approx(middle * SPAN, abs=1)
        assert least == pytest.approx(middle / SPAN, abs=1)
    handover, last_ns = played(*[500] * 8)
    handover.eagerness = 1.0
    assert (handover.patience_ns(), handover.breath_ns()) == waits[1.0]
    assert handover.deadline_ns() == last_ns + waits[1.0][0]


def test_a_held_key_blocks_for_long_but_not_for_ever() -> None:
    for gap_ms in (100, 900):
        handover, last_ns = played(*[gap_ms] * 8)
        held_ns = handover.deadline_ns(held=True)
        assert held_ns is not None
        assert held_ns >= last_ns + HELD_LEAST_NS
        assert held_ns >= last_ns + round(HELD_TIMES * handover.patience_ns())
        assert held_ns <= last_ns + HELD_LEAST_NS + round(HELD_TIMES * handover.patience_ns())


def test_one_long_note_does_not_make_a_fast_player_slow() -> None:
    fast, _ = played(*[400] * 20)
    with_a_rest, _ = played(*[400] * 10, 1_000, *[400] * 10)
    assert with_a_rest.patience_ns() == fast.patience_ns()


def test_pauses_between_phrases_are_no_rhythm() -> None:
    fast, _ = played(*[400] * 8)
    with_pauses, _ = played(*[400, 400, 5_000] * 4)
    assert with_pauses.patience_ns() == fast.patience_ns()


def test_a_chord_is_one_onset() -> None:
    line, _ = played(*[450] * 6)
    chords, _ = played(*[10, 10, 430] * 6)
    assert chords.patience_ns() == line.patience_ns()


def test_old_habits_are_forgotten() -> None:
    handover, _ = played(*[700] * 20, *[450] * 30)
    assert handover.patience_ns() == played(*[450] * 8)[0].patience_ns()


@given(
    st.lists(
        st.tuples(st.integers(0, 4_000), st.integers(1, 2_000), st.integers(0, 100_000)).map(
            lambda t: (t[0] * MS, t[1] * MS, t[2] * MS)
        ),
        min_size=1,
        max_size=60,
    ),
    st.floats(-1.0, 2.0),
)
def test_waits_have_limits_and_the_deadline_comes_after_all_that_was_played(
    notes: list[tuple[int, int, int]], eagerness: float
) -> None:
    handover, now_ns = HandOver(eagerness), 0
    for gap_ns, held_ns, sure_ns in notes:
        now_ns += gap_ns
        handover.note_on(now_ns)
        if sure_ns:
            handover.expected(0.5, (sure_ns,) * len(GAP_SHARES))
        handover.note_off(now_ns + held_ns)
        least, most = min(MIXED.least, GAPS_ALONE.least), max(MIXED.most, GAPS_ALONE.most)
        assert least * 1e9 / SPAN - 1 <= handover.patience_ns() <= most * 1e9 * SPAN + 1
        assert 50 * MS <= handover.breath_ns() <= 4_000 * MS
        deadline_ns = handover.deadline_ns()
        assert deadline_ns is not None
        assert deadline_ns >= now_ns + held_ns + handover.breath_ns()
        assert deadline_ns >= now_ns - CHORD_NS + handover.patience_ns()
