"""Plays committed notes at their time and stops them at once when told.

Scheduler and ledger together: what is due is sent, what was sent is owed a note-off, what is
withdrawn never sounds. The policy for late notes is written here and nowhere else:

    up to `ON_TIME_NS` late   on time
    up to `TOO_LATE_NS` late  sent at once, counted as late
    later than that           dropped with its note-off, counted as dropped
"""

from collections.abc import Callable
from dataclasses import dataclass

from plugin.realtime.ledger import Ledger, silence
from plugin.realtime.listener import HeardNote
from plugin.realtime.scheduler import PlannedNote, Scheduler

ON_TIME_NS = 5_000_000
TOO_LATE_NS = 100_000_000


@dataclass(slots=True)
class Punctuality:
    """How an answer was played."""

    started: int = 0
    late: int = 0
    dropped: int = 0
    first_late_ns: int | None = None


class Performer:
    """The partner's hands. Thread: one. Real-time: yes.

    send hands over one message at once; started is told of every note-on that was sent, with the
    nanoseconds it was late.
    """

    def __init__(
        self,
        send: Callable[[int, bytes], None],
        started: Callable[[int, PlannedNote, int], None],
    ) -> None:
        self._send, self._started = send, started
        self._scheduler, self._ledger = Scheduler(), Ledger()
        self._begun: dict[int, tuple[int, PlannedNote]] = {}
        self._sounded: list[HeardNote] = []
        self.punctuality = Punctuality()

    @property
    def busy(self) -> bool:
        """Whether anything sounds or waits."""
        return len(self._scheduler) > 0 or self._ledger.sounding > 0

    @property
    def sounding(self) -> int:
        """Notes that sound now."""
        return self._ledger.sounding

    def commit(self, note: PlannedNote) -> None:
        """This note will be played."""
        self._scheduler.add(note)

    def next_due_ns(self) -> int | None:
        """When `perform` must be called next; None while nothing waits."""
        return self._scheduler.next_due_ns()

    def perform(self, now_ns: int) -> None:
        """Send everything whose time has come."""
        while (due := self._scheduler.take_due(now_ns)) is not None:
            if not due.starts:
                self._end(now_ns, due.note.note_id)
                continue
            late_ns = now_ns - due.due_ns
            if late_ns > TOO_LATE_NS:
                self.punctuality.dropped += 1
                continue
            self._begin(now_ns, due.note, late_ns)

    def withdraw(self, now_ns: int) -> int:
        """Stop at once: what waits is forgotten, what sounds is released. How many never began."""
        unplayed = self._scheduler.withdraw_all()
        for note_id in list(self._begun):
            self._end(now_ns, note_id)
        return unplayed

    def panic(self, now_ns: int) -> None:
        """Withdraw, and tell every channel to be quiet for good measure."""
        self.withdraw(now_ns)
        for message in silence():
            self._send(now_ns, message)

    def take_sounded(self) -> list[HeardNote]:
        """Notes that have sounded to their end since the last call, in order of onset."""
        notes = sorted(self._sounded, key=lambda note: (note.start_ns, note.pitch))
        self._sounded.clear()
        return notes

    def _begin(self, now_ns: int, note: PlannedNote, late_ns: int) -> None:
        # A key struck again is released first; the ledger says so, the book-keeping follows.
        for other_id, (_, other) in list(self._begun.items()):
            if (other.channel, other.pitch) == (note.channel, note.pitch):
                self._end(now_ns, other_id)
        for message in self._ledger.start(note.note_id, note.channel, note.pitch, note.velocity):
            self._send(now_ns, message)
        self._begun[note.note_id] = (now_ns, note)
        self.punctuality.started += 1
        self.punctuality.late += late_ns > ON_TIME_NS
        if self.punctuality.first_late_ns is None:
            self.punctuality.first_late_ns = late_ns
        self._started(now_ns, note, late_ns)

    def _end(self, now_ns: int, note_id: int) -> None:
        for message in self._ledger.stop(note_id):
            self._send(now_ns, message)
        begun = self._begun.pop(note_id, None)
        if begun is not None:
            start_ns, note = begun
            self._sounded.append(
                HeardNote(
                    start_ns, max(now_ns, start_ns + 1), note.channel, note.pitch, note.velocity
                )
            )
