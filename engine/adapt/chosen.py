"""What a request asks to be learnt, and what the profile has learnt before, looked at first.

The trainer begins with it, and a window shows it before anybody trains: so what is shown is what
will be learnt, and what is refused is refused in the same words. It refuses to train and to write,
and needs no torch.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from engine.adapt.material import (
    NOTES_A_SECOND,
    Material,
    MaterialError,
    Take,
    material_of,
    sample,
)
from engine.encoding import COLUMNS
from engine.learning import LearnRequest, Preview
from engine.profile.names import checked
from engine.profile.phrases import LONGEST_NAME, Phrase
from engine.profile.store import ProfileStore
from engine.profile.trouble import NoSuchProfileError, ProfileError

_KIND = COLUMNS.index("kind")


@dataclass(frozen=True, slots=True)
class Chosen:
    """request: with the profile's own name. earlier: what was learnt before and is not now."""

    request: LearnRequest
    material: Material
    earlier: tuple[Phrase, ...] = ()
    remarks: tuple[str, ...] = ()


def chosen_by(request: LearnRequest, store: ProfileStore) -> Chosen:
    """What will be learnt. Raises MaterialError, ProfileError for what cannot be."""
    request, earlier, remarks = _earlier(store, request)
    drums = plays_drums(earlier)
    material = material_of(request.pieces, seconds=request.seconds, drums=drums)
    return Chosen(request, material, earlier, remarks)


def preview(request: LearnRequest, store: ProfileStore) -> Preview:
    """How much there is to learn from, or why it is refused."""
    notes = sum(len(piece.notes) for piece in request.pieces)
    try:
        chosen = chosen_by(request, store)
    except (MaterialError, ProfileError) as error:
        return Preview(notes, 0, 0, refused=str(error))
    material = chosen.material
    remarks = (*material.remarks, *chosen.remarks)
    return Preview(notes, material.notes, material.phrases, len(chosen.earlier), remarks)


def with_earlier(chosen: Chosen) -> Material:
    """The material with what was learnt before, so that nothing of it is unlearnt."""
    material, earlier = chosen.material, chosen.earlier
    if not earlier:
        return material
    most = int(max(chosen.request.seconds, 1.0) * NOTES_A_SECOND)
    takes = sample([*_takes(earlier), *material.takes], most)
    remark = f"Together with {len(earlier)} phrases that were learnt before."
    return Material(tuple(takes), (*material.remarks, remark), material.drums)


def plays_drums(phrases: Sequence[Phrase]) -> bool | None:
    """Whether these are a drummer's, None where there are none."""
    return bool(phrases[0].rows[0, _KIND] & 2) if phrases else None


def _earlier(
    store: ProfileStore, request: LearnRequest
) -> tuple[LearnRequest, tuple[Phrase, ...], tuple[str, ...]]:
    """(the request with the profile's own name, what was learnt before and is not now; remarks).

    A profile that there is not yet is made when something has been learnt. Raises ProfileError for
    one that could not take it.
    """
    try:
        opened = store.open(request.profile)
    except NoSuchProfileError:
        name = checked(request.profile or "")
        return replace(request, profile=name), (), (f"The profile “{name}” was made for it.",)
    request = replace(request, profile=opened.name)
    now = opened.record.now
    if now is None:
        return request, (), ()
    try:
        known = store.phrases(opened.name, now)
    except ProfileError:
        says = "What was learnt from before cannot be read: this is learnt from now on."
        return request, (), (says,)
    names = {piece.name[:LONGEST_NAME] for piece in request.pieces}
    return request, tuple(phrase for phrase in known if phrase.name not in names), ()


def _takes(phrases: Sequence[Phrase]) -> list[Take]:
    """Phrases in a row of one name as one take."""
    found = []
    for name, group in groupby(phrases, key=lambda phrase: phrase.name):
        rows = [phrase.rows.astype(np.int64) for phrase in group]
        found.append(Take(name, np.concatenate(rows), np.cumsum([0, *map(len, rows)])))
    return found
