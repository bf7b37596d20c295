"""The dock in its window: closed at first, made when it is opened, ended with it."""

from pathlib import Path

from gui.first_run.panel import FirstRun
from tests.gui.sharing.stage import takes
from tests.gui.windows import Make


def test_closed_until_asked_for(make: Make, data_folder: Path) -> None:
    window = make()
    assert not window.docks["sharing"].isVisible()
    assert window.docks["sharing"].widget() is None
    assert window.parts.sharing.seen is None
    window.parts.actions["sharing"].trigger()
    assert window.docks["sharing"].isVisible()
    assert not (data_folder / "sharing").exists()


def test_not_now_closes_it(make: Make, qtbot) -> None:
    window = make()
    window.parts.actions["sharing"].trigger()
    dock = window.docks["sharing"].widget()
    qtbot.waitUntil(dock.cards.read.isVisible)
    dock.cards.read.not_now_button.click()
    assert not window.docks["sharing"].isVisible()
    assert not window.parts.actions["sharing"].isChecked()


def test_the_last_of_the_first_steps_opens_it_and_never_closes_it(make: Make) -> None:
    window = make()
    page = window.pages.open("first_run")
    run = page.findChild(FirstRun)
    assert run is not None
    run.go(3)
    assert run.step.heading.text() == "Sharing is off."
    run.step.more.click()  # type: ignore[attr-defined]
    assert window.docks["sharing"].isVisible()
    run.step.more.click()  # type: ignore[attr-defined]
    assert window.docks["sharing"].isVisible()


def test_learn_from_these_ticks_them_in_personalise(make: Make, qtbot, data_folder: Path) -> None:
    ids = takes(data_folder, 60, 80, 40)
    window = make()
    qtbot.waitUntil(lambda: window.takes.model.total == 3)
    window.takes.list.choose(window.takes.model.index_of(ids[0]))
    window.parts.actions["learn_from"].trigger()
    dock = window.docks["personalise"].widget()
    assert window.docks["personalise"].isVisible()
    qtbot.waitUntil(lambda: dock.choose_card.take_ids == (ids[0],))
    window.takes.list.choose(window.takes.model.index_of(ids[2]))
    window.parts.actions["learn_from"].trigger()
    qtbot.waitUntil(lambda: dock.choose_card.take_ids == (ids[2],))
    assert window.docks["personalise"].isVisible()
    qtbot.waitUntil(lambda: dock.learning._counted is not None)
