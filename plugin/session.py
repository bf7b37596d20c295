"""A jam, as a state machine: messages and moments in, sound and events out.

    LISTENING  the player plays, or nobody does; every complete note goes to the engine
    THINKING   the player's silence is long, but no plan has come yet
    ANSWERING  the plan is being played; the player's next note ends it at once

The session owns time and sound. It takes a clock's readings, never a clock; ports, engine and take
library are handed in, so it runs the same on a manual clock in a test. It refuses to know which
they are, to block, and to let anybody's trouble stop the music.

Thread: one. Real-time: yes.
"""

import itertools
from collections.abc import Callable
from dataclasses import asdict

from engine.api import Failed, FromEngine, Plan, Ready, Refused
from engine.events import Note, Timebase, Voice
from engine.limits import Constraints
from engine.smf.notes import is_channel_message
from plugin import protocol
from plugin.engine_link import EngineLink, Stopped
from plugin.exchange import Exchange
from plugin.outlet import Outlet
from plugin.partner import Partner
from plugin.protocol import State
from plugin.realtime.beats import BeatGrid
from plugin.realtime.echo import EchoGuard
from plugin.realtime.ledger import NOTE_OFF, NOTE_ON, RELEASE_VELOCITY, means_all_notes_off
from plugin.realtime.listener import HeardNote, Listener
from plugin.realtime.performer import Performer, Punctuality
from plugin.realtime.scheduler import PlannedNote
from plugin.realtime.thru import Thru
from plugin.recorder import Recorder, TakeLog
from plugin.turns import HandOver

FORGOTTEN_KEY_NS = 30_000_000_000
"""A key that is down for so long while nothing else happens has lost its note-off."""
GIVE_UP_NS = 10_000_000_000
"""An answer that is later than this is not given any more."""


class Session:
    """See the module. `send` is the output port's and may raise PortError."""

    def __init__(
        self,
        *,
        send: Callable[[bytes], None],
        engine: EngineLink,
        takes: TakeLog,
        emit: Callable[[protocol.Event], None],
        timebase: Timebase,
        seed: int,
        limits: Constraints | None = None,
        thru: bool = False,
        pass_on: Callable[[bytes], None] | None = None,
        origin_ns: int | None = None,
    ) -> None:
        """origin_ns is the moment of beat 0; without it the player's first note is beat 0.

        thru passes the player's messages on, through `pass_on` (else `send`).
        """
        self._emit, self._seed = emit, seed
        self._grid = BeatGrid(timebase, origin_ns)
        self._limits = limits or Constraints()
        self._partner, self._recorder = Partner(engine, timebase), Recorder(takes)
        self._listener, self._handover, self._echo = Listener(), HandOver(), EchoGuard()
        self._out = Outlet(send, self._trouble)
        self._performer = Performer(self._send_answer, self._note_started)
        through = Outlet(pass_on, self._trouble) if pass_on else self._out
        self._thru = Thru(through.send, self._echo) if thru else None
        self._turn: Exchange | None = None
        self._turns, self._note_ids = itertools.count(1), itertools.count(1)
        self._last_input_ns = 0
        self._told_echo = self._forgets = self._closed = False
        self._told_trouble = ""
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
        if self._closed or not is_channel_message(message) or self._is_echo(now_ns, message):
            return
        self._last_input_ns = now_ns
        if self._thru is not None:
            self._thru.pass_on(now_ns, message)
        kind, channel = message[0] & 0xF0, message[0] & 0x0F
        if kind == NOTE_ON and message[2] > 0:
            self._key_down(now_ns, channel, message)
            return
        self._recorder.heard(now_ns, message)
        if kind in (NOTE_OFF, NOTE_ON):
            if self._listener.note_off(now_ns, channel, message[1]):
                self._handover.note_off(now_ns)
                self._tell_engine_heard()
        elif means_all_notes_off(message):
            self._let_go(now_ns, channel)

    def player_gone(self, now_ns: int) -> None:
        """Whoever played may have gone with keys down: count them as released."""
        if not self._closed:
            self._let_go(now_ns)

    def engine_said(self, now_ns: int, message: FromEngine | Stopped) -> None:
        """One message from the engine."""
        if self._closed:
            return
        match self._partner.receive(now_ns, message):
            case Ready() as ready:
                self._told_trouble = ""
                self._emit(protocol.EngineReady(ready.model, ready.parameters))
                if self._state is State.ENGINE_STOPPED:
                    answering = self._turn is not None and self._turn.answering
                    self._change_state(State.ANSWERING if answering else State.LISTENING)
            case Plan() as plan:
                self._take_plan(plan)
            case Refused() as refused:
                self._trouble(refused.says)
                self._stop_planning()
            case Failed() as failed:
                self._engine_failed(failed)

    def command(self, now_ns: int, command: protocol.Command) -> None:
        """A wish of the player. `Quit` belongs to whoever runs the loop."""
        match command:
            case _ if self._closed:
                return
            case protocol.Panic():
                if self._thru is not None:
                    self._thru.release(now_ns)
                self._performer.panic(now_ns)
                self._let_go(now_ns)
                self._end_turn(now_ns, yielded=False)
            case protocol.Forget():
                self._forget()

    def tick(self, now_ns: int) -> int | None:
        """Do what is due; returns the next moment at which something will be."""
        if self._closed:
            return None
        self._performer.perform(now_ns)
        failed = self._partner.watch(now_ns)
        if failed is not None:
            self._engine_failed(failed)
        turn = self._turn
        if turn is not None:
            if not turn.answering:
                self._maybe_hand_over(now_ns, turn)
            elif not self._performer.busy and turn.over(now_ns, self._grid):
                self._end_turn(now_ns, yielded=False)
        return self._performer.next_due_ns()

    def close(self, now_ns: int) -> None:
        """Release everything, keep what was played; nothing is heard or sent after. Once."""
        if self._closed:
            return
        self._closed = True
        self._performer.withdraw(now_ns)
        if self._thru is not None:
            self._thru.release(now_ns)
        self._let_go(now_ns)
        self._end_turn(now_ns, yielded=False)

    # -- the player --

    def _key_down(self, now_ns: int, channel: int, message: bytes) -> None:
        if self._turn is not None and self._turn.answering:
            self._performer.withdraw(now_ns)
            self._end_turn(now_ns, yielded=True)
        self._grid.begin(now_ns)
        if self._turn is None:
            self._turn = self._begin_turn(now_ns)
        self._partner.void()
        self._turn.void_plan()  # it was made before this note
        self._listener.note_on(now_ns, channel, message[1], message[2])
        self._handover.note_on(now_ns)
        self._recorder.heard(now_ns, message)
        self._tell_engine_heard()
        if self._state is not State.ENGINE_STOPPED:
            self._change_state(State.LISTENING)
        t_ns = self._grid.since_ns(now_ns)
        self._emit(protocol.NoteSounded(t_ns, False, channel, message[1], message[2]))

    def _begin_turn(self, now_ns: int) -> Exchange:
        turn = Exchange(next(self._turns))
        self._recorder.begin(
            now_ns,
            self._grid.timebase,
            start_beat=self._grid.beat(now_ns),
            model=self._partner.model,
            seed=self._answer_seed(turn),
            settings={
                "session_seed": self._seed,
                "answer": turn.number,
                **asdict(self._limits),
            },
        )
        return turn

    def _tell_engine_heard(self) -> None:
        for note in self._listener.take_complete():
            if self._turn is not None:
                self._turn.hear(note)
            self._hear(note, Voice.PLAYER)

    def _hear(self, note: HeardNote, voice: Voice) -> None:
        start, end = self._grid.beat(note.start_ns), self._grid.beat(note.end_ns)
        self._partner.hear(Note(start, end - start, note.pitch, note.velocity, note.channel), voice)

    def _let_go(self, now_ns: int, channel: int | None = None) -> None:
        """Held keys (of one channel) are counted as released: their note-offs will not come."""
        for of_channel, pitch in self._listener.let_go(now_ns, channel):
            self._handover.note_off(now_ns)
            release = bytes((NOTE_OFF | of_channel, pitch, RELEASE_VELOCITY))
            self._recorder.heard(now_ns, release)
        self._tell_engine_heard()

    def _forget(self) -> None:
        """Drop what was before this phrase; an answer that has begun is finished first."""
        if self._turn is not None and self._turn.answering:
            self._forgets = True
            return
        self._partner.forget()
        if self._turn is not None:
            self._turn.void_plan()
            for note in self._turn.heard:
                self._hear(note, Voice.PLAYER)

    # -- the hand-over --

    def _maybe_hand_over(self, now_ns: int, turn: Exchange) -> None:
        if self._listener.held:
            if now_ns - self._last_input_ns > FORGOTTEN_KEY_NS:
                self._let_go(now_ns)
            return
        deadline_ns = self._handover.deadline_ns()
        if deadline_ns is None or not turn.heard:
            return
        if not self._partner.asked and not turn.plan_done:
            self._ask(turn, max(deadline_ns, now_ns))
        if now_ns < deadline_ns:
            return
        if turn.plan:
            self._begin_answer(now_ns, turn)
        elif turn.plan_done:
            self._end_turn(now_ns, yielded=False)
        elif now_ns - deadline_ns > GIVE_UP_NS:
            if self._state is not State.ENGINE_STOPPED:
                says = "No answer came in time. Play on: the next phrase will be answered."
                self._emit(protocol.Trouble(says))
            self._end_turn(now_ns, yielded=False)
        elif self._state is State.LISTENING:
            self._change_state(State.THINKING)

    def _ask(self, turn: Exchange, start_ns: int) -> None:
        """Have the answer made while the silence is still growing."""
        turn.void_plan()
        start, end = turn.question(start_ns, self._grid)
        self._recorder.note(start_beat=start, end_beat=end)
        self._partner.ask(start, end, self._answer_seed(turn), self._limits)

    def _take_plan(self, plan: Plan) -> None:
        turn = self._turn
        if turn is None:
            return
        turn.plan_done = plan.done
        turn.plan.extend(plan.notes)
        if turn.answering:
            self._commit(turn, plan.notes)

    def _begin_answer(self, now_ns: int, turn: Exchange) -> None:
        """The turn passes on."""
        first_due_ns = turn.begin_answer(now_ns, self._grid)
        self._performer.punctuality = Punctuality()
        if self._state is not State.ENGINE_STOPPED:
            self._change_state(State.ANSWERING)
        gap_ms = (first_due_ns - turn.last_end_ns) / 1e6
        self._emit(
            protocol.PhraseHeard(
                self._recorder.take_id, len(turn.heard), turn.phrase_ns / 1e9, gap_ms
            )
        )
        self._commit(turn, tuple(turn.plan))

    def _commit(self, turn: Exchange, notes: tuple[Note, ...]) -> None:
        for note in turn.committed(notes, self._note_ids, self._grid):
            self._performer.commit(note)

    def _end_turn(self, now_ns: int, *, yielded: bool) -> None:
        turn, self._turn = self._turn, None
        self._partner.void()
        sounded = self._performer.take_sounded()
        for note in sounded:
            self._hear(note, Voice.PARTNER)
        if self._forgets:
            self._forgets = False
            self._partner.forget()
        if turn is None:
            return
        take_id = self._recorder.take_id
        self._recorder.finish(self._partner.model)
        if turn.answering:
            how = self._performer.punctuality
            span_ns = max(n.end_ns for n in sounded) - sounded[0].start_ns if sounded else 0
            self._emit(
                protocol.AnswerOver(
                    take_id,
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
        self._trouble(failed.says)
        self._change_state(State.ENGINE_STOPPED)
        self._stop_planning()

    def _stop_planning(self) -> None:
        """Play what is planned: no more will come."""
        if self._turn is not None and self._turn.answering:
            self._turn.plan_done = True

    def _change_state(self, state: State) -> None:
        if state is not self._state:
            self._state = state
            self._emit(protocol.StateChanged(state))

    def _trouble(self, says: str) -> None:
        """Say it, but not over and over: an engine that cannot start fails again and again."""
        if says != self._told_trouble:
            self._told_trouble = says
            self._emit(protocol.Trouble(says))

    # -- sound --

    def _send_answer(self, now_ns: int, message: bytes) -> None:
        self._out.send(message)
        self._echo.sent(now_ns, message)
        self._recorder.sent(now_ns, message)

    def _note_started(self, now_ns: int, note: PlannedNote, late_ns: int) -> None:
        t_ns, late_ms = self._grid.since_ns(now_ns), late_ns / 1e6
        self._emit(
            protocol.NoteSounded(t_ns, True, note.channel, note.pitch, note.velocity, late_ms)
        )

    def _is_echo(self, now_ns: int, message: bytes) -> bool:
        if not self._echo.is_echo(now_ns, message):
            return False
        if not self._told_echo:
            self._told_echo = True
            self._emit(protocol.EchoIgnored())
        return True

    def _answer_seed(self, turn: Exchange) -> int:
        return (self._seed * 1_000_003 + turn.number) % 2**63
