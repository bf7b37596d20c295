"""Small parts that every panel uses. See README.md."""

from gui.widgets.action_button import ActionButton
from gui.widgets.card import Card
from gui.widgets.chip import Chip
from gui.widgets.dial_control import DialControl
from gui.widgets.explain import explain, reason_of, why_not
from gui.widgets.flow import FlowLayout
from gui.widgets.help_line import HelpLine
from gui.widgets.lamp import Lamp
from gui.widgets.on_time import OnTime
from gui.widgets.plot import Curve, Plot
from gui.widgets.state_badge import StateBadge

__all__ = [
    "ActionButton",
    "Card",
    "Chip",
    "Curve",
    "DialControl",
    "FlowLayout",
    "HelpLine",
    "Lamp",
    "OnTime",
    "Plot",
    "StateBadge",
    "explain",
    "reason_of",
    "why_not",
]
