"""The notes of the takes that are being looked at, read in the background, a few hundred kept.

A row asks when it is painted; until its notes are there it is painted without them. Whoever scrolls
fast passes rows that nobody looks at again: only the last few wishes count, a handful is read at a
time, and what the player does goes first. It refuses to read what nobody looks at.
"""

from collections import OrderedDict
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from engine.events import Note, Voice
from gui.takes.librarian import Librarian
from plugin.takes import Take, TakeLibrary

MOST_KEPT = 400
MOST_WANTED = 32
"""Rows that can be seen at once, and some."""
AT_A_TIME = 6
MOST_BARS = 256


@dataclass(frozen=True, slots=True)
class Picture:
    """What a small roll shows: notes in seconds from the take's start, and where bars begin."""

    player: tuple[Note, ...] = ()
    partner: tuple[Note, ...] = ()
    bars: tuple[float, ...] = ()


class Pictures(QObject):
    """See the module. `arrived`: the notes of this take are there."""

    arrived = Signal(str)

    def __init__(self, librarian: Librarian, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._librarian = librarian
        self._kept: OrderedDict[str, tuple[Take, Picture]] = OrderedDict()
        self._wanted: OrderedDict[str, Take] = OrderedDict()
        self._reading: dict[str, Take] = {}

    def of(self, take: Take) -> Picture | None:
        """Its notes, None until they have been read."""
        kept = self._kept.get(take.id)
        # A take that grew since is read again; until then it is shown as it was.
        if kept is None or not _same(kept[0], take):
            self._want(take)
        if kept is None:
            return None
        self._kept.move_to_end(take.id)
        return kept[1]

    def _want(self, take: Take) -> None:
        reading = self._reading.get(take.id)
        if reading is not None and _same(reading, take):
            return
        self._wanted[take.id] = take
        self._wanted.move_to_end(take.id)
        while len(self._wanted) > MOST_WANTED:
            self._wanted.popitem(last=False)
        self._read()

    def _read(self) -> None:
        if self._reading or not self._wanted:
            return
        count = min(AT_A_TIME, len(self._wanted))
        # What was wished last is what is looked at now.
        takes = [self._wanted.popitem()[1] for _ in range(count)]
        self._reading = {take.id: take for take in takes}

        def question(library: TakeLibrary) -> list[Picture]:
            return [read_picture(library, take) for take in takes]

        # The trouble is told where the list is read; a row without notes says nothing more.
        self._librarian.ask(question, self._have, lambda says: self._reading.clear())

    def _have(self, pictures: list[Picture]) -> None:
        takes, self._reading = self._reading, {}
        for take, picture in zip(takes.values(), pictures, strict=True):
            self._kept[take.id] = take, picture
            self.arrived.emit(take.id)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        self._read()


def _same(one: Take, other: Take) -> bool:
    return (one.heard_notes, one.answer_notes) == (other.heard_notes, other.answer_notes)


def read_picture(library: TakeLibrary, take: Take) -> Picture:
    """The notes of a take and its bar lines. Thread: a worker. Raises TakeError."""
    notes = library.notes(take.id)
    player, partner = tuple(notes[Voice.PLAYER]), tuple(notes[Voice.PARTNER])
    end_s = max((note.end for note in player + partner), default=0.0)
    return Picture(player, partner, bar_lines(take, end_s))


def bar_lines(take: Take, end_s: float) -> tuple[float, ...]:
    """Seconds from the take's start at which bars begin; none in free time, or very many."""
    if not take.tempo_known or take.tempo_bpm <= 0 or take.beats_per_bar <= 0:
        return ()
    beat_s = 60 / take.tempo_bpm
    bar_s = take.beats_per_bar * beat_s
    at_s = -(take.start_beat % take.beats_per_bar) * beat_s
    count = int((end_s - at_s) / bar_s) + 1
    if count > MOST_BARS:
        return ()
    moments = (at_s + number * bar_s for number in range(count + 1))
    return tuple(moment for moment in moments if 0 < moment < end_s)
