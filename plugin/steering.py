"""Between the desk and a running session: lines and knobs become commands, words become events.

What is to be kept is written by a thread of its own, the newest last. It refuses to understand
lines and knobs itself (`plugin.control`), and to wait for a disk.
"""

import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue

from plugin import protocol
from plugin.control.actions import Action
from plugin.control.desk import Desk, Outcome
from plugin.control.store import Kept, StoreError, save
from plugin.session import Session

CLOSE_TIMEOUT_S = 2.0
_COMMANDS: dict[Action, protocol.Command] = {
    Action.ANSWER_NOW: protocol.Go(),
    Action.HOLD: protocol.Hold(True),
    Action.RELEASE: protocol.Hold(False),
    Action.AGAIN: protocol.Again(),
    Action.FORGET: protocol.Forget(),
    Action.PANIC: protocol.Panic(),
    Action.TAP: protocol.Tap(),
    Action.START: protocol.Start(),
    Action.STOP: protocol.Stop(),
    Action.STAR: protocol.Star(),
    Action.UNSTAR: protocol.Star(False),
    Action.KEEP: protocol.Keep(),
    Action.DELETE: protocol.Delete(),
    Action.ALTERNATIVES: protocol.Alternatives(),
}


class Steering:
    """Thread: the loop's. Real-time: yes."""

    def __init__(
        self,
        desk: Desk,
        emit: Callable[[protocol.Event], None],
        keeper: "Keeper | None" = None,
        learn: Callable[[protocol.Learn], None] = lambda wish: None,
    ) -> None:
        """`keeper` is told what should outlive the jam; learn carries out wishes to train."""
        self._learn = learn
        self._desk, self._emit, self._keeper = desk, emit, keeper
        self._session: Session | None = None

    def attach(self, session: Session) -> None:
        """This session is steered from now on."""
        self._session = session

    def line(self, now_ns: int, text: str) -> None:
        """A line that somebody typed."""
        self._carry_out(now_ns, self._desk.line(now_ns, text), is_knob=False)

    def midi(self, now_ns: int, message: bytes) -> bool:
        """One message of the player's port: whether it was a control and is no music."""
        outcome = self._desk.midi(now_ns, message)
        if outcome is None:
            return False
        self._carry_out(now_ns, outcome, is_knob=True)
        return outcome.eaten

    def changed(self, now_ns: int, settings: protocol.SettingsChanged) -> None:
        """The session changed them itself: a tapped tempo, a tempo that trading needs."""
        if settings.settings != self._desk.settings:
            self._keep(self._desk.adopt(now_ns, settings.settings))

    def _carry_out(self, now_ns: int, outcome: Outcome, *, is_knob: bool) -> None:
        session = self._session
        if session is None:
            return
        if outcome.says and not (is_knob and outcome.dial):
            self._emit(protocol.Said(outcome.says))
        self._keep(outcome)
        if outcome.settings is not None:
            session.command(now_ns, protocol.Change(outcome.settings))
        if outcome.action is Action.TOGGLE_HOLD:
            session.command(now_ns, protocol.Hold(not session.holding))
        elif outcome.action is not None:
            session.command(now_ns, _COMMANDS[outcome.action])
        elif isinstance(outcome.command, protocol.Learn):
            self._learn(outcome.command)
        elif outcome.command is not None:
            session.command(now_ns, outcome.command)

    def _keep(self, outcome: Outcome) -> None:
        if outcome.keep and self._keeper is not None:
            self._keeper.keep(self._desk.kept)


class Keeper:
    """Writes what is to be kept; only the newest of what waits. Thread: one of its own."""

    def __init__(self, path: Path, on_trouble: Callable[[str], None]) -> None:
        """on_trouble is called in that thread, once for one and the same trouble."""
        self._path, self._on_trouble = path, on_trouble
        self._queue: SimpleQueue[Kept | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="antiphon-keeper", daemon=True)
        self._thread.start()

    def keep(self, kept: Kept) -> None:
        """Write it soon. Thread: any. Real-time: yes."""
        self._queue.put(kept)

    def close(self, timeout_s: float = CLOSE_TIMEOUT_S) -> None:
        """Write what waits, and end."""
        self._queue.put(None)
        self._thread.join(timeout_s)

    def _run(self) -> None:
        told = ""
        while (kept := self._queue.get()) is not None:
            ends = False
            while not self._queue.empty():
                newer = self._queue.get()
                if newer is None:
                    ends = True
                    break
                kept = newer
            try:
                save(self._path, kept)
            except StoreError as error:
                if str(error) != told:
                    told = str(error)
                    self._on_trouble(told)
            if ends:
                return
