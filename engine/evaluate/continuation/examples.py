"""Some continuations to listen to and to look at: MIDI files and one contact sheet.

A file has a conductor track, the prime and its continuation, each on a track of its own, so that a
DAW shows which is which. Notes of unknown loudness are written at one medium velocity.

It refuses to choose the best ones: examples are taken from each collection in turn, in the order in
which the primes were drawn.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import mido

from engine.evaluate.continuation.contact import Panel, draw
from engine.evaluate.continuation.passages import Excerpt, Passage
from engine.events import Note

EXAMPLES = 20
SHEET = "continuations.png"
_TICKS_PER_BEAT = 480
_MEDIUM_VELOCITY = 80


def write_examples(
    folder: Path, passages: Sequence[Passage], continued: Sequence[Excerpt], *, model: str
) -> list[Path]:
    """Write up to `EXAMPLES` MIDI files and the sheet; returns their paths. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    paths, panels = [], []
    for number, chosen in enumerate(in_turn([each.collection for each in passages]), start=1):
        passage, found = passages[chosen], continued[chosen]
        piece = re.sub(r"[^\w.-]+", "-", passage.piece.rsplit("/", 1)[-1]).strip("-.")
        name = f"{number:02d}-{passage.collection}-{piece or 'piece'}"[:80]
        paths.append(folder / f"{name}.mid")
        paths[-1].write_bytes(midi_bytes(passage, found))
        panels.append(Panel(number, passage, found))
    paths.append(folder / SHEET)
    draw(paths[-1], panels, title=f"{len(panels)} primes and what {model} makes of them")
    return paths


def in_turn(collections: Sequence[str], most: int = EXAMPLES) -> list[int]:
    """Numbers of up to `most` passages, one of each collection in turn, sorted by collection."""
    waiting: dict[str, list[int]] = {}
    for number, name in enumerate(collections):
        waiting.setdefault(name, []).append(number)
    found: list[int] = []
    while len(found) < min(most, len(collections)):
        for name in sorted(waiting, key=lambda name: -len(waiting[name])):
            if waiting[name] and len(found) < most:
                found.append(waiting[name].pop(0))
    return sorted(found, key=lambda number: (collections[number], number))


def midi_bytes(passage: Passage, found: Excerpt) -> bytes:
    """Prime and continuation as a standard MIDI file of format 1."""
    import io

    song = mido.MidiFile(type=1, ticks_per_beat=_TICKS_PER_BEAT)
    conductor = mido.MidiTrack()
    conductor.append(mido.MetaMessage("set_tempo", tempo=round(60e6 / passage.timebase.bpm)))
    if passage.timebase.tempo_known:
        numerator, denominator = _meter(passage.timebase.beats_per_bar)
        conductor.append(
            mido.MetaMessage("time_signature", numerator=numerator, denominator=denominator)
        )
    song.tracks += [conductor, _track("prime", passage.prime.notes)]
    song.tracks.append(_track("continuation", found.notes))
    buffer = io.BytesIO()
    song.save(file=buffer)
    return buffer.getvalue()


def _track(name: str, notes: Sequence[Note]) -> mido.MidiTrack:
    """The notes with their note-offs; a key struck again while it sounds is released first."""
    events: list[tuple[int, int, Note]] = []
    next_onset: dict[int, float] = {}
    for note in reversed(notes):
        end = min(note.end, max(next_onset.get(note.pitch, note.end), note.onset))
        next_onset[note.pitch] = note.onset
        if end > note.onset:
            events.append((round(note.onset * _TICKS_PER_BEAT), 1, note))
            events.append((round(end * _TICKS_PER_BEAT), 0, note))
    track = mido.MidiTrack([mido.MetaMessage("track_name", name=name)])
    now = 0
    for tick, on, note in sorted(events, key=lambda event: (event[0], event[1], event[2].pitch)):
        kind, loud = ("note_on", note.velocity or _MEDIUM_VELOCITY) if on else ("note_off", 64)
        track.append(
            mido.Message(
                kind, channel=note.channel, note=note.pitch, velocity=loud, time=tick - now
            )
        )
        now = tick
    return track


def _meter(beats_per_bar: float) -> tuple[int, int]:
    """A time signature for bars of so many quarters; 4/4 where there is none."""
    for denominator in (4, 8, 16, 32):
        numerator = beats_per_bar * denominator / 4
        if numerator == round(numerator) and 1 <= numerator <= 255:
            return round(numerator), denominator
    return 4, 4
