"""One phrase answered with what was learnt and without it: the same but for what was learnt."""

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
import torch

from engine.adapt.adapter import Adapter
from engine.comparing import NOTHING_LEARNT, compare, phrase_of
from engine.events import DRUM_CHANNEL, Note, Timebase
from engine.learning import Compared, CompareFailed, CompareRequest, LearnPiece
from engine.model.checkpoint import fingerprint
from engine.profile.record import Outcome
from engine.profile.store import ProfileStore
from tests.engine.adapt.stage import (
    assert_is_a_sentence,
    drums,
    habit,
    piece,
    random_values,
    scorer,
)
from tests.fakes import tiny_prior

FREE = Timebase()


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_prior.write(tmp_path_factory.mktemp("prior") / "tiny.safetensors")


@pytest.fixture
def store(tmp_path: Path, weights: Path) -> ProfileStore:
    """ "me" has learnt twice."""
    store = ProfileStore(tmp_path / "profiles")
    base = scorer().base
    for seed in (1, 2):
        values = random_values("lora-4", base, size=0.4, seed=seed)
        with torch.no_grad():
            tensors = {name: value.numpy() for name, value in values.items()}
        adapter = Adapter("lora", 4, fingerprint(weights), tensors)
        store.add_adapter("me", adapter, Outcome(6.0, 5.0, 1.0), ())
    return store


def _asked(store: ProfileStore, weights: Path, *pieces: LearnPiece, seed: int = 0):
    chosen = pieces or (piece(habit()),)
    return CompareRequest(str(store.folder), None, tuple(chosen), seed, str(weights))


def _files(store: ProfileStore) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in store.folder.rglob("*") if path.is_file()}


def test_both_answer_the_same_phrase_and_play_otherwise(store, weights):
    before = _files(store)
    found = compare(_asked(store, weights))
    assert isinstance(found, Compared), found
    assert (found.profile, found.version, found.before) == ("me", 2, 1)
    assert found.learnt
    assert found.unlearnt
    assert found.learnt != found.unlearnt
    over = max(note.end for note in found.phrase)
    assert 0 <= found.phrase[0].onset < 4
    for notes in (found.learnt, found.unlearnt):
        assert min(note.onset for note in notes) >= over
        assert notes[0].onset >= 4 * -(-over // 4), "from a bar line on"
    assert _files(store) == before


def test_the_same_seed_gives_the_same_and_another_one_another(store, weights):
    one = compare(_asked(store, weights, seed=3))
    assert compare(_asked(store, weights, seed=3)) == one
    assert compare(_asked(store, weights, seed=4)) != one


def test_without_is_what_was_in_use_before_and_the_original_in_the_end(store, weights):
    second = compare(_asked(store, weights))
    store.undo("me")
    first = compare(_asked(store, weights))
    assert isinstance(first, Compared)
    assert isinstance(second, Compared)
    assert (first.version, first.before) == (1, None)
    assert first.learnt == second.unlearnt, "version 1 plays what it played"


def test_what_was_gone_back_from_can_be_heard_again(store, weights):
    store.go_to("me", None)
    assert compare(_asked(store, weights)) == CompareFailed(NOTHING_LEARNT.format(name="me"))
    store.go_to("me", 1)
    store.undo("me")
    found = compare(_asked(store, weights))
    assert isinstance(found, Compared)
    assert (found.version, found.before) == (1, None)


def test_free_time_has_no_bars_and_drums_are_answered_by_drums(store, weights):
    notes = [replace(note, onset=note.onset * 0.93 + 0.31) for note in drums(habit())]
    found = compare(_asked(store, weights, piece(notes, timebase=FREE)))
    assert isinstance(found, Compared)
    assert not found.timebase.tempo_known
    assert found.phrase[0].onset == 0
    assert {note.channel for note in found.learnt} == {DRUM_CHANNEL}


def test_any_phrase_may_come_and_each_is_the_players():
    notes = habit(100)
    keys = [(note.pitch, note.velocity) for note in notes]
    found = {phrase_of((piece(notes),), Random(seed))[0] for seed in range(40)}
    assert len(found) > 2
    for phrase in found:
        played = [(note.pitch, note.velocity) for note in phrase]
        assert any(keys[at : at + len(played)] == played for at in range(len(keys)))


@pytest.mark.parametrize("what", ["too little", "nobody", "damaged", "no weights", "other prior"])
def test_what_cannot_be_compared_is_a_sentence(store, weights, tmp_path, what):
    asked = _asked(store, weights)
    if what == "too little":
        asked = _asked(store, weights, piece([Note(0, 1, 60, 80)]))
    elif what == "nobody":
        asked = replace(asked, profile="anna")
    elif what == "damaged":
        (store.folder / "me" / "adapters" / "0001.safetensors").write_bytes(b"no adapter")
    elif what == "no weights":
        asked = replace(asked, weights=str(tmp_path / "none.safetensors"))
    else:
        other = tiny_prior.write(tmp_path / "other.safetensors", seed=5)
        asked = replace(asked, weights=str(other))
    found = compare(asked)
    assert isinstance(found, CompareFailed), found
    assert_is_a_sentence(found.says)
