"""The session's end of our JACK process: starts it, asks it, and knows when it is lost.

One `JackProcess` is our clients on one server, from start to end; a new server takes a new one. It
never waits for JACK, only for a process that it can end, and for that never longer than `ASK_S`.

It refuses to know what MIDI means: frames go through as they are.
"""

import contextlib
import json
import os
import select
import subprocess
import sys
import threading
import time
from collections import Counter, deque
from pathlib import Path
from typing import Any

import plugin
from plugin.backends.common import GONE, QUEUE_LIMIT
from plugin.backends.jack_frames import Frame, Unpacker, pack
from plugin.ports import PortError

ASK_S = 3.0
"""The longest wait for an answer: opening a port takes some cycles, starting some 0.1 s."""

STALL_NS = 7_000_000_000
"""So long without a cycle, and the server counts as gone. A synchronous jackd stands still for 5 s
when another of its clients is killed, and then goes on."""

END_S = 2.0
_PIPE_BYTES = 1 << 20

STOPPED = (
    "The JACK server is stopped: it neither answers nor ends. End it (killall -9 jackd) and start "
    "it anew, then try again."
)
_FAILED = {
    "package": "JACK needs the package JACK-Client, which cannot be loaded. Install it (pip "
    "install JACK-Client), then try again.",
    "library": "JACK's library (libjack) is missing. Install it (Debian, Ubuntu: sudo apt install "
    "libjack-jackd2-0, or pipewire-jack where PipeWire runs), then try again.",
    "busy": "JACK or PipeWire is there, but does not let us in now. Try again in a moment.",
    "server": "No JACK server answers. Start JACK (for example with QjackCtl) or PipeWire, then "
    "try again.",
}


class NoJackError(PortError):
    """The process could not join a server. `why` is a key of `_FAILED`."""

    def __init__(self, why: str) -> None:
        super().__init__(_FAILED.get(why, _FAILED["server"]))
        self.why = why


class JackProcess:
    """Thread: `send` and `poll` one, the rest any."""

    def __init__(self, name: str, environment: dict[str, str]) -> None:
        """Start it as the clients "`name` In" and "`name` Out".

        Raises NoJackError, or PortError if it hangs.
        """
        self.inboxes: dict[int, deque[Frame]] = {}
        self.lists: dict[str, list[str]] = {"inputs": [], "outputs": []}
        self.renamed: dict[str, str] = {}
        """The present name of each port of others that was given a new one."""
        self.renewed: Counter[str] = Counter()
        """How often each port that one of ours is connected with came anew under its name."""
        self.skipped = self.period_ns = self.too_long = 0
        self._lock = threading.Lock()
        self._numbers = iter(range(2**62))
        self._news: deque[dict[str, Any]] = deque()
        self._unfinished, self._unpacker = b"", Unpacker()
        self._lost = False
        self._cycles, self._cycled_ns = -1, time.monotonic_ns()
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()
        for pipe in (self._in, self._out):
            os.set_blocking(pipe, False)
        _widen(self._out)
        root = str(Path(plugin.__file__ or "").resolve().parent.parent)
        path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
        words = [name, str(theirs_in), str(theirs_out)]
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "plugin.backends.jack_child", *words],
                env={**os.environ, "PYTHONPATH": path, **environment},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs_in, theirs_out),
                start_new_session=True,  # Ctrl-C is the session's
                bufsize=0,
            )
        except OSError as error:
            os.close(self._in)
            os.close(self._out)
            raise PortError(
                f"The process for JACK cannot be started ({error}). Close other programs, then "
                "try again."
            ) from error
        finally:
            os.close(theirs_in)
            os.close(theirs_out)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._asks, self._says = self._process.stdin, self._process.stdout
        os.set_blocking(self._says.fileno(), False)
        try:
            ready = self._wait_for("ready", "failed")
        except BaseException:
            self.close()
            raise
        if "failed" in ready:
            self.close()
            raise NoJackError(ready["failed"])
        self.version = str(ready["version"])

    # -- MIDI: the session's thread --

    def send(self, frame: Frame) -> bool:
        """Hand over one frame. False if nobody takes it; never blocks."""
        if self._lost:
            return False
        data = pack(frame)
        try:
            written = os.write(self._out, data)
        except OSError:  # the process has ended, or has not read for a megabyte
            written = 0
        if written != len(data):
            self._lost = True
        return not self._lost

    def poll(self, port: int) -> Frame | None:
        """The next frame that came in at a port, None if there is none. Never blocks."""
        inbox = self.inboxes.get(port)
        if inbox is None:
            return None
        if not inbox:
            self._read()
        return inbox.popleft() if inbox else None

    def _read(self) -> None:
        try:
            data = os.read(self._in, 65_536)
        except OSError:  # nothing there, or closed
            return
        for frame in self._unpacker.feed(data):
            inbox = self.inboxes.get(frame.port)
            if inbox is not None and len(inbox) < QUEUE_LIMIT:
                inbox.append(frame)

    # -- the rest --

    def alive(self) -> bool:
        """False once the server or the process has gone, or stands still. Never blocks."""
        if not self._lost and self._lock.acquire(blocking=False):  # else somebody listens already
            try:
                self._listen(0)
            finally:
                self._lock.release()
            self._lost |= time.monotonic_ns() - self._cycled_ns > STALL_NS
        return not self._lost

    def ask(self, **wish: Any) -> dict[str, Any]:
        """Have something done; the answer. Raises PortError if it cannot be, or takes too long."""
        with self._lock:
            number = next(self._numbers)
            self._tell({**wish, "number": number})
            while (answer := self._wait_for("answer"))["answer"] != number:
                pass
            return answer

    def tell(self, **wish: Any) -> None:
        """Have something done, without waiting for it."""
        with self._lock, contextlib.suppress(PortError):
            self._tell({**wish, "number": next(self._numbers)})

    def close(self) -> None:
        """Let the clients take their leave, and wait until they have. Twice is once."""
        self._lost = True
        if self._asks.closed:
            return
        self._asks.close()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._says.close()
        os.close(self._in)
        os.close(self._out)

    def _tell(self, wish: dict[str, Any]) -> None:
        try:
            self._asks.write(json.dumps(wish).encode() + b"\n")
        except (OSError, ValueError) as error:
            self._lost = True
            raise PortError(GONE) from error

    def _wait_for(self, *words: str) -> dict[str, Any]:
        """The next news that has one of these words. With the lock held, but for the start."""
        end_s = time.monotonic() + ASK_S
        while True:
            while self._news:
                news = self._news.popleft()
                if any(word in news for word in words):
                    return news
            if self._lost:
                raise PortError(GONE)
            left_s = end_s - time.monotonic()
            if left_s <= 0:
                self._lost = True
                raise PortError(STOPPED)
            self._listen(left_s)

    def _listen(self, patience_s: float) -> None:
        """Take in what the process says; wait for it as long as `patience_s`."""
        if not select.select([self._says], [], [], patience_s)[0]:
            return
        data = self._says.read(65_536)
        if not data:
            self._lost = True
            return
        *lines, self._unfinished = (self._unfinished + data).split(b"\n")
        for line in lines:
            news = json.loads(line)
            self.lists |= {name: news[name] for name in ("inputs", "outputs") if name in news}
            self.renamed |= dict(news.get("renamed", ()))
            if "renewed" in news:
                self.renewed[news["renewed"]] += 1
            if "cycles" in news:
                if news["cycles"] != self._cycles:
                    self._cycles, self._cycled_ns = news["cycles"], time.monotonic_ns()
                self.period_ns = news["period_ns"]
                self.skipped, self.too_long = news["skipped"], news["too_long"]
            if {"ready", "failed", "answer"} & news.keys():
                self._news.append(news)


def _widen(pipe: int) -> None:
    """A pipe that holds a phrase of the densest playing, where the system grants that."""
    with contextlib.suppress(ImportError, AttributeError, OSError):
        import fcntl

        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
