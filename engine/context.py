"""What was heard, as the prior's state: notes go in, styles are asked for, plans come back here.

The state of the prior is read forward only. A change of style changes how every note was read, so
the last notes are kept as rows and read again then; that is exact for as far as the prior looks
back. So does another prior, which may have read most of them before it takes over. Notes that are
not over yet are read behind those that are, and taken back when more is told for good.

Where there is a memory of the player beside the prior, it learns each note once: when it is told
for good. It refuses to choose notes: that is `engine.planner`.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.api import Hear, Style
from engine.encoding import (
    DRUM_FAMILY,
    DURATION,
    FAMILIES,
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
from engine.guesser import Guesser, Memory, Mixed, Vector
from engine.key.finder import KeyFinder
from engine.listening import Listening
from engine.model.fast import SPARE
from engine.sampling.heard import Heard

KEPT_NOTES = 1024
"""Notes that are read again when the style changes."""
RECALLED = 32
"""Of what was heard so many notes are context for a memory that takes over."""
MOST_SO_FAR = 224
"""Of more notes that are not over the oldest are left out."""
_LEFT_OUT_AT_ONCE = 32
"""So many at a time: what is left out changes how all the others are read."""
_NOTE = frozenset((ONSET, PITCH, VELOCITY, VOICE))


@dataclass(frozen=True, slots=True)
class _Open:
    """A note that is not over yet, and all there was before it was read."""

    told: Hear
    mark: Any
    tick: int | None
    listening: Listening


@dataclass(frozen=True, slots=True)
class Reading:
    """What another prior has to have read before it can take over: see `Context.adopt`.

    rows: the last notes; count: how many there were in all; style: numbers of labels and weights.
    era: what was counted before another era began is no longer what was heard.
    """

    rows: tuple[Row, ...]
    count: int
    style: dict[int, float]
    era: int


class Context:
    """The music so far on top of a `Guesser`. Used from one thread."""

    def __init__(self, prior: Guesser) -> None:
        """Raises KeyWeightsError where the key finder's weights are damaged."""
        self._take(prior)
        self._era = 0
        self._fresh_key = KeyFinder()
        self._style: Style = ()
        self._numbers: dict[int, float] = {}
        self.begin(Timebase())

    def _take(self, prior: Guesser) -> None:
        self.prior = prior
        self._mixed = prior if isinstance(prior, Mixed) else None

    def begin(self, timebase: Timebase) -> None:
        """Start a session: nothing has been heard, time counts as `timebase` says."""
        self.timebase = timebase
        self.forget()

    def forget(self) -> None:
        """Drop what was heard; timebase, style and what was learnt stay."""
        self._era += 1
        self._count = 0
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

    def hear(
        self,
        note: Note,
        who: Voice = Voice.PLAYER,
        *,
        held: bool = False,
        learn: bool = True,
    ) -> None:
        """Take in a note that sounded, in order of onset; `held` if it still does.

        learn: whether a memory may learn from it; else it is context alone.
        """
        self._take_back(0)
        self._rows.append(self._hear(note, who, held=held, learn=learn))
        self._count += 1

    def _hear(self, note: Note, who: Voice, *, held: bool, learn: bool = True) -> Row:
        first = self.encoder.last_tick is None
        row = self.encode(note, who, held=held)
        tick = self.encoder.last_tick or 0
        lasts = self.prior.field(DURATION, row, _NOTE) if held else None
        self._listening.hear(note, row, who, tick, first=first, lasts=lasts)
        if self._mixed is None or learn:
            self.prior.read(row)
        else:
            if self._mixed.prior is not None:
                self._mixed.prior.read(row)
            _recall(self._mixed.memory, row)
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
        if self._mixed is not None and self._mixed.prior is None:
            return  # a memory knows no styles
        numbers = {self.prior.styles.number(name): weight for name, weight in style}
        self._take_back(0)
        self._era += 1
        self._style, self._numbers = style, numbers
        if self._mixed is not None:
            self._mixed.reread(numbers, _table(self._rows))
        else:
            self.prior.reset()
            self.prior.set_style(numbers)
            self.prior.read_many(_table(self._rows))

    def lean(self, closeness: float) -> None:
        """How close to the player what follows shall be: 1 closer .. -1 further."""
        if self._mixed is not None:
            self._mixed.closeness = closeness

    @property
    def alone(self) -> bool:
        """Whether a memory guesses alone."""
        return self._mixed is not None and self._mixed.prior is None

    def prior_field(self, number: int, row: Sequence[int], known: Set[int]) -> Vector | None:
        """What the prior thinks of a field without any memory; None where it was left behind."""
        prior = self.prior if self._mixed is None else self._mixed.prior
        return None if prior is None else prior.field(number, row, known)

    def go_on_alone(self) -> None:
        """Until the end of looking ahead the memory guesses alone, where there is one."""
        if self._mixed is not None:
            self._mixed.prior = None

    @property
    def memory(self) -> Memory | None:
        """What was learnt of the player, if there is a memory."""
        return None if self._mixed is None else self._mixed.memory

    def remember(self, memory: Memory) -> None:
        """Have learnt this from here on, and nothing else; of what was heard it has no context."""
        self._take_back(0)
        if self._mixed is not None:
            self._mixed.memory = memory
            memory.begin()

    def settle(self) -> None:
        """Nothing is read but what was told for good: now a memory may be saved."""
        self._take_back(0)

    def reading(self) -> Reading:
        """What another prior has to read before it takes over."""
        return Reading(tuple(self._rows), self._count, dict(self._numbers), self._era)

    def adopt(self, prior: Guesser | None, read: Reading, memory: Memory | None = None) -> None:
        """Guess with another prior from here on, between two notes; with another memory if given.

        The prior has read `read`; what was heard since is read now, or all again if nothing of
        that counts any more. A memory that is there stays; another one learns nothing of it.
        """
        self._take_back(0)
        mixed = self._mixed
        if mixed is None:
            assert prior is not None
            self._take(prior)
        else:
            mixed.prior = prior
        if prior is not None:
            self._catch_up(prior, read)
        if mixed is not None and memory is not None:
            mixed.memory = memory
            memory.begin()
            for row in list(self._rows)[-RECALLED:]:
                _recall(memory, row)

    def _catch_up(self, prior: Guesser, read: Reading) -> None:
        fresh = self._count - read.count
        if read.era == self._era and fresh <= len(self._rows):
            prior.read_many(_table(list(self._rows)[len(self._rows) - fresh :]))
        else:
            prior.reset()
            prior.set_style(self._numbers)
            prior.read_many(_table(self._rows))

    @contextmanager
    def looking_ahead(self, so_far: Sequence[Hear] = ()) -> Iterator[None]:
        """What is read inside is forgotten afterwards, and so is what sounds so far.

        so_far: notes that are not over, in order of onset. Inside everything is as if each had been
        heard. (They stay read until something else is heard: the next question is about the same
        notes and one more.)
        """
        self._read_open(so_far)
        guesser, mixed = self.prior, self._mixed
        prior = mixed.prior if mixed is not None else None
        mark, tick = guesser.mark(), self.encoder.last_tick
        try:
            yield
        finally:
            if mixed is not None:
                mixed.prior = prior  # it may have been left behind
            guesser.back_to(mark)
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


def _table(rows: Iterable[Row]) -> npt.NDArray[np.int64]:
    return np.array(list(rows), dtype=np.int64).reshape(-1, len(Row._fields))


def _recall(memory: Memory, row: Row) -> None:
    """Take in a note as context alone: as if the partner had played it."""
    memory.read(row._replace(voice=row.voice % FAMILIES + FAMILIES))


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
