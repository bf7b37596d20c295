"""Every pair of colours that the window uses can be told apart, also by colour-blind eyes."""

from dataclasses import fields

import pytest

from gui.theme.contrast import MARKS_AT_LEAST, TEXT_AT_LEAST, contrast
from gui.theme.palette import MARKS_ON, PALETTES, TEXT_ON, Palette

MOST = 21.0

# Machado, Oliveira, Fernandes: A Physiologically-based Model for Simulation of Color Vision
# Deficiency, IEEE TVCG 15 (6), 2009, table 1, severity 1.0; they apply to linear RGB.
MATRICES = {
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
LIGHTNESS_APART = 12.0
"""CIE L* between two colours; 2.3 is just noticeable, this is seen at a glance."""


def linear(colour: str) -> list[float]:
    values = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]


def lightness(colour: str, eyes: str = "") -> float:
    """CIE L* 0..100, as seen with these eyes."""
    light = linear(colour)
    if eyes:
        rows = MATRICES[eyes]
        light = [
            min(max(sum(a * b for a, b in zip(row, light, strict=True)), 0.0), 1.0) for row in rows
        ]
    y = 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2]
    return 116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y


@pytest.fixture(params=list(PALETTES))
def palette(request) -> Palette:
    return PALETTES[request.param]


def test_contrast_is_wcags():
    assert contrast("#000000", "#ffffff") == pytest.approx(MOST)
    assert contrast("#ffffff", "#777777") == pytest.approx(4.48, abs=0.005)
    assert contrast("#123456", "#123456") == 1.0


def test_text_can_be_read_wherever_it_stands(palette):
    faint = {
        f"{text} on {ground}": round(contrast(getattr(palette, text), getattr(palette, ground)), 2)
        for text, grounds in TEXT_ON.items()
        for ground in grounds
    }
    assert {pair: ratio for pair, ratio in faint.items() if ratio < TEXT_AT_LEAST} == {}
    assert len(faint) > 40


def test_marks_can_be_seen_wherever_they_stand(palette):
    faint = {
        f"{mark} on {ground}": round(contrast(getattr(palette, mark), getattr(palette, ground)), 2)
        for mark, grounds in MARKS_ON.items()
        for ground in grounds
    }
    assert {pair: ratio for pair, ratio in faint.items() if ratio < MARKS_AT_LEAST} == {}


@pytest.mark.parametrize("eyes", ["", *MATRICES])
def test_player_and_partner_differ_in_lightness_for_all_eyes(palette, eyes):
    apart = abs(lightness(palette.player, eyes) - lightness(palette.partner, eyes))
    assert apart >= LIGHTNESS_APART, f"{palette.name}, {eyes or 'usual'}: {apart:.1f}"


def test_every_colour_is_one_and_every_pair_names_colours(palette):
    names = {field.name for field in fields(Palette)} - {"name", "dark"}
    for name in names:
        assert len(getattr(palette, name)) == 7
        int(getattr(palette, name)[1:], 16)
    for pairs in (TEXT_ON, MARKS_ON):
        assert {*pairs, *(ground for grounds in pairs.values() for ground in grounds)} <= names
