"""Who listens to a jam beside the session: a record of both sides, and a program on the memory hub.

Each stands between the session and a port and changes nothing of what goes through. It refuses to
know why anything sounds.

Thread: the session's. Real-time: yes.
"""

from collections.abc import Callable

from plugin.backends.memory import MemoryBackend
from plugin.file_player import FilePlayer
from plugin.outlet import Send
from plugin.ports import InputPort, OutputPort, latency_ns
from plugin.realtime.clock import Clock
from plugin.record import JamRecord


def noting(
    output: OutputPort,
    note: Callable[[int, bytes], None],
    clock: Clock,
    *,
    passes_on: bool = False,
) -> Send:
    """The output's `send`, and what went out is noted.

    passes_on: what is given as due is when the message came in; every message then goes out the
    same time after it, which is steadier than as soon as can be.
    """

    def send(message: bytes, due_ns: int | None = None) -> None:
        if passes_on and due_ns is not None:
            due_ns += latency_ns(output)
        output.send(message, due_ns)
        note(clock.now_ns(), message)

    return send


class Overheard:
    """An input whose messages are recorded on their way."""

    def __init__(self, port: InputPort, record: JamRecord, clock: Clock) -> None:
        self._port, self._record, self._clock = port, record, clock
        self.alive = port.alive
        self.close = port.close

    @property
    def name(self) -> str:
        """The port's."""
        return self._port.name

    @property
    def arrived_ns(self) -> int | None:
        """As that of the port."""
        arrived_ns: int | None = getattr(self._port, "arrived_ns", None)
        return arrived_ns

    def poll(self) -> bytes | None:
        """The next message of the port."""
        message = self._port.poll()
        if message is not None:
            self._record.heard(self._clock.now_ns(), message)
        return message


class OtherSide:
    """On the memory backend: a second program that plays the file in and listens to the answer."""

    def __init__(
        self,
        backend: MemoryBackend,
        player: FilePlayer,
        heard: InputPort,
        output: OutputPort,
        record: JamRecord,
        clock: Clock,
        *,
        deaf: bool,
    ) -> None:
        """`deaf`: it does not note what it hears, because it cannot tell answer and thru apart."""
        self._player, self._record, self._clock, self._deaf = player, record, clock, deaf
        far = MemoryBackend(backend.hub)
        self._keys = far.open_output(heard.name, virtual=False)
        self._ears = far.open_input(output.name, virtual=False)

    def play(self) -> None:
        """Send what is due."""
        while (message := self._player.poll()) is not None:
            self._record.heard(self._clock.now_ns(), message)
            self._keys.send(message)

    def listen(self, now_ns: int) -> None:
        """Note what has arrived."""
        while (message := self._ears.poll()) is not None:
            if not self._deaf:
                self._record.sent(now_ns, message)
