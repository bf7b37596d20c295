"""What fits what is being played: takes of the player, and styles that can be asked for.

By the shipped weights of what fits, and by the taste of a profile beside it, where there is one
that can be read. It refuses to read takes: their notes are handed in.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from engine.events import Note
from engine.model.checkpoint import SHIPPED, CheckpointError, load
from engine.profile.store import ProfileStore
from engine.profile.trouble import ProfileError
from engine.styles import Vocabulary
from engine.taste.features import Situation
from engine.taste.model import Taste, TasteError
from engine.taste.recommend import recommend, recommend_styles

Scored = list[tuple[str, float]]


def suggest(
    phrase: Sequence[Note],
    bar_beats: float | None,
    takes: Iterable[tuple[str, Sequence[Note]]],
    profiles: Path,
) -> tuple[Scored, Scored]:
    """(takes, styles) that fit a phrase, each (id or name, score), the best first.

    phrase: notes in beats. bar_beats: None where no tempo is known. takes: (id, notes in beats).
    profiles: folder of the profiles; the taste of the one in use counts. Only differences of scores
    mean something. Raises TasteError where what is shipped is damaged.
    """
    now = Situation.of(phrase, bar_beats)
    return recommend(now, takes, _taste(profiles)), recommend_styles(now, known=_known())


def _taste(profiles: Path) -> Taste | None:
    """Nobody's taste where none can be read: then only what fits counts."""
    try:
        text = ProfileStore(profiles).open().taste
        return None if text is None else Taste.from_json(text)
    except (ProfileError, TasteError):
        return None


def _known() -> Sequence[str] | None:
    """The styles that the shipped model can be asked for; None where that cannot be told."""
    try:
        _, metadata = load(SHIPPED)
        return Vocabulary.from_text(metadata.get("styles_known", "[]")).names
    except (CheckpointError, ValueError):
        return None
