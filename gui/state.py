"""The last that is known of the session, as values and one signal for each part of it.

Fed by the bridge, read by every panel; nobody else keeps a copy. It refuses to guess: what the
session has not told yet is None or empty. Only the player's own changes of settings count at once,
before the session has confirmed them, so that two quick turns of a wheel are both kept.
"""

import enum
import time
from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal, Slot

from gui.bridge import Bridge
from plugin import protocol
from plugin.served import messages
from plugin.settings import Settings

LATE_MS = 10.0
"""From here on people hear that a note is late."""
MOST_TROUBLES = 50


class Standing(enum.StrEnum):
    """What the partner does, in the words that the window shows."""

    OFF = "off"
    LISTENING = "listening"
    THINKING = "thinking"
    ANSWERING = "answering"
    ALONG = "playing along"
    YIELDING = "yielding"
    LATE = "late"
    ENGINE_STOPPED = "engine stopped"


class JamState(QObject):
    """See the module. Thread: the GUI's."""

    settings_changed = Signal(object)
    state_changed = Signal(object)
    standing_changed = Signal(object)
    pulse_changed = Signal(object)
    position_changed = Signal(object)
    holding_changed = Signal(bool)
    running_changed = Signal(bool)
    opened_changed = Signal(object)
    """`Opened`, `NotOpened`, or None while there is no session."""
    engine_changed = Signal(object)
    """`EngineReady`, or None while there is no engine."""
    ports_changed = Signal(object)
    desk_changed = Signal(object)
    profile_changed = Signal(object)
    drawn = Signal(object)
    phrase_heard = Signal(object)
    answer_over = Signal(object)
    take_saved = Signal(str)
    take_marked = Signal(object)
    learn_progress = Signal(object)
    learn_over = Signal(object)
    auditioning_changed = Signal(str)
    said = Signal(str)
    trouble = Signal(str)

    def __init__(
        self,
        bridge: Bridge,
        parent: QObject | None = None,
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        super().__init__(parent)
        self._bridge, self._clock_ns = bridge, clock_ns
        self._put: deque[Settings] = deque()
        self.settings = Settings()
        self.standing = Standing.OFF
        self.engine_was_ready = False
        self.troubles: deque[str] = deque(maxlen=MOST_TROUBLES)
        """The oldest first."""
        self._empty()
        bridge.told.connect(self._take)
        bridge.alive_changed.connect(self._alive)

    def _empty(self) -> None:
        self.state: protocol.State | None = None
        self.pulse: messages.Pulse | None = None
        self.position: protocol.Position | None = None
        self.opened: messages.Opened | messages.NotOpened | None = None
        self.engine: protocol.EngineReady | None = None
        self.ports: messages.Ports | None = None
        self.desk: messages.DeskIs | None = None
        self.profile: protocol.PartnerOf | None = None
        self.last_drawn: protocol.Drawn | None = None
        self.last_answer: protocol.AnswerOver | None = None
        self.auditioning = ""
        self.holding = self.running = False
        self.unanswered = False
        """Whether the player has played since the last answer ended."""
        self._put.clear()

    # -- asked of it --

    def now_ns(self) -> int:
        """Session time at this moment; 0 before the first pulse."""
        return 0 if self.pulse is None else self._clock_ns() - self.pulse.origin_ns

    def put(self, settings: Settings) -> None:
        """Play like this from now on."""
        if settings == self.settings:
            return
        self._put.append(settings)
        self.settings = settings
        self._bridge.send(protocol.Change(settings))
        self.settings_changed.emit(settings)

    def say(self, says: str) -> None:
        """Something that went wrong in the window itself; a sentence and a next step."""
        if says and (not self.troubles or self.troubles[-1] != says):
            self.troubles.append(says)
            self.trouble.emit(says)

    # -- told --

    @Slot(object)
    def _take(self, message: object) -> None:
        match message:
            case messages.Pulse():
                self._pulse(message)
            case protocol.NoteSounded(partner=False):
                self.unanswered = True
            case protocol.Position():
                self.position = message
                self.position_changed.emit(message)
            case protocol.SettingsChanged(settings):
                self._confirmed(settings)
            case protocol.StateChanged(state):
                self.state = state
                if state is protocol.State.ENGINE_STOPPED:
                    self._engine(None)
                self.state_changed.emit(state)
                self._stand()
            case protocol.EngineReady():
                self._engine(message)
                self._stand()
            case messages.Opened() | messages.NotOpened():
                self._open(message)
            case messages.Ports():
                self.ports = message
                self.ports_changed.emit(message)
            case messages.DeskIs():
                self.desk = message
                self.desk_changed.emit(message)
            case protocol.Trouble(says):
                self.say(says)
            case protocol.Said(says):
                self.said.emit(says)
            case _:
                self._music(message)

    def _music(self, message: object) -> None:
        """What becomes of phrases, answers, takes and learning."""
        match message:
            case protocol.PhraseHeard():
                self.phrase_heard.emit(message)
            case protocol.AnswerOver():
                self.last_answer, self.unanswered = message, False
                self.answer_over.emit(message)
                self._stand()
            case protocol.PartnerOf():
                self.profile = message
                self.profile_changed.emit(message)
            case protocol.Drawn():
                self.last_drawn = message
                self.drawn.emit(message)
            case protocol.TakeMarked():
                self.take_marked.emit(message)
            case messages.TakeSaved(take_id):
                self.take_saved.emit(take_id)
            case protocol.LearnProgress():
                self.learn_progress.emit(message)
            case protocol.LearnOver():
                self.learn_over.emit(message)
            case messages.Auditioning(name):
                self.auditioning = name
                self.auditioning_changed.emit(name)
            case protocol.EchoIgnored():
                self.say(
                    "The DAW sends the partner's notes back; they are ignored. Take Antiphon's "
                    "output out of the track that feeds its input."
                )
            case _:
                pass

    def _pulse(self, pulse: messages.Pulse) -> None:
        self.pulse = pulse
        if pulse.holding is not self.holding:
            self.holding = pulse.holding
            self.holding_changed.emit(pulse.holding)
        if pulse.running is not self.running:
            self.running = pulse.running
            self.running_changed.emit(pulse.running)
        self.pulse_changed.emit(pulse)
        self._stand()

    def _confirmed(self, settings: Settings) -> None:
        """Our own changes come back one after the other; only the last one is news."""
        if settings in self._put:
            while self._put.popleft() != settings:
                pass
            if self._put or settings == self.settings:
                return
        self._put.clear()
        self.settings = settings
        self.settings_changed.emit(settings)

    def _open(self, message: messages.Opened | messages.NotOpened) -> None:
        self.opened = message
        self.state = protocol.State.LISTENING if isinstance(message, messages.Opened) else None
        self.opened_changed.emit(message)
        self.state_changed.emit(self.state)
        if isinstance(message, messages.NotOpened):
            self.say(message.says)
        self._stand()

    def _engine(self, engine: protocol.EngineReady | None) -> None:
        self.engine = engine
        self.engine_was_ready |= engine is not None
        self.engine_changed.emit(engine)

    @Slot(bool, str)
    def _alive(self, alive: bool, says: str) -> None:
        if alive:
            return
        self._empty()
        self.say(says)
        for changed in (self.state_changed, self.opened_changed, self.engine_changed):
            changed.emit(None)
        self.holding_changed.emit(False)
        self.running_changed.emit(False)
        self.auditioning_changed.emit("")
        self._stand()

    def _stand(self) -> None:
        standing = self._standing()
        if standing is not self.standing:
            self.standing = standing
            self.standing_changed.emit(standing)

    def _standing(self) -> Standing:
        if self.state is None:
            return Standing.OFF
        late = self.pulse is not None and self.pulse.late_p99_ms > LATE_MS
        if late and self.state in (protocol.State.ANSWERING, protocol.State.ALONG):
            return Standing.LATE
        return Standing(self.state.value)
