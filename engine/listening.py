"""What is counted of the notes heard, beside the prior: their likeness, key, range, what sounds.

A `Listening` can be forked, so that notes which are not over yet can be taken in for a while and
forgotten again (`engine.context`). It refuses to know the prior: logits are handed in.
"""

import numpy as np

from engine.encoding import TIME_VALUES, Row, to_ticks
from engine.events import DRUM_CHANNEL, Note, Voice
from engine.key.finder import KeyFinder
from engine.sampling.fields import Vector
from engine.sampling.heard import Heard


class Listening:
    """The player as far as answers ask for it, and the notes of both sides that still sound."""

    def __init__(self, key: KeyFinder, heard: Heard | None = None) -> None:
        self.key = key
        self.heard = heard or Heard()
        self.channel = 0
        self._players = self._drums = False
        self._lowest, self._highest = 127, 0
        # When each held key was struck, and what the prior thought of its length then.
        self._held: dict[tuple[Voice, int], tuple[int, Vector]] = {}
        self._partners_ends: tuple[int, ...] = ()

    def fork(self) -> "Listening":
        """Another one that heard the same and then goes its own way."""
        twin = Listening(self.key.fork(), self.heard.fork())
        twin.channel, twin._players, twin._drums = self.channel, self._players, self._drums
        twin._lowest, twin._highest = self._lowest, self._highest
        twin._held, twin._partners_ends = self._held.copy(), self._partners_ends
        return twin

    @property
    def drums(self) -> bool:
        """Whether the player plays drums."""
        return self.channel == DRUM_CHANNEL

    @property
    def range(self) -> tuple[int, int] | None:
        """The player's lowest and highest key; None before a note."""
        return (self._lowest, self._highest) if self._lowest <= self._highest else None

    def hear(
        self, note: Note, row: Row, who: Voice, tick: int, *, first: bool, lasts: Vector | None
    ) -> None:
        """Count a note. tick: its onset; first: no onset came before it.

        lasts: it is held, and these are the prior's logits of its duration.
        """
        drums = note.channel == DRUM_CHANNEL
        if who is Voice.PLAYER or not self._players:
            self.channel = note.channel
        if who is Voice.PLAYER:
            if drums != self._drums:
                self._lowest, self._highest = 127, 0
            self._players, self._drums = True, drums
            self._lowest = min(self._lowest, note.pitch)
            self._highest = max(self._highest, note.pitch)
            delta = None if first else row.delta
            self.heard.hear(delta, row.pitch, row.duration, row.velocity, drums=drums)
            # How long a held note has sounded is not how long it is.
            known = note if lasts is None else Note(note.onset, 0.0, note.pitch, note.velocity)
            if not drums:
                self.key.hear(known)
        elif lasts is None:
            end = tick + max(to_ticks(note.duration), 1)
            ringing = [other for other in self._partners_ends if other > tick]
            self._partners_ends = (*ringing, end)
        if lasts is None:
            self._held.pop((who, note.pitch), None)
        else:
            self._held[who, note.pitch] = (tick, lasts)

    def rest_of(self, pitch: int, tick: int, who: Voice = Voice.PLAYER) -> int | None:
        """How many ticks longer than till `tick` a held key will probably sound (the median).

        None: it is not held. The prior's own belief when the note began, given that it has not
        ended yet.
        """
        found = self._held.get((who, pitch))
        if found is None:
            return None
        struck, logits = found
        elapsed = tick - struck
        able = np.maximum(TIME_VALUES > elapsed, np.arange(len(TIME_VALUES)) == len(logits) - 1)
        weights = np.where(able, np.exp(logits - logits.max(), dtype=np.float64), 0.0)
        weights[0] = 0.0
        if weights.sum() <= 0.0:
            weights = able.astype(np.float64)
        running = weights.cumsum()
        half = int(running.searchsorted(running[-1] / 2))
        return max(int(TIME_VALUES[half]) - elapsed, 0)

    def players_ends(self, tick: int) -> tuple[tuple[int, int], ...]:
        """(key, tick at which it will probably end) of each key that the player holds at `tick`."""
        keys = [pitch for who, pitch in self._held if who is Voice.PLAYER]
        return tuple((pitch, tick + (self.rest_of(pitch, tick) or 0)) for pitch in sorted(keys))

    def partners_ends(self, tick: int) -> tuple[int, ...]:
        """When the partner's notes end that sound at `tick`; held ones as they probably will."""
        held = [
            tick + max(self.rest_of(pitch, tick, who) or 0, 1)
            for who, pitch in self._held
            if who is Voice.PARTNER
        ]
        return (*(end for end in self._partners_ends if end > tick), *held)
