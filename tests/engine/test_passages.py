"""Passages: whole bars of one meter, a prime and what came next, the same ones each time."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.encoding import TICKS_PER_BEAT
from engine.evaluate.continuation.continuers import repeated, strangers, true
from engine.evaluate.continuation.passages import (
    BARS,
    FREE_BEATS,
    LEAST_PRIME_NOTES,
    LEAST_TRUE_NOTES,
    choose,
    places,
)
from engine.events import DRUM_CHANNEL
from tests.engine.music import stream


def _collections(**sizes: int):
    return [
        stream(100, seed=n, collection=name, piece=f"{name}{n}")
        for name, size in sizes.items()
        for n in range(size)
    ]


def test_a_passage_is_eight_bars_and_lies_in_its_piece():
    one = stream(100, seed=3)
    (passage,) = choose([one], 5, seed=1)
    assert passage.prime.beats == passage.truth.beats == 4.0 * BARS
    assert passage.prime.start_beat == 0.0
    assert passage.truth.start_beat == 16.0
    assert passage.timebase.beats_per_bar == 4.0
    assert passage.timebase.bpm == one.bpm
    heard = [note.pitch for note in (*passage.prime.notes, *passage.truth.notes)]
    assert len(heard) == 64
    assert heard in [one.pitch[start : start + 64].tolist() for start in range(0, 37, 8)]
    for part in (passage.prime, passage.truth):
        assert all(part.start_beat <= note.onset < part.end_beat for note in part.notes)


@settings(max_examples=20, deadline=None)
@given(count=st.integers(1, 40), seed=st.integers(0, 1000))
def test_collections_come_in_proportion_and_pieces_once(count, seed):
    streams = _collections(a=20, b=8, c=2)
    chosen = choose(streams, count, seed=seed)
    assert chosen == choose(streams[::-1], count, seed=seed)
    assert len({passage.piece for passage in chosen}) == len(chosen)
    assert len(chosen) == min(max(count, 3), 30)
    if count >= 15:
        share = {name: sum(p.collection == name for p in chosen) for name in "abc"}
        for name, size in (("a", 20), ("b", 8), ("c", 2)):
            assert abs(share[name] - len(chosen) * size / 30) <= 1


def test_another_seed_chooses_others():
    streams = _collections(a=60)
    assert choose(streams, 10, seed=1) != choose(streams, 10, seed=2)


def test_drums_only_from_collections_of_drums():
    band = [
        stream(100, collection="band", piece="x", drums=True),
        stream(100, collection="band", piece="y"),
    ]
    kit = [stream(100, collection="kit", piece="z", drums=True)]
    chosen = choose([*band, *kit], 10, seed=0)
    assert [passage.piece for passage in chosen] == ["y", "z"]
    assert chosen[1].truth.drums
    assert {note.channel for note in chosen[1].prime.notes} == {DRUM_CHANNEL}


def test_no_passage_reaches_over_a_change_of_meter():
    one = stream(200)
    bar_tick = one.bar_tick.copy()
    ticks = one.onset.astype(np.int64)
    later = ticks >= 4800  # from bar 13 on there are three beats in a bar
    bar_tick[later] = (ticks[later] - 4608) % 288
    starts, bar = places(replace(one, bar_tick=bar_tick))
    assert bar == 288
    assert len(starts) > 0
    assert starts.min() >= 4608
    assert ((starts - 4608) % 288 == 0).all()


def test_where_bars_are_unknown_there_is_no_passage_but_in_free_time_there_is():
    lost = replace(stream(100), bar_tick=np.full(100, -1))
    assert choose([lost], 1, seed=0) == []
    free = stream(100, tempo_known=False)
    (passage,) = choose([free], 1, seed=0)
    assert passage.prime.bar_beats is None
    assert passage.prime.beats == FREE_BEATS
    assert not passage.timebase.tempo_known
    assert passage.timebase.bpm == 120.0


def test_too_little_music_gives_nothing():
    assert choose([stream(40)], 1, seed=0) == []
    assert choose([], 1, seed=0) == []
    pause = stream(100)
    gone = (pause.onset >= 16 * TICKS_PER_BEAT) & (pause.onset < 30 * TICKS_PER_BEAT)
    kept = np.flatnonzero(~gone)
    thin = replace(
        pause,
        **{
            name: getattr(pause, name)[kept]
            for name in ("onset", "duration", "pitch", "velocity", "bar_tick")
        },
    )
    for passage in choose([thin], 1, seed=0):
        assert len(passage.prime.notes) >= LEAST_PRIME_NOTES
        assert len(passage.truth.notes) >= LEAST_TRUE_NOTES
        assert passage.truth.notes[0].onset < passage.truth.start_beat + 4.0


def test_the_truth_ends_when_a_plan_would():
    long = replace(stream(100), duration=np.full(100, 960.0))
    (passage,) = choose([long], 1, seed=0)
    assert max(note.end for note in passage.truth.notes) == passage.truth.end_beat + 1.0


def test_rivals_play_in_the_right_place():
    passages = choose(_collections(a=3, b=2), 9, seed=0)
    found = strangers(passages)
    for passage, other in zip(passages, found, strict=True):
        again = repeated(passage, 1)
        assert [note.pitch for note in again.notes] == [n.pitch for n in passage.prime.notes]
        assert again.start_beat == passage.truth.start_beat
        assert true(passage, 1) == passage.truth
        assert other.notes != passage.truth.notes
        assert all(
            passage.truth.start_beat <= n.onset < passage.truth.end_beat for n in other.notes
        )
        own = [each for each in passages if each.collection == passage.collection]
        assert [n.pitch for n in other.notes] in [[n.pitch for n in e.truth.notes] for e in own]


@pytest.mark.parametrize("count", [1, 2])
def test_one_passage_is_its_own_stranger_at_the_worst(count):
    passages = choose(_collections(a=count), 9, seed=0)
    assert len(strangers(passages)) == count
