"""Messages as frames: four bytes of length, most significant first, then MessagePack.

Whatever comes over the line, a reader gives messages and then one `End`, never an exception: the
other side may be cut off in the middle, be of another version, or be no Antiphon at all. It refuses
frames that no message needs, before a byte of them is kept.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from plugin.protocol import Message

MOST_BYTES = 1 << 22
"""A thousand names of MIDI files are far below this."""
_LENGTH = struct.Struct(">I")
_ENCODER = msgspec.msgpack.Encoder()

_Kind = TypeVar("_Kind", bound=Message)


class TooLongError(ValueError):
    """A message that nobody would read; the text is a sentence."""


@dataclass(frozen=True, slots=True)
class End:
    """No more messages. `says` is why, "" where the other side closed the line in order."""

    says: str = ""


def pack(message: Message) -> bytes:
    """A message as a frame. Raises TooLongError."""
    content = _ENCODER.encode(message)
    if len(content) > MOST_BYTES:
        name = type(message).__name__
        raise TooLongError(f"{name} of {len(content):,} bytes is too long: choose fewer things.")
    return _LENGTH.pack(len(content)) + content


class FrameReader(Generic[_Kind]):
    """The messages of one line. Thread: one, which waits."""

    def __init__(self, read: Callable[[int], bytes], kinds: Any) -> None:
        """read gives up to so many bytes, none at the end, as `os.read`. kinds: a union."""
        self._read = read
        self._decoder: msgspec.msgpack.Decoder[_Kind] = msgspec.msgpack.Decoder(kinds)
        self._unread = b""
        self._end: End | None = None

    def next(self) -> _Kind | End:
        """The next message; waits for it. After an `End` comes the same again."""
        if self._end is None:
            found = self._next()
            if not isinstance(found, End):
                return found
            self._end, self._unread = found, b""
        return self._end

    def _next(self) -> _Kind | End:
        head = self._take(_LENGTH.size)
        if isinstance(head, End):
            return head
        (length,) = _LENGTH.unpack(head)
        if length > MOST_BYTES:
            return End("What came over the line was no message of Antiphon's.")
        content = self._take(length, begun=True)
        if isinstance(content, End):
            return content
        try:
            return self._decoder.decode(content)
        # RecursionError: lists within lists without end.
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            return End(
                f"A message came that cannot be understood ({error}): window and session are of "
                "two versions, start both anew."
            )

    def _take(self, size: int, *, begun: bool = False) -> bytes | End:
        """So many bytes; `begun`: an end now is in the middle of a message."""
        parts, have = [self._unread], len(self._unread)
        while have < size:
            try:
                part = self._read(65_536)
            except (OSError, ValueError) as error:  # the line was closed, here or there
                return End(f"The line broke ({error}).")
            if not part:
                return End("The line broke in the middle of a message.") if begun or have else End()
            parts.append(part)
            have += len(part)
        data = b"".join(parts)
        self._unread = data[size:]
        return data[:size]
