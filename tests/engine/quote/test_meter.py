"""The meter: which run is told, of which source, when it is too long, and what is passed over."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.events import DRUM_CHANNEL, Note
from engine.quote.build import build
from engine.quote.index import QuoteIndexError, save
from engine.quote.meter import LIMIT, OWN_LIMIT, Quote, QuoteMeter
from tests.engine.quote.music import after, as_stream, moved, tune


@pytest.fixture
def meter() -> QuoteMeter:
    return QuoteMeter(build([as_stream(tune(200, seed=n), piece=str(n)) for n in range(5)]))


def test_a_quote_of_the_training_music_is_told_with_its_place(meter: QuoteMeter):
    quote = meter.longest(after(tune(7, seed=99), moved(tune(30, seed=2), up=5)))
    assert (quote.source, quote.first, quote.limit) == ("training", 7, LIMIT)
    assert 30 <= quote.run <= 32
    assert meter.too_long(quote)


def test_new_music_is_no_quote(meter: QuoteMeter):
    assert meter.longest(tune(50, seed=77)) == Quote(0, "", 0, LIMIT)
    assert meter.longest([]) == Quote(0, "", 0, LIMIT)
    assert not meter.too_long(meter.longest([]))


def test_the_players_own_music_is_told_and_may_be_longer(meter: QuoteMeter):
    meter.add_own(tune(90, seed=50))
    quote = meter.longest(tune(OWN_LIMIT - 1, seed=50))
    assert (quote.run, quote.source, quote.limit) == (OWN_LIMIT - 1, "own", OWN_LIMIT)
    assert not meter.too_long(quote)
    assert meter.too_long(meter.longest(tune(OWN_LIMIT, seed=50)))


def test_what_is_too_long_goes_before_what_is_longer(meter: QuoteMeter):
    meter.add_own(tune(40, seed=50))
    quote = meter.longest(after(tune(40, seed=50), tune(20, seed=1)))
    assert quote.source == "training"
    assert quote.first == 40


def test_limits_can_be_set():
    index = build([as_stream(tune(100))])
    strict, mild = QuoteMeter(index, limit=16), QuoteMeter(index, limit=60, own_limit=10)
    quote = tune(30)
    assert strict.too_long(strict.longest(quote))
    assert not mild.too_long(mild.longest(quote))
    mild.add_own(quote)
    assert mild.too_long(mild.longest(quote))


def test_without_an_index_the_own_music_is_compared():
    meter = QuoteMeter(None)
    assert meter.card == {}
    assert meter.bytes_held == 0
    assert meter.longest(tune(30)).source == ""
    meter.add_own(tune(30))
    assert meter.longest(tune(30)) == Quote(30, "own", 0, OWN_LIMIT, 30)
    meter.forget_own()
    assert meter.longest(tune(30)).run == 0


def test_a_melody_is_found_over_other_chords(meter: QuoteMeter):
    melody = tune(30, seed=3)
    rng = np.random.default_rng(0)
    chords = [
        Note(float(beat), 1.9, int(pitch), 60)
        for beat in range(0, 24, 2)
        for pitch in rng.choice(np.arange(30, 54), 3, replace=False)
    ]
    quote = meter.longest(sorted(melody + chords, key=lambda note: note.onset))
    assert quote.source == "training"
    assert 30 <= quote.run <= 32
    ordered = sorted(melody + chords, key=lambda note: (note.onset, note.pitch))
    assert ordered[quote.first] == melody[0]


def test_a_few_full_chords_are_not_too_long():
    chords = [
        Note(float(beat), 0.9, pitch, 80)
        for beat in range(5)
        for pitch in (40 + beat, 47 + beat % 3, 55 - beat, 60 + 2 * beat, 71 + beat % 2)
    ]
    meter = QuoteMeter(build([as_stream(chords)]))
    quote = meter.longest(chords)
    assert (quote.run, quote.onsets) == (25, 5)
    assert not meter.too_long(quote)


def test_drums_are_passed_over_and_do_not_shift_the_place(meter: QuoteMeter):
    beat = [Note(n / 2, 0.1, 36, 80, DRUM_CHANNEL) for n in range(20)]
    melody = moved(tune(20, seed=1), later=1.0)
    quote = meter.longest([*beat, *melody])
    ordered = sorted([*beat, *melody], key=lambda note: (note.onset, note.pitch))
    assert ordered[quote.first] == melody[0]
    drums = [replace(note, channel=DRUM_CHANNEL) for note in melody]
    assert meter.longest(drums).run == 0
    meter.add_own(drums)
    assert meter.longest([replace(note, channel=0) for note in drums]).source == "training"


def test_the_order_of_the_notes_does_not_matter(meter: QuoteMeter):
    notes = tune(40, seed=4)
    assert meter.longest(notes[::-1]) == meter.longest(notes)


def test_it_loads_a_file_and_says_what_is_wrong_with_another(meter: QuoteMeter, tmp_path: Path):
    path = tmp_path / "quotes.safetensors"
    save(path, build([as_stream(tune(100))]))
    assert QuoteMeter.load(path, limit=20).longest(tune(40)).limit == 20
    path.write_bytes(b"not an index")
    with pytest.raises(QuoteIndexError, match="damaged"):
        QuoteMeter.load(path)
