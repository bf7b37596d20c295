"""Who continues a passage: the model as it plays live, an n-gram, a copy, and the truth.

The model and the n-gram go the way of a live answer: the planner hears the prime note by note and
is asked for a plan that starts where the prime ends. They know of the passage what a player would
have shown them, and nothing else.

It refuses to measure, and to help a model: limits are those of a session.
"""

from collections.abc import Callable, Sequence

from engine.api import Ask
from engine.evaluate.continuation.passages import Excerpt, Passage
from engine.limits import Constraints
from engine.planner import Planner

Continuer = Callable[[Passage, int], Excerpt]
"""Continues a passage under a seed; the same passage and seed give the same notes."""

MOST_NOTES = 512


def planned(planner: Planner) -> Continuer:
    """What the planner answers, given whatever prior it stands on."""

    def continued(passage: Passage, seed: int) -> Excerpt:
        planner.begin(passage.timebase)
        for note in passage.prime.notes:
            planner.hear(note)
        ask = Ask(
            request=0,
            heard_serial=len(passage.prime.notes),
            start_beat=passage.truth.start_beat,
            end_beat=passage.truth.end_beat,
            seed=seed,
            limits=Constraints(max_notes=MOST_NOTES),
            may_hand_over=False,
        )
        return passage.continued_by(list(planner.plan(ask)))

    return continued


def repeated(passage: Passage, seed: int) -> Excerpt:
    """The prime once more."""
    del seed
    return passage.prime.moved(passage.truth.start_beat - passage.prime.start_beat)


def true(passage: Passage, seed: int) -> Excerpt:
    """What really came."""
    del seed
    return passage.truth


def strangers(passages: Sequence[Passage]) -> list[Excerpt]:
    """For each passage the true continuation of another one, of its collection if there is one.

    Human music in the wrong place: what likeness by chance amounts to.
    """
    found = []
    for number, passage in enumerate(passages):
        turn = [*passages[number + 1 :], *passages[:number]] or [passage]
        other = min(turn, key=lambda each: _strangeness(passage, each))
        move = passage.truth.start_beat - other.truth.start_beat
        notes = [
            note for note in other.truth.moved(move).notes if note.onset < passage.truth.end_beat
        ]
        found.append(passage.continued_by(notes))
    return found


def _strangeness(one: Passage, other: Passage) -> tuple[bool, bool, bool]:
    return (
        one.truth.drums != other.truth.drums,
        one.collection != other.collection,
        one.truth.bar_beats != other.truth.bar_beats,
    )
