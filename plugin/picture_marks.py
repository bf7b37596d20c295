"""The notes of a piano-roll picture: bars, diamonds and drum strokes, by side and loudness.

Each side has a colour and a shape of its own (`plugin.picture` says why). It refuses to know what
is around the notes: axes come with their limits set, and times and rows are taken as they are.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from engine.events import Note, Voice

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's blue and vermilion: told apart with every common colour blindness, and in grey.
COLOURS = {Voice.PLAYER: "#0072B2", Voice.PARTNER: "#D55E00"}
PALE_PARTNER = "#F9DFCC"

_LARGEST_STROKE_PT = 22.0
_FAINTEST = 0.45
_SHORTEST_LINE_PT = 1.0


def draw_player_bars(axis: "Axes", notes: Sequence[Note]) -> None:
    """Solid bars with round ends."""
    from matplotlib.collections import LineCollection

    second_pt, row_pt = _points_per_unit(axis)
    bars, bar_widths, bar_shades = [], [], []
    dots, dot_areas, dot_shades = [], [], []
    for note, shade in zip(notes, _shades(Voice.PLAYER, notes), strict=True):
        width = row_pt * (0.5 + 0.45 * _loudness(note))
        # The round caps stand over the ends of a line: draw it shorter. What would be shorter
        # than a pixel is drawn as a dot, because Agg leaves such lines out, caps included.
        cap_s = width / 2 / second_pt
        if note.duration - 2 * cap_s > _SHORTEST_LINE_PT / second_pt:
            bars.append([(note.onset + cap_s, note.pitch), (note.end - cap_s, note.pitch)])
            bar_widths.append(width)
            bar_shades.append(shade)
        else:
            dots.append((note.onset + note.duration / 2, note.pitch))
            dot_areas.append(width**2)
            dot_shades.append(shade)
    lines = LineCollection(
        bars, linewidths=bar_widths, colors=bar_shades, capstyle="round", zorder=3
    )
    axis.add_collection(lines, autolim=False)
    if dots:
        x, y = zip(*dots, strict=True)
        axis.scatter(x, y, s=dot_areas, marker="o", facecolors=dot_shades, lw=0, zorder=3)


def draw_partner_bars(axis: "Axes", notes: Sequence[Note]) -> None:
    """Pale bars in an outline, with a diamond at the head."""
    from matplotlib.collections import PolyCollection

    _, row_pt = _points_per_unit(axis)
    boxes = []
    for note in notes:
        half = 0.5 * (0.4 + 0.45 * _loudness(note))
        low, high = note.pitch - half, note.pitch + half
        boxes.append([(note.onset, low), (note.onset, high), (note.end, high), (note.end, low)])
    shades = _shades(Voice.PARTNER, notes)
    outline_pt = min(1.3, max(0.5, row_pt / 8))
    bars = PolyCollection(
        boxes, facecolors=PALE_PARTNER, edgecolors=shades, linewidths=outline_pt, zorder=4
    )
    axis.add_collection(bars, autolim=False)
    axis.scatter(
        [note.onset for note in notes],
        [note.pitch for note in notes],
        s=[(row_pt * (0.65 + 0.45 * _loudness(note))) ** 2 for note in notes],
        marker="D",
        facecolors=shades,
        edgecolors="white",
        linewidths=0.4,
        zorder=5,
    )


def draw_strokes(
    axis: "Axes", voice: Voice, notes: Sequence[Note], row_of: Mapping[int, int]
) -> None:
    """Drums: a stroke has no length; a dot for the player, a diamond for the partner."""
    shape, scale = ("o", 0.75) if voice == Voice.PLAYER else ("D", 0.6)
    size_pt = min(_points_per_unit(axis)[1], _LARGEST_STROKE_PT) * scale
    axis.scatter(
        [note.onset for note in notes],
        [row_of[note.pitch] for note in notes],
        s=[(size_pt * (0.5 + 0.5 * _loudness(note))) ** 2 for note in notes],
        marker=shape,
        facecolors=_shades(voice, notes),
        edgecolors="white",
        linewidths=0.4,
        zorder=4,
    )


def _points_per_unit(axis: "Axes") -> tuple[float, float]:
    """Points (1/72 inch) on paper of a second and of a row."""
    box = axis.get_window_extent()
    (x0, x1), (y0, y1) = axis.get_xlim(), axis.get_ylim()
    points = 72 / axis.figure.dpi
    return box.width / (x1 - x0) * points, box.height / (y1 - y0) * points


def _loudness(note: Note) -> float:
    return min(max(note.velocity / 127, 0.0), 1.0)


def _shades(voice: Voice, notes: Sequence[Note]) -> list[tuple[float, ...]]:
    """The side's colour, mixed with white for soft notes; opaque, so that lines do not show."""
    from matplotlib.colors import to_rgb

    base = to_rgb(COLOURS[voice])
    shades = []
    for note in notes:
        share = _FAINTEST + (1 - _FAINTEST) * _loudness(note)
        shades.append(tuple(1 - share * (1 - part) for part in base))
    return shades
