"""What is to be auditioned, read beside the music: takes and MIDI files as messages in order.

A newer wish takes the place of the one that is still being read. Time begins with the first note;
what was said before it is said then. It refuses to play.

Thread: the loop's. Real-time: yes, every method returns at once but `close`.
"""

import threading
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import NamedTuple

from engine.api import Candidate
from engine.events import Note, Timebase, Voice
from engine.smf.notes import is_channel_message, is_note_on
from engine.smf.song import MidiFileError, read_midi
from plugin.audition import Score
from plugin.files import safe_stem
from plugin.realtime.ledger import NOTE_OFF, NOTE_ON, RELEASE_VELOCITY
from plugin.served.messages import Audition
from plugin.takes import TakeError, TakeLibrary

CLOSE_TIMEOUT_S = 2.0
EMPTY = "There is nothing to hear in “{name}”: it has no notes of that side."
_SIDES = {"both": tuple(Voice), "player": (Voice.PLAYER,), "partner": (Voice.PARTNER,)}
_TEST_KEYS = (60, 64, 67)
_TEST_NS, _TEST_EVERY_NS = 400_000_000, 450_000_000


class Found(NamedTuple):
    """A score and its name; or what stood in the way, a sentence."""

    score: Score = ()
    name: str = ""
    trouble: str = ""


class Scores:
    """See the module."""

    def __init__(self, library: Path) -> None:
        """library: of takes."""
        self._library = library
        self._wish = 0
        self._found: SimpleQueue[tuple[int, Found]] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def wish(self, wish: Audition) -> None:
        """Read this take or file, and nothing else."""
        self.forget()
        self._thread = threading.Thread(
            target=self._read, args=(self._wish, wish), name="antiphon-audition", daemon=True
        )
        self._thread.start()

    def forget(self) -> None:
        """What is being read is not wanted any more."""
        self._wish += 1

    def poll(self) -> Found | None:
        """What was wished last, once it has been read."""
        while True:
            try:
                number, found = self._found.get_nowait()
            except Empty:
                return None
            if number == self._wish:
                return found

    def close(self) -> None:
        """Read no more."""
        self.forget()
        if self._thread is not None:
            self._thread.join(CLOSE_TIMEOUT_S)

    def _read(self, number: int, wish: Audition) -> None:
        """In a thread of its own: files may take their time."""
        try:
            found = _of_take(self._library, wish) if wish.take_id else _of_file(Path(wish.path))
        except (TakeError, MidiFileError) as error:
            found = Found(trouble=str(error))
        self._found.put((number, found))


def of_alternative(candidate: Candidate, timebase: Timebase, channel: int | None) -> Score:
    """An answer that was drawn, at this tempo; channel None: each note's own."""
    first = min((note.onset for note in candidate.notes), default=0.0)
    notes = (
        replace(
            note,
            onset=note.onset - first,
            channel=note.channel if channel is None else channel,
        )
        for note in candidate.notes
    )
    return _of_notes(notes, timebase.ns_per_beat)


def three_notes(channel: int) -> Score:
    """What is played to hear whether somebody listens."""
    notes = (
        Note(number * _TEST_EVERY_NS, _TEST_NS, pitch, 84, channel)
        for number, pitch in enumerate(_TEST_KEYS)
    )
    return _of_notes(notes, 1.0)


def _of_notes(notes: Iterable[Note], ns_per_beat: float) -> Score:
    found: list[tuple[int, int, Voice, bytes]] = []
    for note in notes:
        on_ns, off_ns = round(note.onset * ns_per_beat), round(note.end * ns_per_beat)
        on = bytes((NOTE_ON | note.channel, note.pitch, note.velocity))
        off = bytes((NOTE_OFF | note.channel, note.pitch, RELEASE_VELOCITY))
        # Of one moment releases come first, but for the note's own.
        found.append((on_ns, 1, Voice.PARTNER, on))
        found.append((max(off_ns, on_ns + 1), 0, Voice.PARTNER, off))
    found.sort(key=lambda one: one[:2])
    return [(at_ns, side, message) for at_ns, _, side, message in found]


def _of_take(library: Path, wish: Audition) -> Found:
    with TakeLibrary(library) as takes:
        take = takes.get(wish.take_id)
        messages = takes.messages(take.id)
    sides = _SIDES[wish.side]
    heard = [(one.t_ns, one.side, one.message) for one in messages if one.side in sides]
    return _from_first_note(heard, take.title)


def _of_file(path: Path) -> Found:
    song = read_midi(path)
    messages = [(round(at_s * 1e9), Voice.PARTNER, data) for at_s, data in song.messages()]
    return _from_first_note(messages, safe_stem(path.stem, "file"))


def _from_first_note(messages: list[tuple[int, Voice, bytes]], name: str) -> Found:
    music = [one for one in messages if is_channel_message(one[2])]
    first_ns = next((at_ns for at_ns, _, message in music if is_note_on(message)), None)
    if first_ns is None:
        return Found(trouble=EMPTY.format(name=name))
    return Found([(max(at_ns - first_ns, 0), side, data) for at_ns, side, data in music], name)
