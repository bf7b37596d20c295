from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from engine.events import Note
from gui.roll.mini import MiniRoll, save_picture, take_pixmap
from gui.theme.palette import DARK, LIGHT
from gui.theme.theme import Theme

PLAYER = [Note(0.0, 1.0, 60, 100), Note(1.0, 1.0, 64, 60)]
PARTNER = [Note(2.0, 2.0, 67, 90)]


def colours(image: QImage) -> set[str]:
    return {
        image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())
    }


def test_a_mini_roll_shows_a_take_and_says_it(qtbot: QtBot, theme: Theme) -> None:
    mini = MiniRoll(theme)
    qtbot.addWidget(mini)
    mini.resize(160, 44)
    mini.show_notes(PLAYER, PARTNER, bars=[0.0, 2.0, 4.0])
    found = colours(mini.grab().toImage())
    assert {theme.palette.partner, theme.palette.roll} <= found
    assert mini.accessibleDescription() == "you: 2 notes, C4 to E4; partner: 1 note, G4"
    before = mini.grab().toImage()
    mini.show_playhead(1.5)
    assert theme.palette.playhead in colours(mini.grab().toImage())
    mini.show_playhead(None)
    assert mini.grab().toImage() == before


def test_a_mini_roll_without_notes_is_empty_ground(qtbot: QtBot, theme: Theme) -> None:
    mini = MiniRoll(theme)
    qtbot.addWidget(mini)
    mini.resize(100, 40)
    assert colours(mini.grab().toImage()) == {theme.palette.roll}


def test_a_mini_roll_follows_the_theme(qtbot: QtBot, theme: Theme) -> None:
    mini = MiniRoll(theme)
    qtbot.addWidget(mini)
    mini.resize(100, 40)
    mini.show_notes(PLAYER, [])
    theme.choose("light")
    assert LIGHT.roll in colours(mini.grab().toImage())
    theme.choose("dark")


def test_the_picture_under_the_mouse_is_sharp_on_a_fine_screen(qapp: object) -> None:
    pixmap = take_pixmap(PLAYER, PARTNER, DARK, (200, 50), dpr=2.0)
    assert (pixmap.width(), pixmap.height(), pixmap.devicePixelRatio()) == (400, 100, 2.0)
    assert {DARK.partner, DARK.roll} <= colours(pixmap.toImage())


def test_a_png_is_written_twice_as_fine_as_asked(qapp: object, tmp_path: Path) -> None:
    path = save_picture(tmp_path / "take.png", PLAYER, PARTNER, LIGHT, size=(300, 100))
    image = QImage(str(path))
    assert (image.width(), image.height()) == (600, 200)
    assert {LIGHT.partner, LIGHT.roll} <= colours(image)


def test_an_svg_holds_the_shapes_in_their_colours(qapp: object, tmp_path: Path) -> None:
    path = save_picture(tmp_path / "take.svg", PLAYER, PARTNER, LIGHT, bars=[0.0, 2.0])
    text = path.read_text(encoding="utf-8")
    assert 'viewBox="0 0 1600 500"' in text
    assert LIGHT.partner in text
    assert text.count("<rect") >= 5


def test_a_folder_that_is_not_there_is_an_error(qapp: object, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        save_picture(tmp_path / "nowhere" / "take.png", PLAYER, PARTNER, LIGHT)
