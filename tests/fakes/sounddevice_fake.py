"""A sound card that is none, for `plugin.voice.__main__`: it asks for blocks and keeps the samples.

Copied under the name `sounddevice.py` into a folder that comes first on the path. What it is like
is said by VOICE_FAKE: "works", "no device", "no library", "refuses" or "goes"; samples go to the
file VOICE_FAKE_SAMPLES at the end, and a file with ".heard" behind that name is there once one was
not silent.
"""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

LIKE = os.environ.get("VOICE_FAKE", "works")
FRAMES, RATE_HZ = 256, 48_000.0
if LIKE == "no library":
    raise OSError("PortAudio library not found")


class PortAudioError(Exception):
    pass


def query_devices(kind: str) -> dict[str, Any]:
    if LIKE == "no device":
        raise PortAudioError("Error querying device -1")
    return {"name": f"Fake {kind}", "default_samplerate": RATE_HZ}


class OutputStream:
    latency = 0.012

    def __init__(
        self, *, callback: Callable[..., None], finished_callback: Callable[[], None], **_: Any
    ) -> None:
        if LIKE == "refuses":
            raise PortAudioError("Device unavailable")
        self._callback, self._finished = callback, finished_callback
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        blocks = []
        while not self._over.wait(FRAMES / RATE_HZ):
            out = np.zeros((FRAMES, 2), dtype=np.float32)
            self._callback(out, FRAMES, None, None)
            blocks.append(out)
            if out.any() and (name := os.environ.get("VOICE_FAKE_SAMPLES")):
                Path(f"{name}.heard").touch()
            if LIKE == "goes" and len(blocks) > 10:
                break
        if name := os.environ.get("VOICE_FAKE_SAMPLES"):
            np.save(Path(name), np.concatenate(blocks))
        self._finished()
