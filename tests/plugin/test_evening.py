"""An hour of playing on the manual clock: every phrase is answered, nothing grows, nothing is late.

Every three minutes another way of playing; phrases and pauses as somebody has them; our own clock
starts and stops, the tempo moves; the engine is killed now and then.
"""

import random
import re
from collections import Counter
from collections.abc import Callable
from itertools import count

import pytest
from msgspec import structs

from engine.api import Ask, Plan
from engine.events import Note, Voice
from engine.smf.notes import is_note_on
from plugin.engine_link import Stopped
from plugin.protocol import AnswerOver, Change, Event, Go, NoteSounded, PhraseHeard, Start, Stop
from plugin.settings import Settings, Way
from tests.fakes.engine import FakeEngine
from tests.fakes.port import sounding
from tests.fakes.stage import MS, Stage
from tests.plugin.sizes import sizes

MINUTE_MS = 60_000
WAY_MS = 3 * MINUTE_MS
HOUR_MS = 60 * MINUTE_MS
POLL_MS = 20.0
"""Coarse; the stage wakes for everything that is due, and notes are committed 50 ms ahead."""
BAR_MS = 2_000


def eighths(ask: Ask) -> list[Plan]:
    """Eighths from the asked start to the asked end, in two pieces."""
    number = max(1, min(32, int((ask.end_beat - ask.start_beat) / 0.5)))
    notes = tuple(
        Note(ask.start_beat + 0.5 * n, 0.4, 72 + (ask.seed + n) % 7, 90) for n in range(number)
    )
    half = number // 2
    return [Plan(ask.request, notes[:half], False, 0.0), Plan(ask.request, notes[half:], True, 0.0)]


class Evening:
    """Who plays, and what was played."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.stage = Stage(FakeEngine(eighths), settings=Settings(), poll_ms=POLL_MS)
        self.phrases = self.answered = self.struck = self.killed = 0
        self.began_ns = self.stage.now_ns
        self.peaks: list[dict[str, int]] = []
        self.seen: Counter[type[Event]] = Counter()
        self.partners = 0
        """Notes of the partner."""
        self.stage.watch = self.watch

    def watch(self, event: Event) -> None:
        self.seen[type(event)] += 1
        self.partners += isinstance(event, NoteSounded) and event.partner

    @property
    def at_ms(self) -> float:
        return (self.stage.now_ns - self.began_ns) / MS

    def phrase(self, notes: int) -> None:
        """As somebody plays: runs, leaps, notes that overlap or do not."""
        keys = [60 + self.chance.randrange(12) for _ in range(notes)]
        for key in keys:
            length = self.chance.choice((90, 120, 240))
            self.stage.down(key, 60 + self.chance.randrange(40))
            self.stage.run(length)
            self.stage.up(key)
            self.stage.run(self.chance.choice((5, 30, 120)))
        self.phrases += 1
        self.struck += notes

    def until(self, happened: Callable[[], bool], most_ms: float) -> bool:
        end_ms = self.at_ms + most_ms
        while not happened() and self.at_ms < end_ms:
            self.stage.run(POLL_MS)
        return happened()

    def trouble(self) -> None:
        """Now and then the engine is killed, at any moment."""
        if self.chance.random() < 0.08:
            self.stage.engine.die()
            self.killed += 1

    def play(self, way: Way) -> None:
        """A phrase, and what this way makes of it."""
        stage, seen, partner = self.stage, self.seen, self.partners
        heard, over = seen[PhraseHeard], seen[AnswerOver]
        if way is Way.TRADE:
            self.phrase(self.chance.randrange(3, 7))
            self.trouble()
            assert self.until(lambda: seen[PhraseHeard] > heard, 8 * BAR_MS), "no turn"
            assert self.until(lambda: seen[AnswerOver] > over, 8 * BAR_MS), "a turn without an end"
        elif way in (Way.ACCOMPANY, Way.HARMONISE):
            self.phrase(self.chance.randrange(4, 12))
            self.trouble()
            assert self.until(lambda: stage.session.idle, 10_000), "it accompanies nobody"
            assert self.partners > partner, "played alone"
        else:
            self.phrase(self.chance.randrange(3, 12))
            self.trouble()
            if way is Way.SIGN:
                stage.run(600)
                stage.command(Go())
            assert self.until(lambda: seen[PhraseHeard] > heard, 5_000), "no answer"
            stage.run(self.chance.choice((300, 1_500, 12_000)))  # and then plays on, or waits
        self.answered += 1

    def look(self) -> None:
        """How much the session holds on to now; what only the test keeps is let go."""
        while len(self.peaks) <= self.at_ms // MINUTE_MS:
            self.peaks.append({})
        peaks = self.peaks[-1]
        for path, size in sizes(self.stage.session).items():
            place = re.sub(r"\[[^\]]*\]", "[]", path)
            peaks[place] = max(peaks.get(place, 0), size)
        self.stage.engine.log.clear()
        self.stage.engine.told.clear()


def settings_for(way: Way, number: int) -> Settings:
    """With a tempo in every other round; trading always."""
    bpm = 120.0 if way is Way.TRADE or number % 2 else None
    return Settings(way=way, bpm=bpm, bars=1, metronome=number % 5 == 3, send_clock=number % 5 == 4)


@pytest.fixture(scope="module")
def evening() -> Evening:
    found = Evening(seed=4)
    for number, way in zip(count(), [*Way] * 3, strict=False):
        if found.at_ms >= HOUR_MS:
            break
        found.stage.command(Change(settings_for(way, number)))
        if number % 3 == 1:
            found.stage.command(Start())
        until_ms = (number + 1) * WAY_MS
        while found.at_ms < until_ms:
            found.play(way)
            found.stage.run(found.chance.choice((100, 700, 4_000)))
            found.look()
        if number % 6 == 1:
            found.stage.command(Stop())
        if number % 6 == 2:
            dials = structs.replace(found.stage.session.settings, eagerness=0.8, bpm=97.3)
            found.stage.command(Change(dials))
            found.play(way)
    found.stage.run(20)
    return found


def test_every_phrase_is_answered(evening: Evening) -> None:
    assert evening.at_ms >= HOUR_MS
    assert evening.answered == evening.phrases > 250
    assert evening.killed >= 10


def test_no_note_is_late_and_none_is_dropped(evening: Evening) -> None:
    overs = [event for event in evening.stage.events if isinstance(event, AnswerOver)]
    assert sum(over.notes for over in overs) > 3_000
    late = [(over.take_id, over.late_notes, over.dropped_notes) for over in overs]
    assert [found for found in late if found[1] or found[2]] == []


def test_nothing_grows_between_the_first_round_of_ways_and_the_last(evening: Evening) -> None:
    minutes = 3 * len(Way)
    first, last = evening.peaks[:minutes], evening.peaks[-minutes:]
    for path in {path for minute in evening.peaks for path in minute}:
        before, after = (max(m.get(path, 0) for m in part) for part in (first, last))
        assert after <= 1.5 * before + 24, f"{path} grew from {before} to {after}"


def test_every_take_is_finished_and_holds_what_was_played(evening: Evening) -> None:
    evening.stage.close()
    takes = evening.stage.takes.list
    assert all(take.finished for take in takes)
    struck = [m for take in takes for m in take.of(Voice.PLAYER) if is_note_on(m)]
    assert len(struck) >= evening.struck
    assert sounding(evening.stage.port.sent) == {}
    for take in takes:
        assert sounding([(t, m) for v, t, m in take.messages if v is Voice.PARTNER]) == {}
    assert not any(isinstance(message, Stopped) for message in evening.stage.engine.log)
