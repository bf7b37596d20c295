"""What the window's own actions do, where one message is not enough or how things stand matters.

Listen, answer now, mute, metronome, presets, undo, and the two presses of Esc. It refuses to know
widgets: actions, state, bridge and the undo stack are handed in, so it runs without a window.
"""

import time
from collections.abc import Callable

import msgspec
from PySide6.QtCore import QObject, Signal

from gui.action_list import PRESETS
from gui.actions import Actions
from gui.bridge import Bridge
from gui.state import JamState
from gui.undo import UndoStack
from plugin import protocol
from plugin.served.messages import Audition, DeskIs, Line
from plugin.settings import ClockSource

TWICE_NS = 600_000_000
"""Two presses of Esc within this time are one wish: panic."""
NO_SESSION = "There is no session now; it is being started, or press Restart the session."
NEEDS_SESSION = [
    "listen",
    "answer",
    "again",
    "hold",
    "mute",
    "forget",
    "metronome",
    "tap",
    "keep",
    "star",
    "alternatives",
    "three_notes",
]


class Doing(QObject):
    """See the module. Thread: the GUI's."""

    cancelled = Signal()
    """Esc was pressed: whoever waits for something waits no longer."""

    def __init__(
        self,
        actions: Actions,
        state: JamState,
        bridge: Bridge,
        undo: UndoStack,
        parent: QObject | None = None,
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        super().__init__(parent)
        self._actions, self._state, self._bridge, self._undo = actions, state, bridge, undo
        self._clock_ns = clock_ns
        self._cancelled_ns: int | None = None
        self._muted = False
        for name, do in {
            "answer": self.answer,
            "cancel": self.cancel,
            "undo": undo.undo,
            "redo": undo.redo,
            "restart_session": bridge.restart,
        }.items():
            actions.does(name, do)
        actions["listen"].triggered.connect(self.listen)
        actions["mute"].triggered.connect(self.mute)
        actions["metronome"].triggered.connect(self.click)
        for changed in (
            state.settings_changed,
            state.holding_changed,
            state.running_changed,
            state.opened_changed,
            state.engine_changed,
        ):
            changed.connect(self._show)
        state.desk_changed.connect(self._presets)
        state.opened_changed.connect(lambda _: self._presets(state.desk))
        undo.changed.connect(self._undoable)
        self._show()
        self._presets(None)
        self._undoable()

    def listen(self, on: bool) -> None:
        """The partner may play and our clock runs, where there is a tempo; or both rest."""
        self._muted &= not on
        self._bridge.send(protocol.Hold(not on))
        if self._own_clock:
            self._bridge.send(protocol.Start() if on else protocol.Stop())

    def answer(self) -> None:
        """The turn passes on; while the partner plays, another answer to the same phrase."""
        plays = self._state.state in (protocol.State.ANSWERING, protocol.State.ALONG)
        self._bridge.send(protocol.Again() if plays else protocol.Go())

    def mute(self, on: bool) -> None:
        """Silent at once and until told otherwise; hold lets a note that sounds end by itself."""
        self._muted = on
        self._bridge.send(protocol.Hold(on))
        if on:
            self._bridge.send(protocol.Panic())

    def click(self, on: bool) -> None:
        """The metronome."""
        self._state.put(msgspec.structs.replace(self._state.settings, metronome=on))

    def cancel(self) -> None:
        """End the audition and waiting for a knob; the second time within 600 ms is panic."""
        now_ns = self._clock_ns()
        first_ns, self._cancelled_ns = self._cancelled_ns, now_ns
        if first_ns is not None and now_ns - first_ns <= TWICE_NS:
            self._cancelled_ns = None
            self._actions["panic"].trigger()
            return
        if self._state.auditioning:
            self._bridge.send(Audition())
        if self._state.desk is not None and self._state.desk.learning:
            self._bridge.send(Line("learn off"))
        self.cancelled.emit()

    @property
    def _own_clock(self) -> bool:
        """Whether our clock is the one that beats: a tempo is set, and no DAW's clock leads."""
        settings, pulse = self._state.settings, self._state.pulse
        external = settings.clock is ClockSource.EXTERNAL or (pulse is not None and pulse.external)
        return settings.bpm is not None and not external

    # -- how the actions look --

    def _show(self) -> None:
        state, actions = self._state, self._actions
        self._muted &= state.holding
        rests = state.holding or (self._own_clock and not state.running)
        is_open = state.state is not None
        actions["listen"].setChecked(is_open and not rests)
        actions["hold"].setChecked(state.holding and not self._muted)
        actions["mute"].setChecked(self._muted)
        actions["metronome"].setChecked(state.settings.metronome)
        for name in NEEDS_SESSION:
            actions.refuse(name, "" if is_open else NO_SESSION)
        actions.refuse(
            "restart_engine", "" if is_open else "The engine starts with the session; wait for it."
        )

    def _presets(self, desk: DeskIs | None) -> None:
        names = desk.presets if desk is not None else ()
        no_session = "" if self._state.state is not None else NO_SESSION
        for number in range(1, PRESETS + 1):
            action = f"preset_{number}"
            if number <= len(names):
                self._actions.call(
                    action, names[number - 1], f"the partner plays as “{names[number - 1]}” says"
                )
                self._actions.refuse(action, no_session)
            else:
                self._actions.call(action)
                none_yet = f"There is no preset {number} yet: save one beside the dials."
                self._actions.refuse(action, no_session or none_yet)

    def _undoable(self) -> None:
        for name, words in (("undo", self._undo.undo_words), ("redo", self._undo.redo_words)):
            text = name.capitalize()
            self._actions.call(name, f"{text} {words}" if words else text)
            reason = "" if words else f"There is nothing to {name}: no change was made yet."
            self._actions.refuse(name, reason)
