"""What the model learned from, read from the cards beside its weights: facts, licences, credits.

The cards are the one source, so the page cannot say anything else than they. Plain values without
Qt; it refuses to load a weight. Reading takes a few milliseconds and belongs off the GUI thread.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources

FOLDER = "engine.weights"
CARD, RUN = "README.md", "prior.json"
HEADING = "## The music it learnt from"
PARTS = ("What it is.", "What it is for.", "What it is not for, and its limits.")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")

ReadText = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Collection:
    """A body of music that was learnt from. pieces: "" where the card does not say."""

    name: str
    what: str
    licence: str
    credit: str


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What is shown of the model. parts: heading and text of each."""

    name: str
    parameters: int
    notes: int
    parts: tuple[tuple[str, str], ...]
    collections: tuple[Collection, ...]

    @property
    def headline(self) -> str:
        """In a line."""
        return (
            f"{self.name}: {self.parameters / 1e6:.1f} million numbers, learnt from "
            f"{len(self.collections)} collections; it read {self.notes / 1e6:.1f} million notes."
        )


def shipped(name: str) -> str:
    """The text of a file beside the weights. Raises OSError."""
    return resources.files(FOLDER).joinpath(name).read_text(encoding="utf-8")


def read(text_of: ReadText = shipped) -> ModelCard:
    """The card. Raises ValueError, a sentence and a next step, where it cannot be read."""
    try:
        card, run = text_of(CARD), json.loads(text_of(RUN))
        found = _collections(card)
        parts = tuple((part.rstrip("."), _part(card, part)) for part in PARTS)
        notes = int(run.get("notes_seen_in_all", run["notes_seen"]))
        made = ModelCard(str(run["name"]), int(run["parameters"]), notes, parts, found)
    except (OSError, ModuleNotFoundError, ValueError, KeyError, TypeError) as error:
        raise ValueError(
            "The model's card cannot be read: install Antiphon again (pip install -e '.[all]')."
        ) from error
    return made


def _collections(card: str) -> tuple[Collection, ...]:
    _, found, rest = card.partition(HEADING)
    if not found:
        raise ValueError("no collections")
    rows = [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in rest.splitlines()
        if line.startswith("|")
    ]
    made = tuple(Collection(*map(plain, row)) for row in rows[2:] if len(row) == 4)
    if not made:
        raise ValueError("no collections")
    return made


def _part(card: str, heading: str) -> str:
    """The paragraph behind a bold heading."""
    _, found, rest = card.partition(f"**{heading}**")
    if not found:
        raise ValueError(heading)
    return plain(rest.partition("\n\n")[0])


def plain(text: str) -> str:
    """Without marks of Markdown and without line breaks."""
    return " ".join(_LINK.sub(r"\1", text).replace("`", "").replace("**", "").split())
