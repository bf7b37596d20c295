"""The gate: what is kept back, and that its bits are those of the model that trains."""

import io
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.adapt.lesson import Scorer, lesson_of
from engine.corpus import Stream, rows_of
from engine.encoding import TICKS_PER_BEAT
from engine.model.checkpoint import load
from federation.formats.lineage import Lineage
from federation.server import blobs
from federation.server.blobs import Folder
from federation.server.gate import STYLE, MusicGate, bits_a_note, verdict
from federation.server.gate_data import canaries, pack
from federation.server.setup import of_weights
from federation.server.trouble import ServerError
from tests.fakes import tiny_prior


def public(seed: int, notes: int = 240) -> Stream:
    """A line of random steps, as the data folder holds music."""
    rng = np.random.default_rng(seed)
    onset = np.arange(notes) * (TICKS_PER_BEAT / 2)
    return Stream(
        piece=f"line {seed}",
        collection="folk",
        onset=onset,
        duration=np.full(notes, TICKS_PER_BEAT / 2),
        pitch=(60 + rng.integers(0, 12, notes)).astype(np.int16),
        velocity=np.full(notes, 80, np.int16),
        bar_tick=(onset % (4 * TICKS_PER_BEAT)).astype(np.int64),
        family=np.full(notes, 1, np.int8),
        phrase=np.zeros(notes, bool),
        tempo_known=True,
        drums=False,
        bpm=120.0,
    )


def _archive(stream: Stream) -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(pack([(STYLE + "folk", stream)])[0]), allow_pickle=False) as found:
        return {name: found[name] for name in found.files}


def _gate(folder: Path, *, music: bool = True) -> tuple[MusicGate, Lineage]:
    prior = tiny_prior.write(folder / "tiny.safetensors")
    lineage, frozen = of_weights(prior)
    store = Folder(folder / "blobs")
    store.put(blobs.frozen(lineage.id), frozen)
    if music:
        groups = [(STYLE + "folk", public(1)), *canaries()]
        store.put(blobs.gate(lineage.id), pack(groups)[0])
    return MusicGate(store, prior, LIMIT), lineage


LIMIT = 0.005
SAME = {"public": 5.0, "style folk": 4.0, "canary beat": 1.0}


def test_what_is_no_worse_passes_and_tells_its_figures() -> None:
    found = verdict(SAME, SAME, {**SAME, "public": 5.02}, LIMIT)
    assert found.reason == ""
    assert found.figures == {
        **SAME, "public": 5.02, "public before": 5.0, "public prior": 5.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("worse", "named"),
    [
        ({"public": 5.03}, "public"),
        ({"style folk": 4.09}, "style folk"),
        ({"canary beat": 1.03}, "canary beat"),
    ],
)
def test_what_is_worse_is_kept_back_and_named(worse: dict[str, float], named: str) -> None:
    found = verdict(SAME, SAME, {**SAME, **worse}, LIMIT)
    assert found.reason.startswith(named)
    assert "% worse" in found.reason


@pytest.mark.parametrize("worse", [{"style folk": 4.07}, {"canary beat": 1.015}])
def test_a_small_part_may_move_more_than_all_of_it(worse: dict[str, float]) -> None:
    assert verdict(SAME, SAME, {**SAME, **worse}, LIMIT).reason == ""


@pytest.mark.parametrize("bits", [math.nan, math.inf])
def test_bits_that_are_no_number_are_kept_back(bits: float) -> None:
    found = verdict(SAME, SAME, {**SAME, "style folk": bits}, LIMIT)
    assert "style folk" in found.reason
    assert found.figures == {}


def test_small_steps_down_do_not_add_up_unseen() -> None:
    """Each version is a little worse than its parent; together they may lose four limits."""
    before, passed = dict(SAME), 0
    while passed < 50:
        after = {**before, "public": before["public"] * 1.004}
        found = verdict(SAME, before, after, LIMIT)
        if found.reason:
            break
        before, passed = after, passed + 1
    assert passed == 4  # 1.004^5 is more than 1.02
    assert "together" in found.reason


def test_bits_are_those_of_the_model_that_trains(tmp_path) -> None:
    """The numpy step of the gate and the network in torch agree on every note."""
    stream = public(seed=3)
    found = bits_a_note(*load(tiny_prior.write(tmp_path / "tiny.safetensors")), _archive(stream))
    scorer = Scorer(tiny_prior.model())
    with torch.no_grad():
        bits = float(scorer.mean_bits(lesson_of([rows_of(stream)]), {}))
    assert found["public"] == pytest.approx(bits, rel=0.02)


def test_the_gate_measures_in_a_process_of_its_own(tmp_path) -> None:
    gate, lineage = _gate(tmp_path)
    nothing = {name: np.zeros(shape, np.float32) for name, shape in lineage.shapes.items()}
    same = gate.judge(lineage, nothing, nothing)
    assert same.reason == ""
    assert same.figures["public"] == same.figures["public before"] == same.figures["public prior"]
    rng = np.random.default_rng(0)
    noise = {
        name: rng.normal(0, 3.0, shape).astype(np.float32) for name, shape in lineage.shapes.items()
    }
    assert gate.judge(lineage, nothing, noise).reason
    assert gate.judge(lineage, noise, noise).reason.startswith("all versions together")


def test_a_gate_without_music_says_what_to_run(tmp_path) -> None:
    gate, lineage = _gate(tmp_path, music=False)
    with pytest.raises(ServerError, match="serve admin gate-data"):
        gate.judge(lineage, {}, {})
