"""Which MIDI system this machine has, and the sentence for a machine that has none.

It refuses to start or to change anything: no server is launched, no module is loaded.
"""

import contextlib
import errno
import os
import sys

from plugin.backends.jack import JackBackend
from plugin.backends.jack_process import NoJackError
from plugin.backends.rtmidi import RtMidiBackend, load_library
from plugin.backends.systems import SYSTEMS
from plugin.ports import Backend, PortError

ALSA_SEQUENCER = "/dev/snd/seq"
PIPEWIRE = "PipeWire"


def find_backend(api: str | None = None) -> Backend:
    """The MIDI system to use: on Linux ALSA (JACK and PipeWire bridge it), else one of these two.

    Args:
        api: One of "ALSA", "JACK", "PipeWire", "CoreMIDI", "Windows MM", if only that one will do.

    Raises:
        PortError: There is none; the sentence says what is missing and what mends it.
    """
    if api is not None:
        if api not in (*SYSTEMS, PIPEWIRE):
            known = ", ".join((*SYSTEMS, PIPEWIRE))
            raise PortError(f'There is no MIDI system "{api}". Choose one of these: {known}.')
        if api == PIPEWIRE:
            return JackBackend(only_pipewire=True)
        return _jack() if api == "JACK" else RtMidiBackend(api)
    if sys.platform == "darwin":
        return RtMidiBackend("CoreMIDI")
    if sys.platform == "win32":
        return RtMidiBackend("Windows MM")
    why_not_alsa = why_not_alsa_sequencer()
    if not why_not_alsa:
        return RtMidiBackend("ALSA")
    try:
        return _jack()
    except PortError as error:
        load_library()  # a missing library is the better answer than a missing system
        raise PortError(
            f"No MIDI system was found: {why_not_alsa}, and JACK cannot be used either. Load "
            f"ALSA's sequencer (sudo modprobe snd-seq), or see to JACK: {error}"
        ) from error


def _jack() -> Backend:
    """JACK or PipeWire by JACK-Client, which is exact; by RtMidi where that cannot be loaded."""
    try:
        return JackBackend()
    except NoJackError as error:
        if error.why in ("server", "busy"):
            raise
        with contextlib.suppress(PortError):
            return RtMidiBackend("JACK")
        raise


def why_not_alsa_sequencer() -> str:
    """Empty if ALSA's sequencer can be opened, else half a sentence that says why not."""
    try:
        os.close(os.open(ALSA_SEQUENCER, os.O_RDWR | os.O_NONBLOCK))
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM):
            return f"ALSA's {ALSA_SEQUENCER} may not be opened (are you in the group audio?)"
        return f"ALSA's {ALSA_SEQUENCER} is missing"
    return ""
