"""What ways that play at the same time as the player have in common: one open take.

It begins with the player's first note and ends when nobody has played for a while.
"""

from plugin.protocol import State
from plugin.ways.base import Way

OVER_NS = 2_500_000_000
"""Silence of both sides after which the take is complete."""


class Along(Way):
    """See the module."""

    plays = State.ALONG

    def struck(self, now_ns: int, channel: int, pitch: int, velocity: int) -> None:
        """The partner plays along from the first note on."""
        turn = self.band.turn
        if turn is not None and not turn.answering:
            turn.shift_beats = 0.0
            self.band.new_answer()
            self.band.change_state(self.plays)

    def tick(self, now_ns: int) -> None:
        """Close the take when it is over."""
        band = self.band
        band.finish_yielding(now_ns)
        quiet = now_ns - band.last_input_ns > OVER_NS and band.listener.held == 0
        if band.turn is not None and quiet and not band.agenda.busy:
            band.close_turn(now_ns)
