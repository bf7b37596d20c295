"""From note-ons and note-offs to notes: the one place that decides which note-off ends which note.

Files, takes and pictures all pair by this rule, so that a take shows the same notes before and
after its way through a file. It refuses to know units: times are whole numbers of whatever the
caller counts in (ticks, nanoseconds), never negative, and come back as such.
"""

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from engine.events import Note

SUSTAIN_PEDAL = 64
"""Controller number; values from 64 on mean that the pedal is down."""

_SOUNDING = -1


class PairedNote(NamedTuple):
    """A note in the time units of its messages; `released` is false where no note-off came."""

    onset: int
    end: int
    pitch: int
    velocity: int
    channel: int
    released: bool


def pair_notes(
    events: Iterable[tuple[int, int, int, int]], end: int, shortest_hanging: int
) -> list[PairedNote]:
    """Pair (time, status, pitch, velocity) events, in order of time, into notes by onset.

    The oldest sounding note of a key and channel is released first. That is right for the common
    case of a repeated key whose new note-on is written just before the old note-off. A note-on
    with velocity 0 is a note-off; a note-off without a note is ignored. A note that is never
    released lasts until `end`, and at least `shortest_hanging`.
    """
    struck: list[tuple[int, int, int, int]] = []
    ends: list[int] = []
    sounding: dict[int, deque[int]] = {}
    for time, status, pitch, velocity in events:
        kind = status & 0xF0
        if kind not in (0x80, 0x90):
            continue
        channel = status & 0x0F
        key = channel << 7 | pitch
        if kind == 0x90 and velocity:
            sounding.setdefault(key, deque()).append(len(struck))
            struck.append((time, pitch, velocity, channel))
            ends.append(_SOUNDING)
        elif waiting := sounding.get(key):
            ends[waiting.popleft()] = time
    return [
        PairedNote(onset, max(end, onset + shortest_hanging), pitch, velocity, channel, False)
        if released == _SOUNDING
        else PairedNote(onset, released, pitch, velocity, channel, True)
        for (onset, pitch, velocity, channel), released in zip(struck, ends, strict=True)
    ]


def pedals_left_down(events: Iterable[tuple[int, int, int, int]]) -> list[int]:
    """The channels whose sustain pedal is still down after all these events."""
    down: set[int] = set()
    for _, status, controller, value in events:
        if status & 0xF0 == 0xB0 and controller == SUSTAIN_PEDAL:
            (down.add if value >= 64 else down.discard)(status & 0x0F)
    return sorted(down)


def events_of(messages: Iterable[tuple[int, bytes]]) -> list[tuple[int, int, int, int]]:
    """The complete channel messages among raw ones, as events in order of time.

    System messages and broken ones are left out: they carry no notes.
    """
    events = []
    for time, message in messages:
        if is_channel_message(message):
            second = message[2] if len(message) == 3 else 0
            events.append((time, message[0], message[1], second))
    events.sort(key=lambda event: event[0])
    return events


def is_channel_message(message: bytes) -> bool:
    """Whether this is one complete channel message: right length, data bytes below 128."""
    if not message or not 0x80 <= message[0] < 0xF0:
        return False
    length = 2 if 0xC0 <= message[0] < 0xE0 else 3
    return len(message) == length and max(message[1:]) < 0x80


def is_note_on(message: bytes) -> bool:
    """Whether this message starts a note (a velocity of 0 ends one)."""
    return len(message) == 3 and message[0] & 0xF0 == 0x90 and message[2] > 0


def as_notes(paired: Iterable[PairedNote], units_per_beat: float) -> list[Note]:
    """Notes of the shared vocabulary, in beats, or in seconds with that many units to a second."""
    return [
        Note(
            onset=note.onset / units_per_beat,
            duration=(note.end - note.onset) / units_per_beat,
            pitch=note.pitch,
            velocity=note.velocity,
            channel=note.channel,
        )
        for note in paired
    ]
