"""Listens to inputs that are not in use, to find the one that the player plays.

They are opened and closed in a thread of its own, because that takes its time; what they say is
looked at by the session's and thrown away. It refuses to let it become music.
"""

import contextlib
import threading
from collections.abc import Callable, Collection

from plugin.ports import Backend, InputPort, PortError

MOST_AT_ONCE = 64
CLOSE_TIMEOUT_S = 4.0


class Listening:
    """Thread: the session's. Real-time: yes, but for `close`."""

    def __init__(self, backend: Backend, spoke: Callable[[str], None]) -> None:
        """spoke is given the name of a port into which a note was played."""
        self._backend, self._spoke = backend, spoke
        self._wanted: frozenset[str] = frozenset()
        self._tried: frozenset[str] = frozenset()
        self._ports: dict[str, InputPort] = {}
        self._thread: threading.Thread | None = None
        self._done = threading.Event()
        self._done.set()

    @property
    def busy(self) -> bool:
        """Whether ports are being opened or closed: the backend is not to be asked now."""
        return not self._done.is_set()

    def want(self, names: Collection[str]) -> None:
        """Listen to these and no others, as soon as it can be; call it every now and then."""
        self._wanted = frozenset(names)
        if self._wanted != self._tried and not self.busy:
            self._tried = self._wanted
            self._done.clear()
            self._thread = threading.Thread(
                target=self._change, args=(self._wanted,), name="antiphon-listening", daemon=True
            )
            self._thread.start()

    def look(self) -> None:
        """Hear what has come in."""
        for name, port in self._ports.items():
            for _ in range(MOST_AT_ONCE):
                message = port.poll()
                if message is None:
                    break
                if message[0] & 0xF0 == 0x90 and message[2]:
                    self._spoke(name)

    def close(self) -> None:
        """Listen to nothing any more."""
        self._done.wait(CLOSE_TIMEOUT_S)
        ports, self._ports = self._ports, {}
        for port in ports.values():
            port.close()

    def _change(self, wanted: frozenset[str]) -> None:
        try:
            before = self._ports
            # What goes is out of the hands of the session's thread first.
            self._ports = {name: port for name, port in before.items() if name in wanted}
            for name, port in before.items():
                if name not in wanted:
                    port.close()
            for name in sorted(wanted - before.keys()):
                with contextlib.suppress(PortError):  # another program holds it
                    port = self._backend.open_input(name, virtual=False)
                    self._ports = {**self._ports, name: port}
        finally:
            self._done.set()
