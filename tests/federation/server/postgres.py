"""A real PostgreSQL of the tests' own: in a temporary folder, on loopback, gone afterwards."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from tests.federation.server.served import free_port

READY_S = 60.0


def tools() -> Path | None:
    """The newest PostgreSQL's programs, where Debian puts them."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return found[-1].parent if found else None


def why_not() -> str | None:
    """Why there can be no PostgreSQL here, or None."""
    if tools() is None:
        return "no PostgreSQL at /usr/lib/postgresql: install Debian's package postgresql"
    if os.geteuid() == 0 and not _is_user("postgres"):
        return "PostgreSQL does not run as root, and there is no user postgres"
    return None


class Postgres:
    """See the module. Root steps down to the user postgres: the server refuses root."""

    def __init__(self) -> None:
        bin_ = tools()
        assert bin_ is not None, why_not()
        self._bin, self.port = bin_, free_port()
        self._user = "postgres" if os.geteuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix="antiphon-pg-"))
        if self._user:
            shutil.chown(self.folder, self._user, self._user)
        self._process: subprocess.Popen[bytes] | None = None
        self._run("initdb", "-D", str(self.folder / "data"), "-A", "trust", "-U", "antiphon", "-N")
        self.begin()

    def begin(self) -> None:
        """Start it; after a kill it repairs itself first."""
        (self.folder / "data" / "postmaster.pid").unlink(missing_ok=True)
        options = ["-D", str(self.folder / "data"), "-p", str(self.port), "-h", "127.0.0.1"]
        options += ["-c", "unix_socket_directories=", "-c", "max_connections=60"]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._bin / "postgres"), *options], user=self._user, cwd=self.folder,
                stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                extra_groups=[] if self._user else None,
            )  # fmt: skip
        until_s = time.monotonic() + READY_S
        while self._run("pg_isready", "-h", "127.0.0.1", "-p", str(self.port), check=False):
            assert time.monotonic() < until_s, (self.folder / "log").read_text()[-2000:]
            assert self._process.poll() is None, (self.folder / "log").read_text()[-2000:]
            time.sleep(0.1)

    def kill(self) -> None:
        """SIGKILL to the postmaster and all that it started: another may only begin after them."""
        assert self._process is not None
        own = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        started = [int(pid) for pid in own.read_text().split()]
        self._process.kill()
        self._process.wait()
        for pid in started:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        until_s = time.monotonic() + READY_S
        while any(Path(f"/proc/{pid}").exists() for pid in started):
            assert time.monotonic() < until_s
            time.sleep(0.02)

    def close(self) -> None:
        """End it, and remove its folder."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)  # at once: nobody needs the data any more
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def fresh(self, name: str) -> str:
        """The URL of a new, empty database."""
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "antiphon", name)
        return f"postgresql://antiphon@127.0.0.1:{self.port}/{name}"

    def _run(self, program: str, *words: str, check: bool = True) -> int:
        done = subprocess.run(
            [str(self._bin / program), *words], user=self._user, cwd=self.folder,
            capture_output=True, text=True, timeout=READY_S, check=False,
        )  # fmt: skip
        assert not check or done.returncode == 0, done.stderr
        return done.returncode


def _is_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True
