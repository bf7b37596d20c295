"""Keeping what was just played: how far back, whose, and that it costs no note its moment."""

from datetime import datetime

import pytest

from engine.events import Timebase, Voice
from plugin import hindsight
from plugin.hindsight import A_ROUND, MOST, PAUSE_NS, Hindsight
from plugin.protocol import Hold, KeepLast, PhraseHeard, Said, TakeMarked
from plugin.realtime.beats import BeatGrid
from tests.fakes.engine import FakeEngine, answer_with
from tests.fakes.stage import MS, Stage
from tests.fakes.takes import FakeTakes
from tests.plugin.test_session import LINE, PHRASE

SECOND = 1_000_000_000
AT_FIVE = datetime(2026, 5, 4, 17, 5)


class Desk:
    """A hindsight on its own."""

    def __init__(self, timebase: Timebase | None = None) -> None:
        self.takes = FakeTakes()
        self.grid = BeatGrid(timebase or Timebase(), 0)
        self.hindsight = Hindsight(self.takes, self.grid, lambda: AT_FIVE)

    def note(self, at_s: float, key: int, length_s: float = 0.1) -> None:
        for when, status in ((at_s, 0x90), (at_s + length_s, 0x80)):
            message = bytes((status, key, 64))
            self.hindsight.played(round(when * SECOND), Voice.PLAYER, message)

    def kept(self) -> list[int]:
        """Keys of the take that is kept now."""
        take_id = self.hindsight.keep("prior", "answer")
        self.hindsight.finish()
        if not take_id:
            return []
        return [m[1] for m in self.takes.all[take_id].of(Voice.PLAYER) if m[0] == 0x90]


def test_it_goes_back_to_the_last_long_pause() -> None:
    d = Desk()
    d.note(0.0, 60)
    pause_s = PAUSE_NS / SECOND
    d.note(0.2 + pause_s, 62)
    d.note(0.2 + 1.99 * pause_s, 64)
    assert d.kept() == [62, 64]


def test_two_slow_bars_are_no_pause() -> None:
    d = Desk(Timebase(30.0, 4.0, tempo_known=True))  # a bar of eight seconds
    d.note(0.0, 60)
    d.note(15.0, 62)
    assert d.kept() == [60, 62]


def test_a_key_that_is_held_is_no_pause() -> None:
    d = Desk()
    d.note(0.0, 60, length_s=20.0)
    d.note(20.2, 62)
    assert d.kept() == [60, 62]


def test_a_pedal_from_before_is_in_it() -> None:
    d = Desk()
    pedal = bytes((0xB0, 64, 127))
    d.hindsight.played(0, Voice.PLAYER, pedal)
    d.note(30.0, 62)
    take_id = d.hindsight.keep("prior", "answer")
    d.hindsight.finish()
    assert d.takes.all[take_id].messages[0] == (Voice.PLAYER, 0, pedal)


def test_the_take_says_when_and_how_it_was_kept() -> None:
    d = Desk(Timebase(120.0, 4.0, tempo_known=True))
    d.note(1.0, 60)
    take = d.takes.all[d.hindsight.keep("prior", "trade")]
    assert (take.name, take.model, take.start_beat) == ("Kept 17:05", "prior", 2.0)
    assert take.settings == {"way": "trade", "kept": True}
    assert take.timebase == d.grid.timebase


def test_a_long_one_is_written_a_piece_a_round_and_the_last_messages_count() -> None:
    d = Desk()
    for number in range(MOST):
        d.note(number / 100, 40 + number % 40, 0.005)
    take = d.takes.all[d.hindsight.keep("prior", "answer")]
    assert take.messages == []
    d.hindsight.write()
    assert len(take.messages) == A_ROUND
    rounds = 1
    while not take.finished:
        d.hindsight.write()
        rounds += 1
    assert (rounds, len(take.messages)) == (MOST // A_ROUND, MOST)


def test_nothing_played_nothing_kept() -> None:
    d = Desk()
    assert d.kept() == []
    d.hindsight.played(0, Voice.PLAYER, bytes((0xB0, 1, 20)))
    assert d.kept() == []


# ------------------------------------------------------------------------------- in a session


def kept_takes(s: Stage) -> list[tuple[list[int], list[int]]]:
    """Keys of either side of the takes that were kept."""
    sides = (Voice.PLAYER, Voice.PARTNER)
    return [
        tuple([m[1] for m in take.of(side) if m[0] == 0x90] for side in sides)
        for take in s.takes.list
        if take.name
    ]


def test_both_sides_are_kept_and_the_take_that_is_open_goes_on() -> None:
    s = Stage(FakeEngine(answer_with(*LINE)))
    s.play(*PHRASE)
    s.run_until(PhraseHeard)
    s.run(700)
    played = [m[1] for _, m in s.port.note_ons]
    s.command(KeepLast())
    s.run(10)
    (marked,) = s.of(TakeMarked)
    (kept,) = kept_takes(s)
    assert 0 < len(played) < len(LINE)
    assert kept == ([key for _, key, _ in PHRASE], played)
    assert s.takes.all[marked.take_id].finished  # type: ignore[attr-defined]
    s.run(6_000)
    own = next(take for take in s.takes.list if not take.name)
    assert own.finished
    assert len([m for m in own.of(Voice.PARTNER) if m[0] == 0x90]) == len(LINE)


def test_it_is_kept_while_the_partner_is_held() -> None:
    s = Stage(FakeEngine(answer_with(*LINE)))
    s.command(Hold(True))
    s.play(*PHRASE)
    s.run(9_000)
    s.command(KeepLast())
    s.run(10)
    assert kept_takes(s) == [([key for _, key, _ in PHRASE], [])]


def test_keeping_nothing_is_said() -> None:
    s = Stage()
    s.command(KeepLast())
    assert "play something" in s.of(Said)[0].says  # type: ignore[attr-defined]
    assert s.takes.list == []


def test_a_jam_that_ends_while_it_keeps_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hindsight, "A_ROUND", 1)
    s = Stage()
    s.play(*PHRASE)
    s.command(KeepLast())
    s.close()
    (kept,) = kept_takes(s)
    assert kept[0] == [key for _, key, _ in PHRASE]
    assert all(take.finished for take in s.takes.list)
    assert s.now_ns > MS
