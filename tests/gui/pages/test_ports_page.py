"""The ports page: what is ticked is a wish, one button opens it, and what is away says so."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from gui.actions import Actions
from gui.keeping import Keeping
from gui.kept import Kept
from gui.pages.port_choice import PortChoice, parted, rows
from gui.pages.port_rows import AWAY
from gui.pages.ports_page import PortsPage
from gui.state import JamState
from gui.theme.theme import Theme
from plugin.cables import PortWish
from plugin.served.messages import Active, Listen, Open, Opened, PortIs, Ports, Spoke
from tests.gui.fakes import FakeBridge
from tests.plugin.sentences import assert_is_a_sentence

PORTS = Ports(
    "JACK",
    (PortIs("Antiphon In", True, True, True), PortIs("Keys", False, False, True)),
    (PortIs("Synth", False, False, True), PortIs("Grand", False, False, True)),
    True,
)


@pytest.fixture
def keeping(tmp_path: Path, qtbot: QtBot) -> Keeping:
    return Keeping(tmp_path / "window.json", Kept())


@pytest.fixture
def page(
    qtbot: QtBot,
    state: JamState,
    bridge: FakeBridge,
    theme: Theme,
    actions: Actions,
    keeping: Keeping,
) -> PortsPage:
    bridge.tell(Opened(1, "JACK", "Antiphon In", "Antiphon Out", 1, False), PORTS)
    made = PortsPage(state, bridge, theme, actions, keeping, platform="linux")
    qtbot.addWidget(made)
    made.show()
    bridge.sent.clear()
    yield made  # type: ignore[misc]
    made.hide()
    keeping.close()


def test_what_is_ticked_is_opened_together_by_one_button_and_kept(
    bridge: FakeBridge, page: PortsPage, keeping: Keeping
) -> None:
    assert not page.use.isEnabled()
    assert "in use already" in page.use.toolTip()
    page.hears.boxes["Keys"].click()
    page.plays.boxes["Synth"].click()
    page.plays.boxes["Grand"].click()
    page.thru.click()
    assert bridge.sent == []
    page.use.click()
    asked = bridge.sent[-1]
    assert isinstance(asked, Open)
    assert (asked.ins, asked.outs, asked.thru) == (("Keys",), ("Synth", "Grand"), True)
    assert (keeping.kept.ins, keeping.kept.outs) == (asked.ins, asked.outs)
    assert not page.use.isEnabled()


def test_our_own_port_is_the_choice_of_none(bridge: FakeBridge, page: PortsPage) -> None:
    page.hears.boxes["Keys"].click()
    assert page.hears.others.isChecked()
    page.hears.own.click()
    assert page.choice.ins == ()
    assert not page.hears.boxes["Keys"].isChecked()
    assert not page.use.isEnabled()
    page.hears.others.click()
    assert page.choice.ins == ("Keys",)


def test_channels_are_typed_and_what_is_none_is_said(page: PortsPage, bridge: FakeBridge) -> None:
    field = page.hears.fields["Keys"]
    assert not field.isEnabled()
    page.hears.boxes["Keys"].click()
    assert field.isEnabled()
    field.setText("1-4, 10")
    field.editingFinished.emit()
    page.use.click()
    assert bridge.sent[-1].ins == ("Keys@1-4,10",)  # type: ignore[union-attr]
    field.setText("17")
    field.editingFinished.emit()
    assert_is_a_sentence(page.trouble.text())
    field.setText("all")
    field.editingFinished.emit()
    assert page.choice.channels == {}


def test_a_port_that_is_away_is_grey_says_so_and_stays_chosen(
    bridge: FakeBridge, page: PortsPage
) -> None:
    page.hears.boxes["Keys"].click()
    bridge.tell(Ports("JACK", (), (), True))
    assert page.hears.boxes["Keys"].isChecked()
    texts = [label.text() for label in page.hears.findChildren(type(page.trouble))]
    assert AWAY in texts
    bridge.tell(PORTS)
    texts = [label.text() for label in page.hears.findChildren(type(page.trouble))]
    assert page.hears.boxes["Keys"].isChecked()
    assert not page.hears.lamps["Keys"]._away


def test_which_port_is_the_keyboard(bridge: FakeBridge, page: PortsPage) -> None:
    page.which.click()
    assert bridge.sent == [Listen(True)]
    bridge.tell(Spoke("Keys"))
    assert page.spoke.text() == "“Keys” speaks."
    page.take.click()
    assert page.choice.ins == ("Keys",)
    page.hide()
    assert bridge.sent[-1] == Listen(False)
    _still(page)


def test_the_lamp_of_the_port_that_notes_pass(bridge: FakeBridge, page: PortsPage) -> None:
    bridge.tell(Active("Keys", False, "notes"), Active("Synth", True, "clock"))
    assert page.hears.lamps["Keys"].lit
    assert not page.plays.lamps["Synth"].lit
    bridge.tell(Active("Antiphon Out", True, "notes"))
    assert page.plays.own_lamp.lit
    _still(page)


def test_where_no_port_can_be_made_that_is_off_with_a_reason(
    bridge: FakeBridge, page: PortsPage
) -> None:
    assert not page.loopback.isVisible()
    bridge.tell(Ports("Windows MM", (PortIs("loopMIDI", False, False, True),), (), False))
    assert page.loopback.isVisible()
    assert not page.hears.own.isEnabled()
    assert "Windows" in page.hears.own.toolTip()


def test_without_any_port_of_others_that_is_said(bridge: FakeBridge, page: PortsPage) -> None:
    bridge.tell(Ports("JACK", (), (), True))
    assert page.hears.none.isVisible()
    assert not page.hears.others.isEnabled()


def test_the_system_is_chosen_by_name(bridge: FakeBridge, page: PortsPage) -> None:
    words = [page.system.itemText(at) for at in range(page.system.count())]
    assert words[1:4] == ["ALSA", "JACK", "PipeWire"]
    page.system.setCurrentIndex(2)
    page.system.activated.emit(2)
    page.use.click()
    assert bridge.sent[-1].system == "JACK"  # type: ignore[union-attr]


def _still(page: PortsPage) -> None:
    """Lamps have timers."""
    for rows_ in (page.hears, page.plays):
        for lamp in (*rows_.lamps.values(), rows_.own_lamp):
            lamp._hold.stop()


# -- the choice as a value --

names = st.text(st.characters(codec="ascii", exclude_characters="@\n\r"), min_size=1, max_size=12)
channels = st.sampled_from(["", "1", "1-4,10", "16"])


@given(st.dictionaries(names, channels, max_size=4), st.lists(names, unique=True, max_size=3))
def test_a_choice_comes_back_from_how_it_is_opened(ins: dict[str, str], outs: list[str]) -> None:
    choice = PortChoice(tuple(ins), tuple(outs), "JACK", True)
    for name, words in ins.items():
        choice = choice.with_channels(name, words)
    opening = choice.into(Open(profile="me", seed=4, demo=True))
    assert PortChoice.of(opening) == choice
    assert (opening.profile, opening.seed, opening.demo) == ("me", 4, False)
    assert [PortWish.of(wish).name for wish in opening.ins] == list(ins)


def test_a_name_with_an_at_in_it_is_a_name() -> None:
    assert parted("me@home") == ("me@home", "")
    assert parted("Keys@1-4") == ("Keys", "1-4")
    assert parted("Keys@99") == ("Keys@99", "")


@pytest.mark.parametrize("words", ["0", "17", "x", "1,,2", "@2", "1@2"])
def test_channels_that_are_none_are_refused_with_a_next_step(words: str) -> None:
    with pytest.raises(ValueError, match="write them like") as refused:
        PortChoice(("Keys",)).with_channels("Keys", words)
    assert_is_a_sentence(str(refused.value))


def test_our_own_ports_are_not_listed_among_those_of_others() -> None:
    found = (PortIs("Antiphon In", True, True, True), PortIs("b", False, False, True))
    assert [port.name for port in rows(found, ("a",))] == ["a", "b"]
