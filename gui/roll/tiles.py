"""What scrolls without changing, painted once: strips of time as pixmaps.

A strip holds ground, lines and the notes that have ended. A frame copies the strips that are in
sight; only what still sounds or is planned is painted in each. A note that ends is painted into the
strips that it touches, its row alone. It refuses to decide what is to be seen: that is the view.
"""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFont, QPainter, QPixmap

from gui.roll.beats import GridLine
from gui.roll.ground import LABEL_ROOM_PX, paint_ground
from gui.roll.inks import Inks
from gui.roll.notes import RollNote
from gui.roll.painting import Frame, paint_notes

TILE_PX = 256
"""Device pixels of time in a strip."""
MOST_PARTS = 8
"""With more of them to paint again, the whole strip is."""
SPARE = 2
"""Strips that are kept beside those in sight."""

Between = Callable[[int, int], Sequence[RollNote]]
Lines = Callable[[int, int], list[GridLine]]


class Tiles:
    """Thread: the GUI's. `between` and `lines` give notes and grid of a stretch of time."""

    def __init__(self, between: Between, lines: Lines) -> None:
        self._between, self._lines = between, lines
        self._kept: dict[int, QPixmap] = {}
        self._free: list[QPixmap] = []
        self._stale: dict[int, list[QRect]] = {}
        """Parts of strips that are to be painted again."""
        self._key: tuple[object, ...] = ()
        self._frame = Frame(px_per_ns=1e-9, left=0, low=0, high=1, top=0, height=1, unit=1)
        self._font, self._inks = QFont(), Inks.__new__(Inks)
        self.painted = 0
        """Strips painted anew so far: what the cache could not spare."""

    def fit(self, frame: Frame, font: QFont, inks: Inks) -> None:
        """Where things are from now on; what was painted for another place is dropped."""
        size = frame.top + frame.height
        key = (frame.px_per_ns, frame.low, frame.high, frame.top, size, frame.unit, font, inks)
        if key != self._key:
            if self._kept and next(iter(self._kept.values())).height() == size:
                self._free += self._kept.values()
            else:
                self._free.clear()
            self._kept.clear()
            self._stale.clear()
            self._key, self._font, self._inks = key, font, inks
        self._frame = frame

    def paint(self, painter: QPainter, left: int, width: int, at: int) -> None:
        """Copy what begins at the absolute pixel `left` to x = `at`."""
        first, last = left // TILE_PX, (left + width - 1) // TILE_PX
        for number in range(first, last + 1):
            painter.drawPixmap(at + number * TILE_PX - left, 0, self._tile(number))
        if len(self._kept) > last - first + 1 + SPARE:
            for number in [n for n in self._kept if not first - 1 <= n <= last + 1]:
                self._free.append(self._kept.pop(number))
                self._stale.pop(number, None)
            del self._free[SPARE:]

    def touch(self, note: RollNote) -> None:
        """This note has ended, or is another than it was: paint its row again where it lies."""
        frame = self._frame
        edge = round(6 * frame.unit)  # a late note's mark, and an edge's softness
        begin = frame.x(note.t_ns) + frame.left - edge
        end = frame.x(note.end_ns) + frame.left + edge
        top, below = frame.row(note.pitch)
        for number in range(begin // TILE_PX, end // TILE_PX + 1):
            if number in self._kept:
                place = QRect(
                    begin - number * TILE_PX, top - edge, end - begin, below - top + 2 * edge
                )
                self._stale.setdefault(number, []).append(place)

    def drop(self, from_ns: int) -> None:
        """From this moment on all is to be painted again."""
        first = (self._frame.x(from_ns) + self._frame.left) // TILE_PX
        for number in [n for n in self._kept if n >= first]:
            self._free.append(self._kept.pop(number))
            self._stale.pop(number, None)

    def clear(self) -> None:
        """All is to be painted again."""
        self._key = ()

    def _tile(self, number: int) -> QPixmap:
        tile = self._kept.get(number)
        if tile is None:
            size = self._frame.top + self._frame.height
            tile = self._free.pop() if self._free else QPixmap(TILE_PX, size)
            self._kept[number] = tile
            self._paint(tile, number, [])
            self.painted += 1
        elif number in self._stale:
            self._paint(tile, number, self._stale.pop(number))
        return tile

    def _paint(self, tile: QPixmap, number: int, parts: list[QRect]) -> None:
        whole = self._frame
        left = number * TILE_PX
        frame = Frame(
            px_per_ns=whole.px_per_ns,
            left=left,
            low=whole.low,
            high=whole.high,
            top=whole.top,
            height=whole.height,
            unit=whole.unit,
            moving=whole.moving,
            boxes=whole.boxes,
        )
        painter = QPainter(tile)
        if len(parts) > MOST_PARTS:
            parts = []
        for part in parts or [QRect(0, 0, TILE_PX, tile.height())]:
            painter.setClipRect(part)
            paint_strip(painter, frame, part, self._between, self._lines, self._font, self._inks)
        painter.end()


def paint_strip(
    painter: QPainter,
    frame: Frame,
    part: QRect,
    between: Between,
    lines: Lines,
    font: QFont,
    inks: Inks,
) -> None:
    """Ground, and the notes that have ended, in a part of a strip; the painter is clipped to it."""
    left, edge = frame.left, round(8 * frame.unit)
    around = round(LABEL_ROOM_PX * frame.unit)

    def moment(x: int) -> int:
        return round((left + x) / frame.px_per_ns)

    each = frame.height / (frame.high - frame.low + 1)
    high = frame.high + 1 - (part.top() - frame.top - edge) / each
    low = frame.high - (part.bottom() - frame.top + edge) / each
    # The whole strip's lines: which of them there is room for must not depend on the part.
    found = lines(moment(-around), moment(TILE_PX + around))
    paint_ground(painter, frame, TILE_PX, found, font, inks, (int(low), int(high) + 1))
    rows = QRect(0, frame.top, TILE_PX, frame.height)
    painter.save()
    painter.setClipRect(rows, Qt.ClipOperation.IntersectClip)
    notes = between(moment(part.left() - edge), moment(part.right() + edge))
    paint_notes(
        painter,
        [note for note in notes if low <= note.pitch <= high and not note.sounds],
        frame,
        inks,
    )
    painter.restore()
