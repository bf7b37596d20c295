"""What becomes of the partner's notes as they sound: sent, told to the engine, recorded, said.

The performer decides when a note begins and ends; here is everything that follows from it. It
refuses to decide anything.

Thread: one. Real-time: yes.
"""

from collections.abc import Callable

from engine.events import Voice
from plugin import protocol
from plugin.ensemble import Ensemble
from plugin.outlet import Outlet
from plugin.realtime.echo import EchoGuard
from plugin.realtime.performer import Performer
from plugin.realtime.scheduler import PlannedNote
from plugin.recorder import Recorder
from plugin.room import Release


class Hands:
    """See the module. `join` must be called before anything is played."""

    def __init__(
        self,
        out: Outlet,
        echo: EchoGuard,
        recorder: Recorder,
        emit: Callable[[protocol.Event], None],
        make_room: Release,
    ) -> None:
        self._out, self._echo, self._recorder, self._emit = out, echo, recorder, emit
        self.performer = Performer(self._send, self._started, self._ended, make_room)
        self._band: Ensemble
        self._bar: Callable[[int], int | None]

    def join(self, band: Ensemble, bar: Callable[[int], int | None]) -> None:
        """They play in this ensemble; bar gives that of the song at a moment."""
        self._band, self._bar = band, bar

    def _send(self, now_ns: int, message: bytes, due_ns: int) -> None:
        self._out.send(message, due_ns)
        self._echo.sent(now_ns, message)
        self._recorder.sent(now_ns, message)

    def _started(self, now_ns: int, note: PlannedNote, late_ns: int) -> None:
        self._band.ear.telling.begin(
            note.note_id,
            Voice.PARTNER,
            now_ns,
            channel=note.channel,
            pitch=note.pitch,
            velocity=note.velocity,
            planned_end_ns=now_ns + note.end_ns - note.due_ns,
        )
        t_ns, bar = self._band.grid.since_ns(now_ns), self._bar(now_ns)
        self._emit(
            protocol.NoteSounded(
                t_ns, True, note.channel, note.pitch, note.velocity, late_ns / 1e6, bar
            )
        )

    def _ended(self, now_ns: int, note: PlannedNote, start_ns: int) -> None:
        self._band.ear.telling.end(note.note_id, now_ns)
        t_ns = self._band.grid.since_ns(now_ns)
        self._emit(protocol.NoteEnded(t_ns, True, note.channel, note.pitch))
