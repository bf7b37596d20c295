"""How well two colours can be told apart, as WCAG 2.2 counts it. Standard library only.

It refuses to choose colours: `gui.theme.palette` does, and the tests hold it to these numbers.
"""

TEXT_AT_LEAST = 4.5
"""Contrast of text and its ground (WCAG 2.2, 1.4.3)."""
MARKS_AT_LEAST = 3.0
"""Contrast of a control's edge, a shape or a focus ring and its ground (WCAG 2.2, 1.4.11)."""


def luminance(colour: str) -> float:
    """Relative luminance 0..1 of "#rrggbb"."""
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Ratio 1..21 of two colours "#rrggbb", in either order."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _linear(value: float) -> float:
    """One sRGB component 0..1 as light."""
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)
