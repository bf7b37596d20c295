"""The main window: five regions, every action reachable, as it was left, nothing left behind."""

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from gui import panels
from gui.action_list import ACTIONS
from gui.kept import Kept, load
from gui.notice import STEPS
from gui.window import MainWindow
from plugin import protocol
from plugin.served.messages import NotOpened, Opened
from tests.gui.fakes import FakeBridge
from tests.gui.windows import Make

OPENED = Opened(1, "memory", "Antiphon In", "Antiphon Out", 1, False)


def test_the_five_regions_are_seen_and_the_docks_are_not(make: Make) -> None:
    window = make()
    for region in (window.transport, window.roll, window.strip, window.takes, window.status):
        assert region.isVisible()
    assert not any(dock.isVisible() for dock in window.docks.values())
    assert not window.notice.isVisible()
    assert not window.banner.isVisible()


def test_every_action_is_in_a_menu(make: Make) -> None:
    window = make()
    menus = [action.menu() for action in window.menuBar().actions()]
    menus += [action.menu() for menu in menus for action in menu.actions() if action.menu()]
    found = {action.objectName() for menu in menus for action in menu.actions()}
    assert {spec.name for spec in ACTIONS} <= found


def test_single_keys_are_heard_where_nobody_writes(
    make: Make, qtbot: QtBot, bridge: FakeBridge
) -> None:
    window = make()
    bridge.tell(OPENED)
    bridge.sent.clear()
    window.roll.setFocus()
    qtbot.keyClick(window.roll, Qt.Key.Key_F)
    qtbot.keyClick(window.roll, Qt.Key.Key_Period, Qt.KeyboardModifier.ControlModifier)
    assert bridge.sent == [protocol.Forget(), protocol.Panic()]


def test_esc_twice_is_panic(make: Make, qtbot: QtBot, bridge: FakeBridge) -> None:
    window = make()
    bridge.tell(OPENED)
    bridge.sent.clear()
    qtbot.keyClick(window.roll, Qt.Key.Key_Escape)
    qtbot.keyClick(window.roll, Qt.Key.Key_Escape)
    assert bridge.sent == [protocol.Panic()]


def test_trouble_stands_at_the_bottom_and_the_older_behind_a_button(
    make: Make, bridge: FakeBridge
) -> None:
    window = make()
    assert not window.status.messages.isEnabled()
    bridge.tell(protocol.Trouble("One: do this."), protocol.Trouble("Two: do that."))
    assert window.status.help.text == "Two: do that."
    assert window.status.messages.text() == "2 messages"
    window.status.messages.click()
    assert window.status.older.isVisible()
    assert window.status.older.item(1).text() == "One: do this."


def test_ports_that_cannot_be_opened_leave_a_notice_with_next_steps(
    make: Make, bridge: FakeBridge
) -> None:
    window = make()
    bridge.tell(NotOpened("There is no MIDI system here: try the demo."))
    assert window.notice.isVisible()
    assert [button.isVisible() for button in window.notice.steps] == [True] * 3
    bridge.tell(OPENED)
    assert not window.notice.isVisible()


def test_an_engine_that_is_missing_says_why_where_it_stays_seen(
    make: Make, bridge: FakeBridge
) -> None:
    window = make()
    bridge.tell(OPENED, protocol.Trouble("There is no engine: install it."))
    assert not window.notice.isVisible()
    bridge.tell(protocol.StateChanged(protocol.State.ENGINE_STOPPED))
    assert window.notice.isVisible()
    assert window.notice.says.text() == "There is no engine: install it."
    shown = [name for name, one in zip(STEPS, window.notice.steps, strict=True) if one.isVisible()]
    assert shown == ["doctor"]
    bridge.tell(protocol.StateChanged(protocol.State.LISTENING))
    assert not window.notice.isVisible()


def test_a_session_that_is_gone_leaves_a_notice_with_a_restart(
    make: Make, bridge: FakeBridge, qtbot: QtBot
) -> None:
    window = make()
    for _ in range(4):
        bridge.die("it was killed by SIGKILL")
    assert window.notice.isVisible()
    assert "again and again" in window.notice.says.text()
    window.notice.restart.click()
    qtbot.waitUntil(lambda: not window.notice.isVisible())
    assert bridge.alive


def test_a_dock_is_made_when_it_is_first_shown_and_comes_back(make: Make, tmp_path: Path) -> None:
    window = make()
    assert window.docks["personalise"].widget() is None
    window.parts.actions["personalise"].trigger()
    assert window.docks["personalise"].isVisible()
    window.close()
    window.parts.keeping.close()
    kept, _ = load(tmp_path / "window.json")
    again = make(kept)
    assert again.docks["personalise"].isVisible()
    assert again.docks["personalise"].widget() is not None
    assert again.parts.actions["personalise"].isChecked()


def test_place_theme_keys_and_divider_come_back(
    make: Make, tmp_path: Path, qapp: QApplication
) -> None:
    window = make()
    window.setGeometry(30, 20, 700, 640)
    window.parts.theme.choose("light")
    window.parts.actions.rebind("hold", "G")
    window.close()
    window.parts.keeping.close()
    kept, says = load(tmp_path / "window.json")
    assert says == ""
    assert (kept.theme, kept.rebound) == ("light", {"hold": "G"})
    again = make(kept)
    assert (again.geometry().x(), again.geometry().y()) == (30, 20)
    assert again.parts.actions["theme_light"].isChecked()
    assert again.parts.actions.key("hold") == "G"


def test_a_layout_of_garbage_is_no_trouble(make: Make) -> None:
    window = make(Kept(layout="garbage!", place=(90_000, 90_000, 5, 5)))
    assert window.isVisible()
    assert window.screen().availableGeometry().intersects(window.geometry())


def test_whose_partner_it_is_is_kept_only_for_nobodys(make: Make, bridge: FakeBridge) -> None:
    window = make()
    bridge.tell(protocol.PartnerOf("", None, 0))
    assert window.parts.keeping.kept.profile == ""
    bridge.tell(protocol.PartnerOf("anna", 2, 100))
    assert window.parts.keeping.kept.profile is None


@pytest.mark.parametrize("name", sorted(panels.PAGES))
def test_every_page_opens_once_and_closes_with_esc(make: Make, qtbot: QtBot, name: str) -> None:
    window = make()
    window.parts.actions[name].trigger()
    page = window.pages.open(name)
    assert page.isVisible()
    assert page.windowTitle().endswith("Antiphon")
    assert window.pages.open(name) is page
    qtbot.waitUntil(page.isActiveWindow)
    qtbot.keyClick(QApplication.focusWidget() or page, Qt.Key.Key_Escape)
    assert not page.isVisible()


def test_what_is_this_says_the_tip_of_what_has_the_keyboard(make: Make, qtbot: QtBot) -> None:
    from PySide6.QtWidgets import QToolTip

    window = make()
    window.roll.setFocus()
    window.parts.actions["what_is_this"].trigger()
    assert QToolTip.text() == window.roll.toolTip()
    QToolTip.hideText()
    qtbot.waitUntil(lambda: not QToolTip.isVisible())


def test_at_200_percent_the_strip_scrolls_and_its_rows_lie_free(make: Make, qtbot: QtBot) -> None:
    window = make()
    window.parts.theme.rescale(2.0)
    window.resize(1440, 900)
    strip = window.strip
    qtbot.waitUntil(lambda: strip.height() >= strip.layout().totalHeightForWidth(strip.width()))
    assert window.height() <= 900


def shown(window: MainWindow) -> tuple[bool, bool]:
    """Whether the jam and the takes are seen."""
    return window.strip.isVisible(), window.takes.isVisible()


def test_a_narrow_window_shows_the_jam_and_takes_in_its_place(make: Make, qtbot: QtBot) -> None:
    window = make()
    window.resize(1200, 800)
    assert shown(window) == (True, True)
    window.resize(640, 400)
    qtbot.waitUntil(lambda: shown(window) == (True, False))
    assert window.size().width() == 640  # nothing keeps it wider than the screen of a laptop
    window.parts.actions["takes"].trigger()
    assert shown(window) == (False, True)
    window.parts.actions["takes"].trigger()
    assert shown(window) == (True, False)
    window.resize(1200, 800)
    qtbot.waitUntil(lambda: shown(window) == (True, True))


def test_takes_are_put_away_and_stay_so(make: Make, tmp_path: Path) -> None:
    window = make()
    window.resize(1200, 800)
    window.parts.actions["takes"].trigger()
    assert shown(window) == (True, False)
    window.close()
    window.parts.keeping.close()
    kept, says = load(tmp_path / "window.json")
    assert says == ""
    assert shown(make(kept)) == (True, False)


def test_half_the_size_still_has_panic_and_the_roll(make: Make, qtbot: QtBot) -> None:
    window = make()
    window.resize(640, 360)
    qtbot.waitUntil(lambda: not window.takes.isVisible())
    QApplication.processEvents()
    for part in (window.transport.panic, window.transport.listens, window.strip.badge):
        corner = part.mapTo(window, part.rect().bottomRight())
        assert window.rect().contains(corner), part
    assert window.roll.height() >= 60


def test_the_computers_keys_play_below_the_roll(
    make: Make, qtbot: QtBot, bridge: FakeBridge
) -> None:
    window = make()
    bridge.tell(OPENED)
    assert not window.piano.isVisible()
    qtbot.keyClick(window.roll, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    assert window.piano.piano.hasFocus()
    bridge.sent.clear()
    qtbot.keyClick(window.piano.piano, Qt.Key.Key_H)
    assert [type(one).__name__ for one in bridge.sent] == ["Key", "Key"]  # and not Hold
    window.parts.actions["piano"].trigger()
    assert not window.piano.isVisible()
    assert window.roll.hasFocus()


def test_a_page_opens_in_the_middle_of_the_window_and_on_the_screen(make: Make) -> None:
    window = make()
    window.setGeometry(100, 60, 640, 480)
    page = window.pages.open("about")
    screen = window.screen().availableGeometry()
    assert screen.contains(page.geometry())
    steps = window.pages.open("first_run")
    assert steps.height() < page.height()


def drop(window: MainWindow, *urls: str) -> bool:
    """Let go over the roll what another program offers; whether it was taken."""
    mime = QMimeData()
    mime.setUrls([QUrl(url) for url in urls])
    where, copy, button = QPointF(200, 200), Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(where.toPoint(), copy, mime, button, none)
    QApplication.sendEvent(window, enter)
    event = QDropEvent(where, copy, mime, button, none)
    event.setAccepted(False)
    QApplication.sendEvent(window, event)
    return event.isAccepted()


def test_a_file_dropped_anywhere_is_looked_at_in_personalise(
    make: Make, qtbot: QtBot, tmp_path: Path
) -> None:
    window = make()
    text = tmp_path / "a song.mid"
    text.write_text("no MIDI at all")
    assert drop(window, text.as_uri())
    dock = window.docks["personalise"]
    assert dock.isVisible()

    def said() -> str:
        return " ".join(label.text() for label in dock.findChildren(QLabel))

    # Why it cannot be used, to be read for as long as it stands in the list.
    qtbot.waitUntil(lambda: "a song.mid" in said() and "Nothing chosen yet" in said())
    assert text.read_text() == "no MIDI at all"


def test_what_is_no_file_is_said(make: Make) -> None:
    window = make()
    assert drop(window, "https://example.org/song.mid")
    assert "save it first" in window.status.help.text
    assert not window.docks["personalise"].isVisible()
