"""Phrases with several answers each, drawn by the planner from the shipped model as it plays live.

A phrase is the prime of a passage of music that the model has not seen, an answer what the planner
makes of it in two bars (8 nominal beats without a tempo), each under a seed of its own. Beside them
stands what the human wrote there, and the log-likelihood of all under the prior. Drums are left
out: nobody likes them high. A pool that was written to a folder is read from it again.

It refuses to choose among answers: of those drawn, the ones without a note alone are drawn anew.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.api import Ask
from engine.corpus import load_streams
from engine.encoding import DURATION, ONSET, ORDER, PITCH
from engine.evaluate.continuation.passages import Passage, choose
from engine.events import Note, Voice
from engine.limits import Constraints
from engine.model.checkpoint import fingerprint, load
from engine.model.fast import FastPrior
from engine.planner import Planner
from engine.taste.features import Features, Known, Scale, Situation, features

Notes = tuple[Note, ...]
MOST_NOTES = 64
FREE_BEATS = 8.0
_BARS = 2
_TRIES = 4
_FILE = "pool.json"


@dataclass(frozen=True, slots=True)
class Asked:
    """A phrase and the answers to it.

    likelihood: bits a note, negative; one for each answer, then one for the truth. beats: of an
    answer, from the phrase's end on.
    """

    piece: str
    collection: str
    bar_beats: float | None
    beats: float
    phrase: Notes
    answers: tuple[Notes, ...]
    truth: Notes
    likelihood: tuple[float, ...]

    def features(
        self, scale: Scale | None = None, recent: Sequence[Notes] = ()
    ) -> tuple[list[Features], Features]:
        """(features of each answer, those of the truth)."""
        situation = Situation.of(self.phrase, self.bar_beats, recent)
        found = [
            features(notes, situation, Known(likelihood=bits), scale)
            for notes, bits in zip((*self.answers, self.truth), self.likelihood, strict=True)
        ]
        return found[:-1], found[-1]


def draw_pool(
    data: Path,
    weights: Path,
    *,
    split: str,
    tier: str,
    phrases: int,
    answers: int,
    seed: int,
    folder: Path | None = None,
    progress: Callable[[int], object] = lambda done: None,
) -> list[Asked]:
    """Up to `phrases` of them, in an order drawn by the seed.

    Raises CorpusError, CheckpointError.
    """
    asked_for = {
        "weights": fingerprint(weights),
        "split": split,
        "tier": tier,
        "phrases": phrases,
        "answers": answers,
        "seed": seed,
    }
    path = folder / f"{split}-{_FILE}" if folder else None
    if path is not None and (kept := _read(path, asked_for)) is not None:
        progress(phrases)
        return kept
    streams = [stream for stream in load_streams(data, split, tier=tier) if not stream.drums]
    passages = choose(streams, phrases, seed=seed)
    rng = np.random.default_rng(seed)
    planner = Planner(FastPrior(*load(weights)))
    pool = []
    for number in rng.permutation(len(passages)):
        pool.append(_ask(planner, passages[number], answers, rng))
        progress(1)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        stored = {"asked": asked_for, "pool": [_stored(each) for each in pool]}
        path.write_text(json.dumps(stored), encoding="utf-8")
    return pool


def _ask(planner: Planner, passage: Passage, answers: int, rng: np.random.Generator) -> Asked:
    planner.begin(passage.timebase)
    for note in passage.prime.notes:
        planner.hear(note)
    bar = passage.truth.bar_beats
    start = passage.truth.start_beat
    beats = bar * _BARS if bar else FREE_BEATS
    found: list[Notes] = []
    for _ in range(answers):
        notes: Notes = ()
        for _ in range(_TRIES):
            ask = Ask(
                request=0,
                heard_serial=len(passage.prime.notes),
                start_beat=start,
                end_beat=start + beats,
                seed=int(rng.integers(2**31)),
                limits=Constraints(max_notes=MOST_NOTES),
                may_hand_over=False,
            )
            notes = tuple(planner.plan(ask))
            if notes:
                break
        if not passage.velocity_known:
            notes = tuple(replace(note, velocity=0) for note in notes)
        found.append(notes)
    truth = tuple(note for note in passage.truth.notes if note.onset < start + beats)
    return Asked(
        piece=passage.piece,
        collection=passage.collection,
        bar_beats=bar,
        beats=beats,
        phrase=passage.prime.notes,
        answers=tuple(found),
        truth=truth,
        likelihood=tuple(likelihood(planner, notes) for notes in (*found, truth)),
    )


def likelihood(planner: Planner, notes: Sequence[Note]) -> float:
    """Mean log-likelihood of these notes in bits, as the partner's, after what was heard.

    When, what and how long count; how loud is not known of half of all music.
    """
    context = planner.context
    total = 0.0
    with context.looking_ahead():
        for note in notes:
            row = context.encode(note, Voice.PARTNER)
            for place, field in enumerate(ORDER):
                if field not in {ONSET, PITCH, DURATION}:
                    continue
                logits = context.prior.field(field, row, frozenset(ORDER[:place]))
                wide = logits.astype(np.float64)
                total += float(wide[row[field]] - np.logaddexp.reduce(wide)) / np.log(2)
            context.read(row)
    return total / max(1, len(notes))


def _stored(asked: Asked) -> dict[str, Any]:
    def plain(notes: Notes) -> list[list[float]]:
        return [
            [note.onset, note.duration, note.pitch, note.velocity, note.channel] for note in notes
        ]

    return {
        "piece": asked.piece,
        "collection": asked.collection,
        "bar_beats": asked.bar_beats,
        "beats": asked.beats,
        "phrase": plain(asked.phrase),
        "answers": [plain(notes) for notes in asked.answers],
        "truth": plain(asked.truth),
        "likelihood": list(asked.likelihood),
    }


def _read(path: Path, asked_for: dict[str, Any]) -> list[Asked] | None:
    """The pool in this file if it is the one asked for; whatever else is there is made anew."""

    def notes(plain: list[list[float]]) -> Notes:
        return tuple(
            Note(onset, duration, int(pitch), int(velocity), int(channel))
            for onset, duration, pitch, velocity, channel in plain
        )

    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored["asked"] != asked_for:
            return None
        return [
            Asked(
                piece=each["piece"],
                collection=each["collection"],
                bar_beats=each["bar_beats"],
                beats=each["beats"],
                phrase=notes(each["phrase"]),
                answers=tuple(map(notes, each["answers"])),
                truth=notes(each["truth"]),
                likelihood=tuple(each["likelihood"]),
            )
            for each in stored["pool"]
        ]
    except (OSError, ValueError, TypeError, LookupError):
        return None
