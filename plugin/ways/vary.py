"""Vary: the last phrase again, as close or as far as the dial says; in another style when asked.

    distance 0        the same notes with another touch
    up to 0.6         the rhythm stays; more and more notes get another pitch, up and down as before
    above             the line goes up and down as before, in a rhythm of its own
    above 0.9         nothing is kept but the number of notes

Where there is a tempo the phrase lies in the bar as it did.
"""

import math

from engine.api import Rework
from engine.events import Note
from plugin.exchange import Exchange
from plugin.ways.answer import Answer

TOUCH_UP_TO, PITCH_UP_TO, CONTOUR_UP_TO = 0.1, 0.6, 0.9
MOST_NOTES = 120
"""Of a longer phrase the last notes are varied."""


class Vary(Answer):
    """See the module."""

    locks = False

    def _ask(self, now_ns: int, turn: Exchange, start_ns: int) -> None:
        band = self.band
        phrase = turn.phrase(band.grid, MOST_NOTES)
        if not phrase:
            super()._ask(now_ns, turn, start_ns)
            return
        turn.asked_ns = start_ns
        shift = self._shift(phrase[0].onset, band.grid.beat(start_ns))
        moved = tuple(
            Note(n.onset + shift, n.duration, n.pitch, n.velocity, n.channel) for n in phrase
        )
        turn.end_beat = max(note.end for note in moved)
        keep, share = kept(band.settings.distance)
        band.recorder.note(start_beat=moved[0].onset, keep=keep, share=share, drawn=self._drawn)
        band.rework(
            now_ns,
            Rework(
                0,
                moved,
                keep,
                self._seed(turn),
                self._limits(),
                band.settings.style,
                share=share,
            ),
        )

    def _shift(self, first_beat: float, start_beat: float) -> float:
        """By how many beats the phrase is moved: whole bars where there are any."""
        timebase = self.band.grid.timebase
        if not timebase.tempo_known:
            return start_beat - first_beat
        bars = math.ceil((start_beat - first_beat) / timebase.beats_per_bar - 1e-6)
        return max(bars, 1) * timebase.beats_per_bar


def kept(distance: float) -> tuple[tuple[str, ...], float]:
    """What a `Rework` keeps at this distance (0..1), and the share of the notes it changes."""
    if distance <= TOUCH_UP_TO:
        return ("onset", "pitch", "duration"), 1.0
    if distance <= PITCH_UP_TO:
        share = 0.2 + 0.8 * (distance - TOUCH_UP_TO) / (PITCH_UP_TO - TOUCH_UP_TO)
        return ("onset", "duration", "contour"), share
    if distance <= CONTOUR_UP_TO:
        return ("contour",), 1.0
    return (), 1.0
