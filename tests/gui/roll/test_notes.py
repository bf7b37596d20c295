from collections import Counter
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from gui.roll.notes import LONG_NS, MOST_OPEN, OPEN_NS, Notes, Reach, RollNote
from plugin.protocol import NoteSounded
from plugin.served.messages import NoteEnded
from tests.gui.roll.told import MS, S, ghost, off, on
from tests.strategies import crowded_channels, crowded_pitches, velocities


@dataclass(frozen=True)
class Told:
    """A step of a performance; gap: before it."""

    gap_ns: int
    begins: bool
    partner: bool
    channel: int
    pitch: int
    velocity: int


steps = st.lists(
    st.builds(
        Told,
        gap_ns=st.one_of(st.just(0), st.integers(0, 3 * LONG_NS), st.integers(0, 200 * MS)),
        begins=st.booleans(),
        partner=st.booleans(),
        channel=crowded_channels,
        pitch=crowded_pitches,
        velocity=velocities,
    ),
    max_size=80,
)


def performed(told: list[Told], notes: Notes) -> tuple[list[RollNote], list[RollNote]]:
    """All notes that began, and those that were said to end, in order."""
    t_ns, began, ended = 0, [], []
    for step in told:
        t_ns += step.gap_ns
        if step.begins:
            began.append(
                notes.began(
                    NoteSounded(t_ns, step.partner, step.channel, step.pitch, step.velocity)
                )
            )
        else:
            over = notes.ended(NoteEnded(t_ns, step.partner, step.channel, step.pitch))
            if over is not None:
                ended.append(over)
    return began, ended


@given(steps)
def test_every_note_is_ended_at_most_once_and_by_its_own_key(told: list[Told]) -> None:
    notes = Notes()
    told_of: list[RollNote] = []
    notes.when_over = told_of.append
    began, ended = performed(told, notes)
    assert max(Counter(map(id, told_of)).values(), default=1) == 1
    assert {id(note) for note in told_of} == {id(note) for note in began if not note.sounds}
    assert max(Counter(map(id, ended)).values(), default=1) == 1
    still = notes.open_notes()
    assert not {id(note) for note in still} & {id(note) for note in ended}
    assert all(note.sounds for note in still)
    assert all(not note.sounds and note.end_ns >= note.t_ns for note in ended)
    rest = notes.end_all(10**15)
    assert rest == still
    assert not any(note.sounds for note in began)
    assert notes.end_all(10**15) == []


@given(steps, st.integers(0, 200 * S), st.integers(0, 30 * S))
def test_a_window_holds_what_counting_all_finds(told: list[Told], begin: int, long: int) -> None:
    notes = Notes()
    began, _ = performed(told, notes)
    end = begin + long
    found = notes.between(begin, end)
    expected = [n for n in began if n.t_ns < end and (n.end_ns > begin or n.t_ns >= begin)]
    assert {id(n) for n in found} == {id(n) for n in expected}
    assert len(found) == len(expected)


@given(steps, st.integers(1, 12))
def test_it_stays_bounded_and_keeps_what_sounds(told: list[Told], capacity: int) -> None:
    notes = Notes(capacity)
    performed(told, notes)
    still = notes.open_notes()
    assert len(notes) <= capacity + capacity // 8 + len(still)
    assert {id(note) for note in still} <= {id(note) for note in notes}
    window = notes.between(0, OPEN_NS)
    assert {id(note) for note in window} == {id(note) for note in notes}


@given(steps, st.integers(-(10**12), 10**12))
def test_a_shift_moves_everything_and_changes_nothing_else(told: list[Told], by: int) -> None:
    one, other = Notes(), Notes()
    performed(told, one)
    performed(told, other)
    other.shift(by)
    assert [(n.t_ns + by, n.pitch) for n in one] == [(n.t_ns, n.pitch) for n in other]
    moved = other.between(by, by + 5 * S)
    assert sorted((n.t_ns, n.pitch) for n in moved) == sorted(
        (n.t_ns + by, n.pitch) for n in one.between(0, 5 * S)
    )


def test_the_older_of_two_equal_keys_ends_first() -> None:
    notes = Notes()
    first, second = notes.began(on(1.0)), notes.began(on(1.5))
    assert notes.ended(off(2.0)) is first
    assert notes.ended(off(3.0)) is second
    assert (first.end_ns, second.end_ns) == (2 * S, 3 * S)
    assert notes.ended(off(4.0)) is None


def test_the_other_sides_end_is_not_ours() -> None:
    notes = Notes()
    notes.began(on(1.0, partner=True))
    assert notes.ended(off(2.0, partner=False)) is None
    assert notes.sounds


def test_a_key_that_loses_its_ends_does_not_pile_up() -> None:
    notes = Notes()
    for number in range(50):
        notes.began(on(float(number)))
    assert len(notes.open_notes()) == MOST_OPEN


def test_notes_told_out_of_order_are_found_in_order() -> None:
    notes = Notes()
    for at_s in (2.0, 1.0, 3.0, 1.0):
        notes.began(on(at_s, round(60 + at_s)))
        notes.ended(off(at_s + 0.5, round(60 + at_s)))
    assert [note.pitch for note in notes.between(0, 10 * S)] == [61, 61, 62, 63]


def test_a_planned_note_that_sounds_is_planned_no_more_and_no_other_goes() -> None:
    notes = Notes()
    notes.plan((ghost(1.0, 1.2), ghost(1.2, 1.4), ghost(1.0, 1.2, 64), ghost(3.0, 3.5)))
    notes.began(on(1.01, partner=True))
    assert notes.ghosts == (ghost(1.0, 1.2, 64), ghost(1.2, 1.4), ghost(3.0, 3.5))
    notes.began(on(1.2, partner=False))
    assert len(notes.ghosts) == 3, "the player's notes were not planned"
    notes.drop_ghosts(round(1.1 * S))
    assert notes.ghosts == (ghost(1.2, 1.4), ghost(3.0, 3.5)), "one did not come"


def test_the_reach_counts_what_is_planned() -> None:
    notes = Notes()
    assert notes.reach(0, S) is None
    notes.began(on(0.5, 50))
    notes.plan((ghost(0.9, 1.0, 70), ghost(9.0, 9.5, 90)))
    assert notes.reach(0, S) == Reach(50, 70)


def test_what_lies_under_a_place_is_the_partners_first() -> None:
    notes = Notes()
    mine, theirs = notes.began(on(1.0)), notes.began(on(1.0, partner=True))
    assert notes.at(round(1.1 * S), 60) is theirs
    assert notes.at(round(1.1 * S), 61) is None
    assert notes.last(5, partner=False) == [mine]


def test_a_played_note_keeps_what_was_told_of_it() -> None:
    told = on(1.0, 61, partner=True, velocity=33, late_ms=12.5)
    note = Notes().began(told)
    assert (note.pitch, note.velocity, note.partner, note.late_ms) == (61, 33, True, 12.5)
