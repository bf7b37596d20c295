"""What goes to the process of the built-in voice, and what comes back.

To it: records of 16 bytes, so that a reader never has to look for their ends. From it: lines of
JSON. It refuses everything that is longer than a channel message.
"""

import struct
from typing import NamedTuple

import msgspec

VOLUME, PANIC = 254, 255
"""Parts that are no part: data is one byte of volume (0..127); all is silenced."""
_RECORD = struct.Struct("<qBB6s")
RECORD_BYTES = _RECORD.size


class Record(NamedTuple):
    """A message of somebody (`plugin.voice.timbres`: PLAYER, PARTNER) for a moment."""

    due_ns: int
    part: int
    data: bytes = b""


def packed(record: Record) -> bytes:
    """A record as it travels. Raises ValueError where the data is too long."""
    if len(record.data) > 6:
        raise ValueError("the built-in voice takes messages of up to 6 bytes")
    return _RECORD.pack(record.due_ns, record.part, len(record.data), record.data)


def unpacked(content: bytes) -> Record:
    """The record of these `RECORD_BYTES` bytes."""
    due_ns, part, size, data = _RECORD.unpack(content)
    return Record(due_ns, part, data[: min(size, 6)])


class VoiceSays(msgspec.Struct, frozen=True):
    """How the voice is.

    ok: whether it sounds. says: in a sentence, with a next step where it does not. device: name of
    the sound card. latency_ms: from a note's moment until it leaves the sound card.
    """

    ok: bool
    says: str
    device: str = ""
    latency_ms: float = 0.0
