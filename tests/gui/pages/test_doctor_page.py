"""The doctor page: what `antiphon doctor` found, what the session is like, and a text to copy."""

import json
import sys

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from gui.pages import report
from gui.pages.doctor_page import DoctorPage
from gui.pages.report import Row
from gui.state import JamState
from gui.theme.theme import Theme
from plugin.protocol import EngineReady, Trouble
from plugin.served.messages import NotOpened, Opened
from tests.gui.fakes import FakeBridge
from tests.gui.voice.test_feed import PULSE

CHECKS = {
    "ok": False,
    "checks": [
        {"name": "midi", "ok": True, "says": "JACK", "mend": ""},
        {"name": "engine", "ok": False, "says": "the engine cannot start", "mend": "Install it."},
    ],
}
OPENED = Opened(1, "JACK", "Antiphon In", "Antiphon Out", 1, False)


def prints(text: str) -> tuple[str, ...]:
    return (sys.executable, "-S", "-c", f"print({text!r})")


def page_of(qtbot: QtBot, state: JamState, theme: Theme, command: tuple[str, ...]) -> DoctorPage:
    page = DoctorPage(state, theme, command)
    qtbot.addWidget(page)
    page.show()
    return page


def texts(page: DoctorPage) -> str:
    return "\n".join(label.text() for label in page.card.findChildren(QLabel))


def test_it_shows_what_was_found_and_what_mends_it(
    qtbot: QtBot, state: JamState, bridge: FakeBridge, theme: Theme
) -> None:
    page = page_of(qtbot, state, theme, prints(json.dumps(CHECKS)))
    bridge.tell(OPENED, EngineReady("prior-2", 3))
    assert not page.copy.isEnabled()
    page.look.click()
    assert not page.look.isEnabled()
    assert "five seconds" in page.look.toolTip()
    page.start()  # once is enough
    qtbot.waitUntil(lambda: bool(page.rows))
    assert page.look.isEnabled()
    assert page.says.text() == "1 of 5 need something: see below."
    assert "Install it." in texts(page)
    assert "hears “Antiphon In”" in texts(page)
    page.copy.click()
    copied = QGuiApplication.clipboard().text()
    assert "[missing] Engine: the engine cannot start\n    Install it." in copied
    assert copied.startswith("Antiphon ")


def test_a_doctor_that_says_nothing_is_said_and_the_session_is_shown(
    qtbot: QtBot, state: JamState, theme: Theme
) -> None:
    page = page_of(qtbot, state, theme, prints("Segmentation fault"))
    page.look.click()
    qtbot.waitUntil(lambda: bool(page.rows))
    assert "antiphon doctor" in page.says.text()
    assert page.rows[0].name == "This session"


def test_a_doctor_that_cannot_be_started_is_said(
    qtbot: QtBot, state: JamState, theme: Theme
) -> None:
    page = page_of(qtbot, state, theme, ("/nowhere/python",))
    page.look.click()
    qtbot.waitUntil(lambda: bool(page.rows))
    assert page.look.isEnabled()
    assert "antiphon doctor" in page.says.text()


def test_closing_the_page_ends_what_looks(qtbot: QtBot, state: JamState, theme: Theme) -> None:
    page = page_of(qtbot, state, theme, ("sleep", "60"))
    page.look.click()
    process = page._process
    assert process is not None
    qtbot.waitUntil(lambda: process.processId() > 0)
    page.close()
    assert process.processId() == 0


@pytest.mark.parametrize("content", [b"", b"[]", b'{"checks": 3}', b"\xff"])
def test_what_is_no_answer_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="cannot be understood"):
        report.read(content)


def test_the_session_as_the_window_knows_it(state: JamState, bridge: FakeBridge) -> None:
    assert not report.now(state)[0].ok
    bridge.tell(OPENED)
    assert [row.ok for row in report.now(state)] == [True, False, True]
    bridge.tell(EngineReady("prior-2", 3), PULSE)
    assert all(row.ok for row in report.now(state))
    late = [row for row in report.now(state) if row.name == "Its notes"]
    assert "0.0 ms" in late[0].says
    bridge.tell(NotOpened("There is no MIDI system: start JACK."))
    assert report.now(state)[0].mend == "There is no MIDI system: start JACK."


def test_the_report_has_the_last_troubles_and_no_takes(state: JamState, bridge: FakeBridge) -> None:
    bridge.tell(*(Trouble(f"Trouble {number}.") for number in range(20)))
    text = report.text((Row("MIDI", True, "JACK"),), state.troubles)
    assert "Trouble 19." in text
    assert "Trouble 9." not in text


@pytest.mark.slow
def test_the_real_doctor_looks(qtbot: QtBot, state: JamState, theme: Theme) -> None:
    page = DoctorPage(state, theme)
    qtbot.addWidget(page)
    page.start()
    qtbot.waitUntil(lambda: bool(page.rows), timeout=60_000)
    names = {row.name for row in page.rows}
    assert {"Python", "MIDI", "Engine", "Takes", "Timing"} <= names
    assert "cannot be understood" not in page.says.text()
