"""A walk over every widget of a panel: who has no name, no tip, no reason, or is never reached.

`complaints(panel)` lists what breaks a rule of the window; a test of each panel asserts that the
list is empty. What Qt makes inside its own widgets is theirs.
"""

from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QKeySequenceEdit,
    QLineEdit,
    QPlainTextEdit,
    QScrollBar,
    QTabBar,
    QTextEdit,
    QWidget,
)

from gui.widgets import reason_of

CONTROLS = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QKeySequenceEdit,
    QLineEdit,
    QPlainTextEdit,
    QTabBar,
    QTextEdit,
)
INSIDE = (QAbstractSpinBox, QComboBox, QKeySequenceEdit, QLineEdit, QTabBar, QAbstractItemView)
"""Whose children are Qt's own."""
MOST_TABS = 20_000


def controls(panel: QWidget) -> Iterator[QWidget]:
    """Everything in it that is pressed, moved or written in, shown or not."""
    for widget in panel.findChildren(QWidget):
        if isinstance(widget, QScrollBar):
            continue
        around = widget.parentWidget()
        while around is not None and around is not panel:
            if isinstance(around, INSIDE):
                break
            around = around.parentWidget()
        else:
            takes_keys = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
            if isinstance(widget, CONTROLS) or (takes_keys and not widget.focusProxy()):
                yield widget


def reached(panel: QWidget) -> set[QWidget]:
    """What Tab comes to, one after the other, with what arrows reach from there."""
    found: set[QWidget] = set()
    widget = panel.nextInFocusChain()
    for _ in range(MOST_TABS):
        if widget is panel or widget is None:
            break
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            found.add(widget)
            if isinstance(widget, QAbstractButton):
                group = widget.group()
                found.update(group.buttons() if group is not None else ())
        widget = widget.nextInFocusChain()
    return found


def _has_reason(widget: QWidget, panel: QWidget) -> bool:
    """Its own, or that of what it lies in."""
    around: QWidget | None = widget
    while around is not None and around is not panel:
        if reason_of(around):
            return True
        around = around.parentWidget()
    return False


def complaints(panel: QWidget) -> list[str]:
    """What breaks a rule, in words; the panel must be shown."""
    says = []
    by_tab = reached(panel)
    for widget in controls(panel):
        words = widget.toolTip() or widget.accessibleName() or getattr(widget, "text", str)()
        where = f"{type(widget).__name__} “{words}” in {type(widget.parentWidget()).__name__}"
        if not widget.accessibleName():
            says.append(f"{where} has no name")
        if not widget.toolTip():
            says.append(f"{where} has no tip")
        if not widget.isEnabled() and not _has_reason(widget, panel):
            says.append(f"{where} is off without a reason")
        if widget.isEnabled() and widget not in by_tab:
            says.append(f"{where} is not reached by Tab")
    return says
