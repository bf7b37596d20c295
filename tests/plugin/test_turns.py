"""JAM-3: when the partner comes in. (Never while a key is held: tests/plugin/test_session.py.)"""

from hypothesis import given
from hypothesis import strategies as st

from plugin.turns import BREATH_NS, CHORD_NS, FIRST_GUESS_NS, LEAST_NS, MOST_NS, HandOver
from tests.strategies import MS


def played(*gaps_ms: float, held_ms: float = 50) -> tuple[HandOver, int]:
    """A hand-over after notes this far apart, and the moment of the last onset."""
    handover, now_ns = HandOver(), 0
    for gap_ms in (0, *gaps_ms):
        now_ns += round(gap_ms * MS)
        handover.note_on(now_ns)
        handover.note_off(now_ns + round(held_ms * MS))
    return handover, now_ns


def test_nothing_before_the_first_note() -> None:
    handover = HandOver()
    assert handover.deadline_ns() is None
    handover.note_off(5)
    assert handover.deadline_ns() is None


def test_a_first_guess_until_there_is_a_rhythm() -> None:
    handover, last_ns = played(100, 100)
    assert handover.deadline_ns() == last_ns + FIRST_GUESS_NS
    handover, last_ns = played(300, 300, 300)
    assert handover.deadline_ns() != last_ns + FIRST_GUESS_NS


def test_a_fast_player_is_answered_sooner() -> None:
    waits = [played(*[gap] * 8)[0].patience_ns() for gap in (100, 350, 450, 600, 1_100)]
    assert waits == sorted(waits)
    assert waits[0] < waits[2] < waits[4]


def test_one_long_note_does_not_make_a_fast_player_slow() -> None:
    fast, _ = played(*[400] * 20)
    with_a_rest, _ = played(*[400] * 10, 1_000, *[400] * 10)
    assert with_a_rest.patience_ns() == fast.patience_ns()


def test_pauses_between_phrases_are_no_rhythm() -> None:
    fast, _ = played(*[400] * 8)
    with_pauses, _ = played(*[400, 400, 5_000] * 4)
    assert with_pauses.patience_ns() == fast.patience_ns()


def test_a_chord_is_one_onset() -> None:
    line, _ = played(*[400] * 6)
    chords, _ = played(*[10, 10, 380] * 6)
    assert chords.patience_ns() == line.patience_ns()


def test_old_habits_are_forgotten() -> None:
    handover, _ = played(*[700] * 20, *[350] * 30)
    assert handover.patience_ns() == played(*[350] * 8)[0].patience_ns()


def test_the_last_release_gets_its_breath() -> None:
    handover, last_ns = played(*[400] * 8, held_ms=2_000)
    assert handover.deadline_ns() == last_ns + 2_000 * MS + BREATH_NS


@given(
    st.lists(
        st.tuples(st.integers(0, 4_000), st.integers(1, 2_000)).map(
            lambda t: (t[0] * MS, t[1] * MS)
        ),
        min_size=1,
        max_size=60,
    )
)
def test_patience_has_limits_and_the_deadline_comes_after_all_that_was_played(
    notes: list[tuple[int, int]],
) -> None:
    handover, now_ns = HandOver(), 0
    for gap_ns, held_ns in notes:
        now_ns += gap_ns
        handover.note_on(now_ns)
        handover.note_off(now_ns + held_ns)
        assert LEAST_NS <= handover.patience_ns() <= MOST_NS
        deadline_ns = handover.deadline_ns()
        assert deadline_ns is not None
        assert deadline_ns >= now_ns + held_ns + BREATH_NS
        assert deadline_ns >= now_ns - CHORD_NS + LEAST_NS
