"""What the session needs of a way of playing, and what most ways do alike.

The session calls; a way reacts through the `Ensemble`. All is called from one thread and returns at
once. A way may be left at any moment: `leave` ends what it began, by the next beat at the latest.
"""

from dataclasses import replace

from engine.api import Candidates, Plan
from plugin.ensemble import Ensemble
from plugin.exchange import Exchange, Given
from plugin.protocol import Said, State, Trouble
from plugin.realtime.listener import HeardNote

GIVE_UP_NS = 10_000_000_000
"""An answer that is later than this is not given any more."""
RETRY_NS = 100_000_000
"""What was refused or lost is asked again so much later."""
LAST_NOTES_NS = 500_000_000
"""A way that is left lets what sounds ring for so long, where there is no beat to end on."""


class Way:
    """Does nothing: a partner that listens. Ways override what they need."""

    plays = State.ANSWERING
    """What the partner does while it plays."""

    def __init__(self, band: Ensemble) -> None:
        self.band = band

    def entering(self, now_ns: int) -> None:
        """The player is about to strike a key; nothing of it is known yet."""

    def struck(self, now_ns: int, channel: int, pitch: int, velocity: int) -> None:
        """The player struck a key; a turn is open."""

    def released(self, now_ns: int, note: HeardNote) -> None:
        """A note of the player is complete."""
        self.band.ear.tell(now_ns)

    def planned(self, now_ns: int, plan: Plan) -> None:
        """A piece of a plan that was asked for."""

    def drawn(self, now_ns: int, found: Candidates) -> None:
        """All answers that were drawn for a plan, best first, in played beats."""
        turn = self.band.turn
        if turn is None or turn.given is None or turn.given.request != found.request:
            return
        turn.given = replace(turn.given, candidates=found.candidates)
        self.band.verdicts.drawn(self.band.recorder.take_id, turn.given)

    def lost(self, now_ns: int) -> None:
        """No plan will come: the engine ended or refused."""

    def go(self, now_ns: int) -> None:
        """A sign: the turn passes on now."""

    def again(self, now_ns: int) -> None:
        """A sign: another answer to the same phrase."""

    def choose(self, now_ns: int, number: int) -> None:
        """A sign: the alternative of this number, from 1, to the last phrase's answer."""
        self.band.emit(Said("This way of playing has no alternatives: answer has."))

    def settings_changed(self, now_ns: int) -> None:
        """Other settings hold; the way is the same."""

    def jumped(self, now_ns: int) -> None:
        """The song starts, or goes on at another place."""

    def turn_bar(self, beat: float) -> tuple[bool, int, int] | None:
        """While trading: whether it is the partner's turn, its bar from 1, and how many it has."""
        return None

    def tick(self, now_ns: int) -> None:
        """Time has passed: do what is due."""

    def leave(self, now_ns: int) -> None:
        """Another way begins: what sounds ends by the next beat, what is planned is dropped."""
        band = self.band
        band.fade(now_ns, leave_ns(band, now_ns))
        if band.turn is None or band.turn.answering:
            return
        band.turn.void_plan()
        band.change_state(State.LISTENING)
        if not band.turn.heard and not band.listener.held:
            band.close_turn(now_ns)  # it was to be the partner's alone


def note_given(band: Ensemble, turn: Exchange, plan: Plan) -> None:
    """Remember what a plan was drawn with."""
    settings = band.settings
    turn.given = Given(
        plan.request,
        plan.seed,
        band.partner.playing,
        # What begins with a kept part is no alternative for who asks again without keeping it.
        limits=None if turn.kept else (settings.limits, settings.style),
        alone_notes=plan.alone_notes,
    )


def leave_ns(band: Ensemble, now_ns: int) -> int:
    """When a way that is left at `now_ns` is silent."""
    if not band.grid.timebase.tempo_known:
        return now_ns + LAST_NOTES_NS
    return band.grid.ns(band.grid.next_beat(band.grid.beat(now_ns)))


def begin_answer(band: Ensemble, now_ns: int, turn: Exchange) -> int:
    """The turn passes on; returns when the first note of the plan is due."""
    first_due_ns = turn.begin_answer(now_ns + band.latency_ns, band.grid)
    band.new_answer()
    band.change_state(State.ANSWERING)
    band.agenda.plan(turn.moved(turn.plan))
    if band.thru is not None:
        band.thru.hand_over(now_ns)
    return first_due_ns


def no_answer(band: Ensemble, now_ns: int) -> None:
    """The answer is given up."""
    if band.state is not State.ENGINE_STOPPED:
        band.emit(Trouble("No answer came in time. Play on: the next phrase will be answered."))
    band.close_turn(now_ns)
