"""What the roll says of its notes: to a mouse that rests on one, and to who cannot see them."""

from collections.abc import Sequence

from gui.roll.notes import LATE_MS, RollNote
from plugin.console import pitch_name


def about(note: RollNote, where: str) -> str:
    """One note; `where`: its bar and beat, in words."""
    who = "partner" if note.partner else "you"
    late = f" · {note.late_ms:.0f} ms late" if note.late_ms > LATE_MS else ""
    return f"{pitch_name(note.pitch)} · velocity {note.velocity} · {where} · {who}{late}"


def summary(notes: Sequence[RollNote]) -> str:
    """Who played how many notes, and from where to where."""
    said = []
    for partner, who in ((False, "you"), (True, "partner")):
        of_side = [note for note in notes if note.partner == partner]
        if of_side:
            said.append(f"{who}: {reach(of_side)}")
    return "; ".join(said) or "no notes"


def reach(notes: Sequence[RollNote]) -> str:
    """How many notes, from the lowest to the highest."""
    low, high = min(note.pitch for note in notes), max(note.pitch for note in notes)
    count = "1 note" if len(notes) == 1 else f"{len(notes)} notes"
    if low == high:
        return f"{count}, {pitch_name(low)}"
    return f"{count}, {pitch_name(low)} to {pitch_name(high)}"
