"""What the player lets us know of answers, on purpose or by the way: for the take, for the taste.

A star, a keep or a delete goes into the take library and to the engine, which learns from it; that
an answer was heard to its end, broken into or asked for anew goes to the engine alone. It refuses
to judge: that is the engine's taste.

Thread: one. Real-time: yes.
"""

from collections.abc import Callable
from dataclasses import dataclass

from engine.api import Candidate, Judge, Kind, Signal
from plugin import protocol
from plugin.exchange import Exchange, Given
from plugin.partner import Partner
from plugin.recorder import Recorder

MOST_LISTED = 4


@dataclass(slots=True)
class _Last:
    """The answer that was given last, and the take that it is in."""

    take_id: str
    turn: Exchange
    starred: bool = False


class Verdicts:
    """See the module."""

    def __init__(
        self, partner: Partner, recorder: Recorder, emit: Callable[[protocol.Event], None]
    ) -> None:
        self._partner, self._recorder, self._emit = partner, recorder, emit
        self._last: _Last | None = None

    def begun(self, take_id: str, turn: Exchange) -> None:
        """An answer sounds from now on."""
        self._last = _Last(take_id, turn)

    def over(self, turn: Exchange, started: int, *, yielded: bool) -> None:
        """An answer is over, of which so many notes had begun; `yielded`: the player came in."""
        planned = len(turn.plan)
        share = min(started / planned, 1.0) if planned else 1.0
        if yielded and share < 1.0:
            self._judge(turn, Signal(Kind.INTERRUPT, share))
        elif started:
            self._judge(turn, Signal(Kind.HEARD))

    def again(self) -> None:
        """Another answer is asked for in the place of the last one."""
        if self._last is not None:
            self._judge(self._last.turn, Signal(Kind.AGAIN))

    def star(self, on: bool) -> None:
        """The last answer gets a star, or loses it."""
        last = self._found()
        if last is None or last.starred == on:
            return
        last.starred = on
        self._recorder.star(last.take_id, on)
        self._judge(last.turn, Signal(Kind.STAR), undone=not on)
        self._emit(protocol.TakeMarked(last.take_id, "starred" if on else "unstarred"))

    def keep(self) -> None:
        """The last answer is worth keeping."""
        last = self._found()
        if last is not None:
            self._recorder.keep(last.take_id)
            self._judge(last.turn, Signal(Kind.KEEP))
            self._emit(protocol.TakeMarked(last.take_id, "kept"))

    def delete(self) -> None:
        """The last take goes for good; it must be over."""
        last, self._last = self._found(), None
        if last is not None:
            self._recorder.delete(last.take_id)
            self._judge(last.turn, Signal(Kind.DELETE))
            self._emit(protocol.TakeMarked(last.take_id, "deleted"))

    def drawn(self, take_id: str, given: Given) -> None:
        """All answers to a question are known."""
        if len(given.candidates) > 1:
            self._emit(
                protocol.Drawn(
                    take_id,
                    given.seed,
                    tuple(
                        protocol.Alternative(
                            one.seed,
                            len(one.notes),
                            one.score,
                            one.why,
                            one.quoted.notes,
                            one.quoted.source,
                        )
                        for one in given.candidates
                    ),
                )
            )

    def chosen(self, turn: Exchange) -> None:
        """This one was picked out among alternatives."""
        self._judge(turn, Signal(Kind.KEEP))

    def listed(self) -> str:
        """The answers that the last phrase could have had, best first, in words."""
        last = self._last
        found = last.turn.given.candidates if last is not None and last.turn.given else ()
        if last is None or last.turn.given is None or len(found) < 2:
            return "There are no alternatives: the last phrase has got one answer."
        lines = []
        for number, one in enumerate(found[:MOST_LISTED], 1):
            here = " (played)" if one.seed == last.turn.given.seed else ""
            lines.append(f"{number}  {in_words(one)}{here}")
        return "\n".join([*lines, "alternative 2 plays the second."])

    def _found(self) -> _Last | None:
        if self._last is None:
            self._emit(protocol.Said("There is no answer yet: play a phrase."))
        return self._last

    def _judge(self, turn: Exchange, signal: Signal, *, undone: bool = False) -> None:
        given = turn.given
        if given is not None and given.seed is not None:
            self._partner.judge(Judge(given.request, given.seed, signal, undone))


def in_words(one: Candidate) -> str:
    """A candidate in a line: how long, why, and what it quotes."""
    count = "1 note" if len(one.notes) == 1 else f"{len(one.notes)} notes"
    parts = [count, *one.why]
    if one.quoted.notes:
        whose = "yours" if one.quoted.source == "own" else "known music"
        parts.append(f"shares {one.quoted.notes} notes in a row with {whose}")
    return ", ".join(parts)
