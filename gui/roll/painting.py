"""Notes as shapes: the player's square and solid, the partner's rounded with an edge.

The thicker, the louder. Pure painting in device pixels, from a `Frame` that says where things are;
the live roll, takes, cards and exported pictures all draw their notes here. It refuses to know
widgets and to keep anything.
"""

import math
from collections.abc import Iterable, Sequence

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QPainter

from engine.events import Note
from gui.roll.inks import LEVELS, Inks
from gui.roll.notes import LATE_MS, OPEN_NS, RollNote
from gui.theme.palette import Palette
from plugin.served.messages import Ghost

THINNEST = 0.5
"""Share of its row that the softest note fills."""
SECOND = 1e9


class Frame:
    """Where moments and pitches are. All in device pixels.

    left: absolute pixel at x = 0. low, high: pitches of the lowest and highest row. top: where the
    rows begin. unit: device pixels of a logical one. now_ns: until when open notes have sounded.
    moving: rows are on their way, and nobody sees whether a corner is round.
    """

    __slots__ = (
        "boxes",
        "height",
        "high",
        "left",
        "low",
        "moving",
        "now_ns",
        "px_per_ns",
        "top",
        "unit",
    )

    def __init__(
        self,
        *,
        px_per_ns: float,
        left: int,
        low: float,
        high: float,
        top: int,
        height: int,
        unit: float,
        now_ns: int = OPEN_NS,
        moving: bool = False,
        boxes: dict[int, tuple[int, int]] | None = None,
    ) -> None:
        self.px_per_ns, self.left, self.now_ns = px_per_ns, left, now_ns
        self.low, self.high, self.top, self.height = low, high, top, height
        self.unit, self.moving = unit, moving
        self.boxes = {} if boxes is None else boxes
        """(pitch * LEVELS + level) -> top and height of such a note; filled as it is used."""

    def row(self, pitch: int) -> tuple[int, int]:
        """Top of a row and of the one below it."""
        each = self.height / (self.high - self.low + 1)
        above = self.high - pitch
        return self.top + math.floor(above * each), self.top + math.floor((above + 1) * each)

    def box(self, pitch: int, level: int) -> tuple[int, int]:
        """Top and height of a note of this loudness."""
        key = pitch * LEVELS + level
        found = self.boxes.get(key)
        if found is None:
            begin, end = self.row(pitch)
            gap = 1 if end - begin >= 4 else 0
            row = end - begin - gap
            share = THINNEST + (1 - THINNEST) * level / (LEVELS - 1)
            height = max(round(row * share), min(row, math.ceil(2 * self.unit)), 1)
            found = self.boxes[key] = (begin + (row - height) // 2, height)
        return found

    def x(self, t_ns: float) -> int:
        """Where a moment is."""
        return math.floor(t_ns * self.px_per_ns) - self.left


def paint_notes(painter: QPainter, notes: Iterable[RollNote], frame: Frame, inks: Inks) -> None:
    """The player's notes, then the partner's over them, then the marks of the late ones."""
    k, left, now_ns = frame.px_per_ns, frame.left, frame.now_ns
    gap = 1 if frame.unit < 1.5 else 2
    floor, fill, known, box = math.floor, painter.fillRect, frame.boxes, frame.box
    shades = inks.player
    partners: list[tuple[int, int, int, int, int]] = []
    late: list[RollNote] = []
    for note in notes:
        level = note.velocity >> 4
        found = known.get(note.pitch * LEVELS + level)
        top, height = found if found is not None else box(note.pitch, level)
        begin = floor(note.t_ns * k) - left
        end_ns = note.end_ns if note.end_ns < now_ns else now_ns
        width = floor(end_ns * k) - left - begin - gap
        width = max(width, 2 * gap)
        if note.partner:
            partners.append((level, begin, top, width, height))
            if note.late_ms > LATE_MS:
                late.append(note)
        else:
            fill(begin, top, width, height, shades[level])
    if partners:
        _paint_partners(painter, partners, frame, inks)
    for note in late:
        top, height = box(note.pitch, LEVELS - 1)
        up, wide = round(3 * frame.unit), max(round(2 * frame.unit), 1)
        fill(frame.x(note.t_ns) - wide, top - up, wide, height + 2 * up, inks.warn)
        fill(frame.x(note.t_ns) - 3 * wide, top - up, 2 * wide, wide, inks.warn)


def _paint_partners(
    painter: QPainter, boxes: list[tuple[int, int, int, int, int]], frame: Frame, inks: Inks
) -> None:
    pen = inks.partner_pen(frame.unit)
    if frame.moving:
        pen.setWidth(round(frame.unit))
        painter.setPen(pen)
        for level, x, y, width, height in boxes:
            painter.setBrush(inks.partner[level])
            painter.drawRect(x, y, width - 1, height - 1)
        return
    half = pen.widthF() / 2
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(pen)
    brushes, painted, draw = inks.partner, -1, painter.drawRoundedRect
    most = 3.5 * frame.unit
    for level, x, y, width, height in boxes:
        if level != painted:
            painter.setBrush(brushes[level])
            painted = level
        inner = height - 2 * half
        radius = min(most, height / 2)
        if inner <= 0 or width <= 2 * half:
            painter.fillRect(x, y, width, height, inks.partner_edge)
        else:
            draw(QRectF(x + half, y + half, width - 2 * half, inner), radius, radius)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def paint_ghosts(painter: QPainter, ghosts: Sequence[Ghost], frame: Frame, inks: Inks) -> None:
    """What is planned: rounded like the partner's, dashed and empty."""
    if not ghosts:
        return
    painter.setPen(inks.ghost_pen(frame.unit))
    painter.setBrush(inks.no_brush)
    for ghost in ghosts:
        top, height = frame.box(ghost.pitch, ghost.velocity >> 4)
        begin = frame.x(ghost.due_ns)
        width = max(frame.x(ghost.end_ns) - begin - 1, 3)
        painter.drawRect(begin, top, width - 1, height - 1)


# ------------------------------------------------------------------------------- whole takes


def roll_notes(notes: Iterable[Note], partner: bool, unit_s: float = 1.0) -> list[RollNote]:
    """A take's notes as the roll has them; `unit_s`: seconds of what their times count."""
    scale = SECOND * unit_s
    return [
        RollNote(
            round(note.onset * scale),
            round(note.end * scale),
            note.pitch,
            note.velocity,
            partner,
            note.channel,
        )
        for note in notes
    ]


def paint_take(
    painter: QPainter,
    rect: QRect | QRectF,
    player_notes: Sequence[Note],
    partner_notes: Sequence[Note],
    palette: Palette,
    *,
    bars: Sequence[float] = (),
    playhead: float | None = None,
    ground: bool = True,
    margin: float = 3.0,
) -> None:
    """A whole take into a rectangle, as the roll would show it.

    bars: moments of the bar lines, and playhead: of what is heard now; both in the notes' unit,
    whatever it is. ground: paint what lies behind, too. margin: logical pixels around the notes.
    """
    notes = roll_notes(player_notes, False) + roll_notes(partner_notes, True)
    paint_roll_notes(
        painter,
        QRectF(rect),
        notes,
        Inks(palette),
        bars=[round(bar * SECOND) for bar in bars],
        playhead_ns=None if playhead is None else round(playhead * SECOND),
        ground=ground,
        margin=margin,
    )


def paint_roll_notes(
    painter: QPainter,
    rect: QRectF,
    notes: Sequence[RollNote],
    inks: Inks,
    *,
    bars: Sequence[int] = (),
    playhead_ns: int | None = None,
    ground: bool = True,
    margin: float = 3.0,
) -> None:
    """As `paint_take`, for notes of the roll; times are nanoseconds."""
    device = painter.device()
    unit = device.devicePixelRatio() if device is not None else 1.0
    painter.save()
    painter.setClipRect(rect)
    painter.translate(rect.topLeft())
    painter.scale(1 / unit, 1 / unit)
    width, height = round(rect.width() * unit), round(rect.height() * unit)
    if ground:
        painter.fillRect(0, 0, width, height, inks.roll)
    if notes:
        frame = whole(notes, width, height, unit, margin)
        for bar_ns in bars:
            painter.fillRect(frame.x(bar_ns), 0, max(round(unit), 1), height, inks.octave)
        painter.setPen(Qt.PenStyle.NoPen)
        paint_notes(painter, notes, frame, inks)
        if playhead_ns is not None:
            wide = max(round(2 * unit), 1)
            painter.fillRect(frame.x(playhead_ns), 0, wide, height, inks.playhead)
    painter.restore()


def whole(
    notes: Sequence[RollNote], width: int, height: int, unit: float, margin: float = 3.0
) -> Frame:
    """The frame in which all of these notes just find room; at least an octave high."""
    begin_ns = min(note.t_ns for note in notes)
    end_ns = max(note.end_ns for note in notes)
    low = min(note.pitch for note in notes)
    high = max(note.pitch for note in notes)
    missing = max(12 - (high - low + 1), 0)
    low, high = low - missing // 2, high + missing - missing // 2
    edge = round(margin * unit)
    px_per_ns = max(width - 2 * edge, 1) / max(end_ns - begin_ns, 1)
    return Frame(
        px_per_ns=px_per_ns,
        left=math.floor(begin_ns * px_per_ns) - edge,
        low=low,
        high=high,
        top=edge,
        height=max(height - 2 * edge, 1),
        unit=unit,
    )
