"""Makes answers: what was heard goes into the prior's state, what comes out is a plan.

The planner keeps the one state of the music. Hearing a note advances it; planning runs ahead from
it, note by note, and comes back to it, so a plan that the player overrules costs nothing.

It refuses to know clocks, ports and processes: times are beats (see `engine.events.Timebase`).
"""

import math
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np

from engine.api import Ask, Limits
from engine.encoding import (
    PITCH_CLASSES,
    TICKS_PER_BEAT,
    TIME_CLASSES,
    TIME_VALUES,
    VELOCITY_CLASSES,
    NoteEncoder,
    Row,
    kind_of,
    time_classes,
    to_ticks,
)
from engine.events import DRUM_CHANNEL, Note, Timebase
from engine.model.fast import SPARE, FastPrior, Vector
from engine.sampling.draw import Mask, agree, draw

MOST_AT_ONCE = 6
"""Notes of one chord; a hand and a thumb."""
LONGEST_REST_BEATS = 4.0
"""An answer never falls silent for longer than this before it is over."""
LAST_RING_BEATS = 1.0
"""How long the last notes may sound on after the answer's end."""
ENTRY_TICKS = TICKS_PER_BEAT // 2
"""With a tempo an answer begins on one of the next two multiples of this."""
SOON_TICKS = TICKS_PER_BEAT // 4
"""Without a tempo it begins within this."""
REACH_SEMITONES = 9
"""An answer may leave the player's own range by this much."""

_PITCHES = np.arange(PITCH_CLASSES)
_SOUNDING = np.arange(TIME_CLASSES) > 0
_KNOWN_VELOCITY = np.arange(VELOCITY_CLASSES) > 0


@dataclass(slots=True)
class _Chord:
    """Notes of the plan that share the last onset."""

    tick: int
    pitches: list[int]


class Planner:
    """The music's state on top of a `FastPrior`. Used from one thread."""

    def __init__(self, prior: FastPrior) -> None:
        self._prior = prior
        self.begin(Timebase())

    def begin(self, timebase: Timebase) -> None:
        """Start a session: nothing has been heard, time counts as `timebase` says."""
        self._timebase = timebase
        self.forget()

    def forget(self) -> None:
        """Drop what was heard; the timebase stays."""
        self._prior.reset()
        beats_per_bar = self._timebase.beats_per_bar if self._timebase.tempo_known else None
        self._encoder = NoteEncoder(beats_per_bar)
        self._channel = 0
        self._lowest, self._highest = 127, 0

    def hear(self, note: Note) -> None:
        """Take in a complete note that sounded, in order of onset."""
        drums = note.channel == DRUM_CHANNEL
        if drums != (self._channel == DRUM_CHANNEL) or self._prior.count == 0:
            self._lowest, self._highest = 127, 0
        self._channel = note.channel
        self._lowest = min(self._lowest, note.pitch)
        self._highest = max(self._highest, note.pitch)
        self._prior.read(self._encoder.encode(note, drums=drums))

    def plan(self, ask: Ask) -> Generator[Note, None, None]:
        """The answer to `ask`, note by note in order of onset; the state is left as it was.

        Closing the iterator early is allowed and leaves the state as it was, too.
        """
        mark, last_tick = self._prior.mark(), self._encoder.last_tick
        try:
            yield from self._run_ahead(ask)
        finally:
            self._prior.back_to(mark)
            self._encoder.rewind(last_tick)

    def _run_ahead(self, ask: Ask) -> Generator[Note, None, None]:
        rng = np.random.Generator(np.random.PCG64(ask.seed))
        # The first tick that is not before the start: rounding must not play a note early.
        start = math.ceil(ask.start_beat * TICKS_PER_BEAT - 1e-6)
        end = to_ticks(ask.end_beat)
        if self._encoder.last_tick is None:
            self._encoder.rewind(start)
        chord = _Chord(tick=-1, pitches=[])
        for _ in range(min(ask.limits.max_notes, SPARE - 2)):
            row, tick = self._next_row(ask.limits, start, chord, rng)
            if tick >= end:
                return
            # A silence longer than the longest class ends where the answer begins.
            self._encoder.rewind(tick - int(TIME_VALUES[row.delta]))
            note = self._encoder.decode(row, channel=self._channel)
            chord = (
                _Chord(tick, [*chord.pitches, note.pitch])
                if tick == chord.tick
                else _Chord(tick, [note.pitch])
            )
            self._prior.read(row)
            most = ask.end_beat + LAST_RING_BEATS - note.onset
            yield Note(
                note.onset, min(note.duration, most), note.pitch, note.velocity, note.channel
            )

    def _next_row(
        self, limits: Limits, start: int, chord: _Chord, rng: np.random.Generator
    ) -> tuple[Row, int]:
        """Choose the next note field by field; returns its row and its onset in ticks."""
        last = self._encoder.last_tick
        assert last is not None
        drums = self._channel == DRUM_CHANNEL
        kind = kind_of(tempo_known=self._timebase.tempo_known, drums=drums)
        known = Row(0, 0, 0, 0, 0, 0, kind)

        def choose(field: int, row: Row, masks: list[Mask], size: int) -> int:
            return pick(self._prior.field(field, row), agree(masks, size))

        def pick(logits: Vector, allowed: Mask) -> int:
            return draw(
                logits, allowed, temperature=limits.temperature, top_p=limits.top_p, rng=rng
            )

        if chord.tick < 0 and self._timebase.tempo_known:
            # The first note falls on a beat or between two, wherever the player's last one was.
            ticks = (-(-start // ENTRY_TICKS) + np.arange(2)) * ENTRY_TICKS
            classes = time_classes(np.maximum(ticks - last, 0))
            place = pick(self._prior.field(0, known)[classes], ticks >= start)
            delta, tick = int(classes[place]), int(ticks[place])
        else:
            delta = choose(0, known, self._when(start - last, chord, limits), TIME_CLASSES)
            tick = max(last + int(TIME_VALUES[delta]), start)
        beat_pos, bar_pos = self._encoder.place(tick)
        known = known._replace(delta=delta, beat_pos=beat_pos, bar_pos=bar_pos)
        held = chord.pitches if tick == chord.tick else []
        pitch = choose(1, known, self._where(limits, held, drums=drums), PITCH_CLASSES)
        known = known._replace(pitch=pitch)
        known = known._replace(duration=choose(2, known, [_SOUNDING], TIME_CLASSES))
        velocity = choose(3, known, [_KNOWN_VELOCITY], VELOCITY_CLASSES)
        return known._replace(velocity=velocity), tick

    def _when(self, wait: int, chord: _Chord, limits: Limits) -> list[Mask]:
        """Masks on the time to the next onset, dearest first. wait: ticks left until the start."""
        if chord.tick < 0:
            # The class at or just below the wait means "at the start": so there is always one, also
            # after a silence that is longer than the longest class or falls between two.
            at_start = int(np.searchsorted(TIME_VALUES, max(wait, 0), "right")) - 1
            # The first note comes soon: the silence before it was long enough.
            latest = max(wait, 0) + SOON_TICKS
            return [TIME_VALUES >= TIME_VALUES[at_start], latest >= TIME_VALUES]
        masks = [to_ticks(LONGEST_REST_BEATS) >= TIME_VALUES]
        within = {pitch for pitch in chord.pitches if limits.lowest <= pitch <= limits.highest}
        full = len(within) > limits.highest - limits.lowest
        if full or len(chord.pitches) >= MOST_AT_ONCE:
            masks.append(TIME_VALUES > 0)
        return masks

    def _where(self, limits: Limits, held: list[int], *, drums: bool) -> list[Mask]:
        """Masks on the pitch, dearest first."""
        masks = [~np.isin(_PITCHES, held)] if held else []
        masks.append((_PITCHES >= limits.lowest) & (_PITCHES <= limits.highest))
        if not drums and self._lowest <= self._highest:
            masks.append(
                (_PITCHES >= self._lowest - REACH_SEMITONES)
                & (_PITCHES <= self._highest + REACH_SEMITONES)
            )
        if held:
            # Chords are written upwards, as the model learnt them.
            masks.append(_PITCHES > held[-1])
        return masks
