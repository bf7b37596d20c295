"""What the player chose to be learnt from: takes and MIDI files, read as pieces of one player.

Of a take only the player's side counts, and of a phrase that was answered several times one take.
What cannot be read is said and left out. It refuses to judge whether it is enough: the trainer
does.

Real-time: no.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from engine.events import NOMINAL_BPM, Note, Timebase, Voice
from engine.learning import LearnPiece
from engine.smf.song import MidiFileError, MidiSong, read_midi
from engine.words import shown_name
from plugin.file_player import song_timebase
from plugin.takes import DEMO_TAKE, Take, TakeError, TakeLibrary

LAST, STARRED = "last", "starred"
MOST_TAKES = 60
ENOUGH_NOTES = 1200
"""Of the last takes so many notes are taken: more would not be learnt within ten seconds."""
MOST_FILES = 2000
ENDINGS = (".mid", ".midi", ".smf", ".kar", ".rmi")


class LessonError(Exception):
    """Nothing can be learnt from what was named; the message is a sentence and a next step."""


class Lessons:
    """Collects pieces; `says` are sentences on what was left out."""

    def __init__(self, library: TakeLibrary) -> None:
        self._library = library
        self.pieces: list[LearnPiece] = []
        self.says: list[str] = []

    def add(self, words: Sequence[str]) -> None:
        """Files, folders, ids of takes, "last", "starred". Raises LessonError, TakeError."""
        for word in words:
            path = Path(word)
            if word in (LAST, STARRED):
                self.add_takes(word)
            elif path.is_dir():
                self._add_folder(path)
            elif path.suffix.casefold() in ENDINGS or path.is_file():
                self._add_file(path)
            else:
                self._add_take(self._library.get(word))

    def add_chosen(self, take_ids: Sequence[str], paths: Sequence[str]) -> None:
        """These takes, whole ids, and these files and folders. Raises LessonError, TakeError.

        Of takes that are answers to one phrase only the first counts.
        """
        for path in map(Path, paths):
            if path.is_dir():
                self._add_folder(path)
            else:
                self._add_file(path)
        takes = [self._library.get(take_id) for take_id in take_ids]
        fresh = [take for take in takes if not is_again(take)]
        for take in fresh or takes[:1]:
            self._add_take(take)
        if not self.pieces:
            raise LessonError(
                " ".join(self.says) or "Nothing of yours is in these takes: choose others."
            )

    def add_takes(self, which: str) -> None:
        """The player's last takes, or those with a star. Raises LessonError, TakeError.

        Takes of a demo are nobody's, and are learnt from only by their ids.
        """
        found = 0
        for take in self._library.list_takes():
            if which == STARRED and not take.starred:
                continue
            if not teaches(take):
                continue
            self._add_take(take)
            found += take.heard_notes
            enough = found >= ENOUGH_NOTES or len(self.pieces) >= MOST_TAKES
            if which == LAST and enough:
                break
        if not found and which == STARRED:
            raise LessonError("No take has a star yet: star the last answer by the line star.")
        if not found:
            raise LessonError("There are no takes yet: play something first.")

    def _add_take(self, take: Take) -> None:
        notes = self._library.notes(take.id)[Voice.PLAYER]
        timebase = take.timebase if take.tempo_known else Timebase()
        beats_per_s = (take.tempo_bpm if take.tempo_known else NOMINAL_BPM) / 60
        start = take.start_beat if take.tempo_known else 0.0
        moved = [
            replace(
                note,
                onset=max(start + note.onset * beats_per_s, 0.0),
                duration=note.duration * beats_per_s,
            )
            for note in notes
        ]
        self._put(take.id, moved, timebase)

    def _add_folder(self, folder: Path) -> None:
        found = sorted(path for path in folder.rglob("*") if path.suffix.casefold() in ENDINGS)
        if not found:
            raise LessonError(
                f"There is no MIDI file in {shown_name(folder)}: name another folder."
            )
        if len(found) > MOST_FILES:
            self.says.append(
                f"Of {len(found):,} files in {shown_name(folder)} the first {MOST_FILES:,} count."
            )
        for path in found[:MOST_FILES]:
            self._add_file(path)

    def _add_file(self, path: Path) -> None:
        try:
            song = read_midi(path)
        except MidiFileError as error:
            self.says.append(str(error))
            return
        if not song.notes:
            self.says.append(f"{shown_name(path)} holds no notes: it was left out.")
            return
        timebase = song_timebase(song)
        self._put(path.name, list(_notes(song, timebase)), timebase)

    def _put(self, name: str, notes: list[Note], timebase: Timebase) -> None:
        if notes:
            ordered = sorted(notes, key=lambda note: (note.onset, note.pitch))
            self.pieces.append(LearnPiece(name, tuple(ordered), timebase))


def _notes(song: MidiSong, timebase: Timebase) -> Iterator[Note]:
    if timebase.tempo_known:
        yield from song.notes_in_beats()
        return
    beats_per_s = NOMINAL_BPM / 60
    for note in song.notes:
        yield Note(
            note.onset_s * beats_per_s,
            note.duration_s * beats_per_s,
            note.pitch,
            note.velocity,
            note.channel,
        )


def teaches(take: Take) -> bool:
    """Whether the player can be learnt from it: it is theirs, whole, and the first of its phrase.

    Takes of a demo are nobody's until they get another name.
    """
    return bool(
        take.finished and take.heard_notes and take.name != DEMO_TAKE and not is_again(take)
    )


def is_again(take: Take) -> bool:
    """Whether its phrase is another take's, which was answered before."""
    try:
        return bool(json.loads(take.settings).get("attempt"))
    except (ValueError, AttributeError):
        return False


__all__ = ["LAST", "STARRED", "LessonError", "Lessons", "TakeError", "is_again", "teaches"]
