"""What every way of playing works with: time, the hands, the open phrase, the partner's ear.

It keeps the one exchange there is, with its take; the plan is its agenda's (`plugin.agenda`), what
the engine knows its ear's (`plugin.ear`). It refuses to decide when anybody plays: that is
`plugin.ways`.

Thread: one. Real-time: yes.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import asdict

from engine.api import Ask, Rework
from engine.events import Note
from engine.limits import Constraints
from plugin import protocol
from plugin.agenda import COMMIT_NS, Agenda
from plugin.ear import Ear
from plugin.exchange import Exchange
from plugin.partner import Partner
from plugin.protocol import State
from plugin.realtime.beats import BeatGrid
from plugin.realtime.listener import HeardNote, Listener
from plugin.realtime.performer import Performer, Punctuality
from plugin.realtime.thru import Thru
from plugin.recorder import Recorder
from plugin.settings import Settings, Yield
from plugin.turns import HandOver
from plugin.verdicts import Verdicts


class Ensemble:
    """See the module. The session makes it; the ways of playing use it."""

    def __init__(
        self,
        *,
        grid: BeatGrid,
        partner: Partner,
        performer: Performer,
        listener: Listener,
        recorder: Recorder,
        thru: Thru | None,
        emit: Callable[[protocol.Event], None],
        seed: int,
        settings: Settings,
        early_ns: int = 0,
    ) -> None:
        self._early_ns = early_ns
        self.grid, self.partner, self.performer = grid, partner, performer
        self.listener, self.recorder, self.thru = listener, recorder, thru
        self.emit, self.settings = emit, settings
        self.ear, self.handover = Ear(grid, partner), HandOver()
        self.agenda = Agenda(grid, performer)
        self.verdicts = Verdicts(partner, recorder, emit)
        self.turn: Exchange | None = None
        self.last_phrase: Exchange | None = None
        """The exchange that was closed last."""
        self.yields_ns: int | None = None
        """While the partner falls silent: when it will be."""
        self.last_input_ns = 0
        self.state = State.LISTENING
        self.rolling = False
        """Whether bars pass: there is a tempo, and whoever gives it has not stopped."""
        self._next: Exchange | None = None
        self._next_since_ns = 0
        self._seed = seed
        self._forgets = False
        self._turns = itertools.count(1)
        self._expecting: int | None = None
        self._expects_again = False

    @property
    def latency_ns(self) -> int:
        """Notes are sent so much before they are due: the way to the ear takes so long."""
        return round(self.settings.latency_ms * 1e6) + self._early_ns

    def soonest_beat(self, now_ns: int) -> float:
        """The first beat of which a question that is asked now can be about."""
        return self.grid.beat(now_ns + COMMIT_NS + self.latency_ns)

    # -- the open phrase --

    def open_turn(self, now_ns: int, turn: Exchange | None = None, since_ns: int = 0) -> Exchange:
        """A phrase begins, and its take; `turn` and `since_ns` are of one that has begun."""
        self.turn = turn = turn or Exchange(next(self._turns))
        earlier = self.recorder.phrase_since(since_ns) if since_ns else ()
        self.recorder.begin(
            now_ns,
            self.grid.timebase,
            start_beat=self.grid.beat(earlier[0][0] if earlier else now_ns),
            model=self.partner.model,
            seed=self.answer_seed(turn),
            settings={
                "session_seed": self._seed,
                "answer": turn.number,
                "attempt": turn.attempt,
                "way": str(self.settings.way),
                "style": self.settings.style,
                **asdict(self.settings.limits),
            },
            earlier=earlier,
        )
        return turn

    def open_with(self, now_ns: int, heard: Sequence[HeardNote], since_ns: int) -> Exchange:
        """A phrase that began a while ago, with these complete notes."""
        turn = Exchange(next(self._turns))
        for note in heard:
            turn.hear(note)
        return self.open_turn(now_ns, turn, since_ns)

    def open_again(self, now_ns: int) -> Exchange | None:
        """The last phrase is to be answered anew; None if there has been none."""
        last = self.last_phrase
        if last is None or not last.heard:
            return None
        turn = Exchange(
            next(self._turns),
            last.attempt + 1,
            [*last.heard],
            last.last_end_ns,
            prints=last.prints,
            given=last.given,
            played=last.played,
        )
        return self.open_turn(now_ns, turn, min(note.start_ns for note in last.heard))

    def heard(self, note: HeardNote) -> None:
        """A note of the player is complete."""
        turn = self._next or self.turn
        if turn is not None:
            turn.hear(note)
        self.handover.note_off(note.end_ns)

    def answer_seed(self, turn: Exchange) -> int:
        """Another one for each answer of a session."""
        return (self._seed * 1_000_003 + turn.number) % 2**63

    def close_turn(self, now_ns: int, *, yielded: bool = False) -> None:
        """The exchange is over, its take complete; a phrase that began meanwhile is open then."""
        turn, self.turn = self.turn, None
        following, self._next = self._next, None
        self.yields_ns = None
        self.agenda.plan([])
        self.partner.void()
        self.ear.tell(now_ns)
        if self._forgets:
            self._forgets = False
            self.partner.forget()
        if turn is None:
            return
        if turn.heard:
            self.last_phrase = turn
        take_id = self.recorder.take_id
        given = turn.given if turn.answering else None
        if given is not None:
            self.recorder.note(**given.as_settings())
        self.recorder.finish(self.partner.model, None if given is None else given.seed)
        if turn.answering:
            how = self.performer.punctuality
            self.verdicts.over(turn, how.started, yielded=yielded)
            self.emit(
                protocol.AnswerOver(
                    take_id,
                    how.started,
                    how.span_ns / 1e9,
                    how.late,
                    how.dropped,
                    (how.first_late_ns or 0) / 1e6,
                    yielded,
                )
            )
        self.change_state(State.LISTENING)
        if following is not None:
            self.open_turn(now_ns, following, self._next_since_ns)

    def end(self, now_ns: int) -> None:
        """Whatever is open is over."""
        self._next = None
        self.close_turn(now_ns)

    def forget(self, now_ns: int) -> None:
        """Drop what was before this phrase; an answer that has begun is finished first."""
        if self.turn is not None and self.turn.answering:
            self._forgets = True
            return
        self.ear.tell(now_ns)
        self.partner.forget()
        self._tell_phrase_again(now_ns)

    def begin_anew(self, now_ns: int) -> None:
        """Beats mean something else from now on: the engine knows only this phrase."""
        if self.turn is not None and self.turn.answering:
            self.silence(now_ns)
            self.close_turn(now_ns)
        self.ear.tell(now_ns)
        self.ear.feel.forget()
        self.partner.begin(self.grid.timebase)
        self.engine_lost()
        if self.last_phrase is not None:
            self.last_phrase.given = None
        self._tell_phrase_again(now_ns)

    def _tell_phrase_again(self, now_ns: int) -> None:
        turn = self.turn
        if turn is not None:
            turn.void_plan()
        self.ear.begin_anew(now_ns, turn.heard if turn is not None else [])

    # -- questions to the engine --

    def ask(
        self,
        now_ns: int,
        start_beat: float,
        end_beat: float,
        seed: int,
        *,
        limits: Constraints | None = None,
        may_hand_over: bool = True,
        on_top: bool = False,
        candidates: int = 1,
        before: Sequence[Note] = (),
    ) -> None:
        """Ask for notes between two beats, on top of what is planned or in its stead.

        An earlier question is void. before: what the partner will have played by then for sure.
        """
        settings = self.settings
        self.ear.settle(follow=settings.feel, swings=settings.limits.swing == 0.5)
        limits = settings.limits if limits is None else limits
        question = Ask(
            0,
            0,
            start_beat,
            end_beat,
            seed,
            limits,
            settings.style,
            may_hand_over,
            candidates=candidates,
        )
        coming = self.agenda.coming(self.latency_ns, planned=on_top)
        self.ear.ask(now_ns, question, [*coming, *before])

    def rework(self, now_ns: int, task: Rework) -> None:
        """Ask for the notes of the task in another way."""
        settings = self.settings
        self.ear.settle(follow=settings.feel, swings=settings.limits.swing == 0.5)
        self.ear.rework(now_ns, task, self.agenda.coming(self.latency_ns, planned=False))

    def expect(self, now_ns: int) -> None:
        """Ask what the model expects after the last note; one such question at a time."""
        if self._expecting is not None and self.partner.stands(self._expecting):
            self._expects_again = True
            return
        self._expecting = self.ear.expect(now_ns)

    def expected(self, now_ns: int, request: int, over: float, gaps_beats: Sequence[float]) -> None:
        """What the model expects: the hand-over goes by it, unless a note came since."""
        if request != self._expecting:
            return
        self._expecting = None
        if self._expects_again:
            self._expects_again = False
            self.expect(now_ns)
            return
        per_beat = self.grid.timebase.ns_per_beat
        self.handover.expected(over, tuple(round(gap * per_beat) for gap in gaps_beats))

    def engine_lost(self) -> None:
        """Whatever was asked will not be answered."""
        self._expecting, self._expects_again = None, False

    # -- sound --

    def silence(self, now_ns: int) -> None:
        """Stop at once: what is planned is dropped, what sounds is released."""
        self.agenda.plan([])
        self.performer.withdraw(now_ns)
        if self.thru is not None:
            self.thru.take_back(now_ns, self.listener.keys)

    def give_way(self, now_ns: int) -> None:
        """The player has come in: fall silent, as soon as the settings say, and end the turn."""
        if self.yields_ns is not None:
            return
        cut_ns = self._silent_at_ns(now_ns)
        self.partner.void()
        if cut_ns <= now_ns:
            self.silence(now_ns)
            self.close_turn(now_ns, yielded=True)
            return
        self.agenda.cut(now_ns, cut_ns)
        self.yields_ns = cut_ns
        self._next, self._next_since_ns = Exchange(next(self._turns)), now_ns
        self.change_state(State.YIELDING)

    def fade(self, now_ns: int, until_ns: int) -> None:
        """Another way begins: nothing more is planned, what sounds ends by then, as the turn."""
        self.agenda.plan([])
        self.partner.void()
        self.performer.cut(now_ns, until_ns)
        if self.thru is not None:
            self.thru.take_back(until_ns, self.listener.keys)
        if self.turn is not None and self.turn.answering:
            self.yields_ns = min(self.yields_ns or until_ns, until_ns)
            self.change_state(State.YIELDING)

    def finish_yielding(self, now_ns: int, *, at_once: bool = False) -> None:
        """When it is silent, or now: the player's phrase, if one has begun, is the open one."""
        if self.yields_ns is None or (now_ns < self.yields_ns and self.agenda.busy and not at_once):
            return
        self.silence(now_ns)
        self.close_turn(now_ns, yielded=True)

    def clear_the_stage(self, now_ns: int) -> None:
        """The player strikes a key: what a way that was left lets ring makes room."""
        if self._next is None:
            self.finish_yielding(now_ns, at_once=True)

    def new_answer(self) -> None:
        """Counting begins anew for an answer."""
        self.performer.punctuality = Punctuality()
        if self.turn is not None:
            self.verdicts.begun(self.recorder.take_id, self.turn)
            if self.turn.given is not None and self.turn.given.seed is not None:
                self.turn.played.add(self.turn.given.seed)

    def change_state(self, state: State) -> None:
        """Say what the partner does; an engine that stopped is said until it is back."""
        if state is not self.state and self.state is not State.ENGINE_STOPPED:
            self.force_state(state)

    def force_state(self, state: State) -> None:
        """Say it whatever was said before."""
        if state is not self.state:
            self.state = state
            self.emit(protocol.StateChanged(state))

    def _silent_at_ns(self, now_ns: int) -> int:
        if self.settings.yields is Yield.AT_ONCE or not self.grid.timebase.tempo_known:
            return now_ns
        beat = self.grid.beat(now_ns)
        if self.settings.yields is Yield.BEAT:
            return self.grid.ns(self.grid.next_beat(beat))
        return self.grid.ns(self.grid.next_bar(beat))
