"""The last phrase again, changed; and music that goes on alone until the player plays."""

from itertools import pairwise

import pytest

from engine.api import Ask, Plan
from engine.events import Voice
from plugin.ensemble import Ensemble
from plugin.protocol import Again, AnswerOver, State
from plugin.settings import Settings, Way
from plugin.ways.endless import STRETCH_BEATS
from plugin.ways.vary import kept
from tests.fakes.engine import FakeEngine
from tests.fakes.port import sounding
from tests.fakes.stage import Stage
from tests.plugin.ways.test_trade import eighths

PHRASE = ((0, 60, 200), (250, 62, 200), (625, 64, 200), (750, 65, 200))


def varying(**more: object) -> Stage:
    return Stage(FakeEngine(), settings=Settings(way=Way.VARY, **more))  # type: ignore[arg-type]


def test_the_phrase_comes_again_as_it_was_reworked() -> None:
    s = varying()
    s.play(*PHRASE)
    s.run_until(AnswerOver)
    assert [m[1] for _, m in s.port.note_ons] == [72, 74, 76, 77]
    gaps = [b[0] - a[0] for a, b in zip(s.port.note_ons, s.port.note_ons[1:], strict=False)]
    assert [round(gap / 1e6) for gap in gaps] == [250, 375, 125]


def test_with_a_tempo_it_lies_in_the_bar_as_it_did() -> None:
    s = varying(bpm=120.0)
    s.play(*PHRASE)
    s.run_until(AnswerOver)
    heard = [h.note.onset for h in s.engine.heard if h.voice is Voice.PLAYER]
    played = [s.session.beat(at) for at, _ in s.port.note_ons]
    assert [round((p - h) % 4.0, 3) for h, p in zip(heard, played, strict=True)] == [0.0] * 4


def test_the_dial_says_what_is_kept_and_the_style_what_it_sounds_like() -> None:
    s = varying(distance=0.8, style=(("reel", 1.0),))
    s.play(*PHRASE)
    s.run_until(AnswerOver)
    task = s.engine.reworks[0]
    assert task.keep == ("contour",)
    assert task.style == (("reel", 1.0),)
    shares = [kept(distance / 20)[1] for distance in range(21)]
    assert kept(0.0)[0] == ("onset", "pitch", "duration")
    assert kept(1.0) == ((), 1.0)
    assert [s for s, d in zip(shares, range(21), strict=True) if 3 <= d <= 12] == sorted(
        s for s, d in zip(shares, range(21), strict=True) if 3 <= d <= 12
    )


def test_again_varies_the_same_phrase_anew() -> None:
    s = varying()
    s.play(*PHRASE)
    s.run_until(AnswerOver)
    s.command(Again())
    s.run_until(AnswerOver)
    first, second = s.engine.reworks[-2:]
    assert first.seed != second.seed
    assert [n.pitch for n in first.notes] == [n.pitch for n in second.notes]


def endless(answer: object = eighths, **more: object) -> Stage:
    settings = Settings(way=Way.ENDLESS, **more)  # type: ignore[arg-type]
    return Stage(FakeEngine(answer), settings=settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("bpm", [None, 90.0])
def test_it_goes_on_without_a_seam_until_the_player_plays(bpm: float | None) -> None:
    s = endless(bpm=bpm)
    s.play(*PHRASE)
    s.run(40_000, poll_ms=4.0)
    assert s.session.state is State.ANSWERING
    assert len(s.engine.asks) >= 5
    onsets = [s.session.beat(at) for at, _ in s.port.note_ons]
    gaps = {round(b - a, 2) for a, b in pairwise(onsets)}
    assert gaps <= {0.49, 0.5, 0.51}
    assert s.of(AnswerOver) == []
    s.down(50)
    assert s.session.state is State.LISTENING
    assert sounding(s.port.sent) == {}
    assert len(s.of(AnswerOver)) == 1


def test_each_stretch_is_asked_on_top_of_what_is_planned() -> None:
    s = endless()
    s.play(*PHRASE)
    s.run(4_500, poll_ms=4.0)
    first, second = s.engine.asks[-2:]
    assert second.start_beat == first.end_beat
    assert second.end_beat == second.start_beat + STRETCH_BEATS
    planned = [h.note.onset for h in second.so_far if h.voice is Voice.PARTNER]
    assert planned == sorted(planned)
    assert max(planned) == pytest.approx(second.start_beat - 0.5, abs=0.5)
    assert first.seed != second.seed


def test_a_late_first_stretch_moves_everything_after_it() -> None:
    held: list[Ask] = []

    def slow(ask: Ask) -> list[Plan]:
        held.append(ask)
        return []

    s = endless(slow)
    s.play(*PHRASE)
    s.run(3_000)
    s.engine.answer = eighths
    s.engine.say(*eighths(held[-1]))
    s.run(12_000, poll_ms=4.0)
    onsets = [s.session.beat(at) for at, _ in s.port.note_ons]
    gaps = [b - a for a, b in pairwise(onsets)]
    assert max(gaps) <= 1.01


def test_a_dead_engine_ends_nothing_and_it_goes_on_when_it_is_back() -> None:
    s = endless()
    s.play(*PHRASE)
    s.run(5_000, poll_ms=4.0)
    s.engine.die()
    s.run(20_000, poll_ms=4.0)
    played = len(s.port.note_ons)
    s.run(5_000, poll_ms=4.0)
    assert len(s.port.note_ons) > played
    s.close()
    assert sounding(s.port.sent) == {}


def test_nothing_grows_however_long_it_plays() -> None:
    s = endless()
    s.play(*PHRASE)
    s.run(120_000, poll_ms=8.0)
    band: Ensemble = s.session._band
    assert len(band.agenda.planned) < 64
    assert band.turn is not None
    assert band.turn.plan == []
    assert len(band.performer.waiting) < 8
    assert len(band.ear.telling.open(s.now_ns)) < 64
