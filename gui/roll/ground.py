"""What lies behind the notes: rows, octaves, bars and beats, the ruler, the keys.

Pure painting in device pixels. It refuses to know notes.
"""

from collections.abc import Sequence

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter

from gui.roll.beats import GridLine, TurnSpan
from gui.roll.inks import Inks
from gui.roll.painting import Frame
from plugin.console import pitch_name

BLACK = (False, True, False, True, False, False, True, False, True, False, True, False)
"""By pitch class."""
LEAST_LINE_PX = 7.0
"""Lines nearer to each other than this many logical pixels are left out."""
LEAST_LABEL_PX = 44.0
LABEL_ROOM_PX = 60
"""A number may reach so far into what is right of its line."""


def paint_ground(
    painter: QPainter,
    frame: Frame,
    width: int,
    lines: Sequence[GridLine],
    font: QFont,
    inks: Inks,
    pitches: tuple[int, int] = (0, 127),
) -> None:
    """Rows, lines and ruler of a stretch `width` wide. `lines` may lie around it, too.

    pitches: no other rows are looked at, for whoever clips to them.
    """
    bottom = frame.top + frame.height
    painter.fillRect(0, 0, width, frame.top, inks.ruler)
    _paint_rows(painter, frame, width, inks, pitches)
    thin = max(round(frame.unit), 1)
    painter.fillRect(0, frame.top - thin, width, thin, inks.edge)
    beats, every = _spacing(frame, lines)
    painter.setPen(inks.text_soft)
    painter.setFont(font)
    room = QFontMetrics(font).horizontalAdvance("888") + round(14 * frame.unit)
    labelled = _every(room, lines, frame, every)
    for line in lines:
        x = frame.x(line.t_ns)
        if line.kind == "beat":
            if beats:
                painter.fillRect(x, frame.top, thin, bottom - frame.top, inks.grid)
            continue
        number = line.number - 1 if line.kind == "bar" else line.number
        if line.number and number % every:
            continue
        ink = inks.bar_line if line.kind == "bar" else inks.octave
        painter.fillRect(x, frame.top // 2, thin, bottom - frame.top // 2, ink)
        if line.number > 0 and number % labelled == 0:
            text = str(line.number) if line.kind == "bar" else _clock(line.number)
            place = QRect(x + 4 * thin, 0, round(LABEL_ROOM_PX * frame.unit), frame.top - thin)
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, text)


def _clock(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02d}"


def _paint_rows(
    painter: QPainter, frame: Frame, width: int, inks: Inks, pitches: tuple[int, int]
) -> None:
    painter.fillRect(0, frame.top, width, frame.height, inks.roll)
    thin = max(round(frame.unit), 1)
    painter.save()
    rows = QRect(0, frame.top, width, frame.height)
    painter.setClipRect(rows, Qt.ClipOperation.IntersectClip)
    first, last = max(int(frame.low) - 1, pitches[0]), min(int(frame.high) + 1, pitches[1])
    for pitch in range(max(first, 0), min(last, 127) + 1):
        top, below = frame.row(pitch)
        if BLACK[pitch % 12]:
            painter.fillRect(0, top, width, below - top, inks.roll_dark)
        elif pitch % 12 == 0:
            painter.fillRect(0, below - thin, width, thin, inks.octave)
        elif pitch % 12 == 5:
            painter.fillRect(0, below - thin, width, thin, inks.grid)
    painter.restore()


def _spacing(frame: Frame, lines: Sequence[GridLine]) -> tuple[bool, int]:
    """Whether there is room for beats, and every how-many-eth bar or second has a line."""
    beat, bar = _distances(frame, lines)
    least = LEAST_LINE_PX * frame.unit
    every = 1
    while bar * every < 2 * least and every < 1024:
        every *= 2
    return beat >= least, every


def _every(room: int, lines: Sequence[GridLine], frame: Frame, every: int) -> int:
    """Every how-many-eth bar or second has room for its number."""
    _, bar = _distances(frame, lines)
    while bar * every < room and every < 4096:
        every *= 2
    return every


def _distances(frame: Frame, lines: Sequence[GridLine]) -> tuple[float, float]:
    """Least distance of two lines, and of two bars or seconds; 1e9 pixels where there is one."""
    beat = bar = 1e9
    last = last_bar = None
    for line in lines:
        if last is not None and line.t_ns > last:
            beat = min(beat, (line.t_ns - last) * frame.px_per_ns)
        last = line.t_ns
        if line.kind != "beat":
            if last_bar is not None and line.t_ns > last_bar:
                bar = min(bar, (line.t_ns - last_bar) * frame.px_per_ns)
            last_bar = line.t_ns
    return beat, bar


def paint_turns(
    painter: QPainter, turns: Sequence[TurnSpan], frame: Frame, width: int, font: QFont, inks: Inks
) -> None:
    """Whose turn it is, as a band in the ruler with a word, underlined for the player, edged else.

    The numbers of the bars stay readable: the word stands beside the first, where there is room.
    """
    thin = max(round(frame.unit), 1)
    painter.setFont(font)
    letters = QFontMetrics(font)
    for turn in turns:
        begin, end = frame.x(turn.begin_ns), frame.x(turn.end_ns)
        if end <= 0 or begin >= width:
            continue
        side = inks.sides[turn.partner]
        high = frame.top - thin
        painter.fillRect(begin, 0, end - begin, high, inks.turn[turn.partner])
        if turn.partner:
            painter.setPen(side)
            painter.setBrush(inks.no_brush)
            painter.drawRect(begin, 0, end - begin - 1, high - 1)
        else:
            painter.fillRect(begin, high - 3 * thin, end - begin, 3 * thin, side)
        painter.fillRect(begin, 0, 2 * thin, frame.top + frame.height, side)
        bars = "1 bar" if turn.bars == 1 else f"{turn.bars} bars"
        who = "Partner" if turn.partner else "You"
        at = begin + letters.horizontalAdvance("8888") + 6 * thin
        room = (end - begin) // max(turn.bars, 1) - (at - begin)
        for text in (f"{who}, {bars}", who):
            if letters.horizontalAdvance(text) <= room:
                painter.setPen(inks.text)
                place = QRect(at, 0, room, high)
                painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, text)
                break


def paint_keyboard(painter: QPainter, frame: Frame, width: int, font: QFont, inks: Inks) -> None:
    """The keys at the left, a name at each C, and at each white key where there is room."""
    thin = max(round(frame.unit), 1)
    bottom = frame.top + frame.height
    painter.fillRect(0, 0, width, bottom, inks.ruler)
    painter.setClipRect(0, frame.top, width, frame.height)
    painter.fillRect(0, frame.top, width, frame.height, inks.white_key)
    painter.setFont(font)
    row = frame.height / (frame.high - frame.low + 1)
    room = QFontMetrics(font).height()
    for pitch in range(max(int(frame.low) - 1, 0), min(int(frame.high) + 2, 128)):
        top, below = frame.row(pitch)
        if BLACK[pitch % 12]:
            painter.fillRect(0, top, round(width * 0.58), below - top, inks.black_key)
            middle = (top + below) // 2
            painter.fillRect(round(width * 0.58), middle, width, thin, inks.key_line)
        elif pitch % 12 in (0, 5):
            painter.fillRect(0, below - thin, width, thin, inks.key_line)
    painter.setPen(inks.key_text)
    for pitch in range(max(int(frame.low), 0), min(int(frame.high) + 1, 128)):
        if pitch % 12 == 0 or (row > room and not BLACK[pitch % 12]):
            top, below = frame.row(pitch)
            tall = max(below - top, room)
            place = QRect(0, (top + below - tall) // 2, width - 4 * thin, tall)
            flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(place, flags, pitch_name(pitch))
    painter.setClipping(False)
    painter.fillRect(width - thin, 0, thin, bottom, inks.edge)


def paint_pressed(
    painter: QPainter, pressed: Sequence[tuple[int, bool]], frame: Frame, width: int, inks: Inks
) -> None:
    """Keys (pitch, whether it is the partner's) that sound now: filled, or with an edge.

    On the left half of a key, so that its name stays readable.
    """
    thin = max(round(1.5 * frame.unit), 1)
    wide = round(width * 0.46)
    mine = {pitch for pitch, partner in pressed if not partner}
    theirs = {pitch for pitch, partner in pressed if partner}
    for pitch in mine | theirs:
        top, below = frame.row(pitch)
        painter.fillRect(0, top, wide, below - top, inks.sides[pitch in theirs])
        if pitch in theirs:
            inner = inks.sides[0] if pitch in mine else inks.ruler
            high = max(below - top - 2 * thin, 0)
            painter.fillRect(thin, top + thin, wide - 2 * thin, high, inner)
