"""What takes long, in a process of its own: started here, heard line by line, stopped at any time.

The child says JSON lines: {"step": ..., "says": ...} while it works, and last {"done": ...} or
{"failed": "a sentence"}. If it dies without a word, that is said in a sentence. It refuses to wait:
who asks looks now and then, or waits by itself.
"""

import json
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

MODULE = "federation.client.work"
_LOWEST_WINDOWS = 0x40
"""IDLE_PRIORITY_CLASS; elsewhere the child lowers itself."""

Line = dict[str, Any]


class Work(Protocol):
    """Something on its way."""

    def poll(self) -> list[Line]:
        """The lines that came since the last look; the last one of all has `done` or `failed`."""

    def wait(self, tell: Callable[[Line], object] = ...) -> Line:
        """Until it is over; the last line."""

    def cancel(self) -> None:
        """Stop it; everything is as it was before."""

    @property
    def over(self) -> bool:
        """Whether the last line was looked at."""


Start = Callable[[Sequence[str]], Work]
"""Starts a task by its words."""


class ChildWork:
    """A child process of ours."""

    def __init__(self, words: Sequence[str], data: Path, environment: Mapping[str, str]) -> None:
        self.over = False
        self._lines: deque[Line] = deque()
        self._came = threading.Condition()
        self._process = subprocess.Popen(
            [sys.executable, "-m", MODULE, *words, "--data", str(data)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **environment},
            text=True,
            encoding="utf-8",
            creationflags=_LOWEST_WINDOWS if sys.platform == "win32" else 0,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def poll(self) -> list[Line]:
        """See `Work`."""
        with self._came:
            found = list(self._lines)
            self._lines.clear()
        if found and is_last(found[-1]):
            self._end()
        return found

    def wait(self, tell: Callable[[Line], object] = lambda _: None) -> Line:
        """See `Work`."""
        while True:
            with self._came:
                self._came.wait_for(lambda: bool(self._lines))
            for line in self.poll():
                if is_last(line):
                    return line
                tell(line)

    def cancel(self) -> None:
        """See `Work`."""
        self._process.terminate()
        self._end()

    def _end(self) -> None:
        self._process.wait()
        self._reader.join()
        self.over = True

    def _read(self) -> None:
        last = False
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            for text in stream:
                try:
                    line = json.loads(text)
                except ValueError:
                    continue
                if isinstance(line, dict) and not last:
                    last = is_last(line)
                    self._put(line)
        if not last:
            self._put({"failed": "It was stopped before it was done; nothing was changed."})

    def _put(self, line: Line) -> None:
        with self._came:
            self._lines.append(line)
            self._came.notify_all()


def is_last(line: Line) -> bool:
    """Whether nothing follows it."""
    return "done" in line or "failed" in line
