"""The colours of the roll, made once of a palette: a loud note is stronger than a soft one.

How loud a note is shows in its thickness as well (`painting`), so that no colour says it alone.
"""

from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor, QPen

from gui.theme.palette import Palette

LEVELS = 8
"""Of velocity: 16 steps of it look alike."""
SOFTEST = 0.72
"""Share of the player's colour in the softest note; the rest is ground."""


class Inks:
    """What every stroke of the roll is drawn with. Do not change what it holds."""

    def __init__(self, palette: Palette) -> None:
        self.palette = palette
        self.roll, self.roll_dark = QColor(palette.roll), QColor(palette.roll_dark)
        self.grid, self.bar_line = QColor(palette.grid), QColor(palette.bar_line)
        self.octave = mixed(palette.bar_line, palette.roll, 0.45)
        self.ruler, self.edge = QColor(palette.panel), QColor(palette.line)
        self.playhead, self.warn = QColor(palette.playhead), QColor(palette.warn)
        self.text, self.text_soft = QColor(palette.text), QColor(palette.text_soft)
        self.ghost = QColor(palette.ghost)
        self.sides = (QColor(palette.player), QColor(palette.partner))
        light, dark = (palette.text, palette.window) if palette.dark else ("#ffffff", palette.text)
        self.white_key = mixed(light, dark, 0.86)
        self.black_key = mixed(light, dark, 0.10)
        self.key_line = mixed(light, dark, 0.55)
        self.key_text = QColor("#191c21")
        self.player = tuple(
            mixed(palette.player, palette.roll, SOFTEST + (1 - SOFTEST) * level / (LEVELS - 1))
            for level in range(LEVELS)
        )
        self.partner_edge = QColor(palette.partner)
        fills = []
        for level in range(LEVELS):
            fill = QColor(palette.partner)
            fill.setAlphaF(0.16 + 0.40 * level / (LEVELS - 1))
            fills.append(QBrush(fill))
        self.partner = tuple(fills)
        self.no_brush = QBrush(Qt.BrushStyle.NoBrush)
        self.turn = tuple(faint(side, 0.20) for side in self.sides)

    def partner_pen(self, unit: float) -> QPen:
        """The edge of the partner's notes; `unit`: device pixels of a logical one."""
        return QPen(self.partner_edge, max(1.5 * unit, 1.0))

    def ghost_pen(self, unit: float) -> QPen:
        """The edge of what is planned."""
        pen = QPen(self.ghost, max(1.0 * unit, 1.0))
        pen.setDashPattern([3.0, 2.0])
        return pen


def mixed(colour: str, ground: str, share: float) -> QColor:
    """So much of a colour, and the rest of a ground."""
    one, other = QColor(colour), QColor(ground)
    return QColor(
        *(
            round(a * share + b * (1 - share))
            for a, b in (
                (one.red(), other.red()),
                (one.green(), other.green()),
                (one.blue(), other.blue()),
            )
        )
    )


def faint(colour: QColor, share: float) -> QColor:
    """The colour at this share of its opacity."""
    made = QColor(colour)
    made.setAlphaF(share)
    return made
