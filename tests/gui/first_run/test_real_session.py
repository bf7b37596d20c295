"""The first steps and the demo against the real session process, over ports in memory."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from gui.actions import Actions
from gui.bridge import Bridge
from gui.first_run.demo import Demo
from gui.first_run.panel import FirstRun
from gui.keeping import Keeping
from gui.kept import Kept
from gui.state import JamState
from gui.theme.theme import Theme
from gui.voice.built_in import BuiltInVoice
from gui.voice.feed import VoiceFeed
from plugin.files import data_folder
from plugin.protocol import NoteSounded
from plugin.served.client import SessionProcess
from plugin.served.messages import NoteEnded, Open, Opened, TakeSaved, Told
from plugin.takes import DEMO_TAKE, TakeLibrary, library_path
from plugin.voice.synth import Synth
from plugin.voice.timbres import PARTNER, PLAYER

pytestmark = pytest.mark.slow
LONG_MS = 40_000
"""Far more than any of this takes; an engine starts in a few seconds."""


class Recorder:
    """A voice process that only keeps what it is told."""

    def __init__(self, told: object) -> None:
        self.heard: list[tuple[int, int, bytes]] = []

    def put(self, due_ns: int, part: int, data: bytes) -> None:
        self.heard.append((due_ns, part, data))

    def volume(self, percent: int) -> None: ...

    def panic(self) -> None: ...

    def close(self) -> None: ...


class Stage:
    """A real session, and everything of the window that the first steps need."""

    def __init__(self, theme: Theme, tmp_path: Path) -> None:
        self.told: list[Told] = []
        feed = VoiceFeed()

        def start(told: object, opening: Open) -> SessionProcess:
            process = SessionProcess(told)  # type: ignore[arg-type]
            process.send(opening)
            return process

        self.bridge = Bridge(start, Open(system="memory", profile="", seed=3), None, feed.hear)
        self.bridge.told.connect(self.told.append)
        self.state = JamState(self.bridge)
        self.actions = Actions(self.state, self.bridge)
        self.keeping = Keeping(tmp_path / "window.json", Kept())
        self.recorders: list[Recorder] = []
        self.voice = BuiltInVoice(self.bridge, feed, self.record)
        self.demo = Demo(self.state, self.bridge, self.actions)
        self.steps = FirstRun(
            self.state, self.bridge, theme, self.actions, self.keeping, self.voice
        )

    def record(self, told: object) -> Recorder:
        self.recorders.append(Recorder(told))
        return self.recorders[-1]

    def of(self, kind: type) -> list[object]:
        return [message for message in self.told if isinstance(message, kind)]

    @property
    def opened(self) -> Opened | None:
        found = self.state.opened
        return found if isinstance(found, Opened) else None


@pytest.fixture
def stage(qtbot: QtBot, theme: Theme, tmp_path: Path) -> Iterator[Stage]:
    made = Stage(theme, tmp_path)
    qtbot.addWidget(made.steps)
    qtbot.waitUntil(lambda: made.opened is not None, timeout=LONG_MS)
    yield made
    made.steps.hide()
    made.voice.close()
    made.bridge.close()
    made.keeping.close()


def test_a_key_of_the_computer_is_heard_and_let_go_and_three_notes_go_out(
    qtbot: QtBot, stage: Stage
) -> None:
    stage.voice.switch(True)
    steps = stage.steps
    steps.show()
    steps.activateWindow()
    piano = steps.step.piano  # type: ignore[attr-defined]
    piano.setFocus()
    qtbot.waitUntil(piano.hasFocus)
    qtbot.keyPress(piano, Qt.Key.Key_D)
    qtbot.waitUntil(lambda: steps.step.done, timeout=LONG_MS)
    assert any(one.pitch == 64 and not one.partner for one in stage.of(NoteSounded))  # type: ignore[attr-defined]
    steps.next.setFocus()  # and the key is still down
    qtbot.waitUntil(
        lambda: any(one.pitch == 64 for one in stage.of(NoteEnded)),  # type: ignore[attr-defined]
        timeout=LONG_MS,
    )
    steps.go_on()
    steps.step.three.click()  # type: ignore[attr-defined]
    heard = stage.recorders[0].heard

    def ends() -> set[int]:
        return {data[1] for _, part, data in heard if part == PARTNER and _is_off(data)}

    def three() -> list[int]:
        begun = [data[1] for _, part, data in heard if part == PARTNER and _is_on(data)]
        return begun[:3]  # then the partner may answer the key

    qtbot.waitUntil(lambda: len(three()) == 3 and set(three()) <= ends(), timeout=LONG_MS)
    assert len(set(three())) == 3
    assert any(part == PLAYER and _is_on(data) for _, part, data in heard)


def test_the_demo_is_marked_answered_heard_and_leaves_the_players_ports(
    qtbot: QtBot, stage: Stage
) -> None:
    stage.voice.switch(True)
    qtbot.waitUntil(lambda: stage.state.engine is not None, timeout=LONG_MS)
    stage.actions["demo"].trigger()
    qtbot.waitUntil(lambda: stage.demo.on, timeout=LONG_MS)
    heard = stage.recorders[0].heard

    def notes_of(part: int) -> list[tuple[int, bytes]]:
        return [(due, data) for due, of, data in heard if of == part and _is_on(data)]

    qtbot.waitUntil(lambda: len(notes_of(PARTNER)) >= 3, timeout=LONG_MS)
    assert len(notes_of(PLAYER)) >= 20
    # What the voice was told, as sound: from now on, whenever now is.
    assert _sounds(heard)
    due_ns = [due for due, _, _ in heard]
    assert max(abs(due - time.monotonic_ns()) for due in due_ns) < 120e9
    qtbot.waitUntil(lambda: bool(stage.of(TakeSaved)), timeout=LONG_MS)
    with TakeLibrary(library_path(data_folder())) as library:
        assert {take.name for take in library.list_takes()} == {DEMO_TAKE}
    stage.demo.end()
    qtbot.waitUntil(lambda: not stage.demo.on and stage.opened is not None, timeout=LONG_MS)
    assert stage.bridge.opening == Open(system="memory", profile="", seed=3)


def _is_on(data: bytes) -> bool:
    return data[0] & 0xF0 == 0x90 and data[2] > 0


def _is_off(data: bytes) -> bool:
    return data[0] & 0xF0 == 0x80 or (data[0] & 0xF0 == 0x90 and data[2] == 0)


def _sounds(heard: list[tuple[int, int, bytes]]) -> bool:
    """Whether these messages make bounded sound on both sides, without a hole."""
    rate_hz = 48_000
    synth, first_ns = Synth(rate_hz), min(due for due, _, _ in heard)
    waiting = sorted(heard, key=lambda one: one[0])
    blocks = []
    while waiting:
        while waiting and (waiting[0][0] - first_ns) * rate_hz / 1e9 < synth.sample + 480:
            due_ns, part, data = waiting.pop(0)
            synth.message(round((due_ns - first_ns) * rate_hz / 1e9), part, data)
        blocks.append(synth.render(480))
    samples = np.concatenate(blocks)
    return bool(np.isfinite(samples).all() and 0.05 < np.abs(samples).max() < 1)
