"""The trainer: what it says, what it keeps in the profile, and that nothing else changes there."""

import errno
import json
from pathlib import Path

import numpy as np
import pytest

from engine.adapt import plain, trainer
from engine.files import write_whole
from engine.learning import Learned, LearnFailed, LearnProgress, LearnRequest
from engine.meta import starts
from engine.model.checkpoint import fingerprint
from engine.profile.reading import Profile
from engine.profile.store import ProfileStore
from tests.engine.adapt.stage import (
    FakePipe,
    assert_is_a_sentence,
    drums,
    habit,
    one_thread,
    piece,
    request,
    scorer,
    start_of,
)
from tests.fakes import tiny_prior

__all__ = ["one_thread"]


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer, "THREADS", 1)
    monkeypatch.setattr(plain, "STEPS", 2)
    monkeypatch.setitem(plain.RATES, "lora-4", 0.02)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_prior.write(tmp_path_factory.mktemp("prior") / "tiny.safetensors")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "profiles"


def _learned(asked: LearnRequest, pipe: FakePipe | None = None) -> Learned:
    found = trainer.learn(asked, pipe or FakePipe())
    assert isinstance(found, Learned), found
    return found


def _failed(asked: LearnRequest, pipe: FakePipe | None = None) -> str:
    before = _whole(Path(asked.folder))
    found = trainer.learn(asked, pipe or FakePipe())
    assert isinstance(found, LearnFailed), found
    assert _whole(Path(asked.folder)) == before, "nothing was changed"
    return found.says


def _whole(folder: Path) -> dict[str, bytes]:
    """All files of the profiles, without the trainer's own notes."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and trainer.NOTES_FOLDER not in path.parts
    }


def _profile(folder: Path, name: str = "me") -> Profile:
    found = ProfileStore(folder).open(name)
    assert found.says == ()
    return found


def _worse(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on learning throws the model away."""
    monkeypatch.setitem(plain.RATES, "lora-4", 30.0)


# -------------------------------------------------------------------------------- what is kept


def test_what_helps_is_kept_as_a_version_in_use(folder: Path, weights: Path):
    pipe = FakePipe()
    found = _learned(request(folder, weights), pipe)
    assert (found.kept, found.version, found.notes) == (True, 1, 100)
    assert found.after_bits < found.before_bits
    assert "100 notes" in found.says
    assert f"{found.after_bits:.2f} bits" in found.says
    profile = _profile(folder)
    assert profile.adapter is not None
    assert profile.adapter.prior == fingerprint(weights)
    assert (profile.adapter.kind, profile.adapter.rank) == ("lora", 4)
    (version,) = profile.record.versions
    assert (version.kept, version.notes, version.learnt_from) == (True, 100, ("take 1",))
    assert version.bits_before == pytest.approx(found.before_bits)
    assert version.bits_after == pytest.approx(found.after_bits)
    played = np.concatenate([phrase.rows for phrase in ProfileStore(folder).phrases("me")])
    assert len(played) == 100


def test_progress_grows_says_the_time_left_and_the_bits(folder: Path, weights: Path):
    pipe = FakePipe()
    _learned(request(folder, weights), pipe)
    told = pipe.sent
    assert all(isinstance(message, LearnProgress) for message in told)
    assert [message.step for message in told] == list(range(1, len(told) + 1))
    assert all(message.step <= message.of for message in told)
    assert all(np.isfinite([message.seconds_left, message.bits]).all() for message in told)
    assert all(message.seconds_left >= 0 for message in told)
    assert told[0].held_back_bits is not None
    assert told[-1].held_back_bits is None


def test_what_does_not_help_is_noted_and_the_version_in_use_stays(
    folder: Path, weights: Path, monkeypatch: pytest.MonkeyPatch
):
    _learned(request(folder, weights))
    before = _profile(folder)
    _worse(monkeypatch)
    found = _learned(request(folder, weights, piece(habit(80, seed=2), "take 2")))
    assert (found.kept, found.version) == (False, 1)
    assert "everything stays as it was" in found.says
    after = _profile(folder)
    assert after.record.now == after.version == 1
    assert [version.kept for version in after.record.versions] == [True, False]
    assert after.record.versions[1].file == ""
    assert before.adapter is not None
    assert after.adapter is not None
    assert all(
        np.array_equal(after.adapter.tensors[name], tensor)
        for name, tensor in before.adapter.tensors.items()
    )
    assert len(list(folder.rglob("adapters/*"))) == 1


def test_an_attempt_in_an_empty_profile_leaves_the_prior_alone(
    folder: Path, weights: Path, monkeypatch: pytest.MonkeyPatch
):
    _worse(monkeypatch)
    found = _learned(request(folder, weights))
    assert (found.kept, found.version) == (False, None)
    profile = _profile(folder)
    assert (profile.adapter, profile.record.now, len(profile.record.versions)) == (None, None, 1)


def test_learning_again_joins_what_was_learnt_before(folder: Path, weights: Path):
    _learned(request(folder, weights))
    found = _learned(request(folder, weights, piece(habit(60, seed=3), "take 2")))
    assert (found.kept, found.version, found.notes) == (True, 2, 160)
    assert "learnt before" in found.says
    store = ProfileStore(folder)
    assert list(dict.fromkeys(phrase.name for phrase in store.phrases("me"))) == [
        "take 1",
        "take 2",
    ]
    # The same take again, longer now, takes the place of the one before.
    found = _learned(request(folder, weights, piece(habit(80, seed=3), "take 2")))
    assert (found.version, found.notes) == (3, 180)
    store.go_to("me", None)
    found = _learned(request(folder, weights, piece(habit(60, seed=4), "take 3")))
    assert (found.version, found.notes) == (4, 60), "what was gone back from does not count"


def test_phrases_that_cannot_be_read_are_said(folder: Path, weights: Path):
    _learned(request(folder, weights))
    (phrases,) = folder.rglob("phrases/*")
    phrases.write_bytes(b"noise")
    found = _learned(request(folder, weights, piece(habit(60), "take 2")))
    assert found.notes == 60
    assert "cannot be read" in found.says


def test_a_profile_of_keys_refuses_drums_and_stays(folder: Path, weights: Path):
    _learned(request(folder, weights))
    said = _failed(request(folder, weights, piece(drums(habit(80)), "beat")))
    assert "These are drums" in said
    ProfileStore(folder).create("drummer")
    found = _learned(request(folder, weights, piece(drums(habit(80)), "beat"), profile="drummer"))
    assert found.version == 1


def test_remarks_reach_the_player(folder: Path, weights: Path):
    found = _learned(request(folder, weights, piece(habit(400)), seconds=1.0))
    assert found.notes < 200
    assert "Of 400 notes" in found.says


# -------------------------------------------------------------------------------- which start


def test_the_shipped_start_is_taken_for_its_prior_and_an_even_one_for_others(
    folder: Path, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    shipped = tmp_path / "start.safetensors"
    monkeypatch.setattr(starts, "SHIPPED", shipped)
    model = scorer()
    starts.save_start(shipped, start_of(model.base, form="state"), fingerprint(weights), {})
    assert _learned(request(folder, weights)).kept
    adapter = _profile(folder).adapter
    assert adapter is not None
    assert adapter.kind == "state"
    other = tiny_prior.write(tmp_path / "other.safetensors", seed=7)
    for damage in (lambda: None, lambda: shipped.write_bytes(b"noise"), shipped.unlink):
        damage()
        name = f"p{shipped.exists()}{shipped.exists() and len(shipped.read_bytes())}"
        ProfileStore(folder).create(name)
        assert _learned(request(folder, other, profile=name)).kept
        adapter = _profile(folder, name).adapter
        assert adapter is not None
        assert (adapter.kind, adapter.prior) == ("lora", fingerprint(other))


# ---------------------------------------------------------------------------- stopped and failed


@pytest.mark.parametrize("how", ["cancel", "gone", "broken"])
@pytest.mark.parametrize("after", [1, 4, 9])
def test_stopping_leaves_everything_as_it_was(folder: Path, weights: Path, how: str, after: int):
    _learned(request(folder, weights))
    again = request(folder, weights, piece(habit(60, seed=5), "take 2"))
    pipe = FakePipe(after, how)
    assert "Stopped" in _failed(again, pipe)
    assert len(pipe.sent) == after
    assert _profile(folder).version == 1


def test_what_a_stopped_run_had_done_is_not_redone(folder: Path, weights: Path, tmp_path: Path):
    asked = request(folder, weights)
    whole = _learned(request(tmp_path / "whole", weights))
    _failed(asked, FakePipe(5))
    assert len(list((folder / trainer.NOTES_FOLDER).iterdir())) == 1
    pipe = FakePipe()
    found = _learned(asked, pipe)
    first = pipe.sent[0]
    assert isinstance(first, LearnProgress)
    assert first.step == 5, "two folds of two steps were done"
    assert (found.before_bits, found.after_bits) == (whole.before_bits, whole.after_bits)
    one, other = _profile(folder).adapter, _profile(tmp_path / "whole").adapter
    assert one is not None
    assert other is not None
    assert all(np.array_equal(one.tensors[name], t) for name, t in other.tensors.items())
    assert list((folder / trainer.NOTES_FOLDER).iterdir()) == []


def _noted(folder: Path) -> Path:
    (note,) = (folder / trainer.NOTES_FOLDER).iterdir()
    return note


@pytest.mark.parametrize("text", ["", "noise", "[]", '{"0": 3}', '{"0": [[1.0]]}', '{"x": []}'])
def test_a_note_that_makes_no_sense_is_done_anew(folder: Path, weights: Path, text: str):
    asked = request(folder, weights)
    _failed(asked, FakePipe(3))
    _noted(folder).write_text(text)
    pipe = FakePipe()
    assert _learned(asked, pipe).kept
    assert isinstance(pipe.sent[0], LearnProgress)
    assert pipe.sent[0].step == 1


def test_notes_of_other_notes_are_not_taken(folder: Path, weights: Path):
    """Same take, same number of phrases; but between the runs the profile has learnt another."""
    asked = request(folder, weights, piece(habit(60, seed=1), "take 2"))
    _failed(asked, FakePipe(3))
    changed = request(folder, weights, piece(habit(60, seed=8), "take 2"))
    pipe = FakePipe()
    _learned(changed, pipe)
    assert isinstance(pipe.sent[0], LearnProgress)
    assert pipe.sent[0].step == 1


def test_old_notes_do_not_pile_up(folder: Path, weights: Path):
    for number in range(8):
        _failed(request(folder, weights, seed=number), FakePipe(3))
    notes = folder / trainer.NOTES_FOLDER
    assert len(list(notes.iterdir())) <= trainer.MOST_NOTES + 1
    pipe = FakePipe()
    _learned(request(folder, weights, seed=7), pipe)
    assert isinstance(pipe.sent[0], LearnProgress)
    assert pipe.sent[0].step == 3, "the last one is still there"
    assert len(list(notes.iterdir())) <= trainer.MOST_NOTES


def _full(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_disk_that_is_full_is_a_sentence_and_the_profile_is_whole(
    folder: Path, weights: Path, monkeypatch: pytest.MonkeyPatch
):
    _learned(request(folder, weights))
    again = request(folder, weights, piece(habit(60, seed=5), "take 2"))
    with monkeypatch.context() as patch:
        patch.setattr(trainer, "write_whole", _full)
        said = _failed(again)
    assert "No space left" in said
    assert_is_a_sentence(said)
    with monkeypatch.context() as patch:
        patch.setattr("engine.profile.disk.write_whole", _full)
        said = _failed(again)
    assert "free some space" in said
    assert_is_a_sentence(said)
    assert _learned(again).version == 2, "afterwards it can be learnt"


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path, weights: Path):
    (tmp_path / "file").write_text("not a folder")
    found = trainer.learn(request(tmp_path / "file", weights), FakePipe())
    assert isinstance(found, LearnFailed)
    assert_is_a_sentence(found.says)
    assert (tmp_path / "file").read_text() == "not a folder"


def test_a_note_that_cannot_be_removed_does_no_harm(
    folder: Path, weights: Path, monkeypatch: pytest.MonkeyPatch
):
    real = Path.unlink

    def unlink(path: Path, *, missing_ok: bool = False) -> None:
        if trainer.NOTES_FOLDER in path.parts:
            raise PermissionError(errno.EACCES, "Permission denied")
        real(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", unlink)
    assert _learned(request(folder, weights)).kept
    assert _profile(folder).version == 1


def test_who_is_not_there_is_made_once_there_is_something_to_keep(folder: Path, weights: Path):
    said = _learned(request(folder, weights, profile="mood"))
    assert "“mood” was made" in said.says
    assert _profile(folder, "mood").record.versions
    pipe = FakePipe()
    assert "cannot be the name" in _failed(request(folder, weights, profile="a/b"), pipe)
    assert pipe.sent == []
    _failed(request(folder, weights, piece(habit(3)), profile="other"))


@pytest.mark.parametrize("count", [0, 3])
def test_too_little_is_told_at_once(folder: Path, weights: Path, count: int):
    pipe = FakePipe()
    assert "too little" in _failed(request(folder, weights, piece(habit(count))), pipe)
    assert pipe.sent == []
    assert not folder.exists()


def test_weights_that_are_not_there_are_a_sentence(folder: Path, tmp_path: Path):
    said = _failed(request(folder, tmp_path / "none.safetensors"))
    assert "no weights at" in said
    (tmp_path / "noise.safetensors").write_bytes(b"noise")
    assert "damaged" in _failed(request(folder, tmp_path / "noise.safetensors"))


def test_torch_that_fails_is_a_sentence(
    folder: Path, weights: Path, monkeypatch: pytest.MonkeyPatch
):
    def fails(*_: object) -> None:
        raise RuntimeError("not enough memory")

    monkeypatch.setattr("engine.adapt.lesson.Scorer.mean_bits", fails)
    said = _failed(request(folder, weights))
    assert "not enough memory" in said
    assert_is_a_sentence(said)


def test_notes_are_json_of_numbers_only(folder: Path, weights: Path):
    _failed(request(folder, weights), FakePipe(3))
    kept = json.loads(_noted(folder).read_text())
    assert list(kept) == ["0"]
    assert np.array(kept["0"], dtype=float).shape[0] == 3
    write_whole(_noted(folder), b"{}")
