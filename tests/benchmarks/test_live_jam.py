"""The jam as it is measured: its diary is read as it grows, and its pupil asks for lessons."""

import os
from pathlib import Path
from typing import Any

import pytest

from benchmarks.live.jam import Jam, furnish, settings_from
from benchmarks.live.pupil import Pupil
from plugin.control.store import load, path_in
from plugin.protocol import Adopt, EngineReady, LearnOver, NoteSounded, TakeSaved
from plugin.served.diary import Noted
from plugin.served.frames import pack
from plugin.served.messages import Asked, LearnFrom, Line, Told
from plugin.settings import Way
from tests.rig.waiting import wait_for


class Stub(Jam):
    """A jam whose session is a file that the test writes."""

    def __init__(self, folder: Path) -> None:
        super().__init__({}, folder)
        self.asked: list[Asked] = []

    def ask(self, asked: Asked) -> None:
        self.asked.append(asked)

    def session_id(self) -> int | None:
        return os.getpid()

    def ended(self) -> str | None:
        return None

    def _end(self) -> int:
        return 0

    def note(self, at_ns: int, told: Told, *, cut: int = 0) -> bytes:
        """Write it down, but for its last bytes; those are returned."""
        frame = pack(Noted(at_ns, told))
        self.write(frame[: len(frame) - cut])
        return frame[len(frame) - cut :]

    def write(self, data: bytes) -> None:
        with (self.folder / "diary").open("ab") as file:
            file.write(data)


def test_what_is_noted_is_heard_in_order_and_only_when_it_is_whole(tmp_path: Path) -> None:
    jam = Stub(tmp_path)
    heard: list[tuple[int, dict[str, Any]]] = []
    jam.listeners.append(lambda at_ns, event: heard.append((at_ns, event)))
    jam.note(10, EngineReady("small", 5))
    rest = jam.note(20, NoteSounded(7, True, 0, 60, 80, 0.5), cut=3)
    assert jam.wait_until_ready() == 10
    assert jam.since(0, "NoteSounded") == []
    jam.write(rest)
    jam.note(30, NoteSounded(8, False, 0, 62, 80))
    assert jam.end() == 0
    assert [(at_ns, event["type"]) for at_ns, event in heard] == [
        (10, "EngineReady"),
        (20, "NoteSounded"),
        (30, "NoteSounded"),
    ]
    assert jam.told == heard
    assert heard[1][1]["late_ms"] == 0.5
    assert jam.since(25, "NoteSounded") == heard[2:]


def test_a_jam_begins_as_the_player_wishes(tmp_path: Path) -> None:
    furnish(tmp_path, settings_from(["way trade", "tempo 96"]))
    kept, says = load(path_in(tmp_path))
    assert says == ""
    assert (kept.settings.way, kept.settings.bpm) == (Way.TRADE, 96.0)
    with pytest.raises(ValueError, match="sets nothing"):
        settings_from(["panic"])


def test_a_pupil_learns_by_turns_from_the_last_takes_and_from_named_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FIRST_LESSON_S", "LESSONS_APART_S", "SWAPS_APART_S", "LOOK_EVERY_S"):
        monkeypatch.setattr(f"benchmarks.live.pupil.{name}", 0.001)
    jam = Stub(tmp_path)
    pupil = Pupil(jam)

    def lessons() -> list[Asked]:
        return [asked for asked in jam.asked if not isinstance(asked, Adopt)]

    wait_for(lambda: jam.asked.count(Adopt()) > 5, "swaps")
    assert lessons() == [Line("learn")]  # one at a time
    jam.note(10, TakeSaved("a"))
    jam.note(20, LearnOver("player", True, ""))
    wait_for(lambda: len(lessons()) == 2, "another lesson")
    pupil.close()
    jam.end()
    assert lessons()[1] == LearnFrom(("a",))
