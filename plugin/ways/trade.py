"""Trade: so many bars each, in turn, by the clock.

The bars are the song's. The trade begins anew in the bar in which the clock starts or jumps, and in
the present bar when this way is chosen; the settings say who starts. The answer is asked for
shortly before the partner's bars begin, and anew for every note that is heard until then; it ends
on their last beat, and nothing of it sounds beyond them. A note of the player that hangs over into
the partner's bars, or anticipates its own, does not stop the partner; playing on does.
"""

from dataclasses import replace

from engine.api import Plan
from plugin.ensemble import Ensemble
from plugin.exchange import Exchange
from plugin.protocol import PhraseHeard, State
from plugin.ways.base import RETRY_NS, Way, note_given

LEAD_NS = 400_000_000
"""So long before its bars the answer is asked for the first time."""
OVERHANG_BEATS = 1.0
"""So far into the partner's bars the player may finish, and so early come in."""
LATE_BEATS = 0.25
"""Notes of a plan that came too late are left out from here on back: bars do not move."""


class Trade(Way):
    """See the module."""

    def __init__(self, band: Ensemble) -> None:
        super().__init__(band)
        self._origin: float | None = None
        """Beat at which the trade began."""
        self._answers: float | None = None
        """Beat at which the present answer's bars begin."""
        self._begun: float | None = None
        """Beat at which the bars begin in which the partner came in last."""
        self._retry_ns = 0
        self._given_up: float | None = None
        """The bars of the partner in which the player came in, or somebody ended the answer."""
        self._deal = self._dealt()

    def jumped(self, now_ns: int) -> None:
        """The trade begins anew in this bar."""
        band = self.band
        if band.yields_ns is None:
            self._end_answer(now_ns)
        if band.turn is not None and not band.turn.answering:
            self._void(band.turn)
        self._origin = self._answers = self._given_up = self._begun = None

    def settings_changed(self, now_ns: int) -> None:
        """Other bars or another beginner: anew from this bar on."""
        before, self._deal = self._deal, self._dealt()
        if self._deal != before:
            self.jumped(now_ns)

    def turn_bar(self, beat: float) -> tuple[bool, int, int] | None:
        """Whether the partner plays at this beat, in which bar of its turn, of how many."""
        if self._origin is None:
            return None
        start, partners = self._turn_at(beat)
        bar = int((beat - start + 1e-6) / self.band.grid.timebase.beats_per_bar)
        return partners, bar + 1, self.band.settings.bars

    def entering(self, now_ns: int) -> None:
        """In its own bars the player has right of way; at their edges it may overlap."""
        band, turn = self.band, self.band.turn
        if turn is None or not turn.answering or self._answers is None:
            return
        beat = band.grid.beat(now_ns)
        end = self._answers + self._length
        if self._answers + OVERHANG_BEATS <= beat < end - OVERHANG_BEATS:
            self._given_up = self._answers
            self._answers = None
            band.give_way(now_ns)

    def struck(self, now_ns: int, channel: int, pitch: int, velocity: int) -> None:
        """What was planned for the coming bars did not know this note."""
        turn = self.band.turn
        if turn is not None and not turn.answering:
            self._void(turn)
            self.band.change_state(State.LISTENING)

    def planned(self, now_ns: int, plan: Plan) -> None:
        """The answer, piece by piece; what should have sounded already is left out."""
        band, turn = self.band, self.band.turn
        if turn is None:
            return
        note_given(band, turn, plan)
        turn.plan.extend(plan.notes)
        turn.plan_done = plan.done
        if turn.answering:
            earliest = band.grid.beat(now_ns) - LATE_BEATS
            band.agenda.plan_more([note for note in plan.notes if note.onset >= earliest])

    def lost(self, now_ns: int) -> None:
        """The question may be asked again, in a moment."""
        self._retry_ns = now_ns + RETRY_NS
        if self.band.turn is not None and not self.band.turn.answering:
            self._void(self.band.turn)

    def again(self, now_ns: int) -> None:
        """In its bars: from here on something else."""
        band, turn = self.band, self.band.turn
        if turn is None or not turn.answering or self._answers is None:
            return
        band.silence(now_ns)
        turn.attempt += 1
        self._void(turn)
        self._ask(now_ns, turn, self._answers)

    def tick(self, now_ns: int) -> None:
        """Whose bars are these, and is it time to ask?"""
        band = self.band
        band.finish_yielding(now_ns)
        if not band.rolling:
            return
        beat = band.grid.beat(now_ns + band.latency_ns)
        if self._origin is None:
            self._origin = band.grid.bar_start(beat)
        start, partners = self._turn_at(beat)
        if not partners:
            self._given_up = None
            if self._answers is not None and self._answers != start + self._length:
                self._end_answer(now_ns)
            coming = start + self._length
            self._maybe_ask(now_ns, coming)
            if self._answers == coming and band.soonest_beat(now_ns) >= coming:
                self._maybe_begin(now_ns, coming)  # or its first note would be late
        elif self._given_up != start:
            if self._begun == start and not (band.turn and band.turn.answering):
                self._given_up = start  # somebody has ended it: a panic, another meter
                return
            self._maybe_ask(now_ns, start, at_once=True)
            if self._answers == start:
                self._maybe_begin(now_ns, start)
                if band.partner.asked and band.state is State.LISTENING:
                    band.change_state(State.THINKING)

    @property
    def _length(self) -> float:
        return self.band.settings.bars * self.band.grid.timebase.beats_per_bar

    def _dealt(self) -> tuple[int, bool, float]:
        settings = self.band.settings
        return settings.bars, settings.partner_starts, settings.beats_per_bar

    def _turn_at(self, beat: float) -> tuple[float, bool]:
        """Where the turn began that this beat is in, and whether it is the partner's."""
        assert self._origin is not None
        turn = int((beat - self._origin + 1e-6) // self._length)
        return self._origin + turn * self._length, (
            turn % 2 == 0
        ) == self.band.settings.partner_starts

    def _maybe_ask(self, now_ns: int, start: float, *, at_once: bool = False) -> None:
        band = self.band
        if not at_once and band.grid.ns(start) - now_ns > LEAD_NS:
            return
        if band.turn is not None and band.turn.answering:
            return
        if self._answers == start and (band.partner.asked or (band.turn and band.turn.plan_done)):
            return
        if band.yields_ns is not None or now_ns < self._retry_ns:
            return
        turn = band.turn or band.open_turn(now_ns)
        self._ask(now_ns, turn, start)
        if not band.partner.asked:  # there is no engine at the moment
            self._retry_ns = now_ns + RETRY_NS

    def _ask(self, now_ns: int, turn: Exchange, start: float) -> None:
        band = self.band
        self._answers = start
        turn.end_beat = start + self._length
        turn.void_plan()
        limits = band.settings.limits
        last_beat = turn.end_beat - min(1.0, band.grid.timebase.beats_per_bar)
        band.recorder.note(start_beat=start, end_beat=turn.end_beat)
        band.ask(
            now_ns,
            max(start, band.soonest_beat(now_ns)),
            turn.end_beat,
            (band.answer_seed(turn) + 7_368_787 * turn.attempt) % 2**63,
            limits=limits if limits.land is not None else replace(limits, land=last_beat),
            may_hand_over=False,
        )

    def _maybe_begin(self, now_ns: int, start: float) -> None:
        """The partner's bars begin, if there is something to play."""
        band, turn = self.band, self.band.turn
        if turn is None or turn.answering or not (turn.plan or turn.plan_done):
            return
        self._begun = start
        turn.shift_beats = 0.0
        band.new_answer()
        band.change_state(State.ANSWERING)
        earliest = band.grid.beat(now_ns) - LATE_BEATS
        band.agenda.plan(
            [note for note in turn.plan if note.onset >= earliest], until=turn.end_beat
        )
        if band.thru is not None:
            band.thru.hand_over(now_ns)
        first_ns = band.grid.ns(turn.plan[0].onset if turn.plan else start)
        gap_ms = (first_ns - turn.last_end_ns) / 1e6 if turn.heard else 0.0
        band.emit(PhraseHeard(band.recorder.take_id, len(turn.heard), turn.phrase_ns / 1e9, gap_ms))

    def _end_answer(self, now_ns: int) -> None:
        """The player's bars begin: what they struck shortly before is the beginning of theirs."""
        band, turn = self.band, self.band.turn
        self._answers = None
        if turn is None or not turn.answering:
            return
        since_ns = band.grid.ns(band.grid.beat(now_ns) - OVERHANG_BEATS)
        upbeat = [note for note in turn.heard if note.start_ns >= since_ns]
        band.silence(now_ns)
        band.close_turn(now_ns)
        if upbeat or band.listener.held:
            band.open_with(now_ns, upbeat, since_ns)

    def _void(self, turn: Exchange) -> None:
        self.band.partner.void()
        turn.void_plan()
