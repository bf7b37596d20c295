"""The dock, a real session process with ports in memory, its engine and its trainer: end to end."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import psutil
import pytest

from engine.model.checkpoint import SHIPPED
from engine.profile.store import ProfileStore
from gui import background
from gui.actions import Actions
from gui.bridge import Bridge
from gui.personalise.blind import Pick
from gui.personalise.dock import Personalise
from gui.personalise.learning import Phase
from gui.state import JamState
from gui.theme.theme import Theme
from plugin.midifile_writer import Part, write_midi
from plugin.served.client import SessionProcess
from plugin.served.messages import Auditioning, Open, Told
from tests.gui.personalise import stage

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not SHIPPED.is_file(), reason="needs the weights that ship"),
]
LONG_MS = 300_000


def _start(told: Callable[[Told], None], opening: Open) -> SessionProcess:
    process = SessionProcess(told)
    process.send(opening)
    return process


class Window:
    """A dock on a session of its own, and all that the session told."""

    def __init__(self, theme: Theme) -> None:
        self.bridge = Bridge(_start, Open(system="memory", profile="me"))
        self.state = JamState(self.bridge)
        self.told: list[object] = []
        self.bridge.told.connect(self.told.append)
        actions = Actions(self.state, self.bridge)
        self.dock = Personalise(self.state, self.bridge, theme, actions, rng=Random(3))
        self.dock.resize(360, 1200)
        self.dock.show()

    @property
    def adapter(self) -> int | None:
        return None if self.state.profile is None else self.state.profile.adapter

    def close(self) -> None:
        self.dock.close_down()
        self.bridge.close()
        background.finish()


@pytest.fixture
def window(qtbot, theme: Theme) -> Iterator[Window]:
    made = Window(theme)
    qtbot.addWidget(made.dock)
    yield made
    made.close()


def _habit(path: Path, count: int = 100) -> Path:
    """What somebody plays who has one figure: three keys, short, loud on the beat."""
    messages = []
    for number in range(count):
        t_ns = number * 300_000_000
        pitch, velocity = (62, 69, 74)[number % 3], 112 if number % 2 == 0 else 42
        messages.append((t_ns, bytes((0x90, pitch, velocity))))
        messages.append((t_ns + 150_000_000, bytes((0x80, pitch, 64))))
    return write_midi(path, [Part("You", messages)], stage.COUNTED)


def _until(qtbot, what: Callable[[], bool], timeout_ms: int = LONG_MS) -> None:
    qtbot.waitUntil(what, timeout=timeout_ms)


def _ready(qtbot, window: Window, path: Path) -> None:
    _until(qtbot, lambda: window.state.profile is not None)
    window.dock.add_files([path])
    _until(qtbot, window.dock.choose_card.button.isEnabled)


def _trainer() -> psutil.Process | None:
    """The process that trains: the one of the lowest priority below this one."""
    for process in psutil.Process().children(recursive=True):
        try:
            if process.nice() == 19 and "multiprocessing" in " ".join(process.cmdline()):
                return process
        except psutil.Error:
            continue
    return None


def test_a_file_is_learnt_heard_blind_dropped_and_had_again(qtbot, window, tmp_path, data_folder):
    dock, state = window.dock, window.state
    _ready(qtbot, window, _habit(tmp_path / "habit.mid"))
    assert "100 notes" in dock.choose_card.count.text()
    dock.choose_card.button.click()
    _until(qtbot, lambda: dock.learning.learning.phase is Phase.OVER)
    over = dock.learning.learning
    assert over.kept, over.says
    assert over.after_bits < over.before_bits
    assert len(over.curve.learnt) > 3
    _until(qtbot, lambda: window.adapter == 1)
    _until(qtbot, lambda: dock.profiles.shown.version == 1)

    dock.blind_card.another.click()
    _until(qtbot, dock.blind_card.plays[0].isEnabled)
    for button, name in zip(dock.blind_card.plays, ("first", "second"), strict=True):
        button.click()
        _until(qtbot, lambda name=name: name in state.auditioning)
    assert any(isinstance(one, Auditioning) for one in window.told)
    dock.blind_card.picks[Pick.FIRST].click()
    _until(qtbot, lambda: not state.auditioning)
    assert "chose the one" in dock.blind_card.says.text()

    dock.learn_card.drop_it.click()
    _until(qtbot, lambda: window.adapter is None)
    _until(qtbot, lambda: dock.profiles.shown.version is None)
    dock.profile_card.back.click()
    _until(qtbot, lambda: window.adapter == 1)

    dock.profile_card.verbs["rename"].trigger()
    dock.profile_card.name.setText("anna")
    dock.profile_card.take.click()
    _until(qtbot, lambda: state.profile is not None and state.profile.profile == "anna")
    _until(qtbot, lambda: window.adapter == 1)
    assert [one.name for one in ProfileStore(data_folder / "profiles").list()] == ["anna"]


def test_a_trainer_that_is_killed_is_a_sentence_and_learning_goes_on_where_it_was(
    qtbot, window, tmp_path
):
    dock = window.dock
    _ready(qtbot, window, _habit(tmp_path / "habit.mid"))
    dock.choose_card.button.click()
    _until(qtbot, lambda: dock.learning.learning.phase is Phase.LEARNING)
    trainer = _trainer()
    assert trainer is not None
    os.kill(trainer.pid, signal.SIGKILL)
    _until(qtbot, lambda: dock.learning.learning.phase is Phase.OVER)
    assert "ended from outside" in dock.learn_card.says.text()
    assert not dock.learning.learning.kept
    assert dock.profiles.shown.versions == ()
    dock.choose_card.button.click()
    _until(qtbot, lambda: dock.learning.learning.phase is Phase.OVER)
    assert dock.learning.learning.kept, dock.learning.learning.says


def test_cancel_in_the_middle_keeps_what_there_was(qtbot, window, tmp_path):
    dock = window.dock
    _ready(qtbot, window, _habit(tmp_path / "habit.mid"))
    dock.choose_card.button.click()
    _until(qtbot, lambda: dock.learning.learning.phase is Phase.LEARNING)
    dock.learn_card.stop.click()
    _until(qtbot, lambda: dock.learning.learning.phase is Phase.OVER)
    assert "everything stays as it was" in dock.learn_card.says.text()
    assert window.adapter is None
