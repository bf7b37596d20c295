"""Makes answers: what was heard goes into the prior's state, what comes out is a plan.

Planning runs ahead from the state, note by note, and comes back to it, so a plan that the player
overrules costs nothing. Fields are chosen one after the other, by default who plays, when, what,
how long, how loud. An answer is over where it was told to end, or earlier where the model hands
the phrase back.

Where there is a memory of the player and the prior is so slow that the plan grows slower than it
will be played, the rest of it is the memory's alone: the music never stops.

It refuses to know ports and processes: times are beats (see `engine.events.Timebase`), and of the
clock only how long a plan has taken so far is asked.
"""

import math
import time
from collections.abc import Callable, Generator

import numpy as np

from engine.api import Ask
from engine.context import Context
from engine.encoding import (
    DURATION,
    ONSET,
    ORDER,
    PITCH,
    TICKS_PER_BEAT,
    Row,
    kind_of,
    to_go_class,
    to_ticks,
)
from engine.events import Note, Timebase, Voice
from engine.guesser import Guesser, Vector
from engine.limits import Constraints
from engine.sampling.answer import Frame
from engine.sampling.constraints import Placed, Rules
from engine.sampling.prepared import Prepared

LAST_RING_BEATS = 1.0
"""How long the last notes may sound on after the answer's end."""
KEPT_LIMITS = 8
"""So many different limits are kept ready: a harmony asks for several in turn."""
EARLIEST_END = 0.5
"""Share of the time asked for after which the model may hand the phrase back."""

BUDGET_MS = 400.0
"""A plan may be so much later than its music before the prior counts as late."""

WEIGHED = (ONSET, PITCH, DURATION)
"""Fields whose likelihood is told; how loud is not known of half of all music."""

_BEAT_POS, _BAR_POS, _KIND, _TO_GO = 5, 6, 7, 8


class Planner:
    """Answers on top of a prior, or of a mixture of a prior and a memory. Used from one thread."""

    def __init__(
        self,
        prior: Guesser,
        *,
        clock: Callable[[], float] = time.perf_counter,
        budget_ms: float = BUDGET_MS,
    ) -> None:
        """clock: seconds, monotonic."""
        self.context = Context(prior)
        self._clock, self._budget_s = clock, budget_ms / 1e3
        self._bits = 0.0
        self._prepared: dict[tuple[Constraints, frozenset[int] | None], Prepared] = {}
        self.gave_way: tuple[str, ...] = ()
        """Limits of the last plan that could not hold everywhere."""
        self.ends: tuple[tuple[int, float], ...] = ()
        """Keys that the player held at the last plan's start, and when they will probably end."""
        self.alone_notes = 0
        """How many notes of the last plan are the memory's alone."""
        self.likelihood_bits: float | None = None
        """Mean log-likelihood of a note of the last plan under the prior: when, what, how long."""

    def begin(self, timebase: Timebase) -> None:
        """Start a session: nothing has been heard, time counts as `timebase` says."""
        self.context.begin(timebase)
        self._prepared.clear()

    def forget(self) -> None:
        """Drop what was heard; the timebase stays."""
        self.context.forget()

    def hear(
        self,
        note: Note,
        who: Voice = Voice.PLAYER,
        *,
        held: bool = False,
        learn: bool = True,
    ) -> None:
        """Take in a note that sounded, in order of onset; see `Context.hear`."""
        self.context.hear(note, who, held=held, learn=learn)

    def plan(self, ask: Ask) -> Generator[Note, None, None]:
        """The answer to `ask`, note by note in order of onset; the state is left as it was.

        Closing the iterator early is allowed and leaves the state as it was, too. Raises
        StyleError for a style that the weights do not know.
        """
        started_s = self._clock()
        self.alone_notes, self.likelihood_bits = 0, None
        self.context.set_style(ask.style)
        self.context.lean(ask.limits.closeness)
        with self.context.looking_ahead(ask.so_far):
            self.ends = self.context.players_ends(ask.start_beat)
            yield from self._run_ahead(ask, started_s)

    def prepared(self, limits: Constraints) -> Prepared:
        """The limits made ready for this session's meter and key; the last few are kept."""
        follows = limits.follow_key and limits.scale is None
        followed = self.context.key.scale() if follows else None
        ready = self._prepared.pop((limits, followed), None)
        if ready is None:
            timebase = self.context.timebase
            bar_ticks = to_ticks(timebase.beats_per_bar) if timebase.tempo_known else 0
            ready = Prepared(limits, bar_ticks, followed)
            if len(self._prepared) >= KEPT_LIMITS:
                del self._prepared[next(iter(self._prepared))]
        self._prepared[limits, followed] = ready  # the last one used is the last one dropped
        return ready

    def _run_ahead(self, ask: Ask, started_s: float) -> Generator[Note, None, None]:
        context = self.context
        beats_per_s = 1e9 / context.timebase.ns_per_beat
        played_s = 0.0  # how much music there is
        rng = np.random.Generator(np.random.PCG64(ask.seed))
        # The first tick that is not before the start: rounding must not play a note early.
        start, end = math.ceil(ask.start_beat * TICKS_PER_BEAT - 1e-6), to_ticks(ask.end_beat)
        if context.encoder.last_tick is None:
            context.encoder.rewind(start)
        last = context.encoder.last_tick
        assert last is not None
        frame = Frame(
            start_tick=start,
            end_tick=end,
            last_tick=last,
            drums=context.drums,
            heard_range=context.range,
            voices=(context.voice(Voice.PARTNER),),
            hand_over=(context.voice(Voice.PLAYER),) if ask.may_hand_over else (),
            hand_over_from_tick=start + int(EARLIEST_END * (end - start)),
            sounding=context.partners_ends(max(start, last)),
        )
        rules = Rules(self.prepared(ask.limits), frame, context.heard)
        likely_bits = 0.0
        for count in range(1, min(ask.limits.max_notes, context.room) + 1):
            if self._clock() - started_s > played_s + self._budget_s:
                context.go_on_alone()
            row = self._choose(rules, ask.limits, rng)
            if row is None:
                break
            placed = rules.place(row)
            played_s = (placed.tick - start) / TICKS_PER_BEAT / beats_per_s
            context.encoder.rewind(placed.tick)
            context.read(row)
            self.alone_notes += context.alone
            likely_bits += self._bits
            self.likelihood_bits = likely_bits / count if self.alone_notes == 0 else None
            self.gave_way = tuple(sorted(rules.gave_way))
            yield note_of(placed, context.channel, latest=ask.end_beat + LAST_RING_BEATS)
        self.gave_way = tuple(sorted(rules.gave_way))

    def _choose(self, rules: Rules, limits: Constraints, rng: np.random.Generator) -> Row | None:
        """The next note's row, chosen field by field; None where the answer is over."""
        context = self.context
        row = [0] * len(Row._fields)
        row[_KIND] = kind_of(
            tempo_known=context.timebase.tempo_known, drums=context.drums, turns=True
        )
        if limits.land is not None:
            row[_TO_GO] = to_go_class(max(to_ticks(limits.land) - rules.answer.last, 0))
        known: set[int] = set()
        self._bits = 0.0
        for field in ORDER:
            logits = context.prior.field(field, row, known)
            row[field] = rules.choose(field, logits, row, known, rng)
            if field in WEIGHED and (likely := context.prior_field(field, row, known)) is not None:
                self._bits += log2_of(likely, row[field])
            known.add(field)
            if rules.over(row, known):
                return None
            if field == ONSET:
                row[_BEAT_POS], row[_BAR_POS] = context.encoder.place(rules.tick(row[ONSET]))
        return Row(*row)


def log2_of(logits: Vector, choice: int) -> float:
    """The logarithm of the chance of a choice, in bits."""
    top = float(logits.max())
    total = float(np.exp(logits - top).sum())
    return (float(logits[choice]) - top - math.log(total)) / math.log(2)


def note_of(placed: Placed, channel: int, *, latest: float) -> Note:
    """A placed note in beats, released by `latest` at the latest."""
    onset = placed.tick / TICKS_PER_BEAT
    duration = min(placed.duration_ticks / TICKS_PER_BEAT, latest - onset)
    return Note(onset, duration, placed.pitch, placed.velocity, channel)
