"""Answer: the player's phrase ends, the partner continues it; or only on a sign.

The question is asked while the silence is still growing, so the plan is there when the turn passes
on. The player's next note has right of way. Asked again, the answer may keep its first bars
(`plugin.locked`). `Vary` and `Endless` differ in what they ask for and in when they are over.
"""

from dataclasses import replace

from engine.api import Candidate, Candidates, Plan
from engine.limits import Constraints
from plugin.agenda import COMMIT_NS
from plugin.ensemble import Ensemble
from plugin.exchange import Exchange, print_of
from plugin.locked import Locked, first_bars
from plugin.protocol import PhraseHeard, Said, State
from plugin.realtime.listener import HeardNote
from plugin.ways.base import GIVE_UP_NS, RETRY_NS, Way, begin_answer, no_answer, note_given

MOVED_NS = 20_000_000
"""If the hand-over moves by more than this, the answer is asked for anew."""
MOST_ATTEMPTS = 6
"""So many times an answer that was given before is drawn anew."""
WARMER = 0.15
"""By how much each of these is drawn more freely."""


class Answer(Way):
    """See the module."""

    locks = True
    """Whether asking again may keep the first bars."""

    def __init__(self, band: Ensemble, *, by_silence: bool = True) -> None:
        super().__init__(band)
        self._by_silence = by_silence
        self._drawn = 0
        """How often the answer of this turn was drawn."""
        self._retry_ns = 0

    def entering(self, now_ns: int) -> None:
        """The player has right of way."""
        turn = self.band.turn
        if turn is not None and turn.answering:
            self.band.give_way(now_ns)

    def struck(self, now_ns: int, channel: int, pitch: int, velocity: int) -> None:
        """Whatever was planned was made before this note."""
        band = self.band
        band.partner.void()
        if band.turn is not None and band.yields_ns is None:
            band.turn.void_plan()
            band.turn.go_ns = band.turn.lock = None
            band.change_state(State.LISTENING)
        if self._by_silence:
            band.expect(now_ns)

    def released(self, now_ns: int, note: HeardNote) -> None:
        """How long the last note was says whether the phrase is over."""
        super().released(now_ns, note)
        if self._by_silence and self.band.listener.held == 0:
            self.band.expect(now_ns)

    def planned(self, now_ns: int, plan: Plan) -> None:
        """The answer, piece by piece."""
        turn = self.band.turn
        if turn is None:
            return
        if plan.anew:
            # What has begun goes on; and no phrase gets the same answer twice.
            if not turn.answering and turn.replace_plan(plan.notes):
                note_given(self.band, turn, plan)
            return
        note_given(self.band, turn, plan)
        turn.plan.extend(plan.notes)
        turn.plan_done = plan.done
        if turn.answering:
            self.band.agenda.plan_more(turn.moved(plan.notes))
        elif plan.done and turn.is_repetition() and turn.attempt:
            self._draw_again(now_ns, turn)

    def drawn(self, now_ns: int, found: Candidates) -> None:
        """All begin with what is kept."""
        turn = self.band.turn
        if turn is not None and turn.kept:
            whole = (replace(one, notes=(*turn.kept, *one.notes)) for one in found.candidates)
            found = replace(found, candidates=tuple(whole))
        super().drawn(now_ns, found)

    def lost(self, now_ns: int) -> None:
        """Play what is planned: no more will come. Where nothing is, ask again in a moment."""
        self._retry_ns = now_ns + RETRY_NS
        turn = self.band.turn
        if turn is not None and (turn.answering or turn.kept):
            turn.plan_done = True

    def go(self, now_ns: int) -> None:
        """The turn passes on now, held keys or not; without a phrase the last one is answered."""
        self.band.finish_yielding(now_ns, at_once=True)
        turn = self.band.turn
        if turn is None:
            self.again(now_ns)
        elif not turn.answering:
            turn.go_ns = now_ns

    def again(self, now_ns: int) -> None:
        """Another answer to the last phrase, from now on: the next best, if more were drawn."""
        self._anew(now_ns, None)

    def choose(self, now_ns: int, number: int) -> None:
        """The last phrase's alternative of this number."""
        band = self.band
        turn = band.turn if band.turn is not None and band.turn.answering else band.last_phrase
        found = turn.given.candidates if turn is not None and turn.given is not None else ()
        if not 1 <= number <= len(found):
            band.emit(Said(band.verdicts.listed()))
        else:
            self._anew(now_ns, found[number - 1])

    def _anew(self, now_ns: int, chosen: Candidate | None) -> None:
        band = self.band
        band.finish_yielding(now_ns, at_once=True)
        if band.turn is not None and not band.turn.answering:
            self.go(now_ns)
            return
        if chosen is None:
            band.verdicts.again()
        if band.turn is not None:
            band.silence(now_ns)
            band.close_turn(now_ns, yielded=True)
        lock = self._lock() if chosen is None else None
        turn = band.open_again(now_ns)
        if turn is None:
            band.emit(Said("There is no phrase to answer yet: play one."))
            return
        turn.go_ns = now_ns
        if lock is not None:
            turn.lock, turn.given = lock, None
            return
        settings = band.settings
        other = chosen or turn.next_candidate((settings.limits, settings.style))
        if other is not None and turn.given is not None:
            turn.plan, turn.plan_done = list(other.notes), True
            turn.prints.add(print_of(other.notes))
            turn.given = replace(turn.given, seed=other.seed)
            if chosen is not None:
                band.verdicts.chosen(turn)

    def _lock(self) -> Locked | None:
        """What the next answer to the last phrase takes over from the last one."""
        last, bars = self.band.last_phrase, self.band.settings.lock_bars
        if last is None or not (bars and self.locks):
            return None
        if not (last.answering and last.plan):
            return last.lock  # it was broken off before it began
        return first_bars(last.moved(last.plan), bars, self.band.grid)

    def tick(self, now_ns: int) -> None:
        """Ask, begin, end."""
        band = self.band
        band.finish_yielding(now_ns)
        turn = band.turn
        if turn is None:
            return
        if not turn.answering:
            self._maybe_hand_over(now_ns, turn)
        elif band.yields_ns is None:
            self._go_on(now_ns, turn)

    def _go_on(self, now_ns: int, turn: Exchange) -> None:
        if not self.band.agenda.busy and turn.over(now_ns, self.band.grid):
            self.band.close_turn(now_ns)

    def _deadline_ns(self, turn: Exchange) -> int | None:
        """When the turn passes on if nothing more is played."""
        band = self.band
        if turn.go_ns is not None:
            return turn.go_ns
        if not self._by_silence or not turn.heard:
            return None
        return band.handover.deadline_ns(held=band.listener.held > 0)

    def _maybe_hand_over(self, now_ns: int, turn: Exchange) -> None:
        band = self.band
        deadline_ns = self._deadline_ns(turn)
        if deadline_ns is None:
            return
        asked = band.partner.asked or turn.plan_done
        moved = abs(max(deadline_ns, now_ns) - turn.asked_ns) > MOVED_NS < deadline_ns - now_ns
        may_ask = not asked and now_ns >= self._retry_ns
        if may_ask or (moved and now_ns < turn.asked_ns):
            turn.void_plan()
            self._drawn = 0
            self._ask(now_ns, turn, max(deadline_ns, now_ns))
            if not band.partner.asked:  # there is no engine at the moment
                self._retry_ns, turn.plan_done = now_ns + RETRY_NS, bool(turn.kept)
        if now_ns < deadline_ns - band.latency_ns:
            return
        complete = turn.plan_done or not turn.attempt or self._is_due(now_ns, turn)
        if turn.plan and complete:
            first_ns = begin_answer(band, now_ns, turn)
            gap_ms = (first_ns - turn.last_end_ns) / 1e6
            band.emit(
                PhraseHeard(band.recorder.take_id, len(turn.heard), turn.phrase_ns / 1e9, gap_ms)
            )
        elif turn.plan_done:
            band.close_turn(now_ns)
        elif now_ns - deadline_ns > GIVE_UP_NS:
            no_answer(band, now_ns)
        elif band.state is State.LISTENING:
            band.change_state(State.THINKING)

    def _is_due(self, now_ns: int, turn: Exchange) -> bool:
        """Whether what is kept has to begin to be on the beat, the rest known or not."""
        band = self.band
        if not turn.kept or not band.grid.timebase.tempo_known:
            return False
        return band.grid.ns(turn.kept[0].onset) - band.latency_ns <= now_ns + COMMIT_NS

    def _ask(self, now_ns: int, turn: Exchange, start_ns: int) -> None:
        """Have the answer made while the silence is still growing."""
        grid = self.band.grid
        if turn.lock is None:
            start, end = turn.question(start_ns, grid)
        else:
            soonest_ns = max(start_ns, now_ns + self.band.latency_ns)
            start, end = turn.question_after_lock(turn.lock, soonest_ns, grid)
            self.band.recorder.note(kept_notes=len(turn.kept))
        self.band.recorder.note(start_beat=start, end_beat=end, drawn=self._drawn)
        self.band.ask(
            now_ns,
            start,
            end,
            self._seed(turn),
            limits=self._limits(),
            candidates=self.band.settings.candidates,
            before=turn.kept,
        )

    def _seed(self, turn: Exchange) -> int:
        return (self.band.answer_seed(turn) + 7_368_787 * self._drawn) % 2**63

    def _limits(self) -> Constraints:
        """The limits; an answer that is drawn again is drawn more freely."""
        limits = self.band.settings.limits
        if not self._drawn:
            return limits
        return replace(limits, temperature=max(limits.temperature, 0.7) + WARMER * self._drawn)

    def _draw_again(self, now_ns: int, turn: Exchange) -> None:
        """This phrase has had this answer before."""
        self._drawn += 1
        if self._drawn > MOST_ATTEMPTS:
            self.band.emit(Said("Under these limits there is no other answer: widen one of them."))
            return
        turn.void_plan()
        self._ask(now_ns, turn, max(turn.asked_ns, now_ns))
