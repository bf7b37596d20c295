"""Small MIDI files, byte by byte, and pieces, for the tests of the data command."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine.data import tunes
from engine.data.pieces import INDEX_COLUMNS, Piece, by_onset
from engine.data.sources import Read

Event = tuple[int, bytes]
"""(tick, message)."""


def notes(
    pitches: Sequence[int],
    *,
    step: int = 240,
    length: int = 200,
    channel: int = 0,
    velocities: Sequence[int] = (80, 100),
    start: int = 0,
) -> list[Event]:
    """A line of notes, one every `step` ticks."""
    events = []
    for n, pitch in enumerate(pitches):
        velocity = velocities[n % len(velocities)]
        events.append((start + n * step, bytes([0x90 | channel, pitch, velocity])))
        events.append((start + n * step + length, bytes([0x80 | channel, pitch, 64])))
    return events


def tempo(tick: int, bpm: float) -> Event:
    """A tempo change."""
    return tick, b"\xff\x51\x03" + round(60e6 / bpm).to_bytes(3, "big")


def meter(tick: int, numerator: int, power: int) -> Event:
    """A time signature; the denominator is 2 to the `power`."""
    return tick, bytes([0xFF, 0x58, 4, numerator, power, 24, 8])


def midi_bytes(*tracks: Sequence[Event], division: int = 480, kind: int = 1) -> bytes:
    """A standard MIDI file."""
    data = b"MThd" + (6).to_bytes(4, "big")
    data += b"".join(word.to_bytes(2, "big") for word in (kind, len(tracks), division))
    for track in tracks:
        body, now = b"", 0
        for tick, message in sorted(track, key=lambda event: event[0]):
            body += _vlq(tick - now) + message
            now = tick
        body += b"\x00\xff\x2f\x00"
        data += b"MTrk" + len(body).to_bytes(4, "big") + body
    return data


def write_midi(path: Path, *tracks: Sequence[Event], division: int = 480, kind: int = 1) -> Path:
    """The same on disk, with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(midi_bytes(*tracks, division=division, kind=kind))
    return path


def tune(seed: int, count: int = 60) -> list[int]:
    """Pitches that no other seed shares nine intervals of."""
    return np.random.default_rng(seed).integers(50, 80, count).tolist()


def piece(
    pitches: Sequence[int],
    name: str = "tune",
    *,
    split: str = "",
    group: str = "",
    milliseconds: bool = False,
    velocity: int = 0,
    step: int = 240,
) -> Piece:
    """A one-line piece, a note every `step`."""
    onset = np.arange(len(pitches), dtype=np.int64) * step
    pitch = np.array(pitches, dtype=np.uint8)
    order = by_onset(onset, pitch)
    row = {"id": name, "collection": "tunes", "tier": "own", "split": split, "group": group}
    return Piece(
        about={**dict.fromkeys(INDEX_COLUMNS, ""), "texture": "mono", **row},
        milliseconds=milliseconds,
        onset=onset[order],
        duration=np.full(len(pitches), step - 40, dtype=np.int64),
        pitch=pitch[order],
        velocity=np.full(len(pitches), velocity, dtype=np.uint8),
        track=np.zeros(len(pitches), dtype=np.uint16),
        program=np.zeros(1, dtype=np.uint8),
        drum=np.array([False]),
        role=np.zeros(1, dtype=np.uint8),
        events={},
    )


def as_read(one: Piece) -> Read:
    """A piece as it comes out of the reading."""
    return Read(one, tunes.digest(one), tunes.shingles(one), False)


def _vlq(number: int) -> bytes:
    parts = [number & 0x7F]
    while number := number >> 7:
        parts.append(number & 0x7F | 0x80)
    return bytes(reversed(parts))
