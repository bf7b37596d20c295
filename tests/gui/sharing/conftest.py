"""A dock over real sharing in a folder of its own, and a server in memory that speaks TLS."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from federation.formats.shared import nothing_learnt
from gui import background
from gui.sharing.desk import SharingDesk
from gui.sharing.dock import SharingDock
from gui.sharing.teaching import Teaching
from gui.state import JamState
from gui.theme.theme import Theme
from plugin.takes import library_path
from tests.federation.client.gateway import Gateway, serving
from tests.federation.client.stage import Machine, lineage, weights
from tests.gui.sharing.stage import Asked, Slow

MakeDock = Callable[..., SharingDock]


@pytest.fixture
def machine(tmp_path: Path, data_folder: Path) -> Machine:
    """A player's machine: real sharing, tasks that run at once in a worker."""
    return Machine(data_folder, weights(tmp_path / "weights"))


@pytest.fixture
def gateway(tmp_path: Path, machine: Machine) -> Iterator[Gateway]:
    """A server with one version, in which nothing is learnt."""
    made = Gateway(lineage(machine.weights))
    made.publish(nothing_learnt(made.lineage))
    with serving(made, tmp_path) as running:
        yield running


@pytest.fixture
def slow(machine: Machine) -> Slow:
    """Tasks that only go on when the test says so."""
    return Slow(machine)


@pytest.fixture
def asked(tmp_path: Path) -> Asked:
    return Asked(tmp_path)


@pytest.fixture
def desk(qtbot, machine: Machine, data_folder: Path) -> Iterator[SharingDesk]:
    made = SharingDesk(data_folder, lambda _data: machine.sharing, now=lambda: machine.now)
    yield made
    made.close_down()
    background.finish()


@pytest.fixture
def teaching(desk: SharingDesk, data_folder: Path) -> Teaching:
    return Teaching(desk, library_path(data_folder))


@pytest.fixture
def make_dock(
    qtbot,
    state: JamState,
    theme: Theme,
    desk: SharingDesk,
    teaching: Teaching,
    machine: Machine,
    data_folder: Path,
    asked: Asked,
) -> MakeDock:
    def make() -> SharingDock:
        dock = SharingDock(
            state,
            theme,
            desk,
            teaching,
            library=library_path(data_folder),
            now=lambda: machine.now,
            ask=asked,
        )
        qtbot.addWidget(dock)
        dock.resize(360, 2400)
        dock.show()
        qtbot.waitUntil(lambda: desk.seen is not None)
        return dock

    return make


@pytest.fixture
def settle(qtbot, desk: SharingDesk) -> Callable[[], None]:
    """Everything that was asked is answered, and nothing runs."""

    def wait() -> None:
        qtbot.waitUntil(lambda: not desk.busy and not desk.task, timeout=15_000)

    return wait
