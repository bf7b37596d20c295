"""A contact sheet: many small piano rolls on one page, each a prime and its continuation.

The prime is blue, the continuation orange on a warm ground from the line where it begins, so that
the eye finds the join first. Stronger is louder. Drums have a row a drum, in the order of their
keys, without empty rows between.

matplotlib draws through its object interface: no window, no global state.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from engine.evaluate.continuation.passages import Excerpt, Passage
from engine.events import Note

COLUMNS = 5
# Okabe and Ito's blue and vermilion: told apart with every common colour blindness.
BLUE, ORANGE = "#0072B2", "#D55E00"
INK, QUIET, LINE, FAINT = "#1f2933", "#6b7680", "#b4bcc5", "#e1e5ea"
SHADE, WARM = "#64748b", "#fef3ea"
_PANEL_IN = (4.3, 2.9)
_ABOVE_IN, _BELOW_IN = 1.4, 0.35
_DPI = 110
_BLACK_KEYS = frozenset({1, 3, 6, 8, 10})
_LEAST_ROWS = 24
_NAMES = {
    "airds": "Old air", "chopin_fe": "Chopin", "esac": "Folk song",
    "drum_patterns": "Drum pattern", "freedoom": "Game music", "groove": "Drums",
    "mutopia": "Classical", "oneills1850": "Irish tune", "openewld": "Lead sheet",
    "openscore_lieder": "Art song", "openscore_quartets": "String quartet",
    "pianoroll": "Piano roll", "polish": "Polish score", "pop909": "Pop song",
    "ryans_mammoth": "Fiddle tune", "wjd": "Jazz solo",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Panel:
    """One roll of the sheet, by its number."""

    number: int
    passage: Passage
    found: Excerpt


def draw(path: Path, panels: Sequence[Panel], *, title: str) -> None:
    """Write the sheet as a PNG. Raises OSError."""
    rows = max(1, -(-len(panels) // COLUMNS))
    height_in = rows * _PANEL_IN[1] + _ABOVE_IN + _BELOW_IN
    width_in = COLUMNS * _PANEL_IN[0]
    figure = Figure(figsize=(width_in, height_in), dpi=_DPI, facecolor="white")
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(
        rows, COLUMNS, left=0.55 / width_in, right=1 - 0.3 / width_in, wspace=0.16, hspace=0.27,
        top=1 - _ABOVE_IN / height_in, bottom=_BELOW_IN / height_in,
    )  # fmt: skip
    for place, panel in enumerate(panels):
        _draw_panel(figure.add_subplot(grid[place // COLUMNS, place % COLUMNS]), panel)
    top = 1 - 0.48 / height_in
    left = 0.55 / width_in
    plain: dict[str, Any] = {"parse_math": False, "va": "center"}
    figure.text(left, top, title, fontsize=21, weight="bold", color=INK, **plain)
    says = "four bars are given, four bars are answered; pieces that the model never saw"
    figure.text(left, top - 0.32 / height_in, says, fontsize=12.5, color=QUIET, **plain)
    figure.legend(
        [Patch(color=BLUE), Patch(color=ORANGE)],
        ["prime (human)", "continuation (model)"],
        loc="center right",
        bbox_to_anchor=(1 - 0.3 / width_in, top - 0.1 / height_in),
        ncols=2,
        frameon=False,
        fontsize=13,
        labelcolor=INK,
        borderaxespad=0,
    )
    figure.savefig(path, metadata={"Software": "Antiphon"})


def _draw_panel(axis: Any, panel: Panel) -> None:
    passage, found = panel.passage, panel.found
    notes = (*passage.prime.notes, *found.notes)
    rows = _rows(notes, drums=passage.truth.drums)
    _draw_ground(axis, passage, rows)
    for part, colour in ((passage.prime.notes, BLUE), (found.notes, ORANGE)):
        _draw_notes(axis, part, rows, colour, over=passage.truth.end_beat)
    name = _NAMES.get(passage.collection, passage.collection)
    axis.set_title(f"{panel.number}  {name}", loc="left", fontsize=12.5, color=INK, pad=5,
                   weight="bold", parse_math=False)  # fmt: skip
    bars = passage.truth.bar_beats
    facts = "no tempo known: 8 s each"
    if bars:
        facts = f"{passage.timebase.bpm:.0f} bpm, {bars:g} quarters a bar"
    axis.set_title(facts, loc="right", fontsize=10, color=QUIET, pad=5, parse_math=False)


def _rows(notes: Sequence[Note], *, drums: bool) -> dict[int, int]:
    """Row of each key: the key itself, for drums its place among those that sound."""
    sounding = sorted({note.pitch for note in notes})
    if drums:
        return {pitch: row for row, pitch in enumerate(sounding)}
    low, high = (sounding[0] - 2, sounding[-1] + 2) if sounding else (48, 72)
    missing = max(0, _LEAST_ROWS - (high - low))
    low, high = low - missing // 2, high + (missing + 1) // 2
    return {pitch: pitch for pitch in range(max(0, low), min(127, high) + 1)}


def _draw_ground(axis: Any, passage: Passage, rows: dict[int, int]) -> None:
    """Rows, bars, and the warm ground of the continuation."""
    first, join, last = passage.prime.start_beat, passage.truth.start_beat, passage.truth.end_beat
    low, high = min(rows.values()) - 0.5, max(rows.values()) + 0.5
    axis.set_xlim(first, last)
    axis.set_ylim(low, high)
    axis.axvspan(join, last, color=WARM, lw=0, zorder=0)
    for pitch, row in rows.items():
        dark = row % 2 == 1 if passage.truth.drums else pitch % 12 in _BLACK_KEYS
        if dark:
            axis.axhspan(row - 0.5, row + 0.5, color=SHADE, alpha=0.075, lw=0, zorder=0.2)
    named = [] if passage.truth.drums else [pitch for pitch in rows if pitch % 12 == 0]
    axis.set_yticks(named, [f"C{pitch // 12 - 1}" for pitch in named])
    for pitch in named:
        axis.axhline(pitch - 0.5, color=LINE, lw=0.6, zorder=0.4)
    step = passage.truth.bar_beats
    every = step or 2.0  # a second, where nobody knows bars
    for number in range(1, round((last - first) / every)):
        at = first + number * every
        if at != join:
            axis.axvline(at, color=LINE if step else FAINT, lw=0.9, zorder=0.5)
    axis.axvline(join, color=INK, lw=1.3, zorder=0.6)
    axis.set_xticks([])
    axis.tick_params(length=0, labelsize=9, labelcolor=QUIET, pad=3)
    for spine in axis.spines.values():
        spine.set_color(LINE)
        spine.set_linewidth(0.8)


def _draw_notes(
    axis: Any, notes: Sequence[Note], rows: dict[int, int], colour: str, *, over: float
) -> None:
    """A bar a note, thin gaps between notes that follow each other; louder is stronger."""
    first, last = axis.get_xlim()
    low, high = axis.get_ylim()
    if not notes:
        return
    # A bar is a few pixels high at least, however many rows there are.
    height = max(0.86, 0.021 * (high - low))
    shortest, gap = (last - first) * 0.0055, (last - first) * 0.0018
    bars, shades = [], []
    for note in notes:
        length = max(min(note.end, over) - note.onset - gap, shortest)
        bars.append(Rectangle((note.onset, rows[note.pitch] - height / 2), length, height))
        shades.append(0.5 + 0.5 * (note.velocity / 127 if note.velocity else 0.8))
    axis.add_collection(
        PatchCollection(bars, facecolor=colour, alpha=shades, edgecolor="white", lw=0.35, zorder=2)
    )
