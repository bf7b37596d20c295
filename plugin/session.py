"""A jam, as a state machine: messages and moments in, sound and events out.

    LISTENING  the player plays, or nobody does; every complete note goes to the engine
    THINKING   the player's silence is long, but no plan has come yet
    ANSWERING  the plan is being played; the player's next note ends it at once

The session owns time and sound. It takes a clock's readings, never a clock; ports, engine and take
library are handed in, so it runs the same on a manual clock in a test. It refuses to know which
they are, to block, and to let anybody's trouble stop the music.

Thread: one. Real-time: yes.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from engine.api import Failed, FromEngine, Limits, Plan, Ready
from engine.events import Note, Timebase, Voice
from plugin import protocol
from plugin.engine_link import EngineLink, Stopped
from plugin.midifile_notes import is_channel_message
from plugin.partner import Partner
from plugin.ports import PortError
from plugin.protocol import State
from plugin.realtime.beats import BeatGrid
from plugin.realtime.echo import EchoGuard
from plugin.realtime.listener import HeardNote, Listener
from plugin.realtime.performer import Performer, Punctuality
from plugin.realtime.scheduler import PlannedNote
from plugin.realtime.thru import Thru
from plugin.takes_writer import TakeWriter
from plugin.turns import HandOver

LEAST_ANSWER_BEATS = 3.0
MOST_ANSWER_BEATS = 24.0
FORGOTTEN_KEY_NS = 30_000_000_000
"""A key that is down for so long while nothing else happens has lost its note-off."""
GIVE_UP_NS = 10_000_000_000
"""An answer that is later than this is not given any more."""


@dataclass(slots=True)
class _Turn:
    """One phrase and the answer to it."""

    take_id: str
    start_ns: int
    number: int
    heard: list[HeardNote] = field(default_factory=list)
    plan: list[Note] = field(default_factory=list)
    plan_done: bool = False
    shift_ns: int | None = None
    """Set when the answer begins: what the whole plan is moved by."""

    @property
    def answering(self) -> bool:
        return self.shift_ns is not None


class Session:
    """See the module. `send` is the output port's and may raise PortError."""

    def __init__(
        self,
        *,
        send: Callable[[bytes], None],
        engine: EngineLink,
        takes: TakeWriter,
        emit: Callable[[protocol.Event], None],
        timebase: Timebase,
        seed: int,
        limits: Limits | None = None,
        thru: bool = False,
        origin_ns: int | None = None,
    ) -> None:
        """origin_ns is the moment of beat 0; without it the player's first note is beat 0."""
        self._port_send, self._takes, self._emit = send, takes, emit
        self._seed, self._grid = seed, BeatGrid(timebase, origin_ns)
        self._limits = limits or Limits()
        self._partner = Partner(engine, timebase)
        self._listener, self._handover, self._echo = Listener(), HandOver(), EchoGuard()
        self._performer = Performer(self._send_answer, self._note_started)
        self._thru = Thru(self._send, self._echo) if thru else None
        self._turn: _Turn | None = None
        self._turns = self._note_ids = 0
        self._last_input_ns = 0
        self._told_echo = self._port_gone = False
        self._state = State.LISTENING

    @property
    def state(self) -> State:
        """Whose turn it is."""
        return self._state

    @property
    def idle(self) -> bool:
        """True when nobody plays and nothing is owed."""
        return self._turn is None and not self._performer.busy and self._listener.held == 0

    def beat(self, at_ns: int) -> float:
        """The beat at a moment of the clock."""
        return self._grid.beat(at_ns)

    # -- what comes in --

    def midi(self, now_ns: int, message: bytes) -> None:
        """One message from the player's port; what is no whole channel message is passed over."""
        if not is_channel_message(message) or self._is_echo(now_ns, message):
            return
        self._last_input_ns = now_ns
        if self._thru is not None:
            self._thru.pass_on(now_ns, message)
        kind, channel = message[0] & 0xF0, message[0] & 0x0F
        if kind == 0x90 and message[2] > 0:
            self._key_down(now_ns, channel, message)
        elif kind in (0x80, 0x90):
            if self._listener.note_off(now_ns, channel, message[1]):
                self._handover.note_off(now_ns)
                self._record(now_ns, Voice.PLAYER, message)
                self._tell_engine_heard()
        else:
            self._record(now_ns, Voice.PLAYER, message)

    def engine_said(self, now_ns: int, message: FromEngine | Stopped) -> None:
        """One message from the engine."""
        match self._partner.receive(now_ns, message):
            case Ready() as ready:
                self._emit(protocol.EngineReady(ready.model, ready.parameters))
                if self._state is State.ENGINE_STOPPED:
                    answering = self._turn is not None and self._turn.answering
                    self._change_state(State.ANSWERING if answering else State.LISTENING)
            case Plan() as plan:
                self._take_plan(plan)
            case Failed() as failed:
                self._engine_failed(failed)

    def command(self, now_ns: int, command: protocol.Command) -> None:
        """A wish of the player. `Quit` belongs to whoever runs the loop."""
        match command:
            case protocol.Panic():
                self._performer.panic(now_ns)
                self._end_turn(now_ns, yielded=True)
            case protocol.Forget():
                self._partner.forget()

    def tick(self, now_ns: int) -> int | None:
        """Do what is due; returns the next moment at which something will be."""
        self._performer.perform(now_ns)
        failed = self._partner.watch(now_ns)
        if failed is not None:
            self._engine_failed(failed)
        turn = self._turn
        if turn is not None:
            if turn.answering:
                if turn.plan_done and not self._performer.busy:
                    self._end_turn(now_ns, yielded=False)
            else:
                self._maybe_hand_over(now_ns, turn)
        return self._performer.next_due_ns()

    def close(self, now_ns: int) -> None:
        """Release everything, keep what was played."""
        self._performer.withdraw(now_ns)
        if self._thru is not None:
            self._thru.close()
        self._end_turn(now_ns, yielded=True)

    # -- the player --

    def _key_down(self, now_ns: int, channel: int, message: bytes) -> None:
        if self._turn is not None and self._turn.answering:
            self._performer.withdraw(now_ns)
            self._end_turn(now_ns, yielded=True)
        self._grid.begin(now_ns)
        if self._turn is None:
            self._turn = self._begin_turn(now_ns)
        self._partner.void()  # a plan made before this note is worth nothing
        self._listener.note_on(now_ns, channel, message[1], message[2])
        self._handover.note_on(now_ns)
        self._record(now_ns, Voice.PLAYER, message)
        self._tell_engine_heard()
        if self._state is not State.ENGINE_STOPPED:
            self._change_state(State.LISTENING)
        self._emit(
            protocol.NoteSounded(
                self._grid.since_ns(now_ns), False, channel, message[1], message[2]
            )
        )

    def _begin_turn(self, now_ns: int) -> _Turn:
        self._turns += 1
        take_id = self._takes.begin_take(
            self._grid.timebase,
            model=self._partner.model,
            seed=self._answer_seed(self._turns),
            settings={
                "session_seed": self._seed,
                "answer": self._turns,
                "temperature": self._limits.temperature,
                "top_p": self._limits.top_p,
            },
            start_beat=self._grid.beat(now_ns),
        )
        return _Turn(take_id, now_ns, self._turns)

    def _tell_engine_heard(self) -> None:
        for note in self._listener.take_complete():
            if self._turn is not None:
                self._turn.heard.append(note)
            self._hear(note, Voice.PLAYER)

    def _hear(self, note: HeardNote, voice: Voice) -> None:
        start, end = self._grid.beat(note.start_ns), self._grid.beat(note.end_ns)
        self._partner.hear(Note(start, end - start, note.pitch, note.velocity, note.channel), voice)

    # -- the hand-over --

    def _maybe_hand_over(self, now_ns: int, turn: _Turn) -> None:
        if self._listener.held:
            if now_ns - self._last_input_ns > FORGOTTEN_KEY_NS:
                self._listener.let_go(now_ns)
                self._handover.note_off(now_ns)
                self._tell_engine_heard()
            return
        deadline_ns = self._handover.deadline_ns()
        if deadline_ns is None or not turn.heard:
            return
        if not self._partner.asked:
            self._ask(turn, max(deadline_ns, now_ns))
        if now_ns < deadline_ns:
            return
        if turn.plan:
            self._begin_answer(now_ns, turn)
        elif turn.plan_done or now_ns - deadline_ns > GIVE_UP_NS:
            self._end_turn(now_ns, yielded=False)
        elif self._state is State.LISTENING:
            self._change_state(State.THINKING)

    def _ask(self, turn: _Turn, start_ns: int) -> None:
        """Have the answer made while the silence is still growing."""
        turn.plan, turn.plan_done = [], False
        start = self._grid.beat(start_ns)
        length = self._grid.beat(max(n.end_ns for n in turn.heard)) - self._grid.beat(
            turn.heard[0].start_ns
        )
        length = min(max(length, LEAST_ANSWER_BEATS), MOST_ANSWER_BEATS)
        if self._grid.timebase.tempo_known:
            bars = max(1, round(length / self._grid.timebase.beats_per_bar))
            length = bars * self._grid.timebase.beats_per_bar
        seed = self._answer_seed(turn.number)
        self._partner.ask(start, start + length, seed, self._limits)

    def _take_plan(self, plan: Plan) -> None:
        turn = self._turn
        if turn is None:
            return
        turn.plan_done = plan.done
        turn.plan.extend(plan.notes)
        if turn.answering:
            self._commit(turn, plan.notes)

    def _begin_answer(self, now_ns: int, turn: _Turn) -> None:
        """The turn passes on. A plan that comes too late is moved as a whole, never squeezed."""
        first_ns = self._grid.ns(turn.plan[0].onset)
        late_ns = max(0, now_ns - first_ns)
        turn.shift_ns = self._grid.whole_beats_ns(late_ns)
        self._performer.punctuality = Punctuality()
        self._change_state(State.ANSWERING)
        last_ns = max(note.end_ns for note in turn.heard)
        self._emit(
            protocol.PhraseHeard(
                turn.take_id,
                len(turn.heard),
                (last_ns - turn.heard[0].start_ns) / 1e9,
                (first_ns + turn.shift_ns - last_ns) / 1e6,
            )
        )
        self._commit(turn, tuple(turn.plan))

    def _commit(self, turn: _Turn, notes: tuple[Note, ...]) -> None:
        assert turn.shift_ns is not None
        for note in notes:
            self._note_ids += 1
            self._performer.commit(
                PlannedNote(
                    self._note_ids,
                    self._grid.ns(note.onset) + turn.shift_ns,
                    self._grid.ns(note.end) + turn.shift_ns,
                    note.channel,
                    note.pitch,
                    note.velocity,
                )
            )

    def _end_turn(self, now_ns: int, *, yielded: bool) -> None:
        turn, self._turn = self._turn, None
        self._partner.void()
        sounded = self._performer.take_sounded()
        for note in sounded:
            self._hear(note, Voice.PARTNER)
        if turn is None:
            return
        self._takes.finish(turn.take_id, model=self._partner.model)
        if turn.answering:
            how = self._performer.punctuality
            span_ns = sounded[-1].end_ns - sounded[0].start_ns if sounded else 0
            self._emit(
                protocol.AnswerOver(
                    turn.take_id,
                    how.started,
                    span_ns / 1e9,
                    how.late,
                    how.dropped,
                    (how.first_late_ns or 0) / 1e6,
                    yielded,
                )
            )
        if self._state is not State.ENGINE_STOPPED:
            self._change_state(State.LISTENING)

    def _engine_failed(self, failed: Failed) -> None:
        self._emit(protocol.Trouble(failed.says))
        self._change_state(State.ENGINE_STOPPED)
        if self._turn is not None:
            self._turn.plan_done = self._turn.answering  # play what is planned, no more will come

    def _change_state(self, state: State) -> None:
        if state is not self._state:
            self._state = state
            self._emit(protocol.StateChanged(state))

    # -- sound --

    def _send(self, message: bytes) -> None:
        try:
            self._port_send(message)
        except PortError as error:
            if not self._port_gone:
                self._port_gone = True
                self._emit(protocol.Trouble(str(error)))

    def _send_answer(self, now_ns: int, message: bytes) -> None:
        self._send(message)
        self._echo.sent(now_ns, message)
        self._record(now_ns, Voice.PARTNER, message)

    def _note_started(self, now_ns: int, note: PlannedNote, late_ns: int) -> None:
        self._emit(
            protocol.NoteSounded(
                self._grid.since_ns(now_ns),
                True,
                note.channel,
                note.pitch,
                note.velocity,
                late_ns / 1e6,
            )
        )

    def _is_echo(self, now_ns: int, message: bytes) -> bool:
        if not self._echo.is_echo(now_ns, message):
            return False
        if not self._told_echo:
            self._told_echo = True
            self._emit(protocol.EchoIgnored())
        return True

    def _record(self, now_ns: int, side: Voice, message: bytes) -> None:
        if self._turn is not None:
            self._takes.message(self._turn.take_id, side, now_ns - self._turn.start_ns, message)

    def _answer_seed(self, number: int) -> int:
        return (self._seed * 1_000_003 + number) % 2**63
