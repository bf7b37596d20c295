"""A portrait counts what a musician would count, and says nothing of what notes do not tell."""

import math
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given

from engine.events import DRUM_CHANNEL, Note
from engine.taste.portrait import LARGEST_LEAP, portrait
from tests.engine.taste.lines import line, notes


def test_nothing_has_no_portrait():
    assert portrait([]) is None


def test_a_plain_line_is_counted():
    found = portrait(line([60, 62, 64, 62, 60, 62, 64, 62], step=0.5), 3.0)
    assert found is not None
    assert (found.notes, found.onsets, found.beats, found.busy) == (8, 8, 4.0, 2.0)
    assert (found.pitch, found.leap, found.chords, found.even) == (62.0, 2.0, 1.0, 1.0)
    assert (found.legato, found.syncopation, found.in_three) == (1.0, 1 / 8, 1.0)
    assert (found.loud, found.dynamics) == (80.0, 0.0)
    assert found.repeats == pytest.approx(1 - 2 / 7), "it goes up a tone or down one"
    assert found.keys[[0, 2, 4]].tolist() == [0.25, 0.5, 0.25]
    assert found.entropy == pytest.approx(1.5)
    assert found.steps[LARGEST_LEAP + 2] == pytest.approx(4 / 7)
    assert found.steps[LARGEST_LEAP - 2] == pytest.approx(3 / 7)
    assert found.figures == {((2, 4), (2, 4)), ((2, 4), (-2, 4)), ((-2, 4), (-2, 4)),
                             ((-2, 4), (2, 4))}  # fmt: skip


def test_chords_are_one_onset_and_leaps_go_from_top_to_top():
    chords = [*line([48, 50], step=1.0), *line([64, 67], step=1.0), *line([60, 62], step=1.0)]
    found = portrait(chords)
    assert found is not None
    assert (found.onsets, found.chords, found.leap) == (2, 3.0, 3.0)


def test_off_beats_that_sound_on_are_syncopated():
    on = portrait(line([60, 62, 64, 65], step=1.0), 4.0)
    off = portrait(line([60, 62, 64, 65], step=1.0, start=0.5), 4.0)
    running = portrait(line([60] * 8, step=0.5), 4.0)
    sixteenth = portrait([Note(0, 1, 60, 80), Note(0.75, 1, 60, 80), Note(1.5, 1, 60, 80)], 4.0)
    assert on is not None
    assert off is not None
    assert running is not None
    assert sixteenth is not None
    assert (on.syncopation, off.syncopation) == (0.0, 1.0)
    assert running.syncopation == pytest.approx(1 / 8), "only the last one is left hanging"
    assert sixteenth.syncopation == pytest.approx(2 / 3)


def test_what_notes_do_not_tell_is_nan():
    drums = portrait(line([36, 38, 36], channel=DRUM_CHANNEL))
    assert drums is not None
    assert drums.drums
    assert all(map(math.isnan, (drums.pitch, drums.wide, drums.leap, drums.rising, drums.entropy)))
    assert drums.keys[36] == pytest.approx(2 / 3)
    free = portrait(line([60, 62, 64], velocity=0))
    assert free is not None
    assert all(map(math.isnan, (free.loud, free.dynamics, free.syncopation, free.in_three)))


@given(notes)
def test_no_notes_break_it_and_their_order_does_not_matter(some):
    one, other = portrait(some, 4.0), portrait(some[::-1], 4.0)
    assert (one is None) == (not some)
    if one is None or other is None:
        return
    for each in fields(one):
        mine, theirs = getattr(one, each.name), getattr(other, each.name)
        assert np.array_equal(mine, theirs, equal_nan=not isinstance(mine, frozenset)) or (
            mine == pytest.approx(theirs, nan_ok=True)
        ), each.name
    for name in ("busy", "chords", "legato", "beats"):
        assert 0 < getattr(one, name) < math.inf
    for shares in (one.keys, one.steps, one.waits):
        assert shares.sum() == pytest.approx(1) or not shares.any()


@given(notes)
def test_a_portrait_knows_no_place_in_time_but_the_beat(some):
    later = [replace(note, onset=note.onset + 8) for note in some]
    one, other = portrait(some, 4.0), portrait(later, 4.0)
    if one is not None and other is not None:
        assert one.figures == other.figures
        assert one.syncopation == other.syncopation
        assert one.busy == pytest.approx(other.busy)
