"""Better versions from others: a switch of their own, tried first, one click back."""

import numpy as np
import pytest

from federation.formats.shared import nothing_learnt
from gui.sharing.read_card import NO_SERVER
from gui.sharing.receive_card import AS_IT_CAME, BACK, MINE, NOTHING_BEFORE
from gui.widgets import reason_of
from tests.federation.client.stage import piece


@pytest.fixture
def better(machine, gateway):
    """The server has a version that suits the player better."""
    flat = {name: np.full_like(one, 0.1) for name, one in nothing_learnt(gateway.lineage).items()}
    gateway.publish(flat)
    return gateway


def phrases(machine, gateway):
    """Phrases to try a version on, and no yes to giving any more."""
    machine.sharing.set_server(gateway.server)
    machine.sharing.turn_on(machine.sharing.record("look"))
    for seed in range(4):
        machine.sharing.add_material(f"piece {seed}", piece(seed))


def test_it_needs_no_sharing_and_is_off_by_default(make_dock, settle, machine, gateway):
    machine.sharing.set_server(gateway.server)
    dock = make_dock()
    settle()
    receive = dock.cards.receive
    assert not receive.switch.isChecked()
    assert receive.version.text() == AS_IT_CAME
    receive.switch.click()
    settle()
    assert machine.sharing.status().receiving
    assert machine.sharing.status().stage == "off"
    receive.switch.click()
    settle()
    assert not machine.sharing.status().receiving
    assert gateway.asked == []


def test_without_a_server_it_says_why_not(make_dock, settle):
    dock = make_dock()
    settle()
    assert reason_of(dock.cards.receive.look_button) == NO_SERVER
    assert reason_of(dock.cards.receive.switch) == NO_SERVER
    assert reason_of(dock.cards.receive.back_button) == NOTHING_BEFORE


def test_a_better_version_is_tried_told_and_one_click_away_from_gone(
    qtbot, make_dock, settle, machine, better
):
    phrases(machine, better)
    dock = make_dock()
    settle()
    receive = dock.cards.receive
    receive.look_button.click()
    qtbot.waitUntil(receive.use.isVisible)
    settle()
    assert "version 2 suits your phrases better (4.00 -> 3.90 bits a note)" in receive.news.text()
    assert "“Keep mine” undoes it" in receive.news.text()
    assert receive.version.text() == "Shared version 2 plays here."
    assert receive.back_button.text() == MINE
    receive.back_button.click()
    qtbot.waitUntil(lambda: receive.version.text() == AS_IT_CAME)
    settle()
    assert machine.sharing.status().version is None
    assert receive.back_button.text() == BACK


def test_after_the_end_nothing_is_said_of_versions_any_more(
    qtbot, make_dock, settle, machine, gateway
):
    phrases(machine, gateway)
    dock = make_dock()
    settle()
    dock.cards.receive.look_button.click()
    qtbot.waitUntil(lambda: "yours stays" in dock.cards.receive.news.text())
    settle()
    dock.cards.state.stop.click()
    dock.cards.state.yes.click()
    qtbot.waitUntil(lambda: machine.files() == set())
    settle()
    assert not dock.cards.receive.news.isVisible()


def test_use_it_keeps_it_and_the_way_back_stays(qtbot, make_dock, settle, machine, better):
    phrases(machine, better)
    dock = make_dock()
    settle()
    receive = dock.cards.receive
    receive.look_button.click()
    qtbot.waitUntil(receive.use.isVisible)
    settle()
    receive.use.click()
    assert not receive.use.isVisible()
    assert machine.sharing.status().version == 2
    assert (receive.back_button.text(), receive.back_button.isEnabled()) == (BACK, True)


def test_a_version_that_is_not_better_stays_away(qtbot, make_dock, settle, machine, gateway):
    phrases(machine, gateway)
    dock = make_dock()
    settle()
    dock.cards.receive.look_button.click()
    qtbot.waitUntil(lambda: "yours stays" in dock.cards.receive.news.text())
    settle()
    assert machine.sharing.status().version is None
    assert not dock.cards.receive.use.isVisible()


def test_what_others_taught_can_stay_when_sharing_ends(qtbot, make_dock, settle, machine, better):
    phrases(machine, better)
    machine.good(machine.sharing.receive().wait())
    dock = make_dock()
    settle()
    dock.cards.state.stop.click()
    assert dock.cards.state.keep.isVisible()
    dock.cards.state.yes.click()
    qtbot.waitUntil(lambda: not machine.sharing.material())
    settle()
    assert machine.sharing.status().version == 2
