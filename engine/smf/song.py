"""Standard MIDI files, read whatever they went through, and shown as notes or as something to play.

Why a reader of our own: mido 1.3.3 raises on 79 of 255 odd files collected from the wild, most of
which hold perfectly playable music behind one bad byte, a wrong chunk size or a missing end of
track. mido remains the writer (`plugin.midifile_writer`).

`read_midi` gives a `MidiSong` with everything that had to be forgiven in `warnings`, or raises
`MidiFileError` with one sentence and a next step; it never raises anything else. It refuses MIDI
2.0 clips, files over 50 MB, more than 400,000 events, and whatever is no MIDI. It passes on
no system exclusive messages: a file must not reset or reprogram the player's instruments.
"""

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from engine.events import Note, Timebase
from engine.smf.chunks import MidiFileError, RawFile, parse_chunks
from engine.smf.notes import (
    SUSTAIN_PEDAL,
    PairedNote,
    as_notes,
    pair_notes,
    pedals_left_down,
)
from engine.smf.tempo import (
    MeterChange,
    TempoChange,
    TempoMap,
    read_division,
    read_meters,
    read_tempos,
)
from engine.words import shown_name

__all__ = [
    "MeterChange",
    "MidiFileError",
    "MidiSong",
    "ProgramChange",
    "SongNote",
    "SongTrack",
    "TempoChange",
    "TimedMessage",
    "parse_midi",
    "read_midi",
]

MAX_FILE_BYTES = 50_000_000
LONG_PAUSE_S = 600.0


@dataclass(frozen=True, slots=True)
class SongNote:
    """A note of a file, in ticks and in seconds from the start of the song."""

    onset_tick: int
    duration_ticks: int
    onset_s: float
    duration_s: float
    pitch: int
    velocity: int
    channel: int
    track: int


@dataclass(frozen=True, slots=True)
class ProgramChange:
    """An instrument is chosen."""

    tick: int
    track: int
    channel: int
    program: int


@dataclass(frozen=True, slots=True)
class TimedMessage:
    """One complete channel message and when it sounds."""

    tick: int
    seconds: float
    track: int
    data: bytes


@dataclass(frozen=True, slots=True)
class SongTrack:
    """What a track chunk says of itself."""

    name: str
    notes: int
    end_tick: int


@dataclass(frozen=True, slots=True)
class MidiSong:
    """A MIDI file as music. Everything is ordered by time, then by track, then as in the file.

    ticks_per_beat is no whole number in files that count film frames; a "beat" is then half a
    second, and `tempos` holds that nominal tempo. `controllers` are all channel messages that
    are no notes (pedal, wheels, pressure, programs).
    """

    format: int
    ticks_per_beat: float
    counts_frames: bool
    tempo_known: bool
    tracks: tuple[SongTrack, ...]
    notes: tuple[SongNote, ...]
    controllers: tuple[TimedMessage, ...]
    programs: tuple[ProgramChange, ...]
    tempos: tuple[TempoChange, ...]
    meters: tuple[MeterChange, ...]
    end_s: float
    warnings: tuple[str, ...]
    _events: tuple[tuple[int, int, bytes], ...] = field(repr=False)
    _tempo_map: TempoMap = field(repr=False)

    def messages(self) -> list[tuple[float, bytes]]:
        """(seconds, message) of everything to send, in playing order.

        Every note-on is followed by a note-off and every pedal goes up in the end, also where
        the file forgot it.
        """
        seconds = self._tempo_map.seconds
        return [(seconds(tick), message) for tick, _, message in self._events]

    def timebase(self) -> Timebase:
        """Tempo and meter at the start of the song."""
        meter = self.meters[0].beats_per_bar if self.meters else 4.0
        return Timebase(self.tempos[0].bpm, meter, self.tempo_known)

    def notes_in_beats(self) -> list[Note]:
        """The notes in the shared vocabulary, times in beats."""
        return as_notes((_paired(note) for note in self.notes), self.ticks_per_beat)

    def notes_in_seconds(self) -> list[Note]:
        """The notes in the shared vocabulary, times in seconds by the tempo map."""
        return [
            Note(note.onset_s, note.duration_s, note.pitch, note.velocity, note.channel)
            for note in self.notes
        ]


def read_midi(path: str | os.PathLike[str]) -> MidiSong:
    """Read the file at `path`.

    Raises:
        MidiFileError: there is nothing to read there; the sentence says why and what to do.
    """
    name = shown_name(path)
    try:
        found = os.stat(path)
        if stat.S_ISDIR(found.st_mode):
            raise MidiFileError(f"{name} is a folder: choose a MIDI file (.mid) inside it.")
        if not stat.S_ISREG(found.st_mode):
            raise MidiFileError(f"{name} is not a file on disk: choose a MIDI file (.mid).")
        if found.st_size > MAX_FILE_BYTES:
            raise MidiFileError(
                f"{name} has {found.st_size / 1e6:.0f} MB, and Antiphon reads MIDI files up to "
                f"{MAX_FILE_BYTES / 1e6:.0f} MB: export a part of it and choose that."
            )
        data = Path(path).read_bytes()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        # ValueError: a path with a null character in it, which no file can have.
        raise MidiFileError(f"There is no file {name}: check the name and the folder.") from None
    except PermissionError:
        raise MidiFileError(f"{name} may not be read: change its permissions or copy it.") from None
    except OSError as error:
        reason = error.strerror or "unknown reason"
        raise MidiFileError(
            f"{name} cannot be read ({reason}): copy it to this computer and try again."
        ) from None
    return parse_midi(data, name)


def parse_midi(data: bytes, name: str = "This file") -> MidiSong:
    """Read a file that is in memory already; `name` is used in sentences only.

    Raises:
        MidiFileError: the bytes hold no music that Antiphon can read.
    """
    if not data:
        raise MidiFileError(f"{name} is empty: copy or export it again.")
    return _song(parse_chunks(data, name))


def _song(raw: RawFile) -> MidiSong:
    warnings = raw.warnings
    ticks_per_beat, counts_frames = read_division(raw.division, warnings)
    offsets = _track_offsets(raw, warnings)
    tempo_map, tempo_known = read_tempos(raw, offsets, ticks_per_beat, counts_frames)
    seconds = tempo_map.seconds

    notes: list[SongNote] = []
    events: list[tuple[int, int, bytes]] = []
    programs: list[ProgramChange] = []
    tracks: list[SongTrack] = []
    hanging = 0
    for index, (track, offset) in enumerate(zip(raw.tracks, offsets, strict=True)):
        paired = pair_notes(track.events, track.end_tick, round(ticks_per_beat))
        tracks.append(SongTrack(_text(track.name), len(paired), track.end_tick + offset))
        for note in paired:
            onset_s, end_s = seconds(note.onset + offset), seconds(note.end + offset)
            notes.append(
                SongNote(
                    note.onset + offset,
                    note.end - note.onset,
                    onset_s,
                    end_s - onset_s,
                    note.pitch,
                    note.velocity,
                    note.channel,
                    index,
                )
            )
        for tick, status, first, second in track.events:
            short = 0xC0 <= status < 0xE0
            message = bytes((status, first)) if short else bytes((status, first, second))
            events.append((tick + offset, index, message))
            if status & 0xF0 == 0xC0:
                programs.append(ProgramChange(tick + offset, index, status & 0x0F, first))
        for note in paired:
            if not note.released:
                hanging += 1
                release = bytes((0x80 | note.channel, note.pitch, 64))
                events.append((note.end + offset, index, release))
        for channel in pedals_left_down(track.events):
            release = bytes((0xB0 | channel, SUSTAIN_PEDAL, 0))
            events.append((track.end_tick + offset, index, release))
    if hanging:
        warnings.append(f"Notes that were never released end with their track ({hanging}×).")
    # Stable sorts: within a tick and a track the order of the file is kept.
    notes.sort(key=lambda note: note.onset_tick)
    events.sort(key=lambda event: event[0])
    programs.sort(key=lambda change: change.tick)
    _warn_of_pauses(notes, warnings)
    return MidiSong(
        format=raw.format,
        ticks_per_beat=ticks_per_beat,
        counts_frames=counts_frames,
        tempo_known=tempo_known,
        tracks=tuple(tracks),
        notes=tuple(notes),
        controllers=tuple(
            TimedMessage(tick, seconds(tick), track, message)
            for tick, track, message in events
            if message[0] >= 0xA0
        ),
        programs=tuple(programs),
        tempos=tuple(
            TempoChange(tick, seconds(tick), us)
            for tick, us in zip(tempo_map.ticks, tempo_map.us_per_beat, strict=True)
        ),
        meters=read_meters(raw, offsets),
        end_s=seconds(max((track.end_tick for track in tracks), default=0)),
        warnings=tuple(warnings),
        _events=tuple(events),
        _tempo_map=tempo_map,
    )


def _track_offsets(raw: RawFile, warnings: list[str]) -> list[int]:
    """Tick at which each track starts: 0, or one after the other for independent patterns."""
    if raw.format not in (0, 1, 2):
        warnings.append(f"The header names an unknown format ({raw.format}); read as format 1.")
    if not any(track.events for track in raw.tracks):
        warnings.append("There is nothing to play in this file.")
    if raw.format != 2 or len(raw.tracks) < 2:
        return [0] * len(raw.tracks)
    warnings.append("Its tracks are independent patterns; they are played one after the other.")
    offsets, start = [], 0
    for track in raw.tracks:
        offsets.append(start)
        start += track.end_tick
    return offsets


def _warn_of_pauses(notes: list[SongNote], warnings: list[str]) -> None:
    """Say so if somebody who plays this file would wait for a very long time."""
    sounding_until = 0.0
    longest = 0.0
    for note in notes:
        longest = max(longest, note.onset_s - sounding_until)
        sounding_until = max(sounding_until, note.onset_s + note.duration_s)
    if longest > LONG_PAUSE_S:
        warnings.append(f"It holds a pause of {longest / 60:,.0f} minutes.")


def _text(raw: bytes) -> str:
    """A name in whatever encoding its author used, without characters that upset a terminal."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = _japanese(raw) or raw.decode("latin-1")
    return "".join(char if char.isprintable() else " " for char in text).strip()


def _japanese(raw: bytes) -> str | None:
    """Shift-JIS if that makes sense of it: then most characters are kana or kanji."""
    try:
        text = raw.decode("cp932")
    except UnicodeDecodeError:
        return None
    letters = [char for char in text if not char.isspace()]
    eastern = sum("\u3040" <= char <= "\u9fff" for char in letters)
    return text if eastern * 2 >= len(letters) else None


def _paired(note: SongNote) -> PairedNote:
    end = note.onset_tick + note.duration_ticks
    return PairedNote(note.onset_tick, end, note.pitch, note.velocity, note.channel, True)
