"""What every control says of itself: its name, what it does, key and default, and why it is off.

One place, so that tooltip, help line and screen reader say the same. It refuses a control that is
off without a reason.
"""

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

_TIP = "antiphon_tip"


def explain(
    widget: QWidget, name: str, says: str = "", *, key: str = "", default: str = ""
) -> None:
    """Give a control its name and words.

    name: what a screen reader calls it. says: what it does, a sentence or its beginning. key: its
    shortcut. default: its usual value, with its unit.
    """
    head = f"{name} — {says}" if says else name
    lines = [f"{head} ({key})" if key else head]
    if default:
        lines.append(f"Default: {default}, by a double click or the Delete key.")
    tip = "\n".join(lines)
    widget.setAccessibleName(name)
    widget.setAccessibleDescription(says)
    widget.setProperty(_TIP, tip)
    if widget.isEnabled():
        _show_tip(widget, tip)


def why_not(control: QWidget | QAction, reason: str) -> None:
    """Switch a control off for a reason, a sentence and a next step; with "" it is on again."""
    tip = control.property(_TIP)
    if tip is None:
        tip = control.toolTip()
        control.setProperty(_TIP, tip)
    control.setEnabled(not reason)
    _show_tip(control, f"{tip}\n{reason}".strip() if reason else tip)


def reason_of(control: QWidget | QAction) -> str:
    """Why it is off, as `why_not` was told; "" while it is on."""
    if control.isEnabled():
        return ""
    tip: str | None = control.property(_TIP)
    if tip is None:  # an action's own words: what it does, then the reason on a line of its own
        tip = control.toolTip().partition("\n")[0]
    return control.toolTip().removeprefix(tip).strip()


def _show_tip(control: QWidget | QAction, tip: str) -> None:
    control.setToolTip(tip)
    control.setStatusTip(tip.replace("\n", " "))
