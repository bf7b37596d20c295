"""How much there is to learn from in what was chosen: read in a worker, before anybody trains.

It is the trainer's own look (`engine.adapt.chosen`), so what the dock says is what learning would
say. It brings numpy, so it is imported when it is called and never before. It refuses to be called
in the GUI's thread, and to know Qt.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.learning import LearnRequest, Preview
from plugin.lessons import LessonError, Lessons
from plugin.takes import TakeError, TakeLibrary

EMPTY = Preview(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Counted:
    """See the module.

    preview: of everything together. files: notes in each file or folder that can be read. bad:
    what cannot be read, and a sentence on each.
    """

    preview: Preview = EMPTY
    files: dict[str, int] = field(default_factory=dict)
    bad: dict[str, str] = field(default_factory=dict)
    says: tuple[str, ...] = ()


def count(
    take_ids: Sequence[str],
    paths: Sequence[str],
    *,
    profile: str | None,
    library: Path,
    folder: Path,
) -> Counted:
    """Look at these takes and MIDI files, for this profile. Raises nothing that is the player's.

    library: of takes; folder: of profiles. A take or file that cannot be read is left out and said.
    """
    files: dict[str, int] = {}
    bad: dict[str, str] = {}
    with TakeLibrary(library) as takes:
        lessons = Lessons(takes)
        for word in (*take_ids, *paths):
            before, said = len(lessons.pieces), len(lessons.says)
            try:
                lessons.add([word])
            except (LessonError, TakeError) as error:
                bad[word] = str(error)
                continue
            notes = sum(len(piece.notes) for piece in lessons.pieces[before:])
            if not notes:
                bad[word] = " ".join(lessons.says[said:]) or _empty(word)
                del lessons.says[said:]
            elif word in paths:
                files[word] = notes
    if not lessons.pieces:
        return Counted(EMPTY, files, bad)
    return Counted(_preview(lessons, profile, folder), files, bad, tuple(lessons.says))


def _preview(lessons: Lessons, profile: str | None, folder: Path) -> Preview:
    from engine.adapt.chosen import preview
    from engine.profile.store import ProfileStore

    request = LearnRequest(str(folder), profile, tuple(lessons.pieces))
    return preview(request, ProfileStore(folder))


def _empty(word: str) -> str:
    return f"{Path(word).name} holds no notes of yours: choose another one."
