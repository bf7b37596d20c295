"""Plays committed notes at their time and stops them at once when told.

Scheduler and ledger together: what is due is sent, what was sent is owed a note-off, what is
withdrawn never sounds. The policy for late notes is written here and nowhere else:

    up to `ON_TIME_NS` late   on time
    up to `TOO_LATE_NS` late  sent at once, counted as late
    later than that           dropped with its note-off, counted as dropped

On hold nothing begins, and what sounds ends in its time: a mute that cuts no note.
"""

from collections.abc import Callable
from dataclasses import dataclass

from plugin.realtime.ledger import Ledger, silence
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
    first_start_ns: int | None = None
    last_end_ns: int = 0

    @property
    def span_ns(self) -> int:
        """From the first onset to the last release."""
        return 0 if self.first_start_ns is None else self.last_end_ns - self.first_start_ns


class Performer:
    """The partner's hands. Thread: one. Real-time: yes.

    send hands over one message at once, and says when it was due; started is told of every note-on
    that was sent, with the nanoseconds it was late; ended of every end, with the nanosecond at
    which the note began. make_room is told of a key before it is struck: whoever else holds it
    releases it.
    """

    def __init__(
        self,
        send: Callable[[int, bytes, int], None],
        started: Callable[[int, PlannedNote, int], None],
        ended: Callable[[int, PlannedNote, int], None] = lambda now_ns, note, start_ns: None,
        make_room: Callable[[int, int, int], None] = lambda now_ns, channel, pitch: None,
    ) -> None:
        self._send, self._started, self._ended = send, started, ended
        self._make_room = make_room
        self._scheduler, self._ledger = Scheduler(), Ledger()
        self._begun: dict[int, tuple[int, PlannedNote]] = {}
        self.punctuality = Punctuality()
        self.holding = False
        """While this is set no note begins."""

    @property
    def busy(self) -> bool:
        """Whether anything sounds or waits."""
        return len(self._scheduler) > 0 or self._ledger.sounding > 0

    @property
    def sounding(self) -> int:
        """Notes that sound now."""
        return self._ledger.sounding

    @property
    def waiting(self) -> list[PlannedNote]:
        """Notes that are committed and have not begun, in order of time."""
        return self._scheduler.unplayed()

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
                self._end(now_ns, due.note.note_id, due.due_ns)
                continue
            late_ns = now_ns - due.due_ns
            if self.holding:
                continue
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
            self._send(now_ns, message, now_ns)

    def cut(self, now_ns: int, cut_ns: int) -> None:
        """Fall silent at `cut_ns`: nothing begins from then on, what sounds ends then."""
        if cut_ns <= now_ns:
            self.withdraw(now_ns)
        else:
            self._scheduler.cut(cut_ns)

    def end(self, now_ns: int, note_id: int) -> None:
        """End one note now, or never begin it."""
        self._scheduler.cancel(note_id)
        self._end(now_ns, note_id)

    def release_key(self, now_ns: int, channel: int, pitch: int) -> None:
        """Somebody else strikes this key: whichever note of ours holds it ends."""
        for note_id, (_, note) in list(self._begun.items()):
            if (note.channel, note.pitch) == (channel, pitch):
                self.end(now_ns, note_id)

    def _begin(self, now_ns: int, note: PlannedNote, late_ns: int) -> None:
        # A key struck again is released first, whoever holds it.
        self._make_room(now_ns, note.channel, note.pitch)
        for other_id, (_, other) in list(self._begun.items()):
            if (other.channel, other.pitch) == (note.channel, note.pitch):
                self._end(now_ns, other_id, note.due_ns)
        for message in self._ledger.start(note.note_id, note.channel, note.pitch, note.velocity):
            self._send(now_ns, message, note.due_ns)
        self._begun[note.note_id] = (now_ns, note)
        how = self.punctuality
        how.started += 1
        how.late += late_ns > ON_TIME_NS
        if how.first_late_ns is None:
            how.first_late_ns, how.first_start_ns = late_ns, now_ns
        self._started(now_ns, note, late_ns)

    def _end(self, now_ns: int, note_id: int, due_ns: int | None = None) -> None:
        for message in self._ledger.stop(note_id):
            self._send(now_ns, message, now_ns if due_ns is None else due_ns)
        begun = self._begun.pop(note_id, None)
        if begun is not None:
            start_ns, note = begun
            self.punctuality.last_end_ns = max(now_ns, start_ns + 1)
            self._ended(now_ns, note, start_ns)
