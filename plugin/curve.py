"""How training went, as a picture: bits per note by step, learnt from and held back.

matplotlib is imported when something is drawn, through its object interface. It refuses to draw
without it (`plugin.picture.PictureError`, a sentence).
"""

import io
import os
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from engine.events import Voice
from engine.files import write_whole
from engine.learning import Learned, LearnProgress
from engine.words import shown_name
from plugin.picture import DPI, INK, LINE, QUIET, PictureError
from plugin.picture_marks import COLOURS


def draw_curve(path: str | os.PathLike[str], curve: Sequence[LearnProgress], over: Learned) -> Path:
    """Draw it as a PNG at `path`, and return where. Raises PictureError."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise PictureError(
            f"Pictures need matplotlib ({error}); run: pip install 'antiphon[engine]'."
        ) from None
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    held = [(one.step, one.held_back_bits) for one in curve if one.held_back_bits is not None]
    for number, (_, part) in enumerate(groupby(curve, lambda one: one.part)):
        points = [(one.step, one.bits) for one in part]
        name = "learnt from" if number == 0 else None
        axes.plot(*zip(*points, strict=True), color=COLOURS[Voice.PLAYER], label=name)
    if held:
        axes.plot(
            *zip(*held, strict=True), "D", ms=4, color=COLOURS[Voice.PARTNER], label="held back"
        )
    axes.axhline(over.before_bits, color=QUIET, ls="--", lw=1, label="held back, before")
    axes.axhline(over.after_bits, color=INK, ls=":", lw=1, label="held back, after")
    axes.set_xlabel("step")
    axes.set_ylabel("bits a note")
    axes.grid(color=LINE, lw=0.6)
    axes.legend(frameon=False)
    kept = "kept" if over.kept else "not kept"
    axes.set_title(f"{over.notes} notes, {over.seconds:.1f} s, {kept}", color=INK, loc="left")
    png = io.BytesIO()
    figure.savefig(png, dpi=DPI, format="png")
    try:
        write_whole(Path(path), png.getvalue())
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise PictureError(
            f"The picture {shown_name(Path(path))} could not be written ({reason}): choose another "
            "folder."
        ) from None
    return Path(path)
