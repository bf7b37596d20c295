"""Asking again with a lock: the first bars stay, the rest is another, alternatives too (LOCK)."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from engine.api import Ask, Candidate, Candidates, FromEngine, Plan, Quoted
from engine.events import Note, Voice
from engine.planner import Planner
from plugin.protocol import (
    Again,
    AnswerOver,
    Change,
    Choose,
    Drawn,
    Forget,
    Panic,
    PhraseHeard,
    Said,
    State,
)
from plugin.settings import Settings, Way
from tests.fakes import tiny_prior
from tests.fakes.engine import FakeEngine
from tests.fakes.port import sounding
from tests.fakes.stage import MS, START_NS, Stage

PHRASE = tuple((250 * at, 60 + at, 200) for at in range(24))
"""Twelve beats at 120: three bars."""
TEMPO = Settings(bpm=120.0, lock_bars=1)
FREE = Settings(lock_bars=1)


def keys_of(ask: Ask, more: int = 0) -> int:
    return 30 + (ask.seed + more) * 7 % 60


def line(ask: Ask, more: int = 0) -> tuple[Note, ...]:
    """A note every half beat, from the first to the last that is asked for."""
    first = -(-ask.start_beat // 0.5) * 0.5
    count = int((ask.end_beat - first) * 2)
    return tuple(Note(first + 0.5 * at, 0.4, keys_of(ask, more), 90) for at in range(count))


def by_seed(ask: Ask) -> Sequence[FromEngine]:
    """Other seeds, other keys; two more are drawn, and the first is the best."""
    quoted = Quoted(0, "")
    found = tuple(
        Candidate(ask.seed + n, line(ask, n), -float(n), ("calmer",), quoted) for n in range(3)
    )
    plan = Plan(ask.request, found[0].notes, True, 0.0, seed=ask.seed)
    return [plan, Candidates(ask.request, found)]


def stage(settings: Settings = TEMPO) -> Stage:
    return Stage(FakeEngine(by_seed), settings=settings)


def answered(s: Stage) -> list[tuple[float, int]]:
    """A phrase and its answer: beats and keys."""
    s.play(*PHRASE)
    s.run_until(AnswerOver)
    return taken(s)


def again(s: Stage) -> list[tuple[float, int]]:
    s.command(Again())
    s.run_until(AnswerOver)
    return taken(s)


def taken(s: Stage) -> list[tuple[float, int]]:
    """What has sounded since the last time, in beats."""
    found = [(round(s.session.beat(at), 2), message[1]) for at, message in s.port.note_ons]
    del s.port.sent[:]
    return found


def first_bar(played: list[tuple[float, int]]) -> list[tuple[float, int]]:
    """The notes up to the bar line that follows the first one; places in the bar."""
    line_at = (played[0][0] // 4 + 1) * 4
    return [(round(beat % 4, 2), key) for beat, key in played if beat < line_at]


def test_the_first_bar_is_the_same_and_the_rest_another() -> None:
    s = stage()
    first = answered(s)
    kept = first_bar(first)
    assert 0 < len(kept) < len(first)
    for _ in range(2):
        then = again(s)
        assert first_bar(then) == kept
        rest = {key for _, key in then[len(kept) :]}
        assert rest
        assert rest.isdisjoint({key for _, key in first})
        first = then[len(kept) :]
    assert sounding(s.port.sent) == {}


def test_the_kept_bar_sounds_exactly_as_it_did() -> None:
    s = stage()
    s.play(*PHRASE)
    s.run_until(AnswerOver)
    before = list(s.port.sent)
    kept = len(first_bar(taken(s)))
    s.command(Again())
    s.run_until(AnswerOver)
    after = list(s.port.sent)
    assert [m for _, m in after[: 2 * kept]] == [m for _, m in before[: 2 * kept]]
    later_ns = {then - now for (now, _), (then, _) in zip(before, after[: 2 * kept], strict=False)}
    assert max(later_ns) - min(later_ns) <= 2, "nanoseconds, of rounding"
    assert min(later_ns) / (2_000 * MS) == pytest.approx(round(min(later_ns) / (2_000 * MS)))


def test_the_engine_is_asked_from_the_bar_line_on_and_told_what_is_kept() -> None:
    s = stage()
    kept = first_bar(answered(s))
    s.command(Again())
    s.run(5)
    ask = s.engine.asks[-1]
    assert ask.start_beat % 4 == pytest.approx(0)
    assert ask.end_beat % 4 == pytest.approx(0)
    assert ask.end_beat >= ask.start_beat + 3
    told = [(h.voice, round(h.note.onset % 4, 2), h.note.pitch) for h in ask.so_far]
    assert told == [(Voice.PARTNER, beat, key) for beat, key in kept]
    assert all(ask.start_beat - 4 <= h.note.onset < ask.start_beat for h in ask.so_far)


def test_alternatives_are_whole_and_one_that_is_chosen_keeps_the_bar_too() -> None:
    s = stage()
    kept = first_bar(answered(s))
    again(s)
    ask = s.engine.asks[-1]
    drawn = s.of(Drawn)[-1]
    assert [one.seed for one in drawn.alternatives] == [ask.seed, ask.seed + 1, ask.seed + 2]
    assert {one.notes for one in drawn.alternatives} == {len(kept) + len(line(ask))}
    s.command(Choose(3))
    s.run_until(AnswerOver)
    chosen = [key for _, key in taken(s)]
    assert chosen == [key for _, key in kept] + [keys_of(ask, 2)] * len(line(ask))


def test_without_a_lock_again_takes_the_next_best_and_keeps_nothing() -> None:
    s = stage(structs.replace(TEMPO, lock_bars=0))
    answered(s)
    asked = s.engine.asks[-1]
    assert {key for _, key in again(s)} == {keys_of(asked, 1)}
    assert s.engine.asks[-1] is asked


def test_a_lock_that_is_taken_off_leaves_nothing_behind() -> None:
    s = stage()
    kept = first_bar(answered(s))
    again(s)
    asked = len(s.engine.asks)
    s.command(Change(structs.replace(s.session.settings, lock_bars=0)))
    then = again(s)
    assert len(s.engine.asks) == asked + 1, "the alternatives that were drawn hold the kept bar"
    assert s.engine.asks[-1].so_far == ()
    assert kept[0][1] not in {key for _, key in then}


def test_in_free_time_four_beats_are_kept() -> None:
    s = stage(FREE)
    first = answered(s)
    kept = [key for beat, key in first if beat < first[0][0] + 3.99]
    then = again(s)
    assert [key for _, key in then[: len(kept)]] == kept
    gaps = [round(beat - then[0][0], 2) for beat, _ in then[: len(kept)]]
    assert gaps == [round(beat - first[0][0], 2) for beat, _ in first[: len(kept)]]
    assert len(kept) < len(then)
    assert kept[0] not in [key for _, key in then[len(kept) :]]


@pytest.mark.parametrize("settings", [TEMPO, FREE])
@pytest.mark.parametrize("how", ["hang", "die"])
def test_without_an_engine_the_kept_bar_is_played_alone(settings: Settings, how: str) -> None:
    s = stage(settings)
    first = answered(s)
    bar = first_bar(first) if settings is TEMPO else [n for n in first if n[0] < first[0][0] + 3.99]
    kept = [key for _, key in bar]
    s.engine.answer = None
    s.command(Again())
    s.run(2)
    getattr(s.engine, how)()
    s.run_until(AnswerOver, 40_000)
    assert [key for _, key in taken(s)] == kept
    assert sounding(s.port.sent) == {}


def test_a_rest_that_comes_late_does_not_delay_the_kept_bar() -> None:
    s = stage()
    kept = first_bar(answered(s))
    s.engine.answer = lambda ask: []
    s.command(Again())
    s.run_until(PhraseHeard)
    s.run(600)
    assert s.session.state is State.ANSWERING
    s.engine.say(*by_seed(s.engine.asks[-1]))
    s.run_until(AnswerOver)
    then = taken(s)
    assert first_bar(then) == kept
    assert len(then) > len(kept)


def test_the_same_rest_is_drawn_anew() -> None:
    s = stage()

    def stubborn(ask: Ask) -> list[Plan]:
        key = 50 if ask.limits.temperature < 1.0 else 55
        found = tuple(replace(note, pitch=key) for note in line(ask))
        return [Plan(ask.request, found, True, 0.0, seed=ask.seed)]

    s.engine.answer = stubborn
    first = answered(s)
    then = again(s)
    assert {key for _, key in first} == {50}
    assert {key for _, key in then[len(first_bar(then)) :]} == {55}


def test_a_player_who_goes_on_is_answered_anew_without_the_kept_bar() -> None:
    s = stage()
    answered(s)
    s.engine.answer = lambda ask: []
    s.command(Again())
    s.run(5)
    assert s.session.state is not State.ANSWERING
    s.engine.answer = by_seed
    s.play(*PHRASE[:6])
    s.run(1_500)
    assert s.engine.asks[-1].so_far == ()
    s.run_until(AnswerOver)


@pytest.mark.parametrize("settings", [TEMPO, FREE])
def test_panic_and_forget_and_another_way_leave_nothing_hanging(settings: Settings) -> None:
    s = stage(settings)
    kept = {key for _, key in answered(s)}
    for wait_ms in (0, 700):
        for command in (
            Panic(),
            Forget(),
            Change(structs.replace(s.session.settings, way=Way.VARY)),
            Change(structs.replace(s.session.settings, way=Way.ENDLESS)),
        ):
            s.command(Again())
            s.run(wait_ms)
            s.command(command)
            s.run(3_000)
            s.command(Panic())
            s.command(Change(structs.replace(s.session.settings, way=Way.ANSWER)))
            s.run(10)
            assert s.session.state is State.LISTENING
            assert sounding(s.port.sent) == {}
    taken(s)
    s.play(*PHRASE)
    s.run_until(AnswerOver)
    assert len(taken(s)) > len(kept)


def test_a_lock_without_an_answer_is_no_lock() -> None:
    s = stage()
    s.command(Again())
    s.run(10)
    assert any("no phrase to answer" in event.says for event in s.of(Said))
    assert s.now_ns > START_NS


@pytest.mark.parametrize("settings", [TEMPO, FREE])
def test_a_planner_goes_on_from_what_is_kept(settings: Settings, tmp_path: Path) -> None:
    """The engine's own planner, with a small prior, in the place of the lines above."""
    prior = tiny_prior.fast(tmp_path)
    s = stage(settings)

    def thought(ask: Ask) -> Sequence[FromEngine]:
        planner = Planner(prior, clock=lambda: 0.0)
        planner.begin(s.session.timebase)
        for told in s.engine.heard:
            planner.hear(told.note, told.voice)
        return [Plan(ask.request, tuple(planner.plan(ask)), True, 0.0, seed=ask.seed)]

    s.engine.answer = thought
    first = answered(s)
    then = again(s)
    ask = s.engine.asks[-1]
    kept = [hear.note.pitch for hear in ask.so_far]
    assert 0 < len(kept) < len(then)
    assert [key for _, key in then[: len(kept)]] == kept == [key for _, key in first[: len(kept)]]
    rest = thought(ask)[0]
    unaware = thought(replace(ask, so_far=()))[0]
    assert isinstance(rest, Plan)
    assert isinstance(unaware, Plan)
    assert rest.notes != unaware.notes, "the kept notes count for what follows"
    assert all(note.onset >= ask.start_beat - 0.01 for note in rest.notes)
