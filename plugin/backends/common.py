"""What every backend does alike: finds a port by the name a musician types, and knows a message.

Pure functions, standard library only. It refuses to guess: a name that fits two ports is an error
that lists what exists, and a message is complete or it is none. Whatever `poll` of one port gives,
`send` of any other takes.
"""

import re
from collections import Counter
from collections.abc import Sequence

from plugin.ports import PortError

QUEUE_LIMIT = 16_384
"""Messages an input keeps for its reader; what comes on top is lost. Half a minute of the
densest playing: it fills only where nobody reads any more."""

MAX_MESSAGE_BYTES = 4096
"""Longer ones are bulk dumps of synthesizers, not music; RtMidi's JACK output drops or chokes on
what its ring of 16 kB cannot hold."""

CLOSED = "This MIDI port was closed. Open it again before sending."
GONE = (
    "The MIDI port has gone: its instrument was unplugged or its program ended. "
    "Connect it again, or choose another port."
)

# Length of a whole message by its status byte; sysex (0xF0) ends where it says so. The undefined
# statuses (F4, F5, F9, FD, and F7 on its own) are no message.
_CHANNEL_LENGTH = {0x80: 3, 0x90: 3, 0xA0: 3, 0xB0: 3, 0xC0: 2, 0xD0: 2, 0xE0: 3}
_SYSTEM_LENGTH = {
    **{0xF1: 2, 0xF2: 3, 0xF3: 2, 0xF6: 1},
    **{0xF8: 1, 0xFA: 1, 0xFB: 1, 0xFC: 1, 0xFE: 1, 0xFF: 1},
}


def is_message(message: bytes) -> bool:
    """Whether these bytes are exactly one complete MIDI message of a length that we carry."""
    if not 0 < len(message) <= MAX_MESSAGE_BYTES:
        return False
    status = message[0]
    if status == 0xF0:
        return len(message) > 1 and message[-1] == 0xF7 and message[1:-1].isascii()
    length = _CHANNEL_LENGTH.get(status & 0xF0) if status < 0xF0 else _SYSTEM_LENGTH.get(status)
    return len(message) == length and message[1:].isascii()


def require_message(message: bytes) -> None:
    """Raise ValueError for bytes that are not one complete MIDI message.

    A ValueError and not a PortError: the port is well, the caller is not.
    """
    if not is_message(message):
        start = message[:8].hex(" ") or "nothing"
        raise ValueError(f"not one complete MIDI message: {start} ({len(message)} bytes)")


def display_names(raw_names: Sequence[str], number: str) -> list[str]:
    """The names that a musician sees, one for each raw name, no two alike.

    Args:
        raw_names: As the MIDI system lists them.
        number: Pattern of the number at the end that changes with every reconnection (ALSA's
            client, the index of Windows). It goes where the name is clear without it.
    """
    short = [re.sub(number, "", raw) if number else raw for raw in raw_names]
    count = Counter(short)
    names: list[str] = []
    for name, raw in zip(short, raw_names, strict=True):
        unique = base = name if count[name] == 1 else raw
        copy = 1
        while unique in names:  # two instruments of one make, where the system does not number
            copy += 1
            unique = f"{base} ({copy})"
        names.append(unique)
    return names


def find_port(wanted: str, existing: Sequence[str], direction: str) -> str:
    """The one name among `existing` that a musician means by `wanted`.

    An exact name wins; then, whatever the case of its letters, the whole name, a beginning, and
    any part of it, in this order.

    Args:
        wanted: What the musician typed.
        existing: The names to choose from, each of them once.
        direction: "input" or "output", for the sentence.

    Raises:
        PortError: No name fits, or more than one does.
    """
    if wanted in existing:
        return wanted
    folded = wanted.casefold()
    for fits in (str.__eq__, str.startswith, str.__contains__):
        found = [name for name in existing if folded and fits(name.casefold(), folded)]
        if len(found) == 1:
            return found[0]
        if found:
            raise PortError(
                f'"{wanted}" fits more than one MIDI {direction}: {_listed(found)}. '
                "Write out the name of the one you mean."
            )
    if not existing:
        raise PortError(
            f'There is no MIDI {direction} "{wanted}", and no other one either. '
            "Connect the instrument or start the program that has the port, then try again."
        )
    raise PortError(
        f'There is no MIDI {direction} "{wanted}". These exist: {_listed(existing)}. '
        "Choose one of them."
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
