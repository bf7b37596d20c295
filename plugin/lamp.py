"""What the partner does, told as a controller: for lamps and for the DAW.

It refuses to know where the message goes.

Thread: one. Real-time: yes.
"""

from collections.abc import Callable

from plugin.protocol import State
from plugin.realtime.ledger import CONTROL

VALUES = {
    State.LISTENING: 1,
    State.ANSWERING: 2,
    State.ALONG: 2,
    State.YIELDING: 2,
    State.THINKING: 3,
    State.ENGINE_STOPPED: 3,
}
"""What the state's controller says: 0 idle, 1 listening, 2 answering, 3 late."""


class Lamp:
    """Sends a message whenever the value changes."""

    def __init__(self, send: Callable[[int, bytes], None]) -> None:
        self._send = send
        self._told: int | None = None

    def show(
        self, now_ns: int, where: tuple[int, int] | None, state: State, *, nobody_plays: bool
    ) -> None:
        """where: channel and number of the controller, None for none."""
        if where is None:
            return
        value = 0 if nobody_plays and state is State.LISTENING else VALUES[state]
        if value != self._told:
            self._told = value
            self._send(now_ns, bytes((CONTROL | where[0], where[1], value)))
