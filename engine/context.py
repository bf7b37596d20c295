"""What was heard, as the prior's state: notes go in, styles are asked for, plans come back here.

The state of the prior is read forward only. A change of style changes how every note was read, so
the last notes are kept as rows and read again then; that is exact for as far as the prior looks
back. It refuses to choose notes: that is `engine.planner`.
"""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from engine.api import Style
from engine.encoding import (
    DRUM_FAMILY,
    DURATION,
    ONSET,
    PITCH,
    TIME_VALUES,
    VELOCITY,
    VOICE,
    NoteEncoder,
    Row,
    to_ticks,
    voice_of,
)
from engine.events import DRUM_CHANNEL, Note, Timebase, Voice
from engine.key.finder import KeyFinder
from engine.model.fast import FastPrior, Vector
from engine.sampling.heard import Heard

KEPT_NOTES = 1024
"""Notes that are read again when the style changes."""
_NOTE = frozenset((ONSET, PITCH, VELOCITY, VOICE))


class Context:
    """The music so far on top of a `FastPrior`. Used from one thread."""

    def __init__(self, prior: FastPrior) -> None:
        """Raises KeyWeightsError where the key finder's weights are damaged."""
        self.prior = prior
        self.key = KeyFinder()
        self._style: Style = ()
        self.begin(Timebase())

    def begin(self, timebase: Timebase) -> None:
        """Start a session: nothing has been heard, time counts as `timebase` says."""
        self.timebase = timebase
        self.forget()

    def forget(self) -> None:
        """Drop what was heard; timebase and style stay."""
        self.prior.reset()
        beats_per_bar = self.timebase.beats_per_bar if self.timebase.tempo_known else None
        self.encoder = NoteEncoder(beats_per_bar)
        self.heard = Heard()
        self.key.reset()
        self.channel = 0
        self._rows: deque[Row] = deque(maxlen=KEPT_NOTES)
        self._lowest, self._highest = 127, 0
        self._held: dict[int, tuple[int, Vector]] = {}

    @property
    def drums(self) -> bool:
        """Whether the player plays drums."""
        return self.channel == DRUM_CHANNEL

    @property
    def range(self) -> tuple[int, int] | None:
        """The player's lowest and highest key; None before a note."""
        return (self._lowest, self._highest) if self._lowest <= self._highest else None

    def voice(self, who: Voice) -> int:
        """Class of the voice that this side has."""
        return voice_of(int(who), DRUM_FAMILY if self.drums else 0)

    def hear(self, note: Note, who: Voice = Voice.PLAYER, *, held: bool = False) -> None:
        """Take in a note that sounded, in order of onset; `held` if it still does."""
        drums = note.channel == DRUM_CHANNEL
        if drums != self.drums or self.prior.count == 0:
            self._lowest, self._highest = 127, 0
        self.channel = note.channel
        first = self.encoder.last_tick is None
        row = self.encode(note, who, held=held)
        if who is Voice.PLAYER:
            self._lowest = min(self._lowest, note.pitch)
            self._highest = max(self._highest, note.pitch)
            self.heard.hear(
                None if first else row.delta, row.pitch, row.duration, row.velocity, drums=drums
            )
            self.key.hear(note)
        if held:
            logits = self.prior.field(DURATION, row, _NOTE)
            self._held[note.pitch] = (self.encoder.last_tick or 0, logits)
        else:
            self._held.pop(note.pitch, None)
        self.read(row)

    def encode(self, note: Note, who: Voice, *, held: bool = False) -> Row:
        """The row of the next note; advances the last onset."""
        drums = note.channel == DRUM_CHANNEL
        voice = voice_of(int(who), DRUM_FAMILY if drums else 0)
        return self.encoder.encode(note, drums=drums, voice=voice, turns=True, held=held)

    def read(self, row: Row) -> None:
        """Take a row into the state."""
        self.prior.read(row)
        self._rows.append(row)

    def rest_of(self, pitch: int, now_beat: float) -> float | None:
        """How many beats longer a held key will probably sound (the median); None: not held.

        The prior's own belief when the note began, given that it has not ended yet.
        """
        found = self._held.get(pitch)
        if found is None:
            return None
        tick, logits = found
        elapsed = to_ticks(now_beat) - tick
        able = np.maximum(TIME_VALUES > elapsed, np.arange(len(TIME_VALUES)) == len(logits) - 1)
        weights = np.where(able, np.exp(logits - logits.max(), dtype=np.float64), 0.0)
        weights[0] = 0.0
        if weights.sum() <= 0.0:
            weights = able.astype(np.float64)
        running = weights.cumsum()
        half = int(running.searchsorted(running[-1] / 2))
        return max(float(TIME_VALUES[half]) - elapsed, 0.0) / to_ticks(1.0)

    def set_style(self, style: Style) -> None:
        """Read everything as music of these styles. Raises StyleError, nothing changed."""
        if style == self._style:
            return
        numbers = {self.prior.styles.number(name): weight for name, weight in style}
        self._style = style
        self.prior.reset()
        self.prior.set_style(numbers)
        if self._rows:
            self.prior.read_many(np.array(self._rows, dtype=np.int64))

    @contextmanager
    def looking_ahead(self) -> Iterator[None]:
        """What is read inside is forgotten afterwards."""
        mark, tick, rows = self.prior.mark(), self.encoder.last_tick, len(self._rows)
        kept = list(self._rows) if rows == KEPT_NOTES else None
        try:
            yield
        finally:
            self.prior.back_to(mark)
            self.encoder.rewind(tick)
            if kept is not None:
                self._rows = deque(kept, maxlen=KEPT_NOTES)
            while len(self._rows) > rows:
                self._rows.pop()
