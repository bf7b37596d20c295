"""Plays given notes again in another way: rhythm, pitches, harmony, touch or style chosen anew.

Each note's kept fields are told first, then the others are chosen in the usual order: the prior
learnt every order (`engine.model.network`). What is kept is kept exactly, not as its class. It
refuses to decide when notes sound: onsets that are kept stay, chosen ones follow each other from
the first note's place.
"""

from collections.abc import Generator, Set

import numpy as np

from engine.api import Rework
from engine.context import MOST_SO_FAR, Context
from engine.encoding import (
    DURATION,
    FIELDS,
    ONSET,
    ORDER,
    PITCH,
    PITCH_CLASSES,
    TICKS_PER_BEAT,
    TIME_VALUES,
    VELOCITY,
    VOICE,
    Row,
    to_ticks,
    velocity_of,
)
from engine.events import Note, Voice
from engine.model.fast import SPARE, Vector
from engine.planner import Planner
from engine.sampling.answer import Frame
from engine.sampling.constraints import Rules

CONTOUR = "contour"
KEEPABLE = ("onset", "pitch", "duration", "velocity", CONTOUR)
_BEAT_POS, _BAR_POS = 5, 6
_WHOLE = frozenset((ONSET, PITCH, DURATION, VELOCITY))
_KEYS = np.arange(PITCH_CLASSES)


class ReworkError(ValueError):
    """What was asked for cannot be done; the message is a sentence and a next step."""


def rework(planner: Planner, task: Rework) -> Generator[Note, None, None]:
    """A note for each note of the task, in order of onset; the state is left as it was.

    Raises ReworkError, StyleError.
    """
    unknown = set(task.keep) - set(KEEPABLE)
    if unknown:
        raise ReworkError(f"A note has no {min(unknown)!r} to keep; name {', '.join(KEEPABLE)}.")
    if len(task.notes) * (2 if task.beside else 1) > SPARE - 2 - MOST_SO_FAR:
        most = (SPARE - 2 - MOST_SO_FAR) // 2
        raise ReworkError(f"More than {most} notes at once are too many; divide them.")
    if not 0 <= task.share <= 1:
        raise ReworkError(f"A share of {task.share} of the notes is none; take 0 to 1.")
    planner.context.set_style(task.style)
    planner.gave_way, planner.ends = (), ()
    with planner.context.looking_ahead(task.so_far):
        if task.beside:
            yield from _beside(planner, task)
        else:
            yield from _again(planner, task)


def _again(planner: Planner, task: Rework) -> Generator[Note, None, None]:
    context = planner.context
    kept = {FIELDS.index(name) for name in task.keep if name != CONTOUR}
    rng = np.random.Generator(np.random.PCG64(task.seed))
    old: Note | None = None
    new: Note | None = None
    # Drawn apart from the notes: with a larger share the same ones are reworked, and more.
    lots = np.random.Generator(np.random.PCG64([task.seed, 1])).random(len(task.notes))
    for note, lot in zip(task.notes, lots, strict=True):
        own = kept if lot < task.share else _WHOLE
        given = note
        if new is not None and ONSET not in kept:
            # What stays as it is stays in its place, unless a note before it went beyond.
            onset = max(note.onset, new.onset) if own is _WHOLE else new.onset
            given = Note(onset, note.duration, note.pitch, note.velocity, note.channel)
        before = context.encoder.last_tick
        row = list(context.encode(given, Voice.PARTNER))
        context.encoder.rewind(before)
        tick = to_ticks(given.onset)
        if own is not _WHOLE:
            bias = None
            if CONTOUR in task.keep and old is not None and new is not None:
                bias = _contour(note.pitch - old.pitch, new.pitch)
            rules = _rules(planner, task, tick)
            row, tick = _fill(context, rules, row, own | {VOICE}, bias, rng, tick)
        made = Note(
            onset=given.onset if ONSET in own else tick / TICKS_PER_BEAT,
            duration=note.duration
            if DURATION in own
            else float(TIME_VALUES[row[DURATION]]) / TICKS_PER_BEAT,
            pitch=row[PITCH],
            velocity=note.velocity if VELOCITY in own else velocity_of(row[VELOCITY]),
            channel=note.channel,
        )
        context.encoder.rewind(max(tick, context.encoder.last_tick or 0))
        context.read(Row(*row))
        old, new = note, made
        yield made


def _beside(planner: Planner, task: Rework) -> Generator[Note, None, None]:
    """One more note with each: same time, another key. What was read already is not read again."""
    context = planner.context
    rng = np.random.Generator(np.random.PCG64(task.seed))
    read = {_place(told.note) for told in task.so_far if told.voice is Voice.PLAYER}
    behind: Row | None = None  # the last companion: read when another note follows, live none does
    companions: list[tuple[int, int]] = []
    for note in task.notes:
        if behind is not None:
            context.read(behind)
        tick, held = to_ticks(note.onset), note.duration <= 0
        place = _place(note)
        if place not in read:
            read.add(place)
            context.read(context.encode(note, Voice.PLAYER, held=held))
        row = list(context.encode(note, Voice.PARTNER, held=held))
        row[ONSET] = 0
        taken = [pitch for at, pitch in (*read, *companions) if at == tick]
        taken += [told.note.pitch for told in task.so_far if told.held]
        bias = np.zeros(PITCH_CLASSES, dtype=np.float32)
        bias[taken] = -np.inf
        kept = {ONSET, DURATION, VELOCITY, VOICE}
        rules = _rules(planner, task, tick)
        row, _ = _fill(
            context, rules, row, kept, bias, rng, tick, kept - {DURATION} if held else kept
        )
        companions.append((tick, row[PITCH]))
        behind = Row(*row)
        yield Note(note.onset, note.duration, row[PITCH], note.velocity, note.channel)


def _place(note: Note) -> tuple[int, int]:
    return to_ticks(note.onset), note.pitch


def _rules(planner: Planner, task: Rework, tick: int) -> Rules:
    """Fresh rules for one note: an answer of its own as far as limits go."""
    context = planner.context
    last = context.encoder.last_tick
    frame = Frame(
        start_tick=tick,
        end_tick=tick + to_ticks(task.limits.longest_rest) + 1,
        last_tick=tick if last is None else last,
        drums=context.drums,
        heard_range=context.range,
    )
    return Rules(planner.prepared(task.limits), frame, context.heard)


def _fill(
    context: Context,
    rules: Rules,
    row: list[int],
    kept: Set[int],
    pitch_bias: Vector | None,
    rng: np.random.Generator,
    tick: int,
    told: Set[int] | None = None,
) -> tuple[list[int], int]:
    """Choose what is not kept, given what is `told` of it (by default all that is kept).

    Returns the row and its onset in ticks.
    """
    known = set(kept if told is None else told)
    for field in ORDER:
        if field in kept:
            continue
        logits = context.prior.field(field, row, known)
        if field == PITCH and pitch_bias is not None:
            logits = logits + pitch_bias
        row[field] = rules.choose(field, logits, row, known, rng)
        known.add(field)
        if field == ONSET:
            tick = rules.tick(row[ONSET])
            row[_BEAT_POS], row[_BAR_POS] = context.encoder.place(tick)
    return row, tick


def _contour(leap: int, last: int) -> Vector:
    """A bias that leaves only keys above, below or equal to the last one, as the leap was.

    At the end of the keyboard the last key itself stays.
    """
    direction = np.sign(_KEYS - last) == np.sign(leap)
    if not direction.any():
        direction = last == _KEYS
    return np.where(direction, 0.0, -np.inf).astype(np.float32)
