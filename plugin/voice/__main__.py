"""The process of the built-in voice: `python -m plugin.voice`. Records in, sound out, words back.

It ends when its input ends, so it never outlives whoever started it. The sound card's callback runs
here and nowhere else: neither a session nor a window ever waits for it. It refuses to record, to
connect to a MIDI system and to touch a file.
"""

import gc
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec

from plugin.voice.records import PANIC, RECORD_BYTES, VOLUME, VoiceSays, unpacked
from plugin.voice.synth import Synth
from plugin.voice.timeline import LEAD_NS, Timeline

if TYPE_CHECKING:
    import sounddevice

LAST_WORDS_S = 0.1
NO_PACKAGE = (
    "The built-in voice is not installed: run `pip install 'antiphon[voice]'` and switch it on "
    "again. Your DAW makes the sound meanwhile."
)
NO_LIBRARY = (
    "The built-in voice needs the library PortAudio: install it (`sudo apt install libportaudio2` "
    "on Debian and Ubuntu) and switch the voice on again."
)
NO_DEVICE = (
    "No sound device was found: connect one or start the sound system, then switch the voice on "
    "again. Your DAW makes the sound meanwhile."
)


def main() -> int:
    """Sound until the input ends; 1 if it cannot."""
    try:
        import sounddevice
    except ImportError:
        return _give_up(NO_PACKAGE)
    except OSError:
        return _give_up(NO_LIBRARY)
    try:
        found = sounddevice.query_devices(kind="output")
    except (sounddevice.PortAudioError, ValueError):
        return _give_up(NO_DEVICE)
    return _sound(sounddevice, found, sys.stdin.buffer)


def _sound(library: "sounddevice", found: dict[str, Any], records: BinaryIO) -> int:
    rate_hz = float(found["default_samplerate"])
    synth = Synth(rate_hz)
    timeline = Timeline(synth, rate_hz)
    over, panics = threading.Event(), threading.Event()

    def callback(out: Any, frames: int, times: object, status: object) -> None:
        if panics.is_set():
            panics.clear()
            timeline.panic()
        out[:] = timeline.fill(time.monotonic_ns(), frames)

    try:
        stream = library.OutputStream(
            samplerate=rate_hz,
            channels=2,
            dtype="float32",
            latency="low",
            callback=callback,
            finished_callback=over.set,
        )
        stream.start()
    except library.PortAudioError as error:
        return _give_up(
            f"The sound device “{found['name']}” cannot be opened ({_reason(error)}): close what "
            "uses it, then switch the voice on again."
        )
    # A collection in the callback's way would be heard; little garbage is made here.
    gc.freeze()
    gc.disable()
    latency_ms = LEAD_NS / 1e6 + stream.latency * 1e3
    name = str(found["name"])
    _say(VoiceSays(True, f"The built-in voice plays through “{name}”.", name, latency_ms))
    reader = threading.Thread(
        target=_read, args=(records, timeline, synth, panics, over), daemon=True
    )
    reader.start()
    over.wait()
    has_gone = reader.is_alive()
    if not has_gone:
        # What still sounds dies away: a stream that just stops is a click.
        panics.set()
        threading.Event().wait(LAST_WORDS_S)
    stream.close()
    if has_gone:
        return _give_up(f"The sound device “{name}” has gone: connect it, switch the voice on.")
    return 0


def _read(
    records: BinaryIO,
    timeline: Timeline,
    synth: Synth,
    panics: threading.Event,
    over: threading.Event,
) -> None:
    """Take records until there are no more. Thread: its own."""
    while len(content := records.read(RECORD_BYTES)) == RECORD_BYTES:
        record = unpacked(content)
        if record.part == PANIC:
            panics.set()
        elif record.part == VOLUME:
            synth.volume = record.data[0] / 100 if record.data else synth.volume
        else:
            timeline.put(record.due_ns, record.part, record.data)
    over.set()


def _reason(error: Exception) -> str:
    return str(error.args[0]) if error.args else "unknown reason"


def _give_up(says: str) -> int:
    _say(VoiceSays(False, says))
    return 1


def _say(said: VoiceSays) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(said) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main())
