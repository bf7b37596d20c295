"""What sounded, as a standard MIDI file that any DAW takes: format 1, 480 ticks a beat.

Track 0 holds name, tempo and meter; then comes one track per side. Where a tempo is known the file
starts on a bar line and ends on one, so that it drops into a DAW's grid. Every note and pedal is
released.

mido writes the bytes; it is imported when a file is written, not before. System exclusive and
other system messages are left out: a clip must not reprogram the instruments it is played on.
"""

import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from engine.events import NOMINAL_BPM, Timebase
from engine.files import write_whole
from engine.smf.chunks import MidiFileError
from engine.smf.notes import SUSTAIN_PEDAL, events_of, pair_notes, pedals_left_down
from engine.words import shown_name

if TYPE_CHECKING:
    import mido

TICKS_PER_BEAT = 480
_LONGEST_DELTA = 0x0FFFFFFF
_LONGEST_US_PER_BEAT = 0xFFFFFF
_SHORTEST_OPEN_NOTE_TICKS = TICKS_PER_BEAT // 4


class Part(NamedTuple):
    """One side's raw messages, in order; times in ns from the start of the take."""

    name: str
    messages: Sequence[tuple[int, bytes]]


def us_per_beat(bpm: float) -> int:
    """The tempo as a MIDI file writes it: whole microseconds a beat."""
    if not 0 < bpm < float("inf"):
        bpm = NOMINAL_BPM
    return min(max(round(60e6 / bpm), 1), _LONGEST_US_PER_BEAT)


def ticks(time_ns: int, us_a_beat: int) -> int:
    """The nearest tick, halves up; exact in integers, and never backwards."""
    return (2 * time_ns * TICKS_PER_BEAT + us_a_beat * 1000) // (2 * us_a_beat * 1000)


def write_midi(
    path: str | os.PathLike[str],
    parts: Iterable[Part],
    timebase: Timebase,
    *,
    start_beat: float = 0.0,
    name: str = "",
) -> Path:
    """Write `parts` as one file, all or nothing, and return where.

    start_beat is the beat, counted from a bar line, at which time 0 falls; whole bars before the
    first message are left out where the tempo is known.

    Raises:
        MidiFileError: the file could not be written; what stood there before still does.
    """
    content = midi_bytes(parts, timebase, start_beat=start_beat, name=name)
    target = Path(path)
    try:
        write_whole(target, content)
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise MidiFileError(
            f"{shown_name(target)} could not be written to {target.parent} ({reason}): choose "
            "another folder."
        ) from None
    return target


def midi_bytes(
    parts: Iterable[Part], timebase: Timebase, *, start_beat: float = 0.0, name: str = ""
) -> bytes:
    """The file that `write_midi` writes."""
    import mido

    us_a_beat = us_per_beat(timebase.bpm)
    numerator, denominator = _meter(timebase.beats_per_bar)
    bar_ticks = numerator * 4 * TICKS_PER_BEAT // denominator
    tracks = [(part.name, _part_ticks(part.messages, us_a_beat)) for part in parts]
    times = [tick for _, messages in tracks for tick, _ in messages]
    shift = end = 0
    if times:
        if timebase.tempo_known:
            lead_in = round(start_beat * TICKS_PER_BEAT)
            shift = (min(times) + lead_in) % bar_ticks - min(times)
        end = max(times) + shift
        if timebase.tempo_known:
            end = -(-end // bar_ticks) * bar_ticks

    song = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT, charset="utf-8")
    conductor = mido.MidiTrack()
    if name:
        # A name made of file names may hold bytes that are no characters.
        encodable = name.encode("utf-8", "replace").decode()
        conductor.append(mido.MetaMessage("track_name", name=encodable))
    conductor.append(mido.MetaMessage("set_tempo", tempo=us_a_beat))
    conductor.append(
        mido.MetaMessage("time_signature", numerator=numerator, denominator=denominator)
    )
    conductor.append(mido.MetaMessage("end_of_track", time=min(end, _LONGEST_DELTA)))
    song.tracks.append(conductor)
    for title, messages in tracks:
        song.tracks.append(_track(title, [(tick + shift, data) for tick, data in messages], end))
    buffer = io.BytesIO()
    song.save(file=buffer)
    return buffer.getvalue()


def _part_ticks(messages: Iterable[tuple[int, bytes]], us_a_beat: int) -> list[tuple[int, bytes]]:
    """The channel messages in ticks, every note and pedal released, in order."""
    events = [
        (ticks(max(0, time_ns), us_a_beat), status, first, second)
        for time_ns, status, first, second in events_of(messages)
    ]
    last = max((event[0] for event in events), default=0)
    written = []
    for tick, status, first, second in events:
        if status & 0xF0 == 0x90 and not second:
            # Some programs show a note-on of velocity 0 as a note.
            data = bytes((status & 0x8F, first, 64))
        elif 0xC0 <= status < 0xE0:
            data = bytes((status, first))
        else:
            data = bytes((status, first, second))
        written.append((tick, data))
    for note in pair_notes(events, last, _SHORTEST_OPEN_NOTE_TICKS):
        if not note.released:
            written.append((note.end, bytes((0x80 | note.channel, note.pitch, 64))))
    end = max((tick for tick, _ in written), default=0)
    for channel in pedals_left_down(events):
        written.append((end, bytes((0xB0 | channel, SUSTAIN_PEDAL, 0))))
    written.sort(key=lambda message: message[0])
    return written


def _track(title: str, messages: Sequence[tuple[int, bytes]], end: int) -> "mido.MidiTrack":
    import mido

    track = mido.MidiTrack()
    track.append(mido.MetaMessage("track_name", name=title))
    now = 0
    for tick, data in messages:
        # A longer pause than a delta can hold (six days at 120 bpm) is shortened.
        delta = min(tick - now, _LONGEST_DELTA)
        track.append(mido.Message.from_bytes(data, time=delta))
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=min(max(end - now, 0), _LONGEST_DELTA)))
    return track


def _meter(beats_per_bar: float) -> tuple[int, int]:
    """A time signature for bars of so many quarter notes; 4/4 where there is none."""
    for denominator in (4, 8, 16, 32):
        numerator = beats_per_bar * denominator / 4
        if numerator == round(numerator) and 1 <= numerator <= 255:
            return round(numerator), denominator
    return 4, 4
