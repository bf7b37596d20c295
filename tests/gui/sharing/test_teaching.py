"""Which takes may teach: none by default, one by one, from the dock and from the takes panel."""

import pytest
from PySide6.QtCore import Qt

from gui.sharing.desk import SharingDesk
from gui.sharing.teaching import OFF, Teaching
from gui.takes.panel import TakesPanel
from gui.undo import UndoStack
from gui.widgets import reason_of
from tests.gui.sharing.stage import takes, tick


@pytest.fixture
def ids(data_folder):
    return takes(data_folder, 60, 80, 40)


@pytest.fixture
def looking(machine, gateway, ids):
    machine.sharing.set_server(gateway.server)
    machine.sharing.turn_on(machine.sharing.record("look"))
    return ids


@pytest.fixture
def panel(qtbot, state, bridge, theme, actions, teaching: Teaching):
    made = TakesPanel(state, bridge, theme, actions, UndoStack(state, bridge), teaching=teaching)
    qtbot.addWidget(made)
    made.resize(360, 900)
    made.show()
    qtbot.waitUntil(lambda: not made.librarian.busy)
    return made


def test_while_sharing_is_off_every_take_is_private_and_nothing_is_asked(
    ids, panel, actions, desk: SharingDesk
):
    assert actions.reason("may_teach") == OFF
    assert not panel.details.private.isVisible()
    assert desk._sharing is None, "sharing was not even made"


def test_a_take_teaches_and_is_private_again(qtbot, looking, panel, actions, desk, settle, machine):
    desk.look()
    settle()
    assert panel.details.private.isVisible()
    assert panel.details.private.text() == "Private"
    assert not actions["may_teach"].isChecked()
    actions["may_teach"].trigger()
    settle()
    (item,) = machine.sharing.material()
    assert (item.notes, item.name) == (40, "No. 2"), "the newest take is the chosen one"
    assert actions["may_teach"].isChecked()
    assert panel.details.private.text() == "May teach"
    actions["may_teach"].trigger()
    settle()
    assert machine.sharing.material() == ()
    assert panel.details.private.text() == "Private"


def test_several_takes_at_once(qtbot, looking, panel, actions, desk, settle, machine):
    desk.look()
    settle()
    panel.list.selectAll()
    actions["may_teach"].trigger()
    settle()
    assert len(machine.sharing.material()) == 3


def test_only_the_players_side_is_kept(looking, teaching, desk, settle, machine):
    desk.look()
    settle()
    teaching.set_takes(looking[:1], teach=True)
    settle()
    assert teaching.ids == {looking[0]}
    assert [item.notes for item in machine.sharing.material()] == [60]


def test_the_dock_and_the_panel_agree(
    qtbot, looking, panel, actions, make_dock, settle, teaching, machine
):
    dock = make_dock()
    settle()
    qtbot.waitUntil(lambda: dock.cards.teach.model.rowCount() == 3)
    tick(dock, 1)
    settle()
    assert teaching.ids == {looking[1]}
    actions["may_teach"].trigger()
    settle()
    assert set(dock.cards.teach.model.take_ids) == {looking[1], looking[2]}
    dock.cards.teach.none.click()
    settle()
    assert teaching.ids == frozenset()
    assert dock.cards.teach.model.take_ids == ()


def test_what_is_no_take_any_more_is_shown_and_can_go(
    qtbot, looking, make_dock, settle, machine, teaching, desk, data_folder
):
    from plugin.takes import TakeLibrary, library_path

    desk.look()
    settle()
    teaching.set_takes(looking[:1], teach=True)
    settle()
    with TakeLibrary(library_path(data_folder)) as library:
        library.delete(looking[:1])
    dock = make_dock()
    settle()
    teach = dock.cards.teach
    qtbot.waitUntil(lambda: teach.model.rowCount() == 2)
    qtbot.waitUntil(lambda: teach.others.count() == 1)
    assert reason_of(teach.take_off)
    teach.others.setCurrentRow(0)
    teach.take_off.click()
    settle()
    assert machine.sharing.material() == ()
    assert not teach.others.isVisible()


def test_a_take_that_is_gone_is_a_sentence(qtbot, looking, teaching, desk, settle):
    desk.look()
    settle()
    told: list[str] = []
    desk.failed.connect(told.append)
    teaching.set_takes(["20260101-000000-000zzzz"], teach=True)
    settle()
    assert len(told) == 1
    assert told[0].endswith(".")


def test_learn_from_these_hands_over_what_is_chosen(qtbot, ids, panel, actions):
    with qtbot.waitSignal(panel.learn_wanted) as wanted:
        actions["learn_from"].trigger()
    assert wanted.args == [(ids[2],)]
    panel.list.selectAll()
    with qtbot.waitSignal(panel.learn_wanted) as wanted:
        actions["learn_from"].trigger()
    assert set(wanted.args[0]) == set(ids)


def test_by_keyboard_one_after_the_other(qtbot, looking, make_dock, settle, machine):
    dock = make_dock()
    settle()
    teach = dock.cards.teach
    qtbot.waitUntil(lambda: teach.model.rowCount() == 3)
    teach.list.setCurrentIndex(teach.model.index(0))
    for count in range(1, 4):
        qtbot.keyClick(teach.list, Qt.Key.Key_Space)
        qtbot.waitUntil(lambda count=count: len(machine.sharing.material()) == count)
        settle()
        dock._takes.wish()
        settle()
        qtbot.keyClick(teach.list, Qt.Key.Key_Down)
    dock.cards.teach.show_takes(teach.model.rows[:2])
    assert teach.list.currentIndex().row() == -1, "the take is gone, and another is not meant"
