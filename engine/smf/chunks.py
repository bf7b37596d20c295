"""From the bytes of a standard MIDI file to tracks of events, forgiving what the wild does to it.

This is the lower half of the reader (`engine.smf.song` is the upper one). It knows chunks,
variable-length numbers, running status and the ways in which they are broken: wrong chunk sizes,
files cut short or mangled on the way, values above 127, system messages that do not belong in a
file. Whatever it had to forgive is told in `RawFile.warnings`, a sentence for each kind.

It refuses what holds no MIDI at all, and what is too large to be a piece of music that somebody
plays with: `MidiFileError`, one sentence with a next step. It knows nothing of seconds and notes.
"""

import re
from collections import Counter
from dataclasses import dataclass, field

MAX_EVENTS = 400_000
"""More events than this are refused: reading them would take longer than a player waits."""

MAX_CHUNKS = 65_536
"""One header and as many tracks as it can announce; what comes after that is not looked at."""

TrackEvent = tuple[int, int, int, int]
"""(tick, status byte, first data byte, second data byte or 0) of one channel message."""

# The one-data-byte messages: program change and channel pressure.
_SHORT_STATUS = (0xC0, 0xE0)

# Data bytes of the system common messages. They are illegal in a file; where they are met they
# are stepped over with their data, so that the notes after them are not lost.
_SYSTEM_DATA_BYTES = {0xF1: 1, 0xF2: 2, 0xF3: 1}

# A legal delta has four bytes. One more is met in the wild; beyond that it is noise.
_LONGEST_VLQ = 5
_LAST_OF_VLQ = re.compile(rb"[\x00-\x7f]")

_END_OF_TRACK = -1

_LOOKS_LIKE: tuple[tuple[bytes, str, str], ...] = (
    (b"SMF2CLIP", "a MIDI 2.0 clip", "export it from your DAW as a standard MIDI file (.mid)"),
    (b"PK\x03\x04", "a ZIP archive", "unpack it and choose the .mid file inside"),
    (b"\x1f\x8b", "a compressed file", "unpack it and choose the .mid file inside"),
    (b"\xf0", "a system exclusive dump (.syx)", "choose a standard MIDI file (.mid)"),
    (b"ID3", "an audio file", "choose a standard MIDI file (.mid)"),
    (b"OggS", "an audio file", "choose a standard MIDI file (.mid)"),
    (b"fLaC", "an audio file", "choose a standard MIDI file (.mid)"),
    (b"<?xml", "an XML file", "export it from your score program as a standard MIDI file (.mid)"),
)


class MidiFileError(Exception):
    """A MIDI file cannot be read or written; the message is one sentence with a next step."""


@dataclass(slots=True)
class RawTrack:
    """The events of one track chunk, in file order; times are ticks from the track's start."""

    events: list[TrackEvent] = field(default_factory=list)
    tempos: list[tuple[int, int]] = field(default_factory=list)
    """(tick, microseconds per beat)."""
    meters: list[tuple[int, int, int]] = field(default_factory=list)
    """(tick, numerator, power of two of the denominator)."""
    name: bytes = b""
    end_tick: int = 0


@dataclass(slots=True)
class RawFile:
    """What the chunks say: header words as they stand, tracks, and what had to be forgiven."""

    format: int
    division: int
    tracks: list[RawTrack]
    warnings: list[str]


def parse_chunks(data: bytes, name: str) -> RawFile:
    """Read all tracks of the file whose bytes are `data`; `name` is used in sentences only.

    Raises:
        MidiFileError: there is no MIDI header in it, or far too much behind the header.
    """
    damage: Counter[str] = Counter()
    warnings: list[str] = []
    start = _find_header(data, name)
    if start and data[:4] != b"RIFF":
        warnings.append(f"{start} bytes before the MIDI header were skipped.")
    header = data[start : start + 14]
    if len(header) < 14:
        raise MidiFileError(f"{name} is cut off inside its header: copy or download it again.")
    header_size = int.from_bytes(header[4:8], "big")
    format_, announced, division = (
        int.from_bytes(header[at : at + 2], "big") for at in (8, 10, 12)
    )
    if header_size < 6 or header_size > 1024:
        damage["The size of the header was wrong and was taken as 6 bytes."] += 1
        header_size = 6

    tracks: list[RawTrack] = []
    position = start + 8 + header_size
    budget = MAX_EVENTS
    for _ in range(1, MAX_CHUNKS):
        if position + 8 > len(data):
            break
        is_track = data[position : position + 4] == b"MTrk"
        body_end, following = _chunk_end(data, position, is_track, len(tracks), announced, damage)
        if is_track:
            track, used = _parse_track(data, position + 8, body_end, budget, damage)
            budget -= used
            if budget <= 0:
                raise MidiFileError(
                    f"{name} holds more than {MAX_EVENTS:,} events, too many to play with: "
                    "export a part of it and choose that."
                )
            tracks.append(track)
        position = following
    if len(tracks) != announced:
        warnings.append(f"The header announces {announced} tracks, {len(tracks)} were found.")
    warnings += [text.format(count=count) for text, count in damage.items()]
    return RawFile(format_, division, tracks, warnings)


def _find_header(data: bytes, name: str) -> int:
    """Offset of `MThd`: 0, or behind a RIFF or MacBinary wrapper or other bytes put before it."""
    start = data.find(b"MThd\x00\x00", 0, 1 << 16)
    if start >= 0:
        return start
    if data.startswith(b"MThd"):
        return 0
    for magic, what, remedy in _LOOKS_LIKE:
        if data.startswith(magic):
            raise MidiFileError(f"{name} is {what}, not a standard MIDI file: {remedy}.")
    if data.lstrip()[:1] == b"<" and b"<html" in data[:4096].lower():
        raise MidiFileError(
            f"{name} is a web page that was saved under a MIDI name: download the file again."
        )
    raise MidiFileError(
        f"{name} is not a MIDI file (it has no MIDI header): choose a standard MIDI file (.mid)."
    )


def _is_boundary(data: bytes, position: int) -> bool:
    """Whether a chunk may begin here: the file's end, or four letters as chunk names have."""
    if position == len(data):
        return True
    chunk_id = data[position : position + 4]
    return len(chunk_id) == 4 and all(0x20 <= byte < 0x7F for byte in chunk_id)


def _chunk_end(
    data: bytes, position: int, is_track: bool, found: int, announced: int, damage: Counter[str]
) -> tuple[int, int]:
    """Where this chunk's body ends, and where the next chunk begins.

    The chunk's own size is believed where it leads to another chunk. Where it does not, the next
    `MTrk` is looked for: a file whose line ends were "corrected" on the way has wrong sizes but
    most of its music. Only as many tracks as the header announces are looked for in this way,
    because rubbish behind the last track often is the remains of another file.
    """
    declared = position + 8 + int.from_bytes(data[position + 4 : position + 8], "big")
    if declared <= len(data) and _is_boundary(data, declared):
        if not is_track:
            damage["A chunk that is no track was skipped ({count}×)."] += 1
        return declared, declared
    next_track = data.find(b"MTrk\x00", position + 8) if found + is_track < announced else -1
    if next_track >= 0:
        damage["The size of a chunk was wrong; its end was found by what follows ({count}×)."] += 1
        return next_track, next_track
    if not is_track:
        damage["Bytes behind the last track were skipped."] += 1
    elif declared > len(data):
        damage["The file ends in the middle of a track."] += 1
    # The last track ends at its end-of-track event, whatever its size says.
    return len(data), len(data)


def _parse_track(
    data: bytes, position: int, end: int, budget: int, damage: Counter[str]
) -> tuple[RawTrack, int]:
    """The events of data[position:end], and how many events were looked at (at most `budget`).

    Stops at the end-of-track event, at `end`, or where nothing can be made of the bytes; what was
    read up to there is kept.
    """
    track = RawTrack()
    events = track.events
    tick = 0
    status = 0
    used = 0
    while position < end and used < budget:
        used += 1
        delta, position = _read_vlq(data, position, end)
        if position >= end:
            damage["A track breaks off in the middle of an event ({count}×)."] += 1
            break
        tick += delta
        byte = data[position]
        if byte >= 0x80:
            position += 1
        elif status:
            # Running status; it is kept across meta and system exclusive events, which the
            # standard forbids and real files do.
            byte = status
        else:
            damage["Bytes that belong to no event were skipped ({count}×)."] += 1
            while position < end and data[position] < 0x80:
                position += 1
            if position == end:
                break
            byte = data[position]
            position += 1
        if byte < 0xF0:
            status = byte
            short = _SHORT_STATUS[0] <= byte < _SHORT_STATUS[1]
            position += 1 if short else 2
            if position <= end:
                first = data[position - 1 if short else position - 2]
                second = 0 if short else data[position - 1]
                if first > 127 or second > 127:
                    damage["Values above 127 were cut to seven bits ({count}×)."] += 1
                    first &= 0x7F
                    second &= 0x7F
                events.append((tick, byte, first, second))
        elif byte in (0xFF, 0xF0, 0xF7):
            position = _skip_or_keep(track, data, position, end, tick if byte == 0xFF else -1)
            if position == _END_OF_TRACK:
                track.end_tick = tick
                return track, used
        else:
            damage["System messages, which a file may not hold, were skipped ({count}×)."] += 1
            position += _SYSTEM_DATA_BYTES.get(byte, 0)
        if position > end:
            damage["A track breaks off in the middle of an event ({count}×)."] += 1
    damage["A track has no end ({count}×)."] += 1
    track.end_tick = tick
    return track, used


def _read_vlq(data: bytes, position: int, end: int) -> tuple[int, int]:
    """A variable-length number and the position behind it; `end` stands for "broken off"."""
    # Nearly all deltas have one or two bytes; this is the hottest line of the reader.
    if position >= end:
        return 0, end
    byte = data[position]
    if byte < 0x80:
        return byte, position + 1
    last = _LAST_OF_VLQ.search(data, position + 1, end)
    if last is None:
        return 0, end
    value = 0
    # Longer ones are noise in a damaged region: no time passes, and the music goes on.
    if last.end() - position <= _LONGEST_VLQ:
        for byte in data[position : last.end()]:
            value = value << 7 | byte & 0x7F
    return value, last.end()


def _skip_or_keep(track: RawTrack, data: bytes, position: int, end: int, meta_tick: int) -> int:
    """Step over a meta event (meta_tick >= 0) or a system exclusive one; the position behind it.

    Keeps the three kinds of meta event that matter for playing: name, tempo and meter. Gives
    `_END_OF_TRACK` for that event, and a position beyond `end` where the track breaks off.
    """
    kind = -1
    if meta_tick >= 0 and position < end:
        kind = data[position]
        position += 1
    size, position = _read_vlq(data, position, end)
    if kind == 0x2F:
        return _END_OF_TRACK
    if position + size > end:
        return end + 1
    content = data[position : position + min(size, 1024)]
    if kind == 0x03 and not track.name:
        track.name = content
    elif kind == 0x51 and size >= 3:
        track.tempos.append((meta_tick, int.from_bytes(content[:3], "big")))
    elif kind == 0x58 and size >= 2:
        track.meters.append((meta_tick, content[0], content[1]))
    return position + size
