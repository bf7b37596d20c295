"""A dock over a fake session and real profiles, shown, with whatever it read at first."""

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from engine.profile.disk import Disk
from gui.actions import Actions
from gui.personalise.dock import Personalise
from gui.state import JamState
from gui.theme.theme import Theme
from gui.undo import UndoStack
from plugin import protocol
from plugin.protocol import UseProfile
from tests.gui.fakes import FakeBridge
from tests.gui.personalise import stage

MakeDock = Callable[..., Personalise]


class Engine:
    """Answers for the session: whoever is asked for is whose partner it is."""

    def __init__(self, bridge: FakeBridge) -> None:
        self.bridge = bridge
        self.answers = True

    def answer(self) -> None:
        """Say whose partner it is by what was asked for last."""
        asked = [one for one in self.bridge.sent if isinstance(one, UseProfile)]
        if asked and self.answers:
            self.bridge.tell(stage.partner(asked[-1].name or "", None, 0))


@pytest.fixture
def engine(bridge: FakeBridge) -> Engine:
    return Engine(bridge)


@pytest.fixture
def undo(state: JamState, bridge: FakeBridge) -> UndoStack:
    return UndoStack(state, bridge)


@pytest.fixture
def make_dock(
    qtbot,
    state: JamState,
    bridge: FakeBridge,
    theme: Theme,
    actions: Actions,
    undo: UndoStack,
    data_folder: Path,
) -> Iterator[MakeDock]:
    made: list[Personalise] = []

    def make(*, disk: Disk | None = None, opened: bool = True, seed: int = 1) -> Personalise:
        dock = Personalise(
            state,
            bridge,
            theme,
            actions,
            data=data_folder,
            shelf=stage.shelf(data_folder, disk),
            rng=Random(seed),
            now=lambda: stage.NOW,
            ask=stage.Asked(),
            undo=undo,
        )
        qtbot.addWidget(dock)
        made.append(dock)
        if opened:
            bridge.tell(stage.OPENED, stage.READY, stage.partner())
        dock.resize(360, 1200)
        dock.show()
        qtbot.waitUntil(lambda: bool(dock.profiles.shown.name))
        qtbot.waitUntil(lambda: dock.learning._counted is not None)
        return dock

    yield make
    for dock in made:
        dock.close_down()


@pytest.fixture
def dock(qtbot, make_dock: MakeDock, data_folder: Path) -> Personalise:
    """“me” has two versions and three takes of an evening."""
    stage.profiles(data_folder)
    stage.takes(data_folder, 48, 60, 52)
    made = make_dock()
    # What was counted first may have been nothing: takes and profiles are read side by side.
    qtbot.waitUntil(lambda: made.choose_card.model.rowCount() == 3, timeout=30_000)
    qtbot.waitUntil(lambda: made.learning._counted is not None, timeout=30_000)
    return made


def asked(bridge: FakeBridge, kind: type) -> list[protocol.Message]:
    """What the dock asked the session of this kind."""
    return [one for one in bridge.sent if isinstance(one, kind)]
