"""The engine's ear: what the engine is told, in which order and in which beats.

Notes of both sides go in as they sound, and are told by onset (`plugin.realtime.telling`). The
engine lives in straight time: what it is told is freed of the player's swing and push, what it
answers is bent back (`plugin.feel`), so that everybody else knows only beats as they are played. It
refuses to decide what to ask and when.

Thread: one. Real-time: yes.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from engine.api import Ask, Candidates, Expect, Hear, Plan, Rework
from engine.events import Note, Voice
from plugin.exchange import note_in_beats
from plugin.feel import Feel
from plugin.partner import Partner
from plugin.realtime.beats import BeatGrid
from plugin.realtime.listener import HeardNote
from plugin.realtime.telling import Telling

LEAST_BEATS = 0.01


class Ear:
    """See the module."""

    def __init__(self, grid: BeatGrid, partner: Partner) -> None:
        self._grid, self._partner = grid, partner
        self.telling, self.feel = Telling(), Feel()
        self._told_beat = 0.0

    def settle(self, *, follow: bool, swings: bool) -> None:
        """Take up the player's feel; before a question. swings: and not their push alone."""
        if follow and self._grid.timebase.tempo_known:
            self.feel.settle(swings=swings)
        else:
            self.feel.rest()

    def tell(self, now_ns: int) -> None:
        """Tell the engine every note that is complete and was not told yet."""
        for told in self.telling.take_complete(now_ns):
            self._hear(told.note, told.voice, held=told.held)

    def begin_anew(self, now_ns: int, heard: Sequence[HeardNote]) -> None:
        """The engine knows nothing any more: tell it these notes of the player once more.

        They are context; what there was to learn from them has been learnt.
        """
        self._told_beat = 0.0
        waiting = self.telling.open(now_ns)
        before_ns = waiting[0].note.start_ns if waiting else now_ns + 1
        for note in sorted(heard, key=lambda note: (note.start_ns, note.pitch)):
            if note.start_ns < before_ns:  # the others are told when their turn comes
                self._hear(note, Voice.PLAYER, again=True)

    def ask(self, now_ns: int, question: Ask, coming: Sequence[Note]) -> None:
        """Ask, in played beats. coming: notes of the partner that will sound for sure."""
        self.tell(now_ns)
        limits, straight = question.limits, self.feel.straight
        if limits.land is not None:
            limits = replace(limits, land=max(straight(limits.land + self.feel.push), 0.0))
        self._partner.ask(
            replace(
                question,
                start_beat=max(straight(question.start_beat), 0.0),
                end_beat=straight(question.end_beat),
                limits=limits,
                so_far=self._so_far(now_ns, coming),
            )
        )

    def rework(self, now_ns: int, task: Rework, coming: Sequence[Note]) -> None:
        """Ask for these notes in another way."""
        self.tell(now_ns)
        so_far = self._so_far(now_ns, coming)
        self._partner.ask(replace(task, notes=self._straight(task.notes), so_far=so_far))

    def aside(self, now_ns: int, task: Rework) -> int | None:
        """Ask for what goes with these notes, beside the question that stands: its number."""
        self.tell(now_ns)
        notes = self._straight(task.notes)
        before = [hear for hear in self._so_far(now_ns) if hear.note.onset < notes[0].onset]
        return self._partner.aside(replace(task, notes=notes, so_far=tuple(before)))

    def expect(self, now_ns: int) -> int | None:
        """Ask what follows the last note: the question's number."""
        self.tell(now_ns)
        return self._partner.aside(Expect(0, self._so_far(now_ns)))

    def as_played(self, plan: Plan) -> Plan:
        """A plan of the engine's in beats as they are played."""
        played = self.feel.played
        return replace(
            plan,
            notes=tuple(_bent(note, played) for note in plan.notes),
            ends=tuple((pitch, played(beat)) for pitch, beat in plan.ends),
        )

    def candidates_as_played(self, found: Candidates) -> Candidates:
        """All answers to a question in beats as they are played."""
        played = self.feel.played
        return replace(
            found,
            candidates=tuple(
                replace(one, notes=tuple(_bent(note, played) for note in one.notes))
                for one in found.candidates
            ),
        )

    def _so_far(self, now_ns: int, coming: Sequence[Note] = ()) -> tuple[Hear, ...]:
        """What sounds, or waits for what sounds, as it stands; and what is coming."""
        told = [
            Hear(0, self._in_beats(told.note), told.voice, told.held)
            for told in self.telling.open(now_ns)
        ]
        told += [Hear(0, _bent(note, self.feel.straight), Voice.PARTNER) for note in coming]
        return tuple(told)

    def _hear(
        self, heard: HeardNote, voice: Voice, *, held: bool = False, again: bool = False
    ) -> None:
        note = self._in_beats(heard)
        # A feel that was found meanwhile may have bent time back by a hair.
        note = replace(note, onset=max(note.onset, self._told_beat))
        self._told_beat = note.onset
        self._partner.hear(note, voice, held=held, again=again)

    def _in_beats(self, note: HeardNote) -> Note:
        return _bent(note_in_beats(note, self._grid), self.feel.straight)

    def _straight(self, notes: Sequence[Note]) -> tuple[Note, ...]:
        return tuple(_bent(note, self.feel.straight) for note in notes)


def _bent(note: Note, bend: Callable[[float], float]) -> Note:
    onset = max(bend(note.onset), 0.0)
    return replace(note, onset=onset, duration=max(bend(note.end) - onset, LEAST_BEATS))
