"""The whole window by keyboard and by ear: its regions, docks and pages, as they stand together."""

from itertools import pairwise

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QLabel,
    QMainWindow,
    QScrollArea,
    QStackedWidget,
    QTabWidget,
    QWidget,
)

from gui import panels
from gui.theme.theme import Theme
from gui.widgets import reason_of
from gui.window import MainWindow
from plugin import protocol
from plugin.served.messages import Opened
from tests.gui.fakes import FakeBridge
from tests.gui.walk import controls
from tests.gui.windows import Make

OPENED = Opened(1, "memory", "Antiphon In", "Antiphon Out", 1, False)
ROOMS = (QMainWindow, QScrollArea, QTabWidget)


def in_use(root: QWidget) -> list[QWidget]:
    """All controls but those that are put away: they get their words when they are shown.

    What lies on another page of several is in use all the same.
    """
    return [
        widget
        for widget in controls(root)
        if not isinstance(widget, ROOMS)
        and not put_away(widget, root)
        and not widget.objectName().startswith("qt_")
    ]


def put_away(widget: QWidget, root: QWidget) -> bool:
    one: QWidget | None = widget
    while one is not None and one is not root:
        if one.isHidden() and not isinstance(one.parentWidget(), QStackedWidget):
            return True
        one = one.parentWidget()
    return False


def name_of(widget: QWidget) -> str:
    words = widget.accessibleName() or getattr(widget, "text", str)()
    return f"{type(widget).__name__} “{words}” in {type(widget.parentWidget()).__name__}"


def one_of_a_group(widget: QWidget) -> bool:
    """Tab goes to the chosen one of them, arrows to the others."""
    return isinstance(widget, QAbstractButton) and widget.group() is not None


def faults(root: QWidget) -> list[str]:
    found = []
    for widget in in_use(root):
        if not widget.accessibleName() and not getattr(widget, "text", str)():
            found.append(f"{name_of(widget)} has no name")
        if not widget.toolTip() and not isinstance(widget, QAbstractItemView | QLabel):
            found.append(f"{name_of(widget)} has no tip")
        if not widget.focusPolicy() & Qt.FocusPolicy.TabFocus and not one_of_a_group(widget):
            found.append(f"{name_of(widget)} is not reached by Tab")
        off = not widget.isEnabledTo(widget.parentWidget())
        if off and len(reason_of(widget).split()) < 3:
            found.append(f"{name_of(widget)} is off without a reason")
    return found


def test_the_main_window_before_with_and_after_a_session(make: Make, bridge: FakeBridge) -> None:
    window = make()
    assert faults(window) == []
    bridge.tell(OPENED, protocol.EngineReady("tiny", 9))
    assert faults(window) == []
    bridge.die()
    assert faults(window) == []


@pytest.mark.parametrize("name", sorted(panels.DOCKS))
def test_every_dock(make: Make, name: str) -> None:
    window = make()
    window.parts.actions[name].trigger()
    assert faults(window.docks[name]) == []


@pytest.mark.parametrize("name", sorted(panels.PAGES))
def test_every_page(make: Make, name: str) -> None:
    assert faults(make().pages.open(name)) == []


def test_the_walk_finds_what_was_forgotten(make: Make) -> None:
    window = make()
    window.transport.panic.setToolTip("")
    window.roll.setAccessibleName("")
    assert len(faults(window)) == 2


def focus_chain(window: MainWindow) -> list[QWidget]:
    """Who gets the keyboard, Tab by Tab, from the roll round to the roll."""
    window.roll.setFocus()
    seen: list[QWidget] = []
    while (now := QApplication.focusWidget()) is not None and now not in seen:
        seen.append(now)
        window.focusNextChild()
    return seen


def test_tab_goes_round_by_regions_and_leaves_nothing_out(make: Make, bridge: FakeBridge) -> None:
    window = make()
    bridge.tell(OPENED)
    chain = focus_chain(window)
    regions = [window.transport, window.roll, window.strip, window.takes]
    order = [
        at
        for one in chain
        for at, region in enumerate(regions)
        if region is one or region.isAncestorOf(one)
    ]
    assert set(order) == {0, 1, 2, 3}
    jumps = [later for earlier, later in pairwise(order) if earlier != later]
    assert len(jumps) <= len(regions), f"Tab goes to and fro: {order}"
    missed = [
        name_of(widget)
        for widget in in_use(window)
        if widget.isVisible()
        and widget.isEnabled()
        and not one_of_a_group(widget)
        and not {widget, widget.focusProxy()} & set(chain)
    ]
    assert missed == []


def cut(window: MainWindow) -> list[str]:
    """Controls that are seen and stick out at the right, or whose words have no room."""
    found = []
    for widget in in_use(window):
        if not widget.isVisible() or widget.visibleRegion().isEmpty():
            continue
        if widget.mapTo(window, widget.rect().topRight()).x() > window.width():
            found.append(f"{name_of(widget)} sticks out")
        if isinstance(widget, QAbstractButton) and widget.text():
            words = widget.fontMetrics().horizontalAdvance(widget.text().replace("&", ""))
            iconic = getattr(widget, "toolButtonStyle", None)
            if iconic is not None and iconic() is Qt.ToolButtonStyle.ToolButtonIconOnly:
                continue
            if widget.width() < words:
                found.append(f"{name_of(widget)} is {widget.width()} wide for {words}")
    return found


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_at_every_scale_nothing_is_cut(
    make: Make, bridge: FakeBridge, theme: Theme, scale: float
) -> None:
    window = make()
    bridge.tell(OPENED, protocol.EngineReady("tiny", 9))
    theme.rescale(scale)
    try:
        for size in ((1440, 900), (1280, 720)):
            window.resize(*size)
            for _ in range(3):  # rows break, then panels are measured again
                QApplication.processEvents()
            assert (window.width(), window.height()) == size
            assert cut(window) == []
            assert window.rect().contains(window.transport.panic.geometry())
        assert faults(window) == []
    finally:
        theme.rescale(1.0)
