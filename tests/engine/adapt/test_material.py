"""What is learnt from: phrases without gaps, and a sentence for whatever cannot teach."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.adapt.learn import Learning
from engine.adapt.material import (
    BLOCK_PHRASES,
    LEAST_NOTES,
    LONGEST_NOTES,
    NOTES_A_SECOND,
    Material,
    MaterialError,
    Take,
    bounds,
    in_time,
    material_of,
    sample,
    take_of,
)
from engine.encoding import COLUMN_SIZES, COLUMNS, DRUM_FAMILY, FAMILIES, kind_of
from engine.events import Note, Timebase
from engine.learning import LearnPiece
from tests.engine.adapt.stage import (
    assert_is_a_sentence,
    drums,
    habit,
    one_thread,
    piece,
    scorer,
    start_of,
)

__all__ = ["one_thread"]

VOICE, KIND, DURATION = (COLUMNS.index(name) for name in ("voice", "kind", "duration"))


def _refused(*pieces: LearnPiece, **more) -> str:
    with pytest.raises(MaterialError) as error:
        material_of(pieces, **{"seconds": 10.0, **more})
    assert_is_a_sentence(str(error.value))
    return str(error.value)


def _check(material: Material) -> Material:
    """What Learning relies on."""
    for take in material.takes:
        assert take.cuts[0] == 0
        assert take.cuts[-1] == len(take.rows)
        assert (np.diff(take.cuts) >= 1).all()
        assert take.phrases == len(take.cuts) - 1 >= 1
        assert take.rows.shape == (len(take.rows), len(COLUMNS))
        assert (take.rows >= 0).all()
        assert (take.rows < np.array(COLUMN_SIZES)).all()
        assert (take.rows[:, DURATION] > 0).all(), "nothing is still held"
    assert material.notes == sum(len(take.rows) for take in material.takes)
    for remark in material.remarks:
        assert remark.endswith(".")
    pickle.loads(pickle.dumps(material.takes))
    return material


def _learns(material: Material) -> None:
    """The next step does not fall over it."""
    model = scorer()
    learning = Learning(model, start_of(model.base, steps=1), _check(material), seconds=0.0)
    result = learning.finish(learning.prior(), dict(learning.trials()))
    assert np.isfinite([result.before, result.after]).all()


# --------------------------------------------------------------------------------- good material


def test_a_take_becomes_phrases_in_turns():
    material = _check(material_of([piece(habit(100))], seconds=10))
    (take,) = material.takes
    assert (material.remarks, material.drums, len(take.rows)) == ((), False, 100)
    assert take.phrases >= 3
    sides = [set(take.rows[a:b, VOICE]) for a, b in zip(take.cuts, take.cuts[1:], strict=False)]
    assert sides == [{n % 2 * FAMILIES} for n in range(take.phrases)]
    assert set(take.rows[:, KIND]) == {kind_of(tempo_known=True, turns=True)}


def test_drums_become_drums():
    material = _check(material_of([piece(drums(habit(80)))], seconds=10))
    assert material.drums
    kinds = set(material.takes[0].rows[:, KIND])
    assert kinds == {kind_of(tempo_known=True, drums=True, turns=True)}
    assert set(material.takes[0].rows[:, VOICE]) == {DRUM_FAMILY, FAMILIES + DRUM_FAMILY}


def test_breaths_are_where_phrases_begin():
    notes = [replace(note, onset=note.onset + 5.0 * (n // 20)) for n, note in enumerate(habit(100))]
    (take,) = material_of([piece(notes)], seconds=10).takes
    assert take.cuts.tolist() == [0, 20, 40, 60, 80, 100]


def _free(seed: int, notes: int = 60) -> list[Note]:
    """Onsets at which no click ever sounded."""
    onsets = np.cumsum(np.random.default_rng(seed).uniform(0.1, 0.9, notes))
    return [Note(float(onset), 0.2, 60 + n % 9, 80) for n, onset in enumerate(onsets)]


@pytest.mark.parametrize("seed", range(8))
def test_what_was_played_without_a_click_counts_in_seconds(seed: int):
    notes = _free(seed)
    assert not in_time([note.onset for note in notes])
    played = piece(notes, timebase=Timebase(90.0, 4.0, tempo_known=True))
    rows = take_of(played, notes, drums=False).rows
    assert set(rows[:, KIND]) == {kind_of(tempo_known=False, turns=True)}
    # 0.2 beats at 90 are 0.133 s, and nominal beats last half a second.
    nominal = replace(notes[0], onset=notes[0].onset / 0.75, duration=0.2 / 0.75)
    same = [replace(n, onset=n.onset / 0.75, duration=nominal.duration) for n in notes]
    assert (rows == take_of(piece(same, timebase=Timebase()), same, drums=False).rows).all()


@pytest.mark.parametrize("parts", [1, 2, 3, 4])
@pytest.mark.parametrize("push", [0.0, 0.13])
def test_what_was_played_to_a_click_counts_in_beats(parts: int, push: float):
    rng = np.random.default_rng(parts)
    steps = np.cumsum(rng.integers(1, 5, 50)) / parts
    assert in_time((steps + push + rng.normal(0, 0.02, 50)).tolist())


def test_of_a_few_notes_nothing_can_be_told():
    assert in_time([note.onset for note in _free(1, LEAST_NOTES - 1)])


# ----------------------------------------------------------------------------------- bad material


@pytest.mark.parametrize("count", [0, 1, 3, 31])
def test_too_little_is_a_sentence_with_the_number(count: int):
    said = _refused(piece(habit(count)))
    assert said.startswith(f"{count or 'No'} note{'' if count == 1 else 's'} ")
    assert "two phrases" in said


def test_no_pieces_at_all_is_a_sentence():
    assert "two phrases" in _refused()


def test_a_piece_that_is_too_short_is_left_out_and_said():
    material = material_of([piece(habit(100)), piece(habit(5), "scrap")], seconds=10)
    assert [take.name for take in material.takes] == ["take 1"]
    assert material.remarks == ("5 notes were left out: too few in a row for a phrase.",)
    _learns(material)
    one = material_of([piece(habit(100)), piece(habit(1), "scrap")], seconds=10)
    assert one.remarks[0].startswith("1 note was")


def test_a_short_piece_is_a_phrase_by_itself():
    """Somebody who trades fours plays ten notes at a time."""
    pieces = [piece(habit(10, seed=n), f"take {n}") for n in range(6)]
    material = material_of(pieces, seconds=10)
    assert (material.phrases, material.notes, material.remarks) == (6, 60, ())
    _learns(material)
    _learns(material_of([piece(habit(100)), piece(habit(12), "short")], seconds=10))


def test_notes_that_are_all_alike_teach_nothing():
    same = [Note(n / 2, 0.25, 60, 80) for n in range(200)]
    assert "alike" in _refused(piece(same))
    assert "alike" in _refused(piece(same), piece([replace(n, pitch=62) for n in same], "two"))
    chord = [Note(1.0, 0.5, 60, 80) for _ in range(200)]
    assert "alike" in _refused(piece(chord))
    _learns(material_of([piece(same), piece(habit(60), "two")], seconds=10))
    rhythm = [replace(note, onset=note.onset + 0.25 * (n % 3 == 0)) for n, note in enumerate(same)]
    _learns(material_of([piece(rhythm)], seconds=10))


def test_ten_hours_are_sampled_from_everywhere_and_said():
    hours = [Note(n * 0.5, 0.4, 40 + n * 40 // 20_000, 80 - n % 7) for n in range(20_000)]
    material = _check(material_of([piece(hours)], seconds=10))
    assert 0.5 * 10 * NOTES_A_SECOND <= material.notes <= 1.2 * 10 * NOTES_A_SECOND
    pitches = np.concatenate([take.rows[:, 1] for take in material.takes])
    assert (min(pitches), max(pitches)) == (40, 79)
    assert len(set(pitches // 4)) >= 7, "of the beginning, the middle and the end"
    (remark,) = material.remarks
    assert remark.startswith(f"Of 20000 notes {material.notes} were taken")
    assert "10 seconds" in remark


def test_drums_for_a_keys_player_are_refused_and_the_other_way_round():
    hits, keys = piece(drums(habit(80))), piece(habit(80), "keys")
    said = _refused(hits, drums=False)
    assert "These are drums" in said
    assert "--profile" in said
    assert "These are keys" in _refused(keys, drums=True)


def test_of_a_mixture_one_kind_is_learnt_and_the_other_said():
    both = sorted([*habit(90), *drums(habit(70))], key=lambda note: note.onset)
    mostly_keys = _check(material_of([piece(both)], seconds=10))
    assert not mostly_keys.drums
    assert mostly_keys.notes == 90
    assert mostly_keys.remarks == ("70 notes of drums were left out: one profile learns one kind.",)
    asked = _check(material_of([piece(both)], seconds=10, drums=True))
    assert asked.drums
    assert asked.notes == 70
    assert asked.remarks == ("90 notes of keys were left out: one profile learns one kind.",)


ODD = {
    "huge gaps": [replace(note, onset=note.onset * 5000) for note in habit(80)],
    "overlaps": [replace(note, duration=50.0) for note in habit(80)],
    "backwards": habit(80)[::-1],
    "no length": [replace(note, duration=0.0) for note in habit(80)],
    "all at once": [Note(0.0, 1.0, 30 + n, 80) for n in range(80)],
    "before the start": [replace(note, onset=note.onset - 7.3) for note in habit(80)],
    "very late": [replace(note, onset=note.onset + 1e7) for note in habit(80)],
    "endless notes": [replace(note, duration=1e9) for note in habit(80)],
    "the edges of MIDI": [
        Note(n / 3, 0.1, 127 * (n % 2), 1 + 126 * (n % 3 == 0)) for n in range(80)
    ],
}


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("what", ODD)
def test_odd_notes_are_learnt_like_others(what: str, known: bool):
    timebase = Timebase(120.0, 4.0, known)
    material = material_of([piece(ODD[what], timebase=timebase)], seconds=10)
    assert material.notes == 80
    _learns(material)


@pytest.mark.parametrize("bar", [0.0, 0.5, 3.5, 100.0])
def test_odd_bars_do_no_harm(bar: float):
    _learns(material_of([piece(habit(80), timebase=Timebase(120.0, bar, True))], seconds=10))


def test_the_order_of_the_notes_does_not_matter():
    one = material_of([piece(habit(80))], seconds=10).takes[0]
    other = material_of([piece(habit(80)[::-1])], seconds=10).takes[0]
    assert np.array_equal(one.rows, other.rows)
    assert np.array_equal(one.cuts, other.cuts)


# ------------------------------------------------------------------------------------ properties


@given(starts=st.lists(st.integers(1, 400), unique=True).map(sorted), notes=st.integers(0, 500))
def test_bounds_leave_nothing_out_and_are_of_a_good_length(starts: list[int], notes: int):
    cuts = bounds([start for start in starts if start < notes], notes)
    assert cuts[0] == 0
    if notes < LEAST_NOTES:
        assert cuts.tolist() == [0]
        return
    assert cuts[-1] == notes
    sizes = np.diff(cuts)
    assert (sizes >= LEAST_NOTES).all()
    assert (sizes[:-1] <= LONGEST_NOTES).all()
    assert sizes[-1] < LONGEST_NOTES + LEAST_NOTES


def _take(number: int, sizes: list[int]) -> Take:
    cuts = np.cumsum([0, *sizes])
    rows = np.zeros((int(cuts[-1]), len(COLUMNS)), dtype=np.int64)
    rows[:, 0], rows[:, 1] = number, np.arange(cuts[-1])
    return Take(str(number), rows, cuts)


@given(
    sizes=st.lists(st.lists(st.integers(8, 55), min_size=1, max_size=12), min_size=1, max_size=6),
    most=st.integers(1, 1500),
)
def test_a_sample_is_whole_phrases_each_once_and_hardly_too_many(sizes, most: int):
    takes = [_take(number, one) for number, one in enumerate(sizes)]
    chosen = sample(takes, most)
    total = sum(len(take.rows) for take in takes)
    found = sum(len(take.rows) for take in chosen)
    if total <= most:
        assert [take.name for take in chosen] == [take.name for take in takes]
    assert chosen
    assert found <= max(2 * most, BLOCK_PHRASES * 55)
    seen = set()
    for part in chosen:
        assert (part.cuts[0], part.cuts[-1]) == (0, len(part.rows))
        whole = takes[int(part.rows[0, 0])]
        assert part.name == whole.name
        first = int(part.rows[0, 1])
        assert set(part.cuts + first) <= set(whole.cuts), "cut where phrases are"
        notes = {(int(row[0]), int(row[1])) for row in part.rows}
        assert not notes & seen
        seen |= notes
