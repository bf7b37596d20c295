"""The real trainer process, killed in the middle: the profile is whole, the next one ends it."""

import multiprocessing
import os
import random
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pytest

from engine.adapt import trainer
from engine.learning import FromTrainer, Learned, LearnProgress, LearnRequest
from engine.profile.store import ProfileStore
from tests.engine.adapt.stage import habit, piece, request
from tests.fakes import tiny_prior

pytestmark = pytest.mark.slow

WAIT_S = 90.0


def _serve(pipe: Connection) -> None:
    """The trainer, but as important as the tests: at its own priority a busy machine starves it."""
    os.nice = lambda _: 0
    trainer.THREADS = 1
    trainer.run(pipe)


def _ask(asked: LearnRequest, *, kill_after: int | None = None) -> list[FromTrainer]:
    """What the process says; it is killed after so many messages."""
    context = multiprocessing.get_context("spawn")
    ours: Connection
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    told: list[FromTrainer] = []
    try:
        ours.send(asked)
        while kill_after is None or len(told) < kill_after:
            assert ours.poll(WAIT_S), "nothing more is said"
            told.append(ours.recv())
            if not isinstance(told[-1], LearnProgress):
                break
    finally:
        if kill_after is not None:
            process.kill()
        ours.close()
        process.join(WAIT_S)
    assert kill_after is not None or process.exitcode == 0
    return told


def test_kills_lose_nothing_and_the_next_run_ends_it(tmp_path: Path):
    weights = tiny_prior.write(tmp_path / "tiny.safetensors")
    folder = tmp_path / "profiles"
    ProfileStore(folder).create("you")
    asked = request(folder, weights, piece(habit(60)), profile="you", seconds=1000.0)
    rng, furthest = random.Random(5), 0
    for kill_after in (rng.randrange(1, 4), rng.randrange(6, 12)):
        told = _ask(asked, kill_after=kill_after)
        first = told[0]
        assert isinstance(first, LearnProgress)
        assert first.step > furthest, "what was done is not redone"
        furthest += (first.step - 1 - furthest + kill_after) // 5 * 5
        profile = ProfileStore(folder).open("you")
        assert (profile.says, profile.version, profile.record.versions) == ((), None, ())
    *steps, last = _ask(asked)
    assert isinstance(last, Learned)
    assert last.kept
    first = steps[0]
    assert isinstance(first, LearnProgress)
    assert first.step > 1
    whole = tmp_path / "whole"
    ProfileStore(whole).create("you")
    (*_, expected) = _ask(request(whole, weights, piece(habit(60)), profile="you", seconds=1000.0))
    assert isinstance(expected, Learned)
    assert (last.before_bits, last.after_bits) == (expected.before_bits, expected.after_bits)
    one, other = (ProfileStore(path).open("you").adapter for path in (folder, whole))
    assert one is not None
    assert other is not None
    assert all(np.array_equal(one.tensors[name], t) for name, t in other.tensors.items())
