"""Words that a widget carries so that the style sheet knows what it is: a title, a card, a danger.

They are dynamic properties, `kind` for boxes and buttons, `role` for text. It refuses to style
anything itself: `gui.theme.sheet` does.
"""

from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLayout, QWidget

Kind = Literal[
    "card", "panel", "bar", "primary", "quiet", "danger", "choice", "tool", "tempo", "chip"
]
"""card, panel, bar: of a QFrame. primary: the one button that is meant most. quiet: without a face.
danger: panic. choice: one of a row, checkable. tool: an icon, or a letter, small and square.
tempo: of a QLineEdit, large digits without a box. chip: small and round, among chips."""
Role = Literal[
    "display", "title", "heading", "soft", "small", "number", "tempo", "good", "warn", "bad"
]
"""Of a QLabel: display is read across a room, heading stands over a group, number has digits of one
width."""


def kind(widget: QWidget, word: Kind) -> None:
    """Say what a box or button is."""
    _carry(widget, "kind", word)


def role(label: QLabel, word: Role | Literal[""]) -> None:
    """Say what a text is; "" is plain text."""
    _carry(label, "role", word)


def _carry(widget: QWidget, name: str, word: str) -> None:
    if widget.property(name) == word:
        return
    widget.setProperty(name, word)
    if not widget.testAttribute(Qt.WidgetAttribute.WA_WState_Polished):
        return
    # A style sheet looks at properties only while it polishes, and this one has been polished.
    style = widget.style()
    style.unpolish(widget)
    style.polish(widget)


GAP, MARGINS = "antiphon_gap", "antiphon_margins"


def spaced(layout: QLayout, grow: float, gap: float, *margins: float) -> None:
    """Give a layout its gap and margins (one for all sides, or left, top, right, bottom).

    grow: `Theme.grow`. They are kept with the layout, so that a theme can scale them again.
    """
    layout.setProperty(GAP, gap)
    layout.setProperty(MARGINS, margins)
    respaced(layout, grow)


def respaced(layout: QLayout, grow: float) -> None:
    """Scale what `spaced` kept; other layouts stay as they are."""
    gap, margins = layout.property(GAP), layout.property(MARGINS)
    if gap is None:
        return
    layout.setSpacing(round(gap * grow))
    sides = [round(side * grow) for side in margins or (0,)]
    layout.setContentsMargins(*(sides * 4 if len(sides) == 1 else sides))
