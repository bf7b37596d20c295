"""What a session tells is noted with its moment, only where somebody asked for it."""

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from plugin.protocol import Message, Said
from plugin.served.diary import VARIABLE, Diary, Noted
from plugin.served.frames import End, FrameReader
from plugin.served.messages import Opened, Over, Planned, Told
from plugin.served.outbox import MOST_BEFORE_LIGHT
from tests.plugin.served.stage import Window
from tests.plugin.served.test_outbox import Window as Reader
from tests.rig.waiting import wait_for


def noted_in(path: Path) -> list[Noted]:
    with path.open("rb") as file:
        reader: FrameReader[Noted] = FrameReader(file.read, Noted)
        found = []
        while not isinstance(message := reader.next(), End):
            found.append(message)
    assert message == End()
    return found


@pytest.fixture
def clock_ns() -> Callable[[], int]:
    return itertools.count(1000, 10).__next__


def test_what_is_told_is_noted_in_order_with_its_moment(
    tmp_path: Path, clock_ns: Callable[[], int]
) -> None:
    reader = Reader()
    reader.reads.set()
    outbox = Diary(reader.write, tmp_path / "diary", clock_ns)
    said: list[Message] = [Said("one"), Said("two"), Over("")]
    for message in said:
        assert outbox.put(message)
    assert outbox.close()
    assert reader.messages() == said
    assert [(one.at_ns, one.told) for one in noted_in(tmp_path / "diary")] == [
        (1000, said[0]),
        (1010, said[1]),
        (1020, said[2]),
    ]


def test_a_window_that_hangs_holds_up_no_note_and_what_it_misses_is_not_in_it(
    tmp_path: Path, clock_ns: Callable[[], int]
) -> None:
    reader = Reader()
    outbox = Diary(reader.write, tmp_path / "diary", clock_ns)
    most = 2 * MOST_BEFORE_LIGHT
    for number in range(most):
        assert outbox.put(Said(str(number)))
    assert not outbox.put(Planned(()))
    wait_for(lambda: len(noted_in_part(tmp_path / "diary")) == most, "the notes")
    reader.reads.set()
    assert outbox.close()
    assert not any(isinstance(one.told, Planned) for one in noted_in(tmp_path / "diary"))


def noted_in_part(path: Path) -> list[Told]:
    """Of a file that is still written: its last frame may be cut."""
    with path.open("rb") as file:
        reader: FrameReader[Noted] = FrameReader(file.read, Noted)
        found = []
        while not isinstance(message := reader.next(), End):
            found.append(message.told)
    return found


def test_the_session_process_keeps_one_where_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "diary"))
    with Window() as window:
        window.wait(Opened)
    assert [one.told for one in noted_in(tmp_path / "diary")] == window.told
