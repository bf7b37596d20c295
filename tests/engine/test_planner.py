"""Laws of a plan, on a prior that plays nonsense: what holds for it holds for any weights."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.api import Ask
from engine.encoding import Row
from engine.events import DRUM_CHANNEL, Note, Timebase, Voice
from engine.limits import Constraints, FieldDraw
from engine.model.fast import FastPrior
from engine.planner import EARLIEST_END, LAST_RING_BEATS, Planner
from engine.scales import Scale
from engine.styles import StyleError
from tests.fakes import tiny_prior
from tests.strategies import phrases, timebases

TICK = 1 / 96


@pytest.fixture(scope="module")
def prior(tmp_path_factory: pytest.TempPathFactory) -> FastPrior:
    return tiny_prior.fast(tmp_path_factory.mktemp("weights"))


def _planner(prior: FastPrior, heard: list[Note], timebase: Timebase | None = None) -> Planner:
    planner = Planner(prior)
    planner.begin(timebase or Timebase())
    for note in heard:
        planner.hear(note)
    return planner


def _ask(start: float, *, beats: float = 8.0, seed: int = 1, **limits) -> Ask:
    limits = Constraints(**{"max_notes": 40, **limits})
    return Ask(1, 0, start, start + beats, seed=seed, limits=limits, may_hand_over=False)


def _scale(count: int, *, channel: int = 0, step: float = 0.5) -> list[Note]:
    return [Note(step * n, step, 60 + n % 12, 40 + n % 80, channel) for n in range(count)]


def _chords(plan: list[Note]) -> list[list[int]]:
    return [
        [note.pitch for note in chord]
        for _, chord in itertools.groupby(plan, key=lambda note: note.onset)
    ]


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    phrase=phrases(max_notes=12),
    timebase=timebases(),
    wait=st.floats(0.0, 40.0),
    beats=st.floats(0.1, 12.0),
    seed=st.integers(0, 2**63),
    temperature=st.sampled_from([0.0, 0.5, 1.0, 2.0]),
    lowest=st.integers(0, 110),
    width=st.integers(0, 40),
)
def test_a_plan_keeps_to_its_time_its_register_and_midi(
    prior, phrase, timebase, wait, beats, seed, temperature, lowest, width
):
    highest = min(127, lowest + width)
    planner = _planner(prior, phrase, timebase)
    start = (phrase[-1].onset if phrase else 0.0) + wait
    limits = {"temperature": temperature, "lowest": lowest, "highest": highest}
    ask = _ask(start, beats=beats, seed=seed, **limits)
    plan = list(planner.plan(ask))
    assert all(note.onset >= ask.start_beat - 1e-6 for note in plan)
    assert all(note.onset < ask.end_beat for note in plan)
    assert all(0 < note.duration <= ask.end_beat + LAST_RING_BEATS - note.onset for note in plan)
    assert all(lowest <= note.pitch <= highest for note in plan)
    assert all(1 <= note.velocity <= 127 for note in plan)
    assert [note.onset for note in plan] == sorted(note.onset for note in plan)
    assert len(plan) <= ask.limits.max_notes
    for chord in _chords(plan):
        assert len(chord) <= Constraints().most_struck
        assert len(set(chord)) == len(chord)
    if plan:
        soon = 1.0 if timebase.tempo_known else 0.25
        assert plan[0].onset <= ask.start_beat + soon + TICK
    gaps = [b.onset - a.onset for a, b in itertools.pairwise(plan)]
    assert all(gap <= Constraints().longest_rest for gap in gaps)
    again = list(_planner(prior, phrase, timebase).plan(ask))
    assert again == plan


@pytest.mark.parametrize("wait", [0.0, 0.3, 1.0, 16.9, 17.1, 33.0, 64.0])
@pytest.mark.parametrize("tempo_known", [True, False])
def test_the_first_note_comes_soon_however_long_the_silence_was(prior, wait, tempo_known):
    planner = _planner(prior, _scale(8), Timebase(tempo_known=tempo_known))
    for seed in range(20):
        ask = _ask(3.5 + wait, beats=4.0, seed=seed, max_notes=1)
        (first,) = planner.plan(ask)
        soon = 1.0 if tempo_known else 0.25 + TICK
        assert ask.start_beat <= first.onset <= ask.start_beat + soon
        if tempo_known:
            assert (first.onset * 2).is_integer()


def test_the_same_seed_gives_the_same_plan_and_another_one_another(prior):
    planner = _planner(prior, _scale(10))
    first = list(planner.plan(_ask(5.0, seed=1)))
    assert list(planner.plan(_ask(5.0, seed=1))) == first
    assert list(planner.plan(_ask(5.0, seed=2))) != first
    assert len(first) > 3


def test_planning_leaves_no_trace_also_when_it_is_closed_early(prior):
    heard, more = _scale(10), _scale(14)[10:]
    wanted = list(_planner(prior, heard + more).plan(_ask(7.0)))
    planner = _planner(prior, heard)
    list(planner.plan(_ask(5.0)))
    for taken in (0, 1, 5):
        plan = planner.plan(_ask(5.0, seed=9))
        list(itertools.islice(plan, taken))
        plan.close()
    for note in more:
        planner.hear(note)
    assert list(planner.plan(_ask(7.0))) == wanted


def test_a_plan_before_anything_was_heard_leaves_no_trace_either(prior):
    planner = _planner(prior, [])
    first = list(planner.plan(_ask(2.0)))
    assert first
    assert list(planner.plan(_ask(2.0))) == first
    planner.hear(Note(0.0, 1.0, 60, 80))
    assert list(planner.plan(_ask(2.0))) == list(
        _planner(prior, [Note(0.0, 1.0, 60, 80)]).plan(_ask(2.0))
    )


@pytest.mark.parametrize(
    "heard",
    [
        [],
        [Note(0.0, 1.0, 60, 80)],
        [Note(0.0, 0.001, 0, 1)],
        [Note(0.0, 500.0, 127, 127)],
        _scale(12, channel=DRUM_CHANNEL, step=0.25),
        [Note(1.0, 1.0, pitch, 80) for pitch in range(40, 60)],
        [Note(1.0, 1.0, 60, 80)] * 5,
    ],
)
def test_whatever_was_heard_there_is_an_answer(prior, heard: list[Note]):
    channel = heard[-1].channel if heard else 0
    plan = list(_planner(prior, heard).plan(_ask(4.0, beats=16.0)))
    assert plan
    assert {note.channel for note in plan} == {channel}


def test_ten_minutes_of_silence_are_answered_at_once(prior):
    planner = _planner(prior, _scale(10), Timebase(bpm=120.0, tempo_known=True))
    plan = list(planner.plan(_ask(1200.0 + 5.0)))
    assert 1205.0 <= plan[0].onset <= 1206.0
    assert len(plan) > 1


@pytest.mark.slow
def test_a_long_session_is_answered_like_a_short_one(prior):
    planner = _planner(prior, _scale(3000))
    plan = list(planner.plan(_ask(1500.0, max_notes=256)))
    assert plan[0].onset >= 1500.0
    assert list(planner.plan(_ask(1500.0, max_notes=256))) == plan


def test_the_answer_stays_near_the_players_register(prior):
    heard = [Note(n * 0.5, 0.5, 60 + n % 5, 80) for n in range(10)]
    pitches = {note.pitch for note in _planner(prior, heard).plan(_ask(5.0, beats=30.0))}
    assert min(pitches) >= 60 - 9
    assert max(pitches) <= 64 + 9


def test_a_register_of_one_key_makes_a_line_not_a_cluster(prior):
    plan = list(_planner(prior, _scale(10)).plan(_ask(5.0, lowest=64, highest=64, beats=20.0)))
    assert len(plan) > 3
    assert {note.pitch for note in plan} == {64}
    assert len({note.onset for note in plan}) == len(plan)


@pytest.mark.parametrize("beats", [0.0, -3.0])
def test_no_time_to_answer_means_no_notes(prior, beats: float):
    assert list(_planner(prior, _scale(4)).plan(_ask(5.0, beats=beats))) == []


def test_limits_that_contradict_each_other_still_give_notes(prior):
    planner = _planner(prior, _scale(4))
    plan = list(planner.plan(_ask(5.0, scale=Scale(0, "major"), keys=(61, 63))))
    assert {note.pitch for note in plan} <= {61, 63}
    assert "scale" in planner.gave_way


def test_no_more_notes_than_allowed(prior):
    planner = _planner(prior, _scale(4))
    assert [len(list(planner.plan(_ask(5.0, max_notes=most)))) for most in (0, 1, 7)] == [0, 1, 7]


def test_drums_and_keys_do_not_share_a_register(prior):
    planner = _planner(prior, [Note(0.0, 1.0, 100, 80), Note(1.0, 0.1, 36, 80, DRUM_CHANNEL)])
    assert {note.channel for note in planner.plan(_ask(2.0))} == {DRUM_CHANNEL}
    planner.hear(Note(3.0, 1.0, 100, 80))
    keys = [note.pitch for note in planner.plan(_ask(4.0, beats=20.0))]
    assert min(keys) >= 100 - 9


def test_to_forget_is_to_have_heard_nothing(prior):
    timebase = Timebase(bpm=90.0, tempo_known=True)
    planner = _planner(prior, _scale(20), timebase)
    planner.forget()
    assert list(planner.plan(_ask(3.0))) == list(_planner(prior, [], timebase).plan(_ask(3.0)))


def test_a_new_session_may_have_another_tempo(prior):
    planner = _planner(prior, _scale(20))
    planner.begin(Timebase(bpm=90.0, beats_per_bar=3.0, tempo_known=True))
    ask = replace(_ask(3.0), seed=5)
    fresh = _planner(prior, [], Timebase(bpm=90.0, beats_per_bar=3.0, tempo_known=True))
    assert list(planner.plan(ask)) == list(fresh.plan(ask))


def test_the_answer_keeps_to_its_scale_and_grid(prior):
    timebase = Timebase(bpm=100.0, tempo_known=True)
    limits = {"scale": Scale(2, "dorian"), "grid": (3,), "most_at_once": 1, "longest": 1.0}
    plan = list(_planner(prior, _scale(10), timebase).plan(_ask(6.0, beats=20.0, **limits)))
    assert len(plan) > 3
    assert {note.pitch % 12 for note in plan} <= {2, 4, 5, 7, 9, 11, 0}
    assert all(abs(note.onset * 3 - round(note.onset * 3)) < 1e-6 for note in plan)
    assert all(a.end <= b.onset + 1e-9 for a, b in itertools.pairwise(plan))


@pytest.mark.parametrize("land", [7.0, 8.5, 12.0])
def test_the_last_note_falls_on_the_beat_that_was_asked_for(prior, land: float):
    timebase = Timebase(bpm=100.0, tempo_known=True)
    planner = _planner(prior, _scale(10), timebase)
    for seed in range(5):
        plan = list(planner.plan(_ask(6.0, beats=20.0, land=land, max_notes=256, seed=seed)))
        assert plan[-1].onset == land
        assert "land" not in planner.gave_way


def test_the_model_may_hand_the_phrase_back_but_not_at_once(prior):
    planner = _planner(prior, _scale(10))
    ended = 0
    hot = (FieldDraw("voice", temperature=20.0, top_p=1.0),)
    for seed in range(20):
        ask = _ask(6.0, beats=16.0, max_notes=256, seed=seed, by_field=hot, longest=1.0)
        whole = list(planner.plan(ask))
        free = list(planner.plan(replace(ask, may_hand_over=True)))
        if free and free[-1].onset < whole[-1].onset - 2.0:
            ended += 1
        assert free[-1].onset >= 6.0 + EARLIEST_END * 16.0 or len(free) == len(whole)
    assert ended > 0


def test_a_style_is_asked_for_by_name_and_can_be_left_again(prior):
    planner = _planner(prior, _scale(20))
    plain = list(planner.plan(_ask(12.0)))
    reel = list(planner.plan(replace(_ask(12.0), style=(("reel", 1.0),))))
    mixed = list(planner.plan(replace(_ask(12.0), style=(("reel", 1.0), ("chorale", 2.0)))))
    assert plain != reel
    assert mixed not in (plain, reel)
    assert list(planner.plan(_ask(12.0))) == plain
    with pytest.raises(StyleError, match="did you mean ragtime"):
        list(planner.plan(replace(_ask(12.0), style=(("ragtim", 1.0),))))
    assert list(planner.plan(_ask(12.0))) == plain


def test_the_players_key_is_followed(prior):
    # D major, twice through the scale: the finder knows by then.
    heard = [
        Note(0.5 * n, 0.5, 62 + step, 80)
        for n, step in enumerate([0, 2, 4, 5, 7, 9, 11, 12, 11, 9, 7, 5, 4, 2, 0] * 2)
    ]
    planner = _planner(prior, heard)
    assert planner.context.key.key().scale_known
    plan = list(planner.plan(_ask(16.0, follow_key=True, beats=20.0)))
    assert {note.pitch % 12 for note in plan} <= {2, 4, 6, 7, 9, 11, 1}
    assert len(plan) > 3


def _expects(planner: Planner) -> np.ndarray:
    """What the prior thinks of the next pitch; planners of these tests share one prior."""
    return planner.context.prior.field(1, Row(0, 60, 48, 20, 0, 0, 0, 5, 0)).copy()


def test_a_held_note_is_read_open_and_its_rest_is_foretold(prior):
    planner = _planner(prior, _scale(5))
    planner.hear(Note(2.5, 0.2, 72, 80), held=True)
    rests = [planner.context.rest_of(72, 2.5 + waited) for waited in (0.1, 1.0, 8.0, 40.0)]
    assert all(rest is not None and rest >= 0.0 for rest in rests)
    assert planner.context.rest_of(60, 3.0) is None
    held = _expects(planner)
    closed = _expects(_planner(prior, [*_scale(5), Note(2.5, 0.2, 72, 80)]))
    assert np.abs(held - closed).max() > 1e-3


def test_both_sides_are_told_apart(prior):
    alone = _expects(_planner(prior, _scale(8)))
    answered = _planner(prior, _scale(7))
    answered.hear(_scale(8)[7], Voice.PARTNER)
    assert np.abs(alone - _expects(answered)).max() > 1e-3
