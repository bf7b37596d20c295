"""The bridge: every message in order and in one thread, and a session that may die."""

import threading
from collections.abc import Callable

from pytestqt.qtbot import QtBot

from gui.bridge import Bridge
from plugin import protocol
from plugin.served.messages import Line, Open, Over, Told
from tests.gui.fakes import FakeBridge, FakeLink


def test_what_is_told_in_another_thread_arrives_in_order_in_this_one(
    qtbot: QtBot, bridge: FakeBridge
) -> None:
    arrived: list[tuple[object, threading.Thread]] = []
    bridge.told.connect(lambda message: arrived.append((message, threading.current_thread())))
    messages = [protocol.Said(str(number)) for number in range(500)]

    def speak() -> None:
        for message in messages:
            bridge.links[0].told(message)

    speaker = threading.Thread(target=speak)
    speaker.start()
    speaker.join()
    qtbot.waitUntil(lambda: len(arrived) == 500)
    assert [message for message, _ in arrived] == messages
    assert {thread for _, thread in arrived} == {threading.main_thread()}


def test_lines_and_commands_are_sent(bridge: FakeBridge) -> None:
    bridge.line("tempo 96")
    bridge.send(protocol.Panic())
    assert bridge.links[0].asked == [Open(system="memory"), Line("tempo 96"), protocol.Panic()]


def test_a_session_that_dies_is_said_and_started_again_with_the_same_ports(
    bridge: FakeBridge,
) -> None:
    said: list[tuple[bool, str]] = []
    bridge.alive_changed.connect(lambda alive, says: said.append((alive, says)))
    bridge.send(Open(system="memory", ins=("Piano",)))
    bridge.send(protocol.UseProfile("anna"))
    bridge.die("it was killed by SIGKILL")
    assert said == [
        (False, "The session ended (it was killed by SIGKILL); it is started again."),
        (True, ""),
    ]
    again = Open(system="memory", ins=("Piano",), profile="anna")
    assert bridge.links[1].asked == [again]
    assert bridge.alive


def test_what_a_past_session_still_says_is_not_heard(qtbot: QtBot, bridge: FakeBridge) -> None:
    arrived: list[object] = []
    bridge.die()
    bridge.told.connect(arrived.append)
    bridge.links[0].told(protocol.Said("from the past"))
    bridge.links[1].told(protocol.Said("from now"))
    qtbot.waitUntil(lambda: bool(arrived))
    assert arrived == [protocol.Said("from now")]


def test_a_session_that_dies_again_and_again_is_left_to_the_player(bridge: FakeBridge) -> None:
    """Until the player says restart."""
    said: list[str] = []
    bridge.alive_changed.connect(lambda _alive, says: said.append(says))
    for _ in range(4):
        bridge.die()
    assert len(bridge.links) == 4
    assert not bridge.alive
    assert "again and again" in said[-1]
    bridge.restart()
    assert bridge.alive
    assert len(bridge.links) == 5


def test_a_restart_ends_the_old_one_first(qtbot: QtBot, bridge: FakeBridge) -> None:
    told: list[bool] = []
    bridge.alive_changed.connect(lambda alive, _says: told.append(alive))
    bridge.restart()
    bridge.send(protocol.Panic())
    qtbot.waitUntil(lambda: bridge.alive)
    assert told == [False, True]
    assert bridge.links[0].closed_after_s == 3.0
    assert bridge.links[1].asked == [Open(system="memory")]


def test_one_that_was_ready_in_between_is_started_again(bridge: FakeBridge) -> None:
    for _ in range(6):
        bridge.tell(protocol.EngineReady("model", 1))
        bridge.die()
    assert bridge.alive


def test_closing_ends_the_session_and_starts_none(bridge: FakeBridge) -> None:
    link = bridge.links[0]
    bridge.close()
    assert link.closed_after_s == 3.0
    bridge.tell(Over(""))
    assert len(bridge.links) == 1
    bridge.send(protocol.Panic())
    assert bridge.links[0].asked == [Open(system="memory")]


def test_a_session_that_cannot_be_started_is_said(qtbot: QtBot) -> None:
    def start(told: Callable[[Told], None], opening: Open) -> FakeLink:
        link = FakeLink(told)
        told(Over("it cannot be started (no memory): close other programs"))
        return link

    bridge = Bridge(start, Open())
    said: list[str] = []
    bridge.alive_changed.connect(lambda _alive, says: said.append(says))
    qtbot.waitUntil(lambda: bool(said) and "again and again" in said[-1])
    assert "no memory" in said[0]
    bridge.close()
