"""The heap of deadlines: nothing early, ends before beginnings."""

from hypothesis import given
from hypothesis import strategies as st

from plugin.realtime.scheduler import PlannedNote, Scheduler

moments = st.integers(0, 50)


def note(note_id: int, due_ns: int, end_ns: int, pitch: int = 60) -> PlannedNote:
    return PlannedNote(note_id, due_ns, end_ns, 0, pitch, 80)


@given(st.lists(st.tuples(moments, moments), max_size=20), st.lists(moments, max_size=10))
def test_both_ends_come_once_in_order_and_never_early(
    spans: list[tuple[int, int]], looks: list[int]
) -> None:
    scheduler = Scheduler()
    for number, (due, length) in enumerate(spans):
        scheduler.add(note(number, due, due + length))
    taken = []
    for now in [*sorted(looks), 1_000]:
        next_due = scheduler.next_due_ns()
        while (due := scheduler.take_due(now)) is not None:
            assert due.due_ns == next_due
            assert due.due_ns <= now
            taken.append(due)
            next_due = scheduler.next_due_ns()
        assert next_due is None or next_due > now
    assert len(scheduler) == 0
    assert [d.due_ns for d in taken] == sorted(d.due_ns for d in taken)
    for number, _ in enumerate(spans):
        assert [d.starts for d in taken if d.note.note_id == number] == [True, False]


def test_at_the_same_moment_ends_come_first() -> None:
    scheduler = Scheduler()
    scheduler.add(note(1, 100, 200))
    scheduler.add(note(2, 0, 100))
    found = [scheduler.take_due(100) for _ in range(3)]
    assert [(due.note.note_id, due.starts) for due in found if due] == [
        (2, True),
        (2, False),
        (1, True),
    ]


def test_a_note_without_length_has_one() -> None:
    scheduler = Scheduler()
    scheduler.add(note(1, 100, 100))
    assert scheduler.take_due(100) is not None
    assert scheduler.take_due(100) is None
    assert scheduler.next_due_ns() == 101


def test_what_is_withdrawn_is_gone_and_counted() -> None:
    scheduler = Scheduler()
    scheduler.add(note(1, 0, 100))
    scheduler.add(note(2, 50, 100))
    assert scheduler.take_due(10) is not None
    assert scheduler.withdraw_all() == 1
    assert len(scheduler) == 0
    assert scheduler.next_due_ns() is None
    assert scheduler.take_due(1_000) is None
