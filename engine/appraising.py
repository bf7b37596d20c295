"""What an answer is worth to this player: taste, critic, memory and the quote meter together.

The player's last phrase and the partner's last answers are followed as they are told, for an answer
is judged beside them. What every answer of the last questions looked like is kept, so that the
player's word about one of them can teach the taste. Whatever cannot be had (a part whose file is
damaged) weighs nothing. It refuses to draw answers.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from engine.api import Ask, Candidate, Judge, Quoted
from engine.critic.network import Critic
from engine.critic.rows import rows_of
from engine.encoding import ORDER
from engine.events import Note, Voice
from engine.planner import WEIGHED, Planner, log2_of
from engine.quote.meter import Quote, QuoteMeter
from engine.taste.features import Features, Known, Situation, features
from engine.taste.model import Taste
from engine.taste.reasons import why
from engine.taste.signals import Kind

REMEMBERED = 64
"""Of so many questions the answers can still be judged."""
RECENT = 4
MOST_PHRASE = 256
"""Of a longer phrase the last notes count."""
LEAST_LEARNT = 16
"""A memory of fewer notes has no opinion."""


class Appraising:
    """See the module; an `engine.answering.Appraiser`. Thread: the engine's one."""

    def __init__(
        self,
        planner: Planner,
        taste: Callable[[], Taste | None],
        *,
        meter: QuoteMeter | None = None,
        critic: Critic | None = None,
    ) -> None:
        """taste: that of whoever plays now."""
        self._planner, self._taste = planner, taste
        self._meter, self._critic = meter, critic
        self._phrase: list[Note] = []
        self._answer: list[Note] = []
        self._answers: deque[tuple[Note, ...]] = deque(maxlen=RECENT)
        self._seen: OrderedDict[tuple[int, int], Features] = OrderedDict()
        self._quotes: dict[tuple[int, int], Quote] = {}
        self._taught: dict[tuple[int, int, Kind], int] = {}
        self._replaced: list[tuple[int, int]] = []

    # -- what sounds --

    def begin(self) -> None:
        """Time counts anew: what was before is no phrase any more."""
        self._phrase, self._answer = [], []

    def hear(self, note: Note, voice: Voice, *, news: bool) -> None:
        """A note was told for good. news: for the first time."""
        if voice is Voice.PARTNER:
            self._answer.append(note)
            return
        if self._answer:
            if self._meter is not None and self._phrase:
                self._meter.add_own(self._phrase)
            self._answers.append(tuple(self._answer))
            self._answer, self._phrase = [], []
        if news:
            self._replaced.clear()
        self._phrase = [*self._phrase[1 - MOST_PHRASE :], note]

    def another_player(self) -> None:
        """What was played was somebody else's."""
        if self._meter is not None:
            self._meter.forget_own()
        self._seen.clear()
        self._quotes.clear()
        self._taught.clear()

    # -- answers --

    def appraise(self, ask: Ask, notes: tuple[Note, ...], seed: int) -> Candidate:
        """What an answer is worth to this player, after what was heard."""
        timebase = self._planner.context.timebase
        phrase = self._phrase + [told.note for told in ask.so_far if told.voice is Voice.PLAYER]
        situation = Situation.of(
            phrase, timebase.beats_per_bar if timebase.tempo_known else None, self._answers
        )
        quote = self._meter.longest(notes) if self._meter is not None else None
        known = Known(
            likelihood=self._planner.likelihood_bits,
            memory=self._memory_bits(ask, notes),
            critic=self._human(phrase, notes),
            quote=None if quote is None else float(quote.run),
        )
        found = features(notes, situation, known)
        key = ask.request, seed
        self._seen[key] = found
        if quote is not None:
            self._quotes[key] = quote
        self._drop_old()
        taste = self._taste()
        score = 0.0 if taste is None else taste.score(found.standard)
        quoted = Quoted() if quote is None else Quoted(quote.run, quote.source)
        return Candidate(seed, notes, score, (), quoted)

    def quotes_too_much(self, request: int, candidate: Candidate) -> bool:
        """Whether another answer has to be drawn."""
        quote = self._quotes.get((request, candidate.seed))
        return self._meter is not None and quote is not None and self._meter.too_long(quote)

    def explained(self, request: int, ranked: Sequence[Candidate]) -> tuple[Candidate, ...]:
        """The candidates, each with what spoke for it."""
        taste = self._taste()
        if taste is None:
            return tuple(ranked)
        found = [self._seen.get((request, one.seed)) for one in ranked]
        weights = taste.weights
        told = []
        for number, (one, own) in enumerate(zip(ranked, found, strict=True)):
            others = [each for n, each in enumerate(found) if n != number and each is not None]
            reasons = () if own is None else why(own, weights, others)
            told.append(replace(one, why=tuple(f"{r.words} ({r.number})" for r in reasons)))
        return tuple(told)

    def judge(self, judgement: Judge) -> bool:
        """The player's word about an answer; whether the taste has learnt from it."""
        taste = self._taste()
        key = judgement.request, judgement.seed
        kind = judgement.signal.kind
        own = self._seen.get(key)
        if taste is None or own is None:
            return False
        if judgement.undone:
            number = self._taught.pop((*key, kind), None)
            if number is not None:
                taste.unlearn(number)
            return number is not None
        others = [
            each.standard
            for (request, seed), each in self._seen.items()
            if request == judgement.request and seed != judgement.seed
        ]
        before = [
            self._seen[each].standard
            for each in self._replaced
            if each != key and each in self._seen
        ]
        self._taught[*key, kind] = taste.learn(judgement.signal, own.standard, others, before)
        if kind is Kind.AGAIN and key not in self._replaced:
            self._replaced.append(key)
        return True

    # ------------------------------------------------------------------------------------------

    def _human(self, phrase: Sequence[Note], notes: tuple[Note, ...]) -> float | None:
        if self._critic is None or not notes:
            return None
        context = self._planner.context
        heard, answer = rows_of(phrase, notes, context.timebase, drums=context.drums)
        return self._critic.score(heard, answer)

    def _memory_bits(self, ask: Ask, notes: tuple[Note, ...]) -> float | None:
        """Mean log-likelihood of a note under the memory alone."""
        context = self._planner.context
        memory = context.memory
        if memory is None or memory.players_notes < LEAST_LEARNT or not notes:
            return None
        total = 0.0
        with context.looking_ahead(ask.so_far):
            context.go_on_alone()
            for note in notes[: context.room]:
                row = context.encode(note, Voice.PARTNER)
                for place, field in enumerate(ORDER):
                    if field in WEIGHED:
                        logits = context.prior.field(field, row, frozenset(ORDER[:place]))
                        total += log2_of(logits, row[field])
                context.read(row)
        return total / min(len(notes), context.room) if np.isfinite(total) else None

    def _drop_old(self) -> None:
        requests = {request for request, _ in self._seen}
        if len(requests) > REMEMBERED:
            oldest = min(requests)
            for key in [key for key in self._seen if key[0] == oldest]:
                del self._seen[key]
                self._quotes.pop(key, None)
            for one in [one for one in self._taught if one[0] == oldest]:
                del self._taught[one]
