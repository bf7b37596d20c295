"""Asks the jam to learn, again and again, and to play with what was learnt: as a musician would.

Both are asked of the session as a window asks it: by turns the last takes, as whoever types "learn"
has them, and takes that are named, as the dock does. What the profile names is swapped in every few
seconds, whether the last training was kept or not.
"""

import threading
import time
from collections import deque
from typing import Any

from benchmarks.live.jam import Jam
from plugin.protocol import Adopt
from plugin.served.messages import Asked, LearnFrom, Line

FIRST_LESSON_S, LESSONS_APART_S, SWAPS_APART_S = 15.0, 5.0, 10.0
LOOK_EVERY_S = 0.2
MOST_TAKES = 8
"""Named for a lesson: the newest."""


class Pupil:
    """Teaches a jam in a thread until closed."""

    def __init__(self, jam: Jam) -> None:
        self._jam = jam
        self._lesson_s = self._swap_s = time.monotonic() + FIRST_LESSON_S
        self._learning = False
        self._lessons = 0
        self._takes: deque[str] = deque(maxlen=MOST_TAKES)
        self._ended = threading.Event()
        jam.listeners.append(self._hear)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """No more lessons; one that goes on goes on."""
        self._ended.set()
        self._thread.join()

    def _hear(self, _at_ns: int, event: dict[str, Any]) -> None:
        if event["type"] == "TakeSaved":
            self._takes.append(event["take_id"])
        elif event["type"] == "LearnOver":
            self._lesson_s = time.monotonic() + LESSONS_APART_S
            self._learning = False

    def _lesson(self) -> Asked:
        self._lessons += 1
        return LearnFrom(tuple(self._takes)) if self._lessons % 2 == 0 else Line("learn")

    def _run(self) -> None:
        while not self._ended.wait(LOOK_EVERY_S):
            now_s = time.monotonic()
            if not self._learning and now_s >= self._lesson_s:
                self._learning = True
                self._jam.ask(self._lesson())
            if now_s >= self._swap_s:
                self._swap_s = now_s + SWAPS_APART_S
                self._jam.ask(Adopt())
