"""A jam as a picture: one piano roll, on which player and partner cannot be mistaken.

The player's notes are solid blue bars with round ends; the partner's are pale bars in an orange
outline with a diamond at their head, so that the picture also reads in grey and for colour-blind
eyes. Taller and stronger is louder. Drums have rows of their own, by name.

matplotlib is imported when something is drawn, through its object interface: no window, no
global state. It refuses to draw without matplotlib (`PictureError`, a sentence for the player).
"""

import io
import itertools
import math
import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.events import DRUM_CHANNEL, Note, Timebase, Voice
from engine.files import write_whole
from engine.words import shown_name
from plugin.picture_marks import (
    COLOURS,
    PALE_PARTNER,
    draw_partner_bars,
    draw_player_bars,
    draw_strokes,
)
from plugin.takes import Take

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, QUIET, LINE, SHADE = "#1f2933", "#6b7680", "#d5dae0", "#f3f5f7"

DPI = 144
_NARROWEST_IN, _WIDEST_IN, _IN_PER_S = 12.0, 24.0, 0.4
_MOST_LABELS = 24
_MOST_HANDOVERS = 8
_BLACK_KEYS = frozenset({1, 3, 6, 8, 10})
_NAMES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")

# General MIDI, as short as a row label must be.
_DRUMS = {
    35: "Kick 2", 36: "Kick", 37: "Side stick", 38: "Snare", 39: "Clap", 40: "Snare 2",
    41: "Floor tom", 42: "Hi-hat closed", 43: "Floor tom 2", 44: "Hi-hat pedal", 45: "Low tom",
    46: "Hi-hat open", 47: "Mid tom", 48: "Mid tom 2", 49: "Crash", 50: "High tom", 51: "Ride",
    52: "China", 53: "Ride bell", 54: "Tambourine", 55: "Splash", 56: "Cowbell", 57: "Crash 2",
    59: "Ride 2", 69: "Cabasa", 70: "Maracas", 75: "Claves", 82: "Shaker",
}  # fmt: skip


class PictureError(Exception):
    """A picture cannot be drawn or written; the message is a sentence with a next step."""


def draw_take(path: str | os.PathLike[str], take: Take, notes: dict[Voice, list[Note]]) -> Path:
    """Draw a take of the library; `notes` are in seconds, as `TakeLibrary.notes` gives them."""
    return draw_jam(
        path,
        notes[Voice.PLAYER],
        notes[Voice.PARTNER],
        timebase=take.timebase,
        start_beat=take.start_beat,
        title=take.title,
        model=take.model,
        seed=take.seed,
    )


def draw_jam(
    path: str | os.PathLike[str],
    player: Sequence[Note],
    partner: Sequence[Note],
    *,
    timebase: Timebase | None = None,
    start_beat: float = 0.0,
    title: str = "",
    model: str = "",
    seed: int | None = None,
) -> Path:
    """Draw both sides' notes (times in seconds) as a PNG at `path`, and return where.

    With a timebase whose tempo is known the picture shows bars; start_beat is then the beat,
    counted from a bar line, at which second 0 falls. Each hand-over to the partner is marked.

    Raises:
        PictureError: matplotlib is missing, or the file cannot be written.
    """
    picture = _Picture((tuple(player), tuple(partner)), timebase or Timebase(), start_beat)
    heard = "1 note" if len(player) == 1 else f"{len(player)} notes"
    facts = [f"{heard} heard, {len(partner)} answered"]
    if picture.timebase.tempo_known:
        facts.append(f"{picture.timebase.bpm:g} bpm")
    if model:
        facts.append(f"model {model}")
    if seed is not None:
        facts.append(f"seed {seed}")
    png = _png(picture, title or "A jam", "  ·  ".join(facts))
    try:
        write_whole(Path(path), png)
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise PictureError(
            f"The picture {shown_name(path)} could not be written ({reason}): choose another "
            "folder."
        ) from None
    return Path(path)


@dataclass(frozen=True, slots=True)
class _Picture:
    sides: tuple[tuple[Note, ...], tuple[Note, ...]]
    timebase: Timebase
    start_beat: float

    def notes(self, *, drums: bool) -> list[Note]:
        return [n for side in self.sides for n in side if (n.channel == DRUM_CHANNEL) == drums]

    @property
    def beat_s(self) -> float:
        return self.timebase.ns_per_beat / 1e9

    def handovers(self) -> list[float]:
        """Seconds at which the partner comes in after the player; the first if there are many."""
        player, partner = self.sides
        order = sorted([(n.onset, 0) for n in player] + [(n.onset, 1) for n in partner])
        found = [now[0] for last, now in itertools.pairwise(order) if (last[1], now[1]) == (0, 1)]
        return found if len(found) <= _MOST_HANDOVERS else found[:1]

    def span(self) -> tuple[float, float]:
        """First and last second shown: whole bars where there are bars."""
        notes = [note for side in self.sides for note in side]
        first = min([0.0, *(note.onset for note in notes)])
        last = max([1.0, *(note.end for note in notes)])
        if not self.timebase.tempo_known:
            return first, last
        bar_s = self.timebase.beats_per_bar * self.beat_s
        offset_s = self.start_beat * self.beat_s
        first = math.floor((first + offset_s) / bar_s + 1e-6) * bar_s - offset_s
        last = math.ceil((last + offset_s) / bar_s - 1e-6) * bar_s - offset_s
        return first, last


def _png(picture: _Picture, title: str, facts: str) -> bytes:
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise PictureError(
            "No picture was drawn, because matplotlib is not installed: pip install matplotlib."
        ) from None
    keys, drums = picture.notes(drums=False), picture.notes(drums=True)
    drum_rows = sorted({note.pitch for note in drums})
    low, high = _key_range(keys) if keys or not drums else (0, 0)
    parts = []
    if high:
        parts.append(max(2.6, min(6.5, (high - low + 1) * 0.14)))
    if drums:
        parts.append(max(1.2, 0.24 * len(drum_rows)))
    gap_in, above_in, below_in = 0.2, 1.05, 0.62
    height_in = sum(parts) + gap_in * (len(parts) - 1) + above_in + below_in
    first, last = picture.span()
    width_in = min(max(_NARROWEST_IN, (last - first) * _IN_PER_S), _WIDEST_IN)
    figure = Figure(figsize=(width_in, height_in), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    left, right = (1.25 if drums else 0.75) / width_in, 1 - 0.35 / width_in
    top = 1 - above_in / height_in
    axes = []
    for part in parts:
        share = part / height_in
        axes.append(figure.add_axes((left, top - share, right - left, share)))
        top -= share + gap_in / height_in
    for axis in axes:
        _draw_time(axis, picture, is_lowest=axis is axes[-1])
    if high:
        _draw_keys(axes[0], picture, low, high)
    if drums:
        _draw_drums(axes[-1], picture, drum_rows)
    _draw_handovers(axes, picture)
    _draw_heading(figure, title, facts, left, right, 1 - 0.42 / height_in)
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # A title in a script that the font lacks is drawn with boxes; that is no trouble of ours.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure.savefig(buffer, format="png", metadata={"Software": "Antiphon"})
    return buffer.getvalue()


def _key_range(notes: Sequence[Note]) -> tuple[int, int]:
    """Lowest and highest key to show: all notes with air around, two octaves at least."""
    pitches = [note.pitch for note in notes] or [60]
    low, high = min(pitches) - 2, max(pitches) + 2
    missing = max(0, 24 - (high - low))
    low, high = low - missing // 2, high + (missing + 1) // 2
    return max(0, low), min(127, high)


def _draw_time(axis: "Axes", picture: _Picture, *, is_lowest: bool) -> None:
    """Bars (or seconds) along the bottom, and the frame."""
    first, last = picture.span()
    air = (last - first) * 0.008
    axis.set_xlim(first - air, last + air)
    for side in ("top", "right", "left"):
        axis.spines[side].set_visible(False)
    axis.spines["bottom"].set_color(LINE)
    axis.tick_params(length=0, labelsize=9, labelcolor=QUIET, pad=5)
    axis.set_axisbelow(True)
    if picture.timebase.tempo_known:
        bar_s = picture.timebase.beats_per_bar * picture.beat_s
        bars = round((last - first) / bar_s)
        every = _step(bars)
        lines = [first + bar * bar_s for bar in range(0, bars + 1, every)]
        axis.set_xticks(lines[: -1 if bars % every == 0 else None])
        axis.set_xticklabels([str(1 + bar) for bar in range(0, bars, every)])
        if bars <= _MOST_LABELS:
            beats = math.ceil(picture.timebase.beats_per_bar)
            for bar, beat in itertools.product(range(bars), range(1, beats)):
                second = first + bar * bar_s + beat * picture.beat_s
                axis.axvline(second, color=LINE, lw=0.5, alpha=0.55)
        label = "bar"
    else:
        every = _step(last - first)
        lines = [float(second) for second in range(math.ceil(first), math.floor(last) + 1, every)]
        axis.set_xticks(lines)
        axis.set_xticklabels([f"{line:g}" for line in lines])
        label = "seconds (no tempo known)"
    for line in lines:
        axis.axvline(line, color=LINE, lw=1.1)
    if is_lowest:
        axis.set_xlabel(label, fontsize=9, color=QUIET, loc="left")
    else:
        axis.tick_params(labelbottom=False)


def _step(length: float) -> int:
    """Every how many bars or seconds a label fits."""
    return next(n for n in (1, 2, 4, 5, 8, 10, 20, 30, 60, 10**9) if length / n <= _MOST_LABELS)


def _draw_keys(axis: "Axes", picture: _Picture, low: int, high: int) -> None:
    """The piano roll: a row a key, black keys shaded, every C named."""
    axis.set_ylim(low - 0.5, high + 0.5)
    for pitch in range(low, high + 1):
        if pitch % 12 in _BLACK_KEYS:
            axis.axhspan(pitch - 0.5, pitch + 0.5, color=SHADE, lw=0, zorder=0)
        if pitch % 12 == 0:
            axis.axhline(pitch - 0.5, color=LINE, lw=0.8, zorder=0.5)
    # Middle C is C4. With few octaves there is room to name E and G too.
    classes = (0, 4, 7) if high - low <= 40 else (0,)
    named = [pitch for pitch in range(low, high + 1) if pitch % 12 in classes]
    axis.set_yticks(named)
    axis.set_yticklabels([f"{_NAMES[pitch % 12]}{pitch // 12 - 1}" for pitch in named])
    for label, pitch in zip(axis.get_yticklabels(), named, strict=True):
        if pitch % 12 == 0:
            label.set_color(INK)
            label.set_fontweight("bold")
    for voice, draw in ((Voice.PLAYER, draw_player_bars), (Voice.PARTNER, draw_partner_bars)):
        notes = [note for note in picture.sides[voice] if note.channel != DRUM_CHANNEL]
        if notes:
            draw(axis, notes)


def _draw_drums(axis: "Axes", picture: _Picture, rows: Sequence[int]) -> None:
    """A row a drum, by its General MIDI name."""
    row_of = {pitch: row for row, pitch in enumerate(rows)}
    axis.set_ylim(-0.6, len(rows) - 0.4)
    for row in range(0, len(rows), 2):
        axis.axhspan(row - 0.5, row + 0.5, color=SHADE, lw=0, zorder=0)
    axis.set_yticks(range(len(rows)))
    axis.set_yticklabels([_DRUMS.get(pitch, f"Drum {pitch}") for pitch in rows])
    for voice in Voice:
        notes = [note for note in picture.sides[voice] if note.channel == DRUM_CHANNEL]
        if notes:
            draw_strokes(axis, voice, notes, row_of)


def _draw_handovers(axes: Sequence["Axes"], picture: _Picture) -> None:
    handovers = picture.handovers()
    for axis in axes:
        for second in handovers:
            axis.axvline(second, color=INK, lw=1.2, ls=(0, (4, 3)), zorder=2)
    if handovers:
        first, last = picture.span()
        is_late = handovers[0] > first + 0.85 * (last - first)
        axes[0].annotate(
            "partner answers ▸",
            (handovers[0], 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0 if is_late else 3, 5),
            textcoords="offset points",
            ha="right" if is_late else "left",
            fontsize=9,
            color=INK,
        )


def _draw_heading(
    figure: Any, title: str, facts: str, left: float, right: float, top: float
) -> None:
    """Title, facts and the legend above the roll."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    def clipped(text: str, longest: int) -> str:
        return text if len(text) <= longest else text[: longest - 1] + "…"

    # parse_math=False: a "$" in a name is a dollar.
    plain = {"parse_math": False, "va": "baseline"}
    figure.text(left, top, clipped(title, 70), fontsize=15, weight="bold", color=INK, **plain)
    figure.text(left, top - 0.24 / figure.get_figheight(), clipped(facts, 120), fontsize=9.5,
                color=QUIET, **plain)  # fmt: skip
    round_bar = Line2D([], [], color=COLOURS[Voice.PLAYER], lw=9, solid_capstyle="round")
    outlined = Patch(facecolor=PALE_PARTNER, edgecolor=COLOURS[Voice.PARTNER], lw=1.3)
    diamond = Line2D([], [], color=COLOURS[Voice.PARTNER], marker="D", ms=7, lw=0)
    figure.legend(
        [round_bar, (outlined, diamond)],
        ["player", "partner"],
        loc="lower right",
        bbox_to_anchor=(right, top - 0.06 / figure.get_figheight()),
        ncols=2,
        frameon=False,
        fontsize=10,
        handlelength=2.6,
        labelcolor=INK,
        borderaxespad=0,
    )
