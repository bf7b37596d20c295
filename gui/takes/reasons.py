"""Why an answer is as it is, in chips and one sentence, from what was kept of it and nothing else.

A take's settings hold what it was asked with and what spoke for it; an alternative brings its own
reasons. Without Qt. It refuses to guess: what was not kept, or cannot be read, is not said.
"""

import json
from dataclasses import dataclass
from typing import Any

import msgspec

from engine.limits import Constraints
from gui.takes.words import counted
from plugin.control.table import DIALS
from plugin.protocol import Alternative
from plugin.settings import Settings, Way
from plugin.takes import Take

LEAST_QUOTE = 5
"""Shorter runs are in all music; a chip about them would say nothing."""
MOST_LIMITS = 4
"""Chips about what was set; the sentence has the rest."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A chip: a few words, and the whole of it as a sentence."""

    text: str
    says: str


def of_take(take: Take) -> list[Reason]:
    """What spoke for the answer of a take, what it quotes, what was set."""
    kept = settings_of(take)
    found = [_spoke(one) for one in _texts(kept.get("why"))]
    quoted, whence = kept.get("quoted_notes"), kept.get("quoted_from")
    if isinstance(quoted, int) and isinstance(whence, str):
        found += _quotes(quoted, whence)
    limits = _limits(kept)
    found += [Reason(text, f"It was set: {text}.") for text in limits[:MOST_LIMITS]]
    return found


def of_alternative(one: Alternative) -> list[Reason]:
    """What spoke for an alternative."""
    return [_spoke(text) for text in one.why]


def quote(one: Alternative) -> Reason:
    """The quote meter of an alternative."""
    if not one.quoted_notes:
        return Reason("quotes nothing", "No run of its notes is in known music or in your takes.")
    whose = _whose(one.quoted_from)
    return Reason(
        f"{counted(one.quoted_notes)} in a row as in {whose}",
        f"Its longest run of notes that is also in {whose} has {counted(one.quoted_notes)}.",
    )


def provenance(take: Take) -> str:
    """Where an answer came from: the phrase, the model, whose partner, the seed."""
    kept = settings_of(take)
    parts = [f"your phrase of {counted(take.heard_notes)}" if take.heard_notes else ""]
    parts.append(f"model {take.model}" if take.model else "")
    profile, adapter = kept.get("profile"), kept.get("adapter")
    if isinstance(profile, str) and profile:
        parts.append(f"partner of “{profile}”")
        if isinstance(adapter, int):
            parts.append(f"version {adapter} of what was learnt")
        elif "adapter" in kept:
            parts.append("nothing trained")
    learnt = kept.get("learnt_notes")
    if isinstance(learnt, int) and learnt:
        parts.append(f"{counted(learnt)} of yours remembered")
    attempt = kept.get("attempt")
    if isinstance(attempt, int) and attempt:
        parts.append(f"answer {attempt + 1} to the same phrase")
    way = kept.get("way")
    if isinstance(way, str) and way:
        parts.append(f"way of playing: {way}")
    if take.seed is not None:
        parts.append(f"seed {take.seed}")
    said = ", ".join(part for part in parts if part)
    return f"{said[0].upper()}{said[1:]}." if said else "Nothing more is known of this take."


def settings_of(take: Take) -> dict[str, Any]:
    """What was kept with a take; nothing where that cannot be read."""
    try:
        kept = json.loads(take.settings)
    except (ValueError, RecursionError):
        return {}
    return kept if isinstance(kept, dict) else {}


def _texts(value: object) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []


def _spoke(why: str) -> Reason:
    """A reason as the engine tells it: words, and the measured number in brackets."""
    words, _, number = why.partition(" (")
    number = number.removesuffix(")")
    return Reason(words, f"This spoke for it: {words}{', ' + number if number else ''}.")


def _quotes(notes: int, whence: str) -> list[Reason]:
    if notes < LEAST_QUOTE:
        return []
    whose = _whose(whence)
    text = f"quotes {notes} notes of yours" if whence == "own" else f"quotes {notes} notes"
    return [Reason(text, f"{counted(notes)} in a row are also in {whose}.")]


def _whose(whence: str) -> str:
    return "your takes" if whence == "own" else "known music"


def _limits(kept: dict[str, Any]) -> list[str]:
    """What differed from the usual settings, as its dials say it: "register C3 to C5"."""
    names = Constraints.__dataclass_fields__
    try:
        limits = msgspec.convert({k: v for k, v in kept.items() if k in names}, Constraints)
        settings = Settings(limits=limits)
        if kept.get("way") in set(Way):
            settings = msgspec.structs.replace(settings, way=Way(kept["way"]))
    except (msgspec.ValidationError, ValueError, TypeError):
        return []
    return [
        f"{dial.label.casefold()} {dial.show(settings)}"
        for dial in DIALS.changed(Settings(), settings)
        if dial.name != "way"
    ]
