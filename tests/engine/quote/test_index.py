"""The index: whatever was learnt is found at its length, other music is not, files are checked."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.events import Note
from engine.quote.build import build, filter_of
from engine.quote.index import (
    COMMON_PIECES,
    COUNTS_FROM,
    NO_RUN,
    SHIPPED,
    WINDOW,
    QuoteIndex,
    QuoteIndexError,
    Run,
    load,
    save,
)
from engine.quote.kernels import SEGMENT, SEGMENTS
from engine.quote.lines import arrays_of, line_of
from tests.engine.quote.music import after, as_stream, moved, tune

PIECES = 20


@pytest.fixture(scope="module")
def index() -> QuoteIndex:
    return build([as_stream(tune(200, seed=n), piece=str(n)) for n in range(PIECES)])


def _run(index: QuoteIndex, notes: list[Note]) -> Run:
    return index.longest(line_of(*arrays_of(notes), False))


@settings(max_examples=60)
@given(
    st.integers(0, PIECES - 1), st.integers(0, 120), st.integers(COUNTS_FROM, 60),
    st.integers(-30, 30), st.sampled_from([0.5, 0.75, 1.0, 1.3, 2.0]),
)  # fmt: skip
def test_a_quote_is_found_at_its_length(
    index: QuoteIndex, seed: int, first: int, length: int, up: int, tempo: float
):
    quote = moved(tune(length, seed=seed, first=first), up=up, tempo=tempo)
    around = after(after(tune(6, seed=900), quote), tune(6, seed=901))
    run = _run(index, around)
    # One window in sixteen seems to be known: the ends may reach a note or two too far.
    assert length <= run.notes <= length + 4
    assert 6 - 2 <= run.first <= 6
    assert run.onsets == run.notes


def test_other_music_is_not_known(index: QuoteIndex):
    found = [_run(index, tune(64, seed=1000 + n)) for n in range(100)]
    assert found == [NO_RUN] * 100


def test_one_wrong_note_ends_the_run(index: QuoteIndex):
    notes = tune(60, seed=3)
    notes[40] = Note(notes[40].onset, notes[40].duration, notes[40].pitch + 1, 80)
    assert 40 <= _run(index, notes).notes <= 42


def test_another_rhythm_ends_the_run(index: QuoteIndex):
    straight = [Note(n / 2, 0.5, note.pitch, 80) for n, note in enumerate(tune(60, seed=3))]
    assert _run(index, straight) == NO_RUN


@pytest.mark.parametrize("seed", range(8))
def test_a_little_unevenness_hides_nothing(index: QuoteIndex, seed: int):
    rng = np.random.default_rng(seed)
    uneven = [
        Note(max(0.0, note.onset + float(rng.uniform(-0.02, 0.02))), 0.2, note.pitch, 80)
        for note in tune(40, seed=seed)
    ]
    assert 40 <= _run(index, uneven).notes <= 40


def test_shorter_runs_do_not_count(index: QuoteIndex):
    assert _run(index, tune(COUNTS_FROM - 3, seed=2)) == NO_RUN
    assert _run(index, tune(COUNTS_FROM, seed=2)).notes == COUNTS_FROM


def test_what_many_pieces_hold_is_everybodys():
    phrase = tune(30, seed=7)
    for pieces, notes in ((COMMON_PIECES - 1, 30), (COMMON_PIECES, 0)):
        streams = [
            as_stream(after(tune(30, seed=50 + n), phrase), piece=str(n)) for n in range(pieces)
        ]
        assert _run(build(streams), phrase).notes == notes


def test_the_same_piece_many_times_over_is_still_one():
    streams = [as_stream(tune(40, seed=7), piece="one") for _ in range(COMMON_PIECES + 2)]
    assert _run(build(streams), tune(40, seed=7)).notes == 40


def test_a_run_goes_through_common_windows_without_counting_them():
    close = tune(20, seed=8)
    quote = after(after(tune(20, seed=1), close), tune(20, seed=2))
    others = [as_stream(after(tune(9, seed=60 + n), close), piece=str(n)) for n in range(4)]
    run = _run(build([as_stream(quote, piece="quote"), *others]), quote)
    assert run.notes == 60 - (20 - WINDOW + 1)
    assert run.first == 0


@pytest.mark.parametrize("figure", [(60,), (60, 62), (60, 64, 67), (60, 67, 64, 67)])
def test_repeated_notes_trills_and_broken_chords_are_nobodys(figure: tuple[int, ...]):
    notes = [Note(n / 4, 0.2, figure[n % len(figure)], 80) for n in range(64)]
    assert _run(build([as_stream(notes)]), notes) == NO_RUN


def test_one_note_in_any_rhythm_is_nobodys():
    notes = [Note(note.onset, 0.2, 60, 80) for note in tune(64)]
    assert _run(build([as_stream(notes)]), notes) == NO_RUN


def test_drums_are_left_out():
    with pytest.raises(QuoteIndexError, match="drums"):
        build([as_stream(tune(60), drums=True)])


@given(st.sets(st.integers(1, 2**64 - 1), max_size=300))
def test_filters_of_any_size_can_be_made(keys: set[int]):
    words, layout = filter_of(np.array(sorted(keys), dtype=np.uint64))
    assert QuoteIndex(words, layout, np.zeros(0, dtype=np.uint32), {}).is_sound()


def test_a_saved_index_says_the_same(index: QuoteIndex, tmp_path: Path):
    path = tmp_path / "quotes.safetensors"
    save(path, index)
    again = load(path)
    assert again.card == index.card
    assert again.bytes_held == index.bytes_held
    assert _run(again, tune(40, seed=5)) == _run(index, tune(40, seed=5)) == Run(40, 40, 0)
    assert list(tmp_path.glob("quotes*")) == [path]


def test_every_damaged_byte_is_noticed(index: QuoteIndex, tmp_path: Path):
    path = tmp_path / "quotes.safetensors"
    save(path, index)
    whole = path.read_bytes()
    for place in (0, 9, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(QuoteIndexError, match=r"quotes\.safetensors"):
            load(path)
    for length in (0, 8, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(QuoteIndexError, match="damaged"):
            load(path)


def test_a_missing_file_and_weights_of_another_kind_are_sentences(tmp_path: Path):
    with pytest.raises(QuoteIndexError, match="Reinstall"):
        load(tmp_path / "nothing.safetensors")
    with pytest.raises(QuoteIndexError, match="not an index of quotes"):
        load(SHIPPED.with_name("prior.safetensors"))


@pytest.mark.parametrize(
    ("place", "number"), [(SEGMENT, 3), (SEGMENT, 0), (SEGMENTS, 0), (SEGMENTS, 10**6)]
)
def test_a_layout_that_points_outside_is_refused(
    index: QuoteIndex, tmp_path: Path, place: int, number: int
):
    layout = index.layout.copy()
    layout[place] = number
    save(tmp_path / "quotes.safetensors", replace(index, layout=layout))
    with pytest.raises(QuoteIndexError, match="damaged"):
        load(tmp_path / "quotes.safetensors")


def test_the_card_tells_what_was_read(index: QuoteIndex):
    assert index.card["pieces"] == PIECES
    assert index.card["notes"] == 200 * PIECES
    assert index.card["rare_windows"] == PIECES * (200 - WINDOW + 1)
    json.dumps(index.card)
