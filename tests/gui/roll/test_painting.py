"""Colours read back at known places."""

import pytest
from hypothesis import given
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from engine.events import Note
from gui.roll.inks import LEVELS, Inks
from gui.roll.notes import OPEN_NS, RollNote
from gui.roll.painting import Frame, paint_ghosts, paint_notes, paint_take
from gui.theme.contrast import contrast
from gui.theme.palette import DARK, LIGHT, Palette
from tests.gui.roll.told import MS, ghost
from tests.strategies import velocities

PALETTES = pytest.mark.parametrize("palette", [DARK, LIGHT], ids=lambda palette: palette.name)
UNITS = pytest.mark.parametrize("unit", [1.0, 1.5, 2.0])


def sheet(width: int = 400, height: int = 240) -> QImage:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor("#000000"))
    return image


def frame(unit: float = 1.0) -> Frame:
    """A second is 100 pixels wide, a pitch 20 high, 60 is the lowest of 12."""
    return Frame(px_per_ns=1e-7, left=0, low=60, high=71, top=0, height=240, unit=unit)


def note(
    begin_s: float, end_s: float, pitch: int, *, partner: bool = False, velocity: int = 127,
    late_ms: float = 0.0,
) -> RollNote:  # fmt: skip
    return RollNote(round(begin_s * 1e9), round(end_s * 1e9), pitch, velocity, partner, 0, late_ms)


def painted(notes: list[RollNote], palette: Palette, unit: float = 1.0) -> QImage:
    image = sheet()
    painter = QPainter(image)
    paint_notes(painter, notes, frame(unit), Inks(palette))
    painter.end()
    return image


def colour(image: QImage, x: int, y: int) -> str:
    return image.pixelColor(x, y).name()


@PALETTES
@UNITS
def test_the_players_note_is_square_and_full(qapp: object, palette: Palette, unit: float) -> None:
    image = painted([note(1.0, 2.0, 65)], palette, unit)
    top = (71 - 65) * 20
    for x, y in ((100, top), (100, top + 18), (197, top), (150, top + 9)):
        assert colour(image, x, y) == palette.player
    for x, y in ((99, top + 9), (200, top + 9), (150, top - 1), (150, top + 20)):
        assert colour(image, x, y) == "#000000"


@PALETTES
@UNITS
def test_the_partners_note_has_round_corners_and_an_edge(
    qapp: object, palette: Palette, unit: float
) -> None:
    image = painted([note(1.0, 2.0, 65, partner=True)], palette, unit)
    top = (71 - 65) * 20
    assert colour(image, 100, top + 9) == palette.partner
    assert colour(image, 150, top) == palette.partner
    for x, y in ((100, top), (101, top), (100, top + 1)):
        assert colour(image, x, y) != palette.partner, "the corner is round"
    inside = colour(image, 150, top + 9)
    assert inside not in (palette.partner, "#000000")


@PALETTES
def test_told_apart_without_any_colour(qapp: object, palette: Palette) -> None:
    image = painted([note(0.5, 1.5, 65), note(2.0, 3.0, 65, partner=True)], palette)
    grey = image.convertToFormat(QImage.Format.Format_Grayscale8)

    def kinds(x: int) -> set[int]:
        return {grey.pixelColor(x, y).value() for y in range(120, 139)}

    assert len(kinds(100)) == 1
    assert len(kinds(250)) > 1


@PALETTES
@pytest.mark.parametrize("partner", [False, True])
def test_the_louder_the_thicker(qapp: object, palette: Palette, partner: bool) -> None:
    heights = []
    for velocity in (1, 40, 80, 127):
        image = painted([note(1.0, 2.0, 65, partner=partner, velocity=velocity)], palette)
        heights.append(sum(colour(image, 150, y) != "#000000" for y in range(240)))
    assert heights == sorted(set(heights))
    assert heights[0] >= 19 // 2


@PALETTES
def test_the_softest_note_stands_out_from_the_ground(palette: Palette) -> None:
    inks = Inks(palette)
    assert len(inks.player) == LEVELS
    for ground in (palette.roll, palette.roll_dark):
        assert contrast(inks.player[0].name(), ground) >= 3.0
        assert contrast(inks.partner_edge.name(), ground) >= 3.0


def test_in_unison_both_are_seen(qapp: object) -> None:
    image = painted([note(1.0, 2.0, 65, partner=True), note(1.0, 2.0, 65)], DARK)
    alone = painted([note(1.0, 2.0, 65, partner=True)], DARK)
    assert colour(image, 150, 120) == DARK.partner, "the edge is above"
    assert colour(image, 150, 129) != colour(alone, 150, 129), "the player's shines through"


def test_two_strokes_of_a_key_are_two(qapp: object) -> None:
    image = painted([note(1.0, 2.0, 65), note(2.0, 3.0, 65)], DARK)
    row = [colour(image, x, 129) for x in range(100, 300)]
    assert row.count("#000000") == 2
    assert row[99] == "#000000"


def test_a_note_of_no_length_is_seen(qapp: object) -> None:
    image = painted([note(1.0, 1.0, 65)], DARK)
    assert colour(image, 100, 129) == DARK.player


@PALETTES
def test_a_late_note_of_the_partners_is_marked(qapp: object, palette: Palette) -> None:
    late = painted([note(1.0, 2.0, 65, partner=True, late_ms=12.0)], palette)
    assert colour(late, 98, 129) == palette.warn
    in_time = painted([note(1.0, 2.0, 65, partner=True, late_ms=2.0)], palette)
    assert palette.warn not in {colour(in_time, x, 129) for x in range(90, 110)}


def test_what_is_planned_is_empty_and_dashed(qapp: object) -> None:
    image = sheet()
    painter = QPainter(image)
    paint_ghosts(painter, [ghost(1.0, 2.0, 65)], frame(), Inks(DARK))
    painter.end()
    upper = [colour(image, x, top_of(image, 150)) for x in range(100, 199)]
    assert DARK.ghost in upper
    assert "#000000" in upper
    assert colour(image, 150, 129) == "#000000"


def top_of(image: QImage, middle: int) -> int:
    """The first row of pixels near the middle in which anything is painted."""
    return next(
        y
        for y in range(image.height())
        if any(colour(image, x, y) != "#000000" for x in range(middle - 3, middle + 4))
    )


@PALETTES
@pytest.mark.parametrize("dpr", [1.0, 2.0])
def test_a_take_finds_room_in_its_place_and_nowhere_else(
    qapp: object, palette: Palette, dpr: float
) -> None:
    image = QImage(round(300 * dpr), round(200 * dpr), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(dpr)
    image.fill(QColor("#ff00ff"))
    painter = QPainter(image)
    player = [Note(4.0, 1.0, 60, 127)]
    partner = [Note(6.0, 2.0, 72, 100)]
    place = QRectF(50, 40, 200, 100)
    paint_take(painter, place, player, partner, palette, bars=[4.0, 8.0], playhead=7.0)
    painter.end()
    seen = {
        (x, y): colour(image, x, y)
        for x in range(0, image.width(), 2)
        for y in range(0, image.height(), 2)
    }
    outside = {
        c
        for (x, y), c in seen.items()
        if not (50 * dpr <= x < 250 * dpr and 40 * dpr <= y < 140 * dpr)
    }
    assert outside == {"#ff00ff"}
    found = set(seen.values())
    assert {palette.player, palette.partner, palette.roll, palette.playhead} <= found
    mine = [x for (x, _), c in seen.items() if c == palette.player]
    theirs = [x for (x, _), c in seen.items() if c == palette.partner]
    assert max(mine) < min(theirs)


@given(velocities)
def test_every_velocity_has_its_thickness(velocity: int) -> None:
    top, height = frame().box(65, velocity >> 4)
    begin, end = frame().row(65)
    assert begin <= top
    assert top + height <= end
    assert height >= 1


def test_rows_too_low_for_a_gap_are_still_seen() -> None:
    low = Frame(px_per_ns=1e-7, left=0, low=0, high=127, top=10, height=130, unit=1.0)
    for pitch in range(128):
        top, height = low.box(pitch, 0)
        assert height >= 1
        assert 10 <= top < 140


def test_now_cuts_what_still_sounds(qapp: object) -> None:
    image = sheet()
    painter = QPainter(image)
    sounding = RollNote(1000 * MS, OPEN_NS, 65, 127, False)
    until = Frame(
        px_per_ns=1e-7, left=0, low=60, high=71, top=0, height=240, unit=1, now_ns=2000 * MS
    )
    paint_notes(painter, [sounding], until, Inks(DARK))
    painter.end()
    assert colour(image, 190, 129) == DARK.player
    assert colour(image, 201, 129) == "#000000"
