"""Flower's simulation and a plain loop end with the same model: one code, two ways to run it."""

import importlib.util
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from federation.flower.simulation import SimulationError, World, contribution, plainly
from federation.formats.delta import as_vector, decode, norm
from tests.federation.flower.simulated import WORLD
from tests.federation.formats.stage import SMALL
from tests.shared import REPOSITORY

HAS_RAY = all(importlib.util.find_spec(name) is not None for name in ("flwr", "ray"))


def test_a_contribution_is_the_file_that_would_travel():
    found = decode(contribution(WORLD, 3, np.zeros(SMALL.size, np.float32), 2), SMALL)
    assert (found.from_version, found.notes) == (2, 4096)
    assert norm(as_vector(found.tensors)) <= WORLD.how.limit * 1.001


def test_the_model_goes_where_most_of_the_music_is():
    models = plainly(WORLD, 12)
    points = [np.random.default_rng(n).normal(size=SMALL.size) for n in range(WORLD.players)]
    assert not models[0].any()
    most = points[3]  # 12,500 notes; nobody else has more than 2,500
    assert norm(models[-1] - most) < 0.8 * norm(most)


def test_a_player_who_sends_nothing_ends_it():
    def mute(player: int, model: np.ndarray) -> tuple[np.ndarray, int]:
        raise SimulationError("Player 0 has no takes; choose another.")

    with pytest.raises(SimulationError, match="no takes"):
        plainly(World(SMALL, 1, mute, WORLD.how), 1)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(
    not HAS_RAY, reason="ray is not installed (225 MB): pip install 'flwr[simulation]==1.41.0'"
)
def test_flowers_simulation_ends_with_the_same_model():
    done = subprocess.run(
        [sys.executable, "-m", "tests.federation.flower.simulated"],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=540,
        check=True,
    )
    found = json.loads(done.stdout.strip().splitlines()[-1])
    assert found["versions"] == 4
    assert found["far"] > 0.1
    assert found["off"] <= 1e-6
