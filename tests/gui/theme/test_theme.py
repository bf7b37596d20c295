"""The theme as the application wears it: palettes, scale, icons, marks."""

import re
from pathlib import Path

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter, QPalette
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from gui.theme import icons, looks, paint, sheet
from gui.theme.palette import DARK, LIGHT, PALETTES
from gui.theme.theme import SCALES, Theme


def test_dark_is_worn_first_and_light_when_chosen(theme, qapp, qtbot):
    roles = QPalette.ColorRole
    assert theme.palette is DARK
    assert qapp.palette().color(roles.Window).name() == DARK.window
    with qtbot.waitSignal(theme.changed):
        theme.choose("light")
    assert theme.palette is LIGHT
    assert qapp.palette().color(roles.WindowText).name() == LIGHT.text
    off = qapp.palette().color(QPalette.ColorGroup.Disabled, roles.Text).name()
    assert off == LIGHT.text_off
    assert LIGHT.raised in qapp.styleSheet()
    assert theme.colour("text").name() == LIGHT.text


def test_choosing_what_is_worn_says_nothing(theme, qtbot):
    with qtbot.assertNotEmitted(theme.changed):
        theme.choose("dark")
        theme.rescale(1.0)


def test_the_system_is_followed(theme):
    theme.choose("system")
    assert theme.palette in PALETTES.values()
    assert theme.choice == "system"


def test_scale_grows_text_lengths_and_layouts(theme, qapp, qtbot):
    widget = QWidget()
    qtbot.addWidget(widget)
    layout = QVBoxLayout(widget)
    inner = QVBoxLayout()
    layout.addLayout(inner)
    label = QLabel("words")
    inner.addWidget(label)
    theme.spaced(layout, 8, 12)
    theme.spaced(inner, 4, 1, 2, 3, 4)
    before = (theme.px(100), layout.spacing(), layout.contentsMargins().left(), label.sizeHint())
    theme.rescale(2.0)
    assert theme.px(100) == pytest.approx(2 * before[0], abs=2)
    assert layout.spacing() == pytest.approx(2 * before[1], abs=1)
    assert layout.contentsMargins().left() == pytest.approx(2 * before[2], abs=1)
    assert inner.contentsMargins().bottom() > inner.contentsMargins().top()
    assert label.sizeHint().height() > 1.7 * before[3].height()
    assert qapp.font().pointSizeF() == theme.font().pointSizeF() or theme.font().pixelSize() > 0


def test_a_wild_scale_is_held_within_reason(theme):
    theme.rescale(100)
    assert theme.scale == 4.0


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
@pytest.mark.parametrize("scale", SCALES)
def test_the_sheet_is_whole_and_qt_understands_it(palette, scale, qapp, qtbot):
    """What Qt cannot parse it warns about, which fails the test."""
    text = sheet.sheet(palette, scale)
    assert "$" not in text
    for path in re.findall(r'url\("([^"]+)"\)', text):
        assert Path(path).is_file(), path
    widget = QPushButton("words")
    qtbot.addWidget(widget)
    widget.setStyleSheet(text)
    widget.show()


def test_the_marks_have_the_colours_of_their_palette():
    folder = Path(sheet.__file__).with_name("marks")
    for name, palette in PALETTES.items():
        allowed = {palette.on_accent, palette.text_soft}
        for path in folder.glob(f"*-{name}.svg"):
            found = set(re.findall(r"#[0-9a-f]{6}", path.read_text()))
            assert found
            assert found <= allowed, path.name


@pytest.mark.parametrize("name", icons.NAMES)
def test_every_icon_draws_something_in_its_colour(name):
    image = icons.pixmap(name, "#ff0000", 48).toImage()
    colours = {
        image.pixelColor(x, y).name()
        for x in range(48)
        for y in range(48)
        if image.pixelColor(x, y).alpha() == 255
    }
    assert colours == {"#ff0000"}


def test_an_icon_that_is_not_there_is_refused(theme):
    with pytest.raises(KeyError, match="no icon"):
        theme.icon("nothing like this")


def ink(draw) -> QImage:
    image = QImage(40, 40, QImage.Format.Format_ARGB32)
    image.fill(0)
    painter = QPainter(image)
    draw(painter, QRectF(0, 0, 40, 40))
    painter.end()
    return image


def test_all_shapes_differ(theme):
    drawn = {
        which: bytes(ink(lambda p, r, w=which: paint.shape(p, r, w, theme.colour("text"))).bits())
        for which in paint._DRAWN
    }
    assert len(set(drawn.values())) == len(drawn) == 9


def test_a_look_given_later_counts(theme, qtbot):
    label = QLabel("words")
    qtbot.addWidget(label)
    plain = label.sizeHint().height()
    looks.role(label, "display")
    assert label.sizeHint().height() > plain


def test_focus_can_be_seen_on_every_kind_of_button(theme, qtbot):
    for kind in ("", "primary", "quiet", "danger", "choice"):
        window = QWidget()
        qtbot.addWidget(window)
        column = QVBoxLayout(window)
        button, other = QPushButton("words"), QPushButton("other")
        if kind:
            looks.kind(button, kind)
        column.addWidget(button)
        column.addWidget(other)
        with qtbot.waitActive(window):
            window.show()
        other.setFocus()
        without = button.grab().toImage()
        button.setFocus()
        assert button.grab().toImage() != without, kind


def test_a_theme_that_is_gone_leaves_no_ear(qapp):
    theme = Theme(qapp)
    del theme
    qapp.styleHints().colorSchemeChanged.emit(qapp.styleHints().colorScheme())
