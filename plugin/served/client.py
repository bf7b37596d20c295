"""Starts a session process, speaks to it and ends it: the window's side of the line.

Whatever becomes of the process, the last message that is told is `Over`, with words where it was
not asked to end. What it writes on standard error is kept in a small file, so that a failure can be
looked at. It refuses to know Qt, and to start anything again: its owner decides that.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import IO

import plugin
from plugin.files import DATA_VARIABLE, data_folder
from plugin.protocol import Quit
from plugin.served.frames import End, FrameReader, TooLongError, pack
from plugin.served.log import ErrorLog
from plugin.served.messages import Asked, Over, Told

COMMAND = (sys.executable, "-m", "plugin.served")
LOG_FILE = "session.log"
CLOSE_TIMEOUT_S = 5.0
JOIN_S = 2.0
LOOK_EVERY_S = 0.25


class SessionProcess:
    """A session in a process of its own. Thread: any, but `close` one."""

    def __init__(
        self,
        told: Callable[[Told], None],
        environment: Mapping[str, str] | None = None,
        command: Sequence[str] | None = None,
    ) -> None:
        """Start it; send it an `Open`. Never raises: what fails is told by an `Over`.

        told is called in a thread of its own, message by message, and must return soon.
        environment: the whole one of the process, by default ours. command: another program.
        """
        self._told = told
        self._ended = self._closing = False
        self._queue: SimpleQueue[bytes | None] = SimpleQueue()
        variables = dict(os.environ if environment is None else environment)
        root = str(Path(plugin.__file__ or "").resolve().parent.parent)
        paths = (root, variables.get("PYTHONPATH"))
        variables["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
        self.log = ErrorLog(data_folder(variables.get(DATA_VARIABLE) or None) / LOG_FILE)
        """What the process wrote on standard error."""
        self._child: subprocess.Popen[bytes] | None = None
        self._why_not = ""
        try:
            self._child = subprocess.Popen(
                list(command or COMMAND),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                env=variables,
                start_new_session=True,  # Ctrl-C is the window's, which then ends us in order
            )
        except OSError as error:
            self._why_not = f"it cannot be started ({error}): close other programs"
        jobs = {"read": self._read}
        if self._child is not None:
            jobs |= {"write": self._write, "log": self._keep_errors}
        self._threads = {
            name: threading.Thread(target=job, name=f"antiphon-session-{name}", daemon=True)
            for name, job in jobs.items()
        }
        for thread in self._threads.values():
            thread.start()

    @property
    def alive(self) -> bool:
        """Whether it can be spoken to; false from the moment on at which `Over` was told."""
        return not self._ended

    @property
    def process_id(self) -> int | None:
        """Of the process, None where it could not be started."""
        return self._child.pid if self._child is not None else None

    def send(self, asked: Asked) -> bool:
        """Ask for something. Returns at once; False if it cannot be sent."""
        if self._ended or self._closing:
            return False
        try:
            self._queue.put(pack(asked))
        except TooLongError:
            return False
        return True

    def close(self, timeout_s: float = CLOSE_TIMEOUT_S) -> None:
        """Ask it to end, wait, and kill it if it does not. Twice is once."""
        if not self._closing:
            self._closing = True
            self._queue.put(pack(Quit()))
            self._queue.put(None)
        child = self._child
        if child is not None:
            try:
                child.wait(timeout_s)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        for thread in self._threads.values():
            if thread is not threading.current_thread():
                thread.join(JOIN_S)
        self.log.close()

    # -- threads of its own --

    def _write(self) -> None:
        assert self._child is not None
        assert self._child.stdin is not None
        pipe = self._child.stdin
        with contextlib.suppress(OSError, ValueError):  # it has ended
            while (frame := self._queue.get()) is not None:
                view = memoryview(frame)
                while view:
                    view = view[os.write(pipe.fileno(), view) :]
        with contextlib.suppress(OSError):
            pipe.close()

    def _read(self) -> None:
        last: Told | None = None
        end = End(self._why_not)
        if self._child is not None:
            assert self._child.stdout is not None
            pipe = self._child.stdout
            reader: FrameReader[Told] = FrameReader(lambda size: os.read(pipe.fileno(), size), Told)
            while not isinstance(message := reader.next(), End):
                last = message
                if not isinstance(message, Over):
                    self._tell(message)
            end = message
            says = last.says if isinstance(last, Over) else self._reason(end)
            pipe.close()
        else:
            says = self._why_not
        self._queue.put(None)
        self._tell(Over(says))
        self._ended = True

    def _tell(self, message: Told) -> None:
        # Whoever is told may be closing down already; reading goes on, or the process would wait.
        with contextlib.suppress(Exception):
            self._told(message)

    def _reason(self, end: End) -> str:
        """Why it ended without a last word. It may live on with a broken line: then no longer."""
        assert self._child is not None
        if end.says:
            self._child.kill()
            self._child.wait()
            return end.says
        try:
            code = self._child.wait(JOIN_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
            return "it closed its line"
        if code < 0:
            with contextlib.suppress(ValueError):
                return f"it was killed by {signal.Signals(-code).name}"
        self._threads["log"].join(JOIN_S)
        last = self.log.last_line()
        where = f"; see {self.log.path}" if self.log.path.exists() else ""
        return f"it ended with code {code}{': ' if last else ''}{last}{where}"

    def _keep_errors(self) -> None:
        assert self._child is not None
        assert self._child.stderr is not None
        with self._child.stderr as pipe, contextlib.suppress(OSError, ValueError):
            while self._may_speak(pipe) and (part := os.read(pipe.fileno(), 4096)):
                self.log.add(part)

    def _may_speak(self, pipe: IO[bytes]) -> bool:
        """Wait until there are words; False once it has ended, whoever holds its pipe open."""
        while os.name == "posix" and not select.select([pipe], [], [], LOOK_EVERY_S)[0]:
            if self._ended:
                return False
        return True
