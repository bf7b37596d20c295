"""Frames of strips are what painting everything anew gives, pixel by pixel."""

import random

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QFont, QImage, QPainter

from gui.roll.inks import Inks
from gui.roll.notes import OPEN_NS
from gui.roll.scene import REST_NS, Scene
from gui.theme.palette import DARK, LIGHT
from plugin.protocol import Position
from plugin.served.messages import Planned
from tests.gui.roll.told import MS, ORIGIN_NS, S, ghost, off, on, pulse

WIDTH, HEIGHT, KEYS, RULER = 700, 300, 40, 20


def font() -> QFont:
    made = QFont()
    made.setPixelSize(11)
    return made


def scene(dpr: float = 1.0) -> Scene:
    made = Scene()
    made.fit(WIDTH, HEIGHT, dpr, KEYS, RULER)
    made.wear(Inks(DARK), font())
    made.take(pulse(0.0))
    return made


def picture(of: Scene) -> QImage:
    image = QImage(WIDTH, HEIGHT, QImage.Format.Format_RGB32)
    image.fill(0xFFFF00FF)
    painter = QPainter(image)
    of.paint(painter)
    painter.end()
    return image


def anew(of: Scene) -> QImage:
    of.tiles.clear()
    return picture(of)


def at(of: Scene, seconds: float) -> None:
    """Time has come to there, and the rows are where they shall be."""
    of.tick(round(seconds * S), 0)
    of.look(round(seconds * S))
    of.view.settle()
    of.tick(round(seconds * S), 0)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("dpr", [1.0, 2.0])
def test_strips_show_what_painting_anew_shows(qapp: object, seed: int, dpr: float) -> None:
    rng = random.Random(seed)
    shown = scene(dpr)
    sounding: list[tuple[int, bool]] = []
    for step in range(120):
        now_s = step * 0.06
        bpm, beat = 120.0, now_s * 2
        if step > 60:  # another tempo: lines move
            bpm, beat = 90.0, 7.2 + (now_s - 3.6) * 1.5
        shown.take(pulse(now_s, bpm, beat=beat))
        if step % 30 == 0:
            shown.position(Position(1 + step, 1, bpm, False), round(now_s * S))
        if rng.random() < 0.6:
            key = (rng.choice((57, 60, 62, 64, 67)), rng.random() < 0.5)
            late_ms = rng.choice((0.0, 0.0, 20.0))
            shown.take(on(now_s, key[0], partner=key[1], velocity=rng.randrange(1, 128),
                          late_ms=late_ms))  # fmt: skip
            sounding.append(key)
        if sounding and rng.random() < 0.6:
            key = sounding.pop(rng.randrange(len(sounding)))
            shown.take(off(now_s, key[0], partner=key[1]))
        at(shown, now_s)
        seen = picture(shown)
        if step % 10 == 9:
            assert seen == anew(shown)


def test_every_pixel_is_painted(qapp: object) -> None:
    shown = scene()
    at(shown, 3.0)
    image = picture(shown)
    missing = [
        (x, y)
        for x in range(WIDTH)
        for y in range(HEIGHT)
        if image.pixelColor(x, y).name() == "#ff00ff"
    ]
    assert missing == []


def test_a_frame_that_scrolls_paints_no_strip_anew(qapp: object) -> None:
    shown = scene()
    for number in range(40):
        shown.take(on(number * 0.1, 60))
        shown.take(off(number * 0.1 + 0.08, 60))
    at(shown, 4.2)
    picture(shown)
    before = shown.tiles.painted
    for step in range(30):
        shown.tick(round((4.2 + step / 60) * S), 16 * MS)
        picture(shown)
    assert shown.tiles.painted <= before + 1, "only the one that comes into sight"


def test_colours_stand_where_they_belong(qapp: object) -> None:
    shown = scene()
    shown.take(on(1.0, 60, velocity=127))
    shown.take(off(2.0, 60))
    shown.take(on(2.0, 64, partner=True))
    shown.take(Planned((ghost(3.2, 3.6, 62),)))
    at(shown, 3.0)
    image = picture(shown)
    view = shown.view
    now_x = KEYS + view.x(3 * S)
    assert image.pixelColor(now_x, 200).name() == DARK.playhead
    y60 = RULER + view.top(60) + 4
    assert image.pixelColor(KEYS + view.x(round(1.5 * S)), y60).name() == DARK.player
    # The partner's note sounds: it reaches to the present, and its key is down.
    y64 = RULER + view.top(64)
    row = {image.pixelColor(x, y64 + 5).name() for x in range(KEYS)}
    assert DARK.partner in row
    column = [image.pixelColor(now_x - 30, y).name() for y in range(y64, RULER + view.top(63))]
    assert DARK.partner in column
    y62 = RULER + view.top(62)
    planned = [
        image.pixelColor(KEYS + view.x(round(3.4 * S)) + n, y).name()
        for n in range(6)
        for y in range(y62, RULER + view.top(61))
    ]
    assert DARK.ghost in planned
    bar_x = KEYS + view.x(2 * S)
    assert image.pixelColor(bar_x, HEIGHT - 30).name() == DARK.bar_line


def test_another_theme_is_another_picture(qapp: object) -> None:
    shown = scene()
    at(shown, 1.0)
    picture(shown)
    shown.wear(Inks(LIGHT), font())
    image = picture(shown)
    assert image.pixelColor(WIDTH - 30, RULER + 3).name() in (LIGHT.roll, LIGHT.roll_dark)
    assert image == anew(shown)


def test_turns_are_seen_in_colour_and_shape(qapp: object) -> None:
    shown = scene()
    shown.position(Position(1, 1, 120.0, False, False, 1, 1), 0)
    shown.position(Position(2, 1, 120.0, False, True, 1, 1), 2 * S)
    at(shown, 3.0)
    image = picture(shown)

    def ruler(t_s: float) -> list[str]:
        x = KEYS + shown.view.x(round(t_s * S))
        return [image.pixelColor(x, y).name() for y in range(RULER)]

    assert ruler(1.9)[0] != DARK.partner
    assert ruler(1.9)[RULER - 2] == DARK.player, "underlined"
    assert ruler(3.5)[0] == DARK.partner, "edged"
    assert ruler(3.5)[RULER - 2] == DARK.partner


def test_it_rests_when_nothing_sounds_and_no_beat_goes_on(qapp: object) -> None:
    shown = scene()
    shown.take(pulse(0.1, 0.0))
    assert not shown.moves(10 * S)
    shown.take(on(10.0))
    assert shown.moves(60 * S), "it sounds"
    shown.take(off(70.0))
    assert shown.moves(70 * S + REST_NS - 1)
    at(shown, 70 + REST_NS / S)
    assert not shown.moves(70 * S + REST_NS)
    shown.take(Planned((ghost(74.0, 75.0),)))
    assert shown.moves(74 * S)
    at(shown, 74.5)
    assert not shown.notes.ghosts, "it did not come: it is planned no more"
    assert not shown.moves(round(74.5 * S))
    shown.take(pulse(75.0, 120.0))
    assert shown.moves(75 * S)


def test_another_session_leaves_what_was_played_where_it_was(qapp: object) -> None:
    shown = scene()
    shown.take(on(8.0, 60))
    at(shown, 10.0)
    where = [shown.view.x(note.t_ns) for note in shown.notes]
    shown.take(pulse(0.5, origin_ns=ORIGIN_NS + 10 * S))
    assert not shown.notes.sounds, "who held it is gone"
    at(shown, 0.0)
    assert [shown.view.x(note.t_ns) for note in shown.notes] == where
    assert all(note.end_ns != OPEN_NS for note in shown.notes)
    assert picture(shown) == anew(shown)


def test_what_lies_under_the_mouse(qapp: object) -> None:
    shown = scene()
    shown.take(on(1.0, 60, velocity=99))
    shown.take(off(2.0, 60))
    shown.position(Position(5, 1, 120.0, False), 0)
    at(shown, 3.0)
    x = KEYS + shown.view.x(round(1.5 * S))
    y = RULER + shown.view.top(60) + 3
    note = shown.at(QPoint(x, y))
    assert note is not None
    assert shown.about(note) == "C4 · velocity 99 · bar 5.3 · you"
    assert shown.at(QPoint(x, y + 60)) is None
    assert shown.at(QPoint(KEYS - 1, y)) is None
