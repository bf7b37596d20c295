"""A private JACK server without sound card, for one test run, and the one client that wires it.

What was learnt the hard way, and why this file is as it is:

* Clients that come and go (jack_lsp, jack_connect) while others are being opened freeze part of
  jackd2's graph (jackaudio/jack2#721). So one long-lived client lists and connects everything.
* Without `-S` jackd2 loses MIDI when a client is late; with it, nothing in any run.
* A server that was not waited for keeps its name taken, and there are 8 names for the machine. So
  names are few and fixed; each is guarded by a file lock, which two test runs never share.
* `-T` ends the server with its last client: a test run that was killed leaves none behind.
* libjack keeps one server's shared memory for the whole process: a process that has clients on
  two servers sees the graph of the first. So a test process has one server at a time.
"""

import contextlib
import ctypes
import ctypes.util
import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import ClassVar, Optional

from tests.rig.waiting import wait_for

PERIOD_FRAMES = 256
RATE_HZ = 48_000

_NAMES = [f"antiphon-test-{number}" for number in range(6)]
_SHM = Path("/dev/shm")


def why_no_jack() -> str:
    """Empty where a JACK server can be run and reached, else what is missing."""
    if shutil.which("jackd") is None:
        return "jackd is not installed (Debian, Ubuntu: apt install jackd2)"
    try:
        load_jack()
    except (ImportError, OSError) as error:
        return f"JACK-Client cannot be used ({error})"
    return ""


def load_jack() -> ModuleType:
    """The module `jack`, told to keep libjack's remarks to itself.

    By a function of C: a client that is closed cancels its threads, and one that waited for Python
    just then, with a remark for us, took Python's lock with it. After a server's end the process
    stood still in 6 runs of 30.
    """
    import jack

    libjack = ctypes.CDLL(ctypes.util.find_library("jack"))
    for use in (libjack.jack_set_error_function, libjack.jack_set_info_function):
        use(ctypes.CDLL(None).strlen)  # any function of C that takes a text and does nothing
    return jack


class JackServer:
    """A running jackd. `environment` is what a client program needs to find it."""

    _in_this_process: ClassVar[Optional["JackServer"]] = None

    def __init__(self, period_frames: int = PERIOD_FRAMES) -> None:
        if JackServer._in_this_process is not None:
            raise RuntimeError("close the other JACK server first: one at a time in a process")
        JackServer._in_this_process = self
        self.name, self._lock = _take_name()
        self._clean()
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115  closed by close()
        driver = f"-d dummy -r {RATE_HZ} -p {period_frames} -C 2 -P 2".split()
        self._process = subprocess.Popen(
            # -r: real-time priority is not always granted. 256 frames: the shortest period that
            # runs without gaps on a small virtual machine.
            ["jackd", "-T", "-r", "-S", "-n", self.name, *driver],
            env={**os.environ, **self.environment, "JACK_NO_AUDIO_RESERVATION": "1"},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=[self._lock],  # a server that outlives us keeps its name
        )
        try:
            self.jack = load_jack()
            self.control = wait_for(self._try_client, lambda: f"jackd to answer: {self.log()}")
            self.control.activate()
        except BaseException:
            self.close()
            raise

    @property
    def environment(self) -> dict[str, str]:
        """Variables by which a child process finds this server and starts no other."""
        return {"JACK_DEFAULT_SERVER": self.name, "JACK_NO_START_SERVER": "1"}

    @property
    def pid(self) -> int:
        """The server's process."""
        return self._process.pid

    @contextlib.contextmanager
    def as_default(self) -> Iterator[None]:
        """Let JACK clients of this process find this server, which RtMidi cannot be told."""
        before = {name: os.environ.get(name) for name in self.environment}
        os.environ.update(self.environment)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value

    def ports(self, part: str = "") -> list[str]:
        """Names of the MIDI ports that contain `part`, `client:port`."""
        for _ in range(20):
            # A port that goes between being listed and being looked up is an error.
            with contextlib.suppress(self.jack.JackError):
                ports = self.control.get_ports(is_midi=True)
                return [port.name for port in ports if part in port.name]
        return []

    def wait_for_port(self, part: str) -> str:
        """Wait until a MIDI port has `part` in its name; its whole name."""
        return wait_for(lambda: self.ports(part), lambda: f'"{part}" among {self.ports()}')[0]

    def wait_until_gone(self, part: str) -> None:
        """Wait until no MIDI port has `part` in its name."""
        wait_for(lambda: not self.ports(part), lambda: f'"{part}" to go from {self.ports()}')

    def connect(self, source: str, destination: str) -> None:
        """Connect two ports, given by parts of their names, and wait until it is so."""
        source, destination = self.wait_for_port(source), self.wait_for_port(destination)

        def connected() -> bool:
            if destination not in self.connections(source):
                # A port is listed a moment before its client is active and can be connected.
                with contextlib.suppress(self.jack.JackErrorCode):
                    self.control.connect(source, destination)
            return destination in self.connections(source)

        wait_for(connected, f"{source} -> {destination}")

    def connections(self, port: str) -> list[str]:
        """Names of the ports that this one is connected to."""
        return [other.name for other in self.control.get_all_connections(port)]

    def log(self) -> str:
        """What the server wrote."""
        self._log.seek(0)
        return self._log.read()

    def kill(self) -> None:
        """End the server as a crash would, under whatever clients it has."""
        self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        """Stop the server where it stands: it neither answers nor ends."""
        self._process.send_signal(signal.SIGSTOP)

    def close(self) -> None:
        """End the server, wait for it, and give its name back. Twice is once."""
        if self._log.closed:
            return
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self.kill()
        # After the server: a client that takes leave of a server on its way out may wait for it.
        if hasattr(self, "control"):
            with contextlib.suppress(self.jack.JackError):
                self.control.close()
        self._log.close()
        self._clean()
        os.close(self._lock)
        JackServer._in_this_process = None

    def __enter__(self) -> "JackServer":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _try_client(self) -> object:
        if self._process.poll() is not None:
            raise RuntimeError(f"jackd ended with {self._process.returncode}: {self.log()}")
        try:
            return self.jack.Client("rig", no_start_server=True, servername=self.name)
        except self.jack.JackOpenError:
            return None

    def _clean(self) -> None:
        for pattern in (f"jack_{self.name}_*", f"jack_sem.*_{self.name}_*"):
            for stale in _SHM.glob(pattern):
                stale.unlink(missing_ok=True)


def _take_name() -> tuple[str, int]:
    """A server name that no other test run has, and the locked file that says so."""
    for name in _NAMES:
        path = Path(tempfile.gettempdir()) / f"{name}-{os.getuid()}.lock"
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
        else:
            return name, lock
    raise RuntimeError(f"all names are taken: {', '.join(_NAMES)}; other test runs hold them")
