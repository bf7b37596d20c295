import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.encoding import (
    COLUMN_SIZES,
    COLUMNS,
    DRUM_FAMILY,
    FAMILIES,
    FIELD_SIZES,
    FIELDS,
    KINDS,
    MAX_TICKS,
    OPEN,
    ORDER,
    TICKS_PER_BEAT,
    TIME_CLASSES,
    TIME_VALUES,
    TO_GO_CLASSES,
    VOICE_CLASSES,
    NoteEncoder,
    Row,
    duration_classes,
    family_of,
    kind_of,
    position,
    positions,
    time_class,
    time_classes,
    to_go_class,
    to_go_classes,
    to_ticks,
    velocity_class,
    velocity_of,
    voice_of,
)
from engine.events import Note
from tests.strategies import phrases

meters = st.sampled_from([None, 1.0, 2.0, 3.0, 3.5, 4.0, 5.0, 7.0, 20.0])
classes = st.tuples(
    st.integers(0, TIME_CLASSES - 1),
    st.integers(0, 127),
    st.integers(1, TIME_CLASSES - 1),
    st.integers(1, 32),
    st.integers(0, VOICE_CLASSES - 1),
    st.booleans(),
)


@given(
    chosen=st.lists(classes, min_size=1, max_size=40),
    beats_per_bar=meters,
    drums=st.booleans(),
    turns=st.booleans(),
)
def test_what_is_decoded_is_encoded_as_it_was(chosen, beats_per_bar, drums, turns):
    decoder, encoder = NoteEncoder(beats_per_bar), NoteEncoder(beats_per_bar)
    kind = kind_of(tempo_known=bool(beats_per_bar), drums=drums, turns=turns)
    for number, (delta, pitch, duration, velocity, voice, held) in enumerate(chosen):
        delta = delta if number else 0
        duration = OPEN if held else duration
        tick = (decoder.last_tick or 0) + int(TIME_VALUES[delta])
        row = Row(delta, pitch, duration, velocity, voice, *decoder.place(tick), kind, 0)
        note = decoder.decode(row)
        assert encoder.encode(note, drums=drums, voice=voice, turns=turns, held=held) == row
        assert encoder.last_tick == decoder.last_tick == tick


@given(phrase=phrases(), beats_per_bar=meters)
def test_a_held_note_differs_in_its_duration_alone(phrase, beats_per_bar):
    one, other = NoteEncoder(beats_per_bar), NoteEncoder(beats_per_bar)
    for note in phrase:
        ended, held = one.encode(note, drums=False), other.encode(note, drums=False, held=True)
        assert held == ended._replace(duration=OPEN)
        assert ended.duration != OPEN


def test_below_a_beat_the_grid_is_exact_to_half_a_tick():
    half_tick_ms = 0.5 / TICKS_PER_BEAT * 500  # a beat at 120 bpm is 500 ms
    assert half_tick_ms < 2.61
    assert [int(TIME_VALUES[time_class(tick)]) for tick in range(TICKS_PER_BEAT)] == list(
        range(TICKS_PER_BEAT)
    )


@given(ticks=st.integers(TICKS_PER_BEAT, MAX_TICKS))
def test_longer_times_are_off_by_less_than_a_32nd_of_their_size(ticks):
    assert abs(int(TIME_VALUES[time_class(ticks)]) - ticks) <= ticks / 32


@pytest.mark.parametrize("beats", [1 / 3, 2 / 3, 1 / 4, 1 / 6, 1 / 8, 1 / 32, 4 / 3, 1.5, 3.0, 4.0])
def test_musical_times_come_back_exactly(beats: float):
    assert int(TIME_VALUES[time_class(to_ticks(beats))]) == pytest.approx(beats * TICKS_PER_BEAT)


@given(ticks=st.lists(st.integers(-10, MAX_TICKS + 500), max_size=30))
def test_one_note_and_many_are_encoded_alike(ticks):
    array = np.array(ticks, dtype=np.int64)
    assert time_classes(array).tolist() == [time_class(tick) for tick in ticks]
    assert duration_classes(array).tolist() == [max(time_class(tick), 1) for tick in ticks]
    beat_pos, bar_pos = positions(array)
    assert list(zip(beat_pos.tolist(), bar_pos.tolist(), strict=True)) == [
        position(tick) for tick in ticks
    ]


@given(phrase=phrases(), beats_per_bar=meters)
def test_every_row_fits_the_tables_of_the_model(phrase, beats_per_bar):
    encoder = NoteEncoder(beats_per_bar)
    for note in phrase:
        row = encoder.encode(note, drums=note.channel == 9)
        assert all(0 <= value < size for value, size in zip(row, COLUMN_SIZES, strict=True))
        assert row.duration > 0
        assert row.velocity > 0


@given(velocity=st.integers(1, 127))
def test_a_velocity_is_kept_to_two_steps(velocity):
    assert abs(velocity_of(velocity_class(velocity)) - velocity) <= 2


def test_an_unknown_velocity_has_a_class_of_its_own():
    assert velocity_class(0) == 0
    assert velocity_of(0) == 80


def test_a_note_before_the_last_one_counts_as_simultaneous():
    encoder = NoteEncoder(4.0)
    encoder.encode(Note(2.0, 1.0, 60, 80), drums=False)
    late = encoder.encode(Note(1.5, 1.0, 64, 80), drums=False)
    assert late.delta == 0
    assert encoder.last_tick == 2 * TICKS_PER_BEAT


def test_rounding_does_not_add_up():
    encoder = NoteEncoder(None)
    third = [Note(n / 3.01, 0.1, 60, 80) for n in range(200)]
    total = sum(int(TIME_VALUES[encoder.encode(note, drums=False).delta]) for note in third)
    assert abs(total - 199 / 3.01 * TICKS_PER_BEAT) <= 1.0


def test_the_bar_is_known_only_where_somebody_said_so():
    note = Note(5.5, 1.0, 60, 80)
    free = NoteEncoder(None).encode(note, drums=False)
    counted = NoteEncoder(4.0).encode(note, drums=True)
    assert (free.beat_pos, free.bar_pos, free.kind) == (
        0,
        0,
        kind_of(tempo_known=False, drums=False),
    )
    assert (counted.beat_pos, counted.bar_pos) == (13, 2)
    assert counted.kind == kind_of(tempo_known=True, drums=True)


def test_the_predicted_fields_come_first_and_the_usual_order_has_each_once():
    assert FIELDS == ("onset", "pitch", "duration", "velocity", "voice")
    assert COLUMNS[: len(FIELDS)] == ("delta", *FIELDS[1:])
    assert COLUMN_SIZES[: len(FIELDS)] == FIELD_SIZES == (289, 128, 289, 33, 36)
    assert [FIELDS[field] for field in ORDER] == ["voice", *FIELDS[:4]]


# ----------------------------------------------------------------------------- kinds and voices


def test_every_kind_has_a_class_of_its_own():
    flags = [(n & 1, n & 2, n & 4, n & 8) for n in range(KINDS)]
    found = [
        kind_of(tempo_known=bool(a), drums=bool(b), turns=bool(c), plain=bool(d))
        for a, b, c, d in flags
    ]
    assert found == list(range(KINDS))


def test_every_voice_has_a_class_of_its_own():
    found = [voice_of(who, family) for who in range(2) for family in range(FAMILIES)]
    assert found == list(range(VOICE_CLASSES))


def test_families_are_those_of_general_midi():
    assert [family_of(program, drums=False) for program in (None, 0, 7, 8, 73, 127)] == [
        *(0, 1, 1, 2, 10, 16)
    ]
    assert {family_of(program, drums=True) for program in (None, 0, 127)} == {DRUM_FAMILY}


# ---------------------------------------------------------------------------------- time to go


@given(ticks=st.integers(0, 40 * TICKS_PER_BEAT), more=st.integers(0, 500))
def test_time_to_go_is_monotone_and_never_unknown(ticks, more):
    assert 1 <= to_go_class(ticks) <= to_go_class(ticks + more) < TO_GO_CLASSES


@given(quarters=st.integers(0, 15), within=st.integers(0, TICKS_PER_BEAT // 4 - 1))
def test_below_four_beats_time_to_go_is_told_in_quarters(quarters, within):
    assert to_go_class(quarters * TICKS_PER_BEAT // 4 + within) == 1 + quarters


@given(beats=st.integers(4, 31), within=st.integers(0, TICKS_PER_BEAT - 1))
def test_beyond_four_beats_time_to_go_is_told_in_beats(beats, within):
    assert to_go_class(beats * TICKS_PER_BEAT + within) == 17 + beats - 4


@given(ticks=st.lists(st.integers(-10, 10 * MAX_TICKS), max_size=30))
def test_times_to_go_of_one_note_and_of_many_are_alike(ticks):
    found = to_go_classes(np.array(ticks, dtype=np.int64)).tolist()
    assert found == [to_go_class(tick) for tick in ticks]
    assert [tick < 0 for tick in ticks] == [number == 0 for number in found]
    assert max(found, default=0) < TO_GO_CLASSES
