"""Which panel stands in which region of the window: the one place that names them all.

Each function makes one region from the parts. Docks and pages are made when they are first shown.
It refuses to place them: `gui.window` does.
"""

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from gui.first_run.demo import DemoBanner
from gui.notice import Notice
from gui.parts import Parts
from gui.piano_row import PianoRow
from gui.roll.roll import Roll
from gui.status_line import StatusLine
from gui.strip.strip import PartnerStrip
from gui.takes.panel import TakesPanel
from gui.transport.bar import TransportBar
from plugin.files import data_folder
from plugin.takes import library_path

Make = Callable[[Parts], QWidget]


def transport(parts: Parts) -> TransportBar:
    """Top."""
    return TransportBar(parts.state, parts.bridge, parts.theme, parts.actions)


def notice(parts: Parts) -> Notice:
    """Below the top, only while something is the matter."""
    return Notice(parts.state, parts.bridge, parts.theme, parts.actions)


def banner(parts: Parts) -> DemoBanner:
    """There too, while the demo plays."""
    return DemoBanner(parts.demo, parts.voice, parts.theme)


def roll(parts: Parts) -> Roll:
    """Centre."""
    made = Roll(parts.state, parts.bridge, parts.theme)
    parts.actions.does("zoom_in", made.zoom_in)
    parts.actions.does("zoom_out", made.zoom_out)
    return made


def piano(parts: Parts) -> PianoRow:
    """Below the roll, while it is asked for."""
    return PianoRow(parts.bridge, parts.theme)


def strip(parts: Parts) -> PartnerStrip:
    """Below the roll."""
    return PartnerStrip(parts.state, parts.bridge, parts.theme, parts.actions)


def takes(parts: Parts) -> TakesPanel:
    """Right."""
    return TakesPanel(
        parts.state,
        parts.bridge,
        parts.theme,
        parts.actions,
        parts.undo,
        keeping=parts.keeping,
        teaching=parts.teaching,
    )


def status(parts: Parts) -> StatusLine:
    """Bottom."""
    return StatusLine(parts.state, parts.theme, parts.actions)


def _personalise(parts: Parts) -> QWidget:
    from gui.personalise.dock import Personalise

    return Personalise(parts.state, parts.bridge, parts.theme, parts.actions, undo=parts.undo)


def _sharing(parts: Parts) -> QWidget:
    from gui.sharing.dock import SharingDock

    made = SharingDock(
        parts.state,
        parts.theme,
        parts.sharing,
        parts.teaching,
        library=library_path(data_folder()),
    )
    made.not_now.connect(parts.actions["sharing"].trigger)
    return made


DOCKS: dict[str, Make] = {"personalise": _personalise, "sharing": _sharing}
"""Name of the action that shows it -> what makes it."""


def _settings(parts: Parts) -> QWidget:
    from gui.settings_page import SettingsPage

    return SettingsPage(parts.state, parts.bridge, parts.theme, parts.actions)


def _keys(parts: Parts) -> QWidget:
    from gui.settings_page import SettingsPage

    # Among the settings, and not by itself: there the keyboard is first on a tab, not in a field
    # that takes the next key for its own.
    page = SettingsPage(parts.state, parts.bridge, parts.theme, parts.actions)
    page.tabs.setCurrentWidget(page.keys)
    return page


def _ports(parts: Parts) -> QWidget:
    from gui.pages.ports_page import PortsPage

    return PortsPage(parts.state, parts.bridge, parts.theme, parts.actions, parts.keeping)


def _controls(parts: Parts) -> QWidget:
    from gui.pages.controls_page import ControlsPage

    return ControlsPage(parts.state, parts.bridge, parts.theme, parts.actions)


def _doctor(parts: Parts) -> QWidget:
    from gui.pages.doctor_page import DoctorPage

    return DoctorPage(parts.state, parts.theme)


def _about(parts: Parts) -> QWidget:
    from gui.pages.about_page import AboutPage

    return AboutPage(parts.theme)


def _voice(parts: Parts) -> QWidget:
    from gui.pages.page import Page
    from gui.voice.card import VoiceCard

    page = Page(parts.theme, "Built-in voice", "For hearing the partner without a DAW.")
    page.wants_px = (640, 320)
    page.body.addWidget(VoiceCard(parts.voice, parts.theme, parts.actions))
    page.body.addStretch(1)
    return page


def _first_run(parts: Parts) -> QWidget:
    from gui.first_run.panel import FirstRun

    steps = FirstRun(
        parts.state,
        parts.bridge,
        parts.theme,
        parts.actions,
        parts.keeping,
        parts.voice,
        shares=parts.sharing.on,
    )
    steps.finished.connect(lambda: steps.window().close())
    return steps


PAGES: dict[str, Make] = {
    "settings": _settings,
    "keys": _keys,
    "ports": _ports,
    "controls": _controls,
    "doctor": _doctor,
    "about": _about,
    "voice": _voice,
    "first_run": _first_run,
}
"""Name of the action that opens it -> what makes it."""
