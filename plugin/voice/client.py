"""Starts and feeds the process of the built-in voice, from a window or a terminal.

`put` never waits: a thread of its own writes to the pipe. A voice that takes nothing any more is
ended, and what it said last stays true. It refuses to load numpy or a sound library here.
"""

import contextlib
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from queue import SimpleQueue

import msgspec

from plugin.voice.records import PANIC, VOLUME, Record, VoiceSays, packed

COMMAND = (sys.executable, "-m", "plugin.voice")
MOST_WAITING = 2_000
"""Records; a voice that is so far behind hangs."""
END_TIMEOUT_S = 1.0
HANGS = VoiceSays(False, "The built-in voice hung and was ended: switch it on again.")
ENDED = VoiceSays(False, "The built-in voice has ended by itself: switch it on again.")


class VoiceProcess:
    """A voice that sounds until it is closed. Thread: any, but `close`."""

    def __init__(
        self,
        told: Callable[[VoiceSays], None],
        *,
        command: Sequence[str] = COMMAND,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """`told` is called in a thread of the voice's. Raises OSError where none can be started."""
        self._told = told
        self._queue: SimpleQueue[bytes | None] = SimpleQueue()
        self._closing = False
        self._child = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=None if environment is None else dict(environment),
        )
        self._threads = [
            threading.Thread(target=job, name=f"antiphon-voice-{name}", daemon=True)
            for name, job in (("out", self._write), ("back", self._read))
        ]
        for thread in self._threads:
            thread.start()

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._child.poll() is None

    def put(self, due_ns: int, part: int, data: bytes) -> None:
        """A message that was meant for this moment of the monotonic clock."""
        if self._queue.qsize() > MOST_WAITING and not self._closing:
            self._closing = True
            self._told(HANGS)
            self._child.kill()
            return
        self._queue.put(packed(Record(due_ns, part, data)))

    def volume(self, percent: int) -> None:
        """How loud, 0 to 100."""
        self.put(0, VOLUME, bytes((min(max(percent, 0), 100),)))

    def panic(self) -> None:
        """Silence everything at once."""
        self.put(0, PANIC, b"")

    def close(self) -> None:
        """End the process and wait until it is gone. Twice is once."""
        self._closing = True
        self._queue.put(None)
        try:
            self._child.wait(END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(END_TIMEOUT_S)

    def _write(self) -> None:
        pipe = self._child.stdin
        assert pipe is not None
        with contextlib.suppress(OSError, ValueError):
            while (record := self._queue.get()) is not None:
                pipe.write(record)
                pipe.flush()
        with contextlib.suppress(OSError, ValueError):
            pipe.close()

    def _read(self) -> None:
        pipe = self._child.stdout
        assert pipe is not None
        refused = False
        with pipe:
            for line in pipe:
                with contextlib.suppress(msgspec.MsgspecError):
                    said = msgspec.json.decode(line, type=VoiceSays)
                    refused |= not said.ok
                    self._told(said)
        if not refused and not self._closing:
            self._told(ENDED)
