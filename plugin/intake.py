"""What of the player's messages is music: not our own echo, not a control, one player's notes.

Each channel message goes by here first: our output that a DAW routed back is dropped (and told
once), a control is eaten, everything else is passed on (thru) as it came, and an MPE keyboard's
notes become those of one channel. It refuses to know what becomes of the music.

Thread: one. Real-time: yes.
"""

from collections.abc import Callable

from plugin import protocol
from plugin.outlet import Send
from plugin.realtime.echo import EchoGuard
from plugin.realtime.mpe import Mpe
from plugin.realtime.thru import Thru

Steer = Callable[[int, bytes], bool]
"""Is shown every channel message of the player: whether it was a control and is no music."""


class Intake:
    """See the module. `thru` is None where nothing is passed on."""

    def __init__(
        self,
        *,
        steer: Steer,
        emit: Callable[[protocol.Event], None],
        pass_on: Send | None,
        make_room: Callable[[int, int, int], None],
    ) -> None:
        """pass_on: where the player's messages go on to. make_room: see `Thru`."""
        self._steer, self._emit = steer, emit
        self.echo, self._mpe = EchoGuard(), Mpe()
        self.thru = Thru(pass_on, self.echo, make_room) if pass_on is not None else None
        self._told_echo = False

    def music(self, now_ns: int, message: bytes, arrived_ns: int | None = None) -> bytes | None:
        """What the music is told of a channel message; None: nothing."""
        if self._is_echo(now_ns, message) or self._steer(now_ns, message):
            return None
        if self.thru is not None:
            self.thru.pass_on(now_ns, message, arrived_ns)
        return self._mpe.normalise(message)

    def release_key(self, now_ns: int, channel: int, pitch: int) -> None:
        """The partner strikes this key: if it was passed on and sounds, it ends."""
        if self.thru is not None:
            self.thru.release_key(now_ns, channel, pitch)

    def end_at(self, pitch: int, end_ns: int) -> None:
        """A key that was handed over at the turn's change sounds until then."""
        if self.thru is not None:
            self.thru.end_at(pitch, end_ns)

    def release(self, now_ns: int) -> None:
        """What was passed on and sounds ends."""
        if self.thru is not None:
            self.thru.release(now_ns)

    def _is_echo(self, now_ns: int, message: bytes) -> bool:
        if not self.echo.is_echo(now_ns, message):
            return False
        if not self._told_echo:
            self._told_echo = True
            self._emit(protocol.EchoIgnored())
        return True
