"""Answers played under random limits, and a judge that knows no masks."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from engine.encoding import (
    DURATION,
    FIELD_SIZES,
    ONSET,
    PITCH,
    TICKS_PER_BEAT,
    VELOCITY,
    VOICE,
    to_ticks,
)
from engine.limits import Constraints, FieldDraw
from engine.sampling.answer import Frame
from engine.sampling.constraints import Placed, Rules
from engine.sampling.fields import is_drums
from engine.sampling.heard import Heard
from engine.sampling.prepared import LAW
from engine.sampling.rhythm import places_in_beat
from engine.scales import SCALES, Scale

USUAL = (VOICE, ONSET, PITCH, DURATION, VELOCITY)
VOICES, HAND_OVER = (19, 23, 35), (1, 5, 17)
NEVER = (0,) * 5

# ------------------------------------------------------------------------------------ strategies

counts = st.one_of(st.none(), st.integers(1, 5))


@st.composite
def constraints(draw: st.DrawFn) -> Constraints:
    """Any limits, contradictory ones included."""
    lowest = draw(st.sampled_from([0, 0, 21, 60, 66, 127]))
    softest = draw(st.sampled_from([1, 1, 30, 64, 127]))
    most_beat, most_bar = draw(counts), draw(counts)
    shortest = draw(st.sampled_from([1 / 96, 0.3, 1.0, 40.0]))
    return Constraints(
        lowest=lowest,
        highest=min(127, lowest + draw(st.sampled_from([0, 1, 7, 24, 127]))),
        temperature=draw(st.sampled_from([0.0, 0.9, 1.5])),
        top_p=draw(st.sampled_from([0.0, 0.9, 1.0])),
        max_notes=draw(st.sampled_from([1, 2, 5, 20])),
        scale=draw(st.none() | st.builds(Scale, st.integers(0, 11), st.sampled_from(list(SCALES)))),
        pitch_classes=tuple(draw(st.sets(st.integers(0, 11), max_size=2))),
        keys=tuple(draw(st.sets(st.integers(58, 70), max_size=3))),
        reach=draw(st.sampled_from([None, 0, 9])),
        grid=tuple(draw(st.lists(st.sampled_from([1, 2, 3, 4, 5, 6, 8]), max_size=2))),
        swing=draw(st.sampled_from([0.5, 0.6, 2 / 3, 0.75])),
        swing_unit=draw(st.sampled_from([8, 16])),
        most_per_beat=most_beat,
        most_per_bar=most_bar,
        fewest_per_beat=draw(st.none() | st.integers(0, most_beat or 5)),
        fewest_per_bar=draw(st.none() | st.integers(0, most_bar or 5)),
        longest_rest=draw(st.sampled_from([0.001, 0.4, 1.0, 4.0, 50.0])),
        most_at_once=draw(counts),
        most_struck=draw(st.integers(1, 6)),
        shortest=shortest,
        longest=draw(st.sampled_from([None, shortest, shortest + 0.7])),
        softest=softest,
        loudest=min(127, softest + draw(st.sampled_from([0, 1, 40, 126]))),
        closeness=draw(st.sampled_from([0.0, 0.5, 1.0])),
        land=draw(st.none() | st.floats(0, 24)),
        by_field=draw(
            st.sampled_from([(), (FieldDraw("pitch", 0.0, 1.0),), (FieldDraw("onset", 2.0, 0.5),)])
        ),
    )


@st.composite
def frames(draw: st.DrawFn) -> Frame:
    last = draw(st.integers(-3, 1000))
    start = last + draw(st.sampled_from([-7, 0, 1, 47, 100, 101, 700, 5000]))
    low = draw(st.integers(0, 127))
    drums = draw(st.booleans())
    return Frame(
        start_tick=start,
        end_tick=start + draw(st.sampled_from([-5, 0, 1, 96, 400, 2000])),
        last_tick=last,
        drums=drums,
        heard_range=draw(st.sampled_from([None, (low, min(127, low + 5))])),
        voices=VOICES[2:] if drums else draw(st.sampled_from([(), VOICES, VOICES[:1]])),
        hand_over=draw(st.sampled_from([(), HAND_OVER])),
        holds_back=draw(st.booleans()),
    )


meters = st.sampled_from([0, 4, 3, 3.5, 1.25]).map(to_ticks)
orders = st.permutations(USUAL)


@dataclass
class Chosen:
    placed: Placed
    voice: int
    gave_way: Counter[str]


@dataclass
class Run:
    """One answer: its notes, and whether it ended by itself."""

    notes: list[Chosen]
    over: bool
    rules: Rules


def random_logits(rng: np.random.Generator, field: int) -> np.ndarray:
    """Opinionated nonsense, which now and then rules classes out."""
    logits = (rng.normal(size=FIELD_SIZES[field]) * 4).astype(np.float32)
    if field == ONSET:
        logits[:60] += 4
        logits[0] += 8
    elif field == PITCH:
        logits[60:64] += 6
    if rng.random() < 0.3:
        logits[rng.random(FIELD_SIZES[field]) < 0.5] = -np.inf
    return logits


def play(rules: Rules, order: Sequence[int], most: int, seed: int = 0) -> Run:
    rng = np.random.default_rng(seed)
    notes: list[Chosen] = []
    for _ in range(most):
        before = rules.gave_way.copy()
        row, known = list(NEVER), []
        for field in order:
            law = rules.masks(field, row, known)[0]
            assert law.name == LAW
            logits = random_logits(rng, field)
            kept = logits.copy()
            row[field] = rules.choose(field, logits, row, known, rng)
            assert np.array_equal(logits, kept)
            assert law.mask[row[field]]
            known.append(field)
        if rules.over(row, known):
            return Run(notes, True, rules)
        notes.append(Chosen(rules.place(row), row[VOICE], rules.gave_way - before))
    return Run(notes, False, rules)


def heard(count: int = 12) -> Heard:
    heard = Heard()
    for n in range(count):
        heard.hear(48 if n else None, 60 + n % 5, 40, 20, drums=n % 4 == 3)
    return heard


# ----------------------------------------------------------------------- the limits, said again


class Judge:
    """Says which limits the notes of an answer keep, without any mask."""

    def __init__(self, limits: Constraints, frame: Frame, bar: int, gave_way: Counter[str]) -> None:
        self.limits, self.frame, self.tempo = limits, frame, bar > 0
        self.bar = bar or 4 * TICKS_PER_BEAT
        self.begin = max(frame.start_tick, frame.last_tick)
        self.land = None
        if limits.land is not None and self.begin <= to_ticks(limits.land) < frame.end_tick:
            self.land = to_ticks(limits.land)
        self.ends: list[int] = []

    def _span(self, tick: int) -> tuple[int, int]:
        """(end of the beat, end of the bar) of a tick."""
        bar_start = tick - tick % self.bar
        beat = tick - (tick - bar_start) % TICKS_PER_BEAT
        return min(beat + TICKS_PER_BEAT, bar_start + self.bar), bar_start + self.bar

    def _on(self, tick: int, parts: Sequence[int]) -> bool:
        places = places_in_beat(parts, self.limits.swing, self.limits.swing_unit)
        return (tick % self.bar) % TICKS_PER_BEAT in places

    def broken(self, notes: list[Chosen], cuts: dict[int, int]) -> set[str]:
        """Constraints that the last of the notes breaks."""
        limits, (*before, note) = self.limits, notes
        now, pitch = note.placed.tick, note.placed.pitch
        drums = is_drums(note.voice)
        chord = [n.placed for n in before if n.placed.tick == now]
        found = {
            "land": self.land is not None and now > self.land,
            "voice": bool(self.frame.voices) and note.voice not in self.frame.voices,
            "at_once": self._too_many(notes, cuts, len(chord) + 1),
            "pitches": bool(limits.keys) and pitch not in limits.keys,
            "register": not limits.lowest <= pitch <= limits.highest,
            "upwards": bool(chord) and chord[-1].pitch > pitch,
            "duration": not self._lasts(note.placed.duration_ticks),
            "velocity": not limits.softest <= note.placed.velocity <= limits.loudest,
        }
        if not drums:
            found["pitches"] |= (
                bool(limits.pitch_classes) and pitch % 12 not in limits.pitch_classes
            )
            found["scale"] = limits.scale is not None and pitch % 12 not in limits.scale.classes
            if self.frame.heard_range and limits.reach is not None:
                low, high = self.frame.heard_range
                found["reach"] = not low - limits.reach <= pitch <= high + limits.reach
        if not chord and self.tempo and limits.grid and now != self.land:
            found["grid"] = not self._on(now, limits.grid)
        if not before:
            soon = TICKS_PER_BEAT if self.tempo else TICKS_PER_BEAT // 4 + 1
            found["soon"] = now >= self.begin + soon
            found["entry"] = self.tempo and not self._on(now, (2,))
        else:
            last = before[-1].placed.tick
            found["rest"] = now - last > to_ticks(limits.longest_rest)
            found |= self._density([n.placed.tick for n in before], now)
        return {name for name, is_broken in found.items() if is_broken}

    def _lasts(self, ticks: int) -> bool:
        shortest = max(to_ticks(self.limits.shortest), 1)
        longest = self.limits.longest
        return shortest <= ticks <= (1e9 if longest is None else max(to_ticks(longest), shortest))

    def _too_many(self, notes: list[Chosen], cuts: dict[int, int], struck: int) -> bool:
        now = notes[-1].placed.tick
        sounding = sum(
            n.placed.tick + cuts.get(number, n.placed.duration_ticks) > now
            for number, n in enumerate(notes)
        )
        most = self.limits.most_at_once
        return struck > self.limits.most_struck or (most is not None and sounding > most)

    def _density(self, before: list[int], now: int) -> dict[str, bool]:
        limits, last = self.limits, before[-1]
        if now == last:
            return {}
        onsets = set(before)
        most = fewest = False
        for place, at_most, at_least in (
            (0, limits.most_per_beat, limits.fewest_per_beat),
            (1, limits.most_per_bar, limits.fewest_per_bar),
        ):
            end = self._span(last)[place]
            held = sum(self._span(tick)[place] == end for tick in onsets)
            if at_most is not None:
                most |= now < end and held >= at_most
            if at_least:
                fewest |= now >= (end if held < at_least else self._span(end)[place])
        return {"most": most, "fewest": fewest}
