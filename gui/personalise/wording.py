"""Words of the dock: counts, and sentences of the command line in a window's words.

Plain strings, no Qt. It refuses to hide anything: what it does not know it passes on.
"""

from collections.abc import Sequence
from pathlib import Path

from engine.learning import Preview
from gui.personalise.counting import Counted
from gui.takes.words import counted

_IN_A_WINDOW = (
    ("Learn them under another profile with --profile.", "Choose another profile above for them."),
    ("`antiphon profiles undo` goes back", "Undo goes back"),
    ("`antiphon profiles show` lists them", "the list of versions shows them"),
    (
        "`antiphon profiles list` shows those there are, `antiphon profiles new` makes one",
        "choose one in the list above",
    ),
    ("give it one with --name", "rename the file's profile where it came from"),
    ("`antiphon takes list` shows those there are", "the list shows those there are"),
)


def in_window(says: str) -> str:
    """A sentence of the command line, with the next step that there is here."""
    for typed, clicked in _IN_A_WINDOW:
        says = says.replace(typed, clicked)
    return says


def enough(preview: Preview) -> str:
    """How much there is, and whether it will do: "312 notes, about 12 phrases: enough."."""
    if not preview.notes and not preview.refused:
        return "Nothing chosen yet: choose takes, or drop MIDI files here."
    if preview.refused:
        says, notes = in_window(preview.refused), counted(preview.notes)
        return says if says.startswith(notes) else f"{notes}: {says}"
    notes = counted(preview.notes)
    if preview.taken < preview.notes:
        notes = f"{preview.taken:,} of {notes}"
    text = f"{notes}, about {counted(preview.phrases, 'phrase')}: enough."
    if preview.earlier:
        text += f" {counted(preview.earlier, 'phrase')} learnt before are learnt again with these."
    return text


def left_out(found: Counted) -> str:
    """What of the choice does not count, a sentence each."""
    says: Sequence[str] = (*found.bad.values(), *found.says, *found.preview.remarks)
    return "\n".join(dict.fromkeys(in_window(one) for one in says))


def file_name(path: str) -> str:
    """A file or folder as the list shows it."""
    return Path(path).name or path
