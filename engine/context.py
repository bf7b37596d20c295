"""What was heard, as the prior's state: notes go in, styles are asked for, plans come back here.

The state of the prior is read forward only. A change of style changes how every note was read, so
the last notes are kept as rows and read again then; that is exact for as far as the prior looks
back. Notes that are not over yet are read behind those that are, and taken back when more is told
for good. It refuses to choose notes: that is `engine.planner`.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from engine.api import Hear, Style
from engine.encoding import (
    DRUM_FAMILY,
    DURATION,
    ONSET,
    PITCH,
    TICKS_PER_BEAT,
    VELOCITY,
    VOICE,
    NoteEncoder,
    Row,
    to_ticks,
    voice_of,
)
from engine.events import DRUM_CHANNEL, Note, Timebase, Voice
from engine.key.finder import KeyFinder
from engine.listening import Listening
from engine.model.fast import SPARE, FastPrior, Mark
from engine.sampling.heard import Heard

KEPT_NOTES = 1024
"""Notes that are read again when the style changes."""
MOST_SO_FAR = 224
"""Of more notes that are not over the oldest are left out."""
_LEFT_OUT_AT_ONCE = 32
"""So many at a time: what is left out changes how all the others are read."""
_NOTE = frozenset((ONSET, PITCH, VELOCITY, VOICE))


@dataclass(frozen=True, slots=True)
class _Open:
    """A note that is not over yet, and all there was before it was read."""

    told: Hear
    mark: Mark
    tick: int | None
    listening: Listening


class Context:
    """The music so far on top of a `FastPrior`. Used from one thread."""

    def __init__(self, prior: FastPrior) -> None:
        """Raises KeyWeightsError where the key finder's weights are damaged."""
        self.prior = prior
        self._fresh_key = KeyFinder()
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
        self._listening = Listening(self._fresh_key.fork())
        self._rows: deque[Row] = deque(maxlen=KEPT_NOTES)
        self._open: list[_Open] = []

    @property
    def heard(self) -> Heard:
        """What the player's notes are like."""
        return self._listening.heard

    @property
    def key(self) -> KeyFinder:
        """The key that the player is in."""
        return self._listening.key

    @property
    def channel(self) -> int:
        """The player's channel; the partner's where nothing of the player's was heard."""
        return self._listening.channel

    @property
    def drums(self) -> bool:
        """Whether the player plays drums."""
        return self._listening.drums

    @property
    def range(self) -> tuple[int, int] | None:
        """The player's lowest and highest key; None before a note."""
        return self._listening.range

    @property
    def room(self) -> int:
        """Notes that may be read while looking ahead."""
        return SPARE - 2 - len(self._open)

    def voice(self, who: Voice) -> int:
        """Class of the voice that this side has."""
        return voice_of(int(who), DRUM_FAMILY if self.drums else 0)

    def hear(self, note: Note, who: Voice = Voice.PLAYER, *, held: bool = False) -> None:
        """Take in a note that sounded, in order of onset; `held` if it still does."""
        self._take_back(0)
        self._rows.append(self._hear(note, who, held=held))

    def _hear(self, note: Note, who: Voice, *, held: bool) -> Row:
        first = self.encoder.last_tick is None
        row = self.encode(note, who, held=held)
        tick = self.encoder.last_tick or 0
        lasts = self.prior.field(DURATION, row, _NOTE) if held else None
        self._listening.hear(note, row, who, tick, first=first, lasts=lasts)
        self.read(row)
        return row

    def encode(self, note: Note, who: Voice, *, held: bool = False) -> Row:
        """The row of the next note; advances the last onset."""
        drums = note.channel == DRUM_CHANNEL
        voice = voice_of(int(who), DRUM_FAMILY if drums else 0)
        return self.encoder.encode(note, drums=drums, voice=voice, turns=True, held=held)

    def read(self, row: Row) -> None:
        """Take a row into the state, while looking ahead."""
        self.prior.read(row)

    def rest_of(self, pitch: int, now_beat: float) -> float | None:
        """How many beats longer a held key of the player's will probably sound; None: not held."""
        rest = self._listening.rest_of(pitch, to_ticks(now_beat))
        return None if rest is None else rest / TICKS_PER_BEAT

    def players_ends(self, now_beat: float) -> tuple[tuple[int, float], ...]:
        """The keys that the player holds, and the beat at which each will probably end."""
        ends = self._listening.players_ends(to_ticks(now_beat))
        return tuple((pitch, tick / TICKS_PER_BEAT) for pitch, tick in ends)

    def partners_ends(self, tick: int) -> tuple[int, ...]:
        """Ticks at which the partner's notes end that sound at `tick`."""
        return self._listening.partners_ends(tick)

    def set_style(self, style: Style) -> None:
        """Read everything as music of these styles. Raises StyleError, nothing changed."""
        if style == self._style:
            return
        numbers = {self.prior.styles.number(name): weight for name, weight in style}
        self._take_back(0)
        self._style = style
        self.prior.reset()
        self.prior.set_style(numbers)
        if self._rows:
            self.prior.read_many(np.array(self._rows, dtype=np.int64))

    @contextmanager
    def looking_ahead(self, so_far: Sequence[Hear] = ()) -> Iterator[None]:
        """What is read inside is forgotten afterwards, and so is what sounds so far.

        so_far: notes that are not over, in order of onset. Inside everything is as if each had been
        heard. (They stay read until something else is heard: the next question is about the same
        notes and one more.)
        """
        self._read_open(so_far)
        mark, tick = self.prior.mark(), self.encoder.last_tick
        try:
            yield
        finally:
            self.prior.back_to(mark)
            self.encoder.rewind(tick)

    def _read_open(self, so_far: Sequence[Hear]) -> None:
        many = max(len(so_far) - MOST_SO_FAR, 0)
        so_far = so_far[-(-many // _LEFT_OUT_AT_ONCE) * _LEFT_OUT_AT_ONCE :]
        alike = 0
        for one, told in zip(self._open, so_far, strict=False):
            if not _alike(one.told, told):
                break
            alike += 1
        self._take_back(alike)
        for told in so_far[alike:]:
            before = self._listening
            self._open.append(_Open(told, self.prior.mark(), self.encoder.last_tick, before))
            self._listening = before.fork()
            self._hear(told.note, told.voice, held=told.held)

    def _take_back(self, kept: int) -> None:
        """Forget the notes that are not over, but for the first ones."""
        if len(self._open) > kept:
            first = self._open[kept]
            self.prior.back_to(first.mark)
            self.encoder.rewind(first.tick)
            self._listening = first.listening
            del self._open[kept:]


def _alike(one: Hear, other: Hear) -> bool:
    """Whether both are read alike; how long a held note has sounded so far does not matter."""
    if one.held and other.held:
        mine, theirs = one.note, other.note
        return (
            one.voice == other.voice
            and (mine.onset, mine.pitch) == (theirs.onset, theirs.pitch)
            and (mine.velocity, mine.channel) == (theirs.velocity, theirs.channel)
        )
    return (one.note, one.voice, one.held) == (other.note, other.voice, other.held)
