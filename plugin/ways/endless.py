"""Endless: after the player's phrase the partner goes on alone until the player plays.

The music is planned a stretch at a time, each on top of what is planned already, so that it goes on
without a seam and the plan stays short.
"""

from engine.api import Plan
from plugin.exchange import Exchange
from plugin.ways.answer import Answer
from plugin.ways.base import RETRY_NS

STRETCH_BEATS = 8.0
AHEAD_NS = 1_500_000_000
"""So long before the plan runs out the next stretch is asked for."""


class Endless(Answer):
    """See the module."""

    locks = False

    _stretch, _from = 0, 0.0
    """The stretch that was asked for last, and the beat at which it begins."""

    def _ask(self, now_ns: int, turn: Exchange, start_ns: int) -> None:
        band = self.band
        turn.asked_ns, self._stretch = start_ns, 0
        self._from = start = band.grid.beat(start_ns)
        turn.end_beat = start + STRETCH_BEATS
        band.recorder.note(start_beat=start, drawn=self._drawn)
        band.ask(
            now_ns,
            start,
            turn.end_beat,
            self._seed(turn),
            limits=self._limits(),
            may_hand_over=False,
        )

    def planned(self, now_ns: int, plan: Plan) -> None:
        """Each stretch is a plan of its own."""
        super().planned(now_ns, plan)
        turn = self.band.turn
        if turn is not None and turn.answering:
            turn.plan = []  # it is in the ensemble's plan: nothing grows with the evening

    def lost(self, now_ns: int) -> None:
        """A stretch that did not come, or not wholly, is asked for again in a moment."""
        super().lost(now_ns)
        turn = self.band.turn
        if turn is not None and turn.answering:
            shifted = self._from + (turn.shift_beats or 0.0)
            planned = [note.end for note in self.band.agenda.planned]
            turn.end_beat, turn.shift_beats = max(shifted, *planned, 0.0), 0.0

    def _go_on(self, now_ns: int, turn: Exchange) -> None:
        band = self.band
        if band.partner.thinking or now_ns < self._retry_ns:
            return
        if turn.shift_beats:  # the first stretch came late: from here on it is where it sounds
            turn.end_beat += turn.shift_beats
            turn.shift_beats = 0.0
        if band.grid.ns(turn.end_beat) - now_ns > AHEAD_NS:
            return
        self._stretch += 1
        start = max(turn.end_beat, band.soonest_beat(now_ns))
        band.ask(
            now_ns,
            start,
            start + STRETCH_BEATS,
            (self._seed(turn) + 104_729 * self._stretch) % 2**63,
            may_hand_over=False,
            on_top=True,
        )
        if band.partner.asked:
            self._from, turn.end_beat = start, start + STRETCH_BEATS
        else:  # there is no engine at the moment
            self._retry_ns = now_ns + RETRY_NS
