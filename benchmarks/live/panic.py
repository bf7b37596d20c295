"""Panic in the middle of answers, with the engine well and with the engine stopped dead."""

import contextlib
import queue
import random
import time
from dataclasses import dataclass
from typing import Any

import psutil

from benchmarks.live.jam import Jam

ANSWER_WITHIN_S = 30.0
STOPPED_FOR_S = 0.5


@dataclass(frozen=True, slots=True)
class Panic:
    """When it was asked for, and whether the engine stood still."""

    at_ns: int
    engine_stopped: bool


def panics(jam: Jam, times: int, seed: int) -> list[Panic]:
    """Ask for panic so often while the partner sounds, every second time with a stopped engine."""
    rng = random.Random(seed)
    asked = []
    for number in range(times):
        if not _wait_for_note(jam):
            break
        engine = jam.engine() if number % 2 else None
        if engine is not None:
            with contextlib.suppress(psutil.Error):
                engine.suspend()
        # Into the note: what has begun has reached whoever listens.
        time.sleep(rng.uniform(0.02, 0.08))
        asked.append(Panic(jam.panic(), engine is not None))
        time.sleep(STOPPED_FOR_S)
        if engine is not None:
            with contextlib.suppress(psutil.Error):
                engine.resume()
    return asked


def _wait_for_note(jam: Jam) -> bool:
    """Wait for the next note of the partner; False if it does not play."""
    began: queue.SimpleQueue[int] = queue.SimpleQueue()

    def listen(at_ns: int, event: dict[str, Any]) -> None:
        if event["type"] == "NoteSounded" and event["partner"]:
            began.put(at_ns)

    jam.listeners.append(listen)
    try:
        began.get(timeout=ANSWER_WITHIN_S)
    except queue.Empty:
        return False
    finally:
        jam.listeners.remove(listen)
    return True
