"""Ports that come back: unplugged, ended, restarted, they are waited for, and nothing sticks.

A `LastingInput` or `LastingOutput` is a port that outlives what it stands for. While that is gone,
an input gives nothing and an output takes what it is sent and drops it; but what sounded when it
went is owed its note-off, and pedals their release, and both are sent first when it is back. A key
whose note-on was dropped gets no note-off either. `Hotplug` looks at the ports and opens what is
gone, again and again: opening takes milliseconds, or seconds where a MIDI system is being started,
so it is done in a thread of its own.

It refuses to end the music for a port's sake, and to try more often than the player notices.
"""

import contextlib
import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from plugin.backends.common import require_message
from plugin.ports import InputPort, OutputPort, PortError, latency_ns
from plugin.realtime.ledger import CONTROL, NOTE_OFF, NOTE_ON, RELEASE_VELOCITY, SUSTAIN

TRY_AGAIN_NS = 500_000_000
"""A list of ports a try; a backend whose whole system has gone tries that less often."""
SETTLE_S = 4.0

_AnyPort = TypeVar("_AnyPort", bound=InputPort | OutputPort)


class Lasting(Generic[_AnyPort]):
    """What both directions have in common. Thread: the session's, but for `reopen`."""

    def __init__(self, name: str, open_port: Callable[[], _AnyPort], port: _AnyPort | None) -> None:
        """`open_port` makes the port or raises PortError; `port` is it, if it is open already."""
        self._name, self._open_port = name, open_port
        self._port = port
        self._found: _AnyPort | None = None
        self._old: list[_AnyPort] = []
        self.why_gone = ""
        """The sentence of the last attempt to open it; empty while it is there."""

    @property
    def name(self) -> str:
        """The name that a DAW lists; while it is gone, the one that it is known by."""
        return self._port.name if self._port is not None else self._name

    @property
    def there(self) -> bool:
        """Whether messages go through, as far as is known."""
        return self._port is not None

    def alive(self) -> bool:
        """Always: it is waited for."""
        return True

    def look(self) -> bool:
        """Whether it is there; a port that was found dead is let go."""
        port = self._port
        if port is not None and not port.alive():
            self._let_go()
        return self._port is not None

    def reopen(self) -> None:
        """Try to open it, and close what it was before. Thread: any, one at a time; may block."""
        while self._old:
            self._old.pop().close()
        try:
            self._found = self._open_port()
            self.why_gone = ""
        except PortError as error:
            self.why_gone = str(error)

    def take_found(self) -> bool:
        """Go on with what `reopen` found; whether it found something."""
        if self._found is None:
            return False
        self._port, self._found = self._found, None
        self._name = self._port.name
        return True

    def close(self) -> None:
        """Give everything back. Twice is once."""
        for port in (self._port, self._found, *self._old):
            if port is not None:
                port.close()
        self._port = self._found = None
        self._old.clear()

    def _let_go(self) -> None:
        if self._port is not None:
            self._old.append(self._port)
            self._port = None


class LastingInput(Lasting[InputPort]):
    """An `InputPort` that comes back."""

    @property
    def arrived_ns(self) -> int | None:
        """As that of the port, None where it does not know."""
        arrived_ns: int | None = getattr(self._port, "arrived_ns", None)
        return arrived_ns

    @property
    def refused(self) -> int:
        """Messages that the port left out because they were none, or too long."""
        refused: int = getattr(self._port, "refused", 0)
        return refused

    def poll(self) -> bytes | None:
        """The next message, None when there is none."""
        return self._port.poll() if self._port is not None else None


class LastingOutput(Lasting[OutputPort]):
    """An `OutputPort` that comes back, silent."""

    def __init__(
        self, name: str, open_port: Callable[[], OutputPort], port: OutputPort | None
    ) -> None:
        super().__init__(name, open_port, port)
        self._sounding: set[tuple[int, int]] = set()
        self._pedals: set[int] = set()
        self._unheard: set[tuple[int, int]] = set()
        """Keys whose note-on nobody heard, or whose note was ended when the port came back."""

    @property
    def latency_ns(self) -> int:
        """As that of the port."""
        return latency_ns(self._port) if self._port is not None else 0

    def send(self, message: bytes, due_ns: int | None = None) -> None:
        """Hand over one message, or remember what it owes. ValueError if it is none."""
        require_message(message)
        kind, key = message[0] & 0xF0, (message[0] & 0x0F, message[1] if len(message) > 1 else 0)
        ends = kind == NOTE_OFF or (kind == NOTE_ON and message[2] == 0)
        if ends and key in self._unheard:
            self._unheard.discard(key)
            return
        sent = False
        if self._port is not None:
            try:
                self._port.send(message, due_ns)
                sent = True
            except PortError:
                self._let_go()
        if kind == NOTE_ON and not ends:
            (self._sounding if sent else self._unheard).add(key)
            if sent:
                self._unheard.discard(key)
        elif ends and sent:
            self._sounding.discard(key)
        elif kind == CONTROL and message[1] == SUSTAIN and sent:
            (self._pedals.add if message[2] >= 64 else self._pedals.discard)(key[0])

    def take_found(self) -> bool:
        """Go on with what was found, after everything that sounded was ended there."""
        if not super().take_found():
            return False
        owed, pedals = sorted(self._sounding), sorted(self._pedals)
        self._sounding.clear()
        self._pedals.clear()
        self._unheard.difference_update(owed)
        for channel, pitch in owed:
            self.send(bytes((NOTE_OFF | channel, pitch, RELEASE_VELOCITY)))
        self._unheard.update(owed)
        for channel in pedals:
            self.send(bytes((CONTROL | channel, SUSTAIN, 0)))
        return self.there


AnyLasting = LastingInput | LastingOutput


def in_a_thread(job: Callable[[], None]) -> None:
    """Run a job beside the music."""
    threading.Thread(target=job, name="antiphon-hotplug", daemon=True).start()


class Hotplug:
    """Looks after lasting ports. Thread: the session's. Real-time: as `alive` of the ports is."""

    def __init__(
        self,
        ports: Sequence[AnyLasting],
        *,
        tell: Callable[[str], None],
        gone: Callable[[int, AnyLasting], None] = lambda now_ns, port: None,
        back: Callable[[int, AnyLasting], None] = lambda now_ns, port: None,
        beside: Callable[[Callable[[], None]], None] = in_a_thread,
        tried: Callable[[], object] = lambda: None,
    ) -> None:
        """`tell` is given a sentence for the player; `gone` and `back` the moment and the port.

        tried is called beside the music each time that ports were looked for.
        """
        self._ports, self._tell = tuple(ports), tell
        self._gone, self._back, self._beside = gone, back, beside
        self._after = tried
        self._missing = {port for port in ports if not port.there}
        self._trying: tuple[AnyLasting, ...] = ()
        self._tried = threading.Event()
        self._tried_ns: int | None = None

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of the ports that are waited for."""
        return tuple(port.name for port in self._ports if port in self._missing)

    @property
    def trying(self) -> bool:
        """Whether ports are being opened beside the music: the backend is not to be asked now."""
        return bool(self._trying) and not self._tried.is_set()

    def look(self, now_ns: int) -> None:
        """Notice what has gone, go on with what is back, and have the rest opened."""
        if self.trying:
            return
        if self._trying:
            trying, self._trying = self._trying, ()
            for port in trying:
                if port.take_found():
                    self._missing.discard(port)
                    self._tell(f"The port {port.name} is back.")
                    self._back(now_ns, port)
        for port in self._ports:
            if port not in self._missing and not port.look():
                self._missing.add(port)
                self._tried_ns = None
                self._tell(
                    f"The port {port.name} is gone: its device was unplugged or the MIDI system "
                    "ended. Plug it in or start it; the music goes on, and it is looked for."
                )
                self._gone(now_ns, port)
        if not self._missing:
            return
        if self._tried_ns is None or now_ns - self._tried_ns >= TRY_AGAIN_NS:
            self._tried_ns = now_ns
            self._trying = tuple(port for port in self._ports if port in self._missing)
            self._tried.clear()
            self._beside(self._try)

    def close(self) -> None:
        """Look no more; wait for what is being tried, so that nothing is opened after this."""
        if self._trying:
            self._tried.wait(SETTLE_S)

    def _try(self) -> None:
        """In the thread beside: one port after the other."""
        try:
            for port in self._trying:
                port.reopen()
            with contextlib.suppress(PortError):
                self._after()
        finally:
            self._tried.set()
