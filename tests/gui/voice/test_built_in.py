"""The built-in voice in the window: on and off, its words, and that nothing is left of it."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from gui.actions import Actions
from gui.keeping import Keeping
from gui.kept import Kept, load
from gui.theme.theme import Theme
from gui.voice.built_in import OFF, STARTING, BuiltInVoice
from gui.voice.card import VoiceCard
from gui.voice.feed import VoiceFeed
from plugin.served.messages import Opened, Overhear, Wire
from plugin.voice.records import VoiceSays
from tests.gui.fakes import FakeBridge
from tests.gui.voice.test_feed import NOTE, PULSE

READY = VoiceSays(True, "The built-in voice plays through “Card”.", "Card", 32.0)
NO_DEVICE = VoiceSays(False, "No sound device was found: connect one.")


class FakeVoice:
    def __init__(self, told: Callable[[VoiceSays], None]) -> None:
        self.told = told
        self.did: list[object] = []

    def put(self, due_ns: int, part: int, data: bytes) -> None:
        self.did.append(data)

    def volume(self, percent: int) -> None:
        self.did.append(percent)

    def panic(self) -> None:
        self.did.append("panic")

    def close(self) -> None:
        self.did.append("close")

    def says(self, said: VoiceSays) -> None:
        """From a thread of its own, as the real one."""
        thread = threading.Thread(target=self.told, args=(said,))
        thread.start()
        thread.join()


class Stage:
    def __init__(self, bridge: FakeBridge) -> None:
        self.started: list[FakeVoice] = []
        self.voice = BuiltInVoice(bridge, VoiceFeed(), self.start)

    def start(self, told: Callable[[VoiceSays], None]) -> FakeVoice:
        self.started.append(FakeVoice(told))
        return self.started[-1]


@pytest.fixture
def stage(bridge: FakeBridge) -> Stage:
    return Stage(bridge)


def overheard(bridge: FakeBridge) -> list[bool]:
    return [one.on for one in bridge.sent if isinstance(one, Overhear)]


def test_on_it_overhears_the_wire_and_off_no_longer(
    qtbot: QtBot, bridge: FakeBridge, stage: Stage
) -> None:
    voice = stage.voice
    assert (voice.on, voice.says) == (False, OFF)
    voice.switch(True)
    assert voice.on
    assert voice.says == STARTING
    assert overheard(bridge) == [True]
    voice.feed.hear(PULSE)
    voice.feed.hear(Wire(1, True, NOTE))
    assert NOTE in stage.started[0].did
    voice.switch(False)
    qtbot.waitUntil(lambda: "close" in stage.started[0].did)
    assert overheard(bridge) == [True, False]
    voice.feed.hear(Wire(1, True, NOTE))
    assert stage.started[0].did[-1] == "close"


def test_it_says_where_it_plays_and_how_late(qtbot: QtBot, stage: Stage) -> None:
    stage.voice.switch(True)
    with qtbot.waitSignal(stage.voice.changed, timeout=1000):
        stage.started[0].says(READY)
    assert stage.voice.says == (
        "The built-in voice plays through “Card”. Notes sound 32 ms after their moment."
    )


def test_without_a_sound_device_it_is_off_again_and_says_why(
    qtbot: QtBot, bridge: FakeBridge, stage: Stage
) -> None:
    stage.voice.switch(True)
    with qtbot.waitSignal(stage.voice.changed, timeout=1000):
        stage.started[0].says(NO_DEVICE)
    assert not stage.voice.on
    assert not stage.voice.ok
    assert stage.voice.says == NO_DEVICE.says
    assert overheard(bridge) == [True, False]
    stage.voice.switch(True)  # the next step can be tried at once
    assert len(stage.started) == 2


def test_words_of_a_voice_that_was_switched_off_count_no_longer(qtbot: QtBot, stage: Stage) -> None:
    stage.voice.switch(True)
    old = stage.started[0]
    stage.voice.switch(False)
    stage.voice.switch(True)
    old.says(NO_DEVICE)
    with qtbot.waitSignal(stage.voice.changed, timeout=1000):
        stage.started[1].says(READY)
    assert stage.voice.on
    assert stage.voice.ok


def test_a_process_that_cannot_be_started_is_said(bridge: FakeBridge) -> None:
    def start(told: Callable[[VoiceSays], None]) -> FakeVoice:
        raise OSError(12, "Cannot allocate memory")

    voice = BuiltInVoice(bridge, VoiceFeed(), start)
    voice.switch(True)
    assert not voice.on
    assert "cannot allocate memory" in voice.says


def test_another_session_begins_with_silence_and_is_overheard(
    bridge: FakeBridge, stage: Stage
) -> None:
    stage.voice.switch(True)
    bridge.tell(Opened(1, "memory", "In", "Out", 1, False))
    assert stage.started[0].did[-1] == "panic"
    assert overheard(bridge) == [True, True]
    stage.voice.close()


def test_closed_with_the_window_its_process_is_gone(stage: Stage) -> None:
    stage.voice.switch(True)
    stage.voice.close()
    assert stage.started[0].did[-1] == "close"
    stage.voice.close()


def test_loudness_is_kept_and_it_is_never_on_by_itself(
    qtbot: QtBot, bridge: FakeBridge, stage: Stage, tmp_path: Path
) -> None:
    path = tmp_path / "window.json"
    keeping = Keeping(path, Kept())
    stage.voice.keep_in(keeping)
    stage.voice.switch(True)
    stage.voice.set_percent(35)
    stage.voice.set_player_too(False)
    keeping.close()
    stage.voice.close()
    kept, _ = load(path)
    again = BuiltInVoice(bridge, VoiceFeed(), stage.start)
    again.keep_in(Keeping(path, kept))
    assert (again.percent, again.feed.player_too, again.on) == (35, False, False)


def test_a_damaged_value_is_passed_over(bridge: FakeBridge, stage: Stage, tmp_path: Path) -> None:
    kept = Kept(panels={"voice": {"percent": "loud", "player_too": 3}})
    stage.voice.keep_in(Keeping(tmp_path / "window.json", kept))
    assert (stage.voice.percent, stage.voice.feed.player_too) == (70, True)


def test_the_card(
    qtbot: QtBot, stage: Stage, theme: Theme, actions: Actions, bridge: FakeBridge
) -> None:
    card = VoiceCard(stage.voice, theme, actions)
    qtbot.addWidget(card)
    assert not card.loudness.isEnabled()
    assert "first" in card.loudness.toolTip()
    card.switch.click()
    assert stage.voice.on
    assert card.loudness.isEnabled()
    card.loudness.setValue(40)
    assert stage.started[0].did[-1] == 40
    assert card.percent.text() == "40 %"
    card.player_too.click()
    assert not stage.voice.feed.player_too
    assert stage.started[0].did[-1] == "panic"  # what sounds would never hear of its end
    with qtbot.waitSignal(stage.voice.changed, timeout=1000):
        stage.started[0].says(NO_DEVICE)
    assert not card.switch.isChecked()
    assert card.says.text() == NO_DEVICE.says
