"""Every control has a name and a tip, a reason where it is off, and is reached by Tab."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from gui.settings_page import SettingsPage
from gui.strip.strip import PartnerStrip
from gui.transport.bar import TransportBar
from plugin.protocol import EngineReady, SettingsChanged
from plugin.served.messages import DeskIs, Opened, PortIs, Ports
from plugin.settings import ClockSource, Settings, Way
from tests.gui.walk import complaints, controls

PANELS = {"transport": TransportBar, "strip": PartnerStrip, "settings": SettingsPage}


@pytest.fixture(params=list(PANELS))
def panel(request, state, bridge, theme, actions, qtbot) -> QWidget:
    made = PANELS[request.param](state, bridge, theme, actions)
    qtbot.addWidget(made)
    made.resize(1280, 700)
    with qtbot.waitActive(made):
        made.show()
    return made


def test_before_there_is_a_session(panel):
    assert complaints(panel) == []


def test_while_everything_runs(panel, bridge):
    keys = PortIs("Keys", ours=False, chosen=True, alive=True)
    bridge.tell(
        Opened(1, "memory", "Keys", "Antiphon", 1, False),
        EngineReady("m", 1),
        Ports("memory", (keys,), (keys,), True),
        DeskIs(("Quiet bass", "Fours"), (), "", "", ""),
    )
    assert complaints(panel) == []
    bridge.tell(SettingsChanged(Settings(way=Way.TRADE, clock=ClockSource.EXTERNAL)))
    assert complaints(panel) == []
    assert len(list(controls(panel))) > 8


def test_the_focus_can_be_seen_on_every_control(panel, qtbot):
    unseen = []
    for widget in controls(panel):
        if not widget.isVisibleTo(panel) or not widget.isEnabled():
            continue
        panel.setFocus()
        widget.clearFocus()
        without = widget.grab().toImage()
        widget.setFocus(Qt.FocusReason.TabFocusReason)
        if widget.hasFocus() and widget.grab().toImage() == without:
            unseen.append(widget.accessibleName())
    assert unseen == []


def test_the_walk_finds_what_is_forgotten(qtbot):
    window = QWidget()
    row = QHBoxLayout(window)
    bare, off, far = QPushButton("bare"), QPushButton("off"), QPushButton("far")
    for button in (off, far):
        button.setAccessibleName("named")
        button.setToolTip("tip")
    off.setEnabled(False)
    far.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    for widget in (QLabel("words"), bare, off, far):
        row.addWidget(widget)
    qtbot.addWidget(window)
    window.show()
    found = complaints(window)
    assert len(found) == 4
    for words in ("no name", "no tip", "without a reason", "not reached"):
        assert any(words in one for one in found)
