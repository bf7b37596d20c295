from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.critic.inputs import MOST_ANSWERED, MOST_HEARD, look
from engine.critic.network import EMPTY, SHIPPED, Critic, CriticError, save
from engine.critic.reference import batch_of
from engine.encoding import DRUM_FAMILY, PITCH, kind_of
from tests.engine.critic import weights
from tests.engine.music import rows

LENGTHS = ((0, 1), (1, 1), (1, 9), (17, 30), (40, 5))


def _notes(count: int, seed: int) -> np.ndarray:
    return np.array(rows(count, seed=seed), dtype=np.int64).reshape(-1, 9)


def test_numpy_says_what_the_torch_reference_says_alone_and_in_a_batch():
    reference = weights.reference(seed=3)
    critic = Critic(reference.tensors())
    pairs = [(_notes(n, n), _notes(m, m + 99)) for n, m in LENGTHS]
    import torch

    with torch.inference_mode():
        together = reference(batch_of([look(*pair) for pair in pairs])).numpy()
    found = np.array([critic.score(*pair) for pair in pairs])
    assert found == pytest.approx(together, abs=2e-4)
    assert found.std() > 0.05, "a network that says the same of everything proves nothing"


def test_every_tensor_counts():
    whole = weights.tensors()
    pair = _notes(12, 1), _notes(14, 2)
    before = Critic(whole).score(*pair)
    rng = np.random.default_rng(0)
    for name, tensor in whole.items():
        other = whole | {name: tensor + rng.normal(0, 0.3, tensor.shape).astype(np.float32)}
        assert abs(Critic(other).score(*pair) - before) > 1e-6, name


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 999), heard=st.integers(0, 150), answered=st.integers(0, 200),
       wild=st.booleans())  # fmt: skip
def test_whatever_comes_the_score_is_a_number_and_stays_the_same(seed, heard, answered, wild):
    rng = np.random.default_rng(seed)
    most = 10**9 if wild else 12
    before = rng.integers(-most if wild else 0, most, (heard, 9))
    after = rng.integers(-most if wild else 0, most, (answered, 9))
    critic = Critic(weights.tensors())
    found = critic.score(before, after)
    assert np.isfinite(found)
    assert critic.score(before.copy(), after.copy()) == found
    assert (found == EMPTY) == (answered == 0)


def test_only_the_last_heard_and_the_first_answered_notes_count():
    critic = Critic(weights.tensors())
    heard, answer = _notes(MOST_HEARD + 40, 1), _notes(MOST_ANSWERED + 40, 2)
    assert critic.score(heard, answer) == critic.score(heard[-MOST_HEARD:], answer[:MOST_ANSWERED])
    assert critic.score(heard, answer) != critic.score(heard[-MOST_HEARD + 1 :], answer)


def test_the_order_is_by_score_and_silence_comes_last():
    critic = Critic(weights.tensors(seed=5))
    heard = _notes(12, 0)
    answers = [_notes(n, n) for n in (4, 0, 9, 16)]
    scores = [critic.score(heard, answer) for answer in answers]
    found = critic.order(heard, answers)
    assert sorted(found) == [0, 1, 2, 3]
    assert [scores[n] for n in found] == sorted(scores, reverse=True)
    assert found[-1] == 1
    assert critic.order(heard, [answers[0], answers[0]]) == [0, 1]


def test_weights_survive_the_disk(tmp_path: Path):
    path = tmp_path / "critic.safetensors"
    save(path, weights.tensors(), {"name": "tiny"})
    pair = _notes(9, 1), _notes(9, 2)
    assert Critic.load(path).score(*pair) == Critic(weights.tensors()).score(*pair)
    assert [*tmp_path.glob("critic.*")] == [path]


def test_what_is_not_ours_is_refused_with_a_sentence(tmp_path: Path):
    path = tmp_path / "critic.safetensors"

    def refused(match: str) -> None:
        with pytest.raises(CriticError, match=match):
            Critic.load(path)

    refused("no critic's weights at")
    whole = weights.tensors()
    save(path, whole, {})
    path.write_bytes(path.read_bytes()[:-20])
    refused("damaged")
    path.write_bytes(b"noise")
    refused("damaged")
    save(path, whole, {"format": "antiphon-critic-0"})
    refused("antiphon-critic-0, not antiphon-critic-1")
    save(path, whole | {"norm.bias": np.full(8, np.nan, dtype=np.float32)}, {})
    refused("not finite")
    for name in whole:
        save(path, {other: tensor for other, tensor in whole.items() if other != name}, {})
        refused("do not fit")
        save(path, whole | {name: np.zeros((*whole[name].shape, 3), dtype=np.float32)}, {})
        refused("do not fit")


@pytest.mark.skipif(not SHIPPED.is_file(), reason="no critic ships")
def test_the_shipped_critic_hears_a_broken_answer():
    critic = Critic.load()
    kind = kind_of(tempo_known=True, turns=True)

    def tune(pitches: list[int], who: int) -> np.ndarray:
        return np.array([
            [0 if n == 0 and who == 0 else 48, pitch, 48, 16, 18 * who,
             1 + 12 * (n % 2), 1 + n // 2 % 4, kind, 0]
            for n, pitch in enumerate(pitches)
        ])  # fmt: skip

    scale = [60, 62, 64, 65, 67, 65, 64, 62]
    heard, answer = tune(scale * 2, 0), tune([64, 65, 67, 69, 67, 65, 64, 62] * 2, 1)
    stuck, jumping = answer.copy(), answer.copy()
    stuck[:, PITCH] = 61
    jumping[:, PITCH] = np.random.default_rng(0).integers(20, 110, len(answer))
    score = critic.score(heard, answer)
    assert score > critic.score(heard, stuck)
    assert score > critic.score(heard, jumping)


def test_drums_and_a_single_note_are_judged_too():
    critic = Critic(weights.tensors())
    drums = _notes(10, 4)
    drums[:, 4] = DRUM_FAMILY
    assert np.isfinite(critic.score(drums, drums))
    assert np.isfinite(critic.score([], drums[:1]))
