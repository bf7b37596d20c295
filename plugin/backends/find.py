"""Which MIDI system this machine has, and the sentence for a machine that has none.

It refuses to start or to change anything: no server is launched, no module is loaded.
"""

import errno
import os
import sys

from plugin.backends.rtmidi import RtMidiBackend, load_library
from plugin.backends.systems import SYSTEMS
from plugin.ports import PortError

ALSA_SEQUENCER = "/dev/snd/seq"


def find_backend(api: str | None = None) -> RtMidiBackend:
    """The MIDI system to use: on Linux ALSA (JACK and PipeWire bridge it), else JACK.

    Args:
        api: One of "ALSA", "JACK", "CoreMIDI", "Windows MM", if only that one will do.

    Raises:
        PortError: There is none; the sentence says what is missing and what mends it.
    """
    if api is not None:
        if api not in SYSTEMS:
            known = ", ".join(SYSTEMS)
            raise PortError(f'There is no MIDI system "{api}". Choose one of these: {known}.')
        return RtMidiBackend(api)
    if sys.platform == "darwin":
        return RtMidiBackend("CoreMIDI")
    if sys.platform == "win32":
        return RtMidiBackend("Windows MM")
    load_library()  # a missing library is the better answer than a missing system
    why_not_alsa = _why_not_alsa()
    if not why_not_alsa:
        return RtMidiBackend("ALSA")
    try:
        return RtMidiBackend("JACK")
    except PortError as error:
        raise PortError(
            f"No MIDI system was found: {why_not_alsa}, and JACK cannot be used either. Load "
            f"ALSA's sequencer (sudo modprobe snd-seq), or see to JACK: {error}"
        ) from error


def _why_not_alsa() -> str:
    """Empty if ALSA's sequencer can be opened, else half a sentence that says why not."""
    try:
        os.close(os.open(ALSA_SEQUENCER, os.O_RDWR | os.O_NONBLOCK))
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM):
            return f"ALSA's {ALSA_SEQUENCER} may not be opened (are you in the group audio?)"
        return f"ALSA's {ALSA_SEQUENCER} is missing"
    return ""
