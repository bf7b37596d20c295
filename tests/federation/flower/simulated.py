"""A world small enough to be simulated, and the comparison itself, as a program: prints JSON.

Players learn towards a point of their own, so that every number depends on who took part and how
much each of them counts. It runs in a process of its own because ray leaves threads behind.
"""

import json
import sys

import numpy as np

from federation.aggregate.descent import FedAvgM
from federation.aggregate.version import How
from federation.flower.simulation import World, plainly, through_flower
from federation.formats.delta import Vector
from tests.federation.formats.stage import SMALL


def train(player: int, model: Vector) -> tuple[Vector, int]:
    """Half of the way to the player's own point; on 100, 500, 2500... notes."""
    point = np.random.default_rng(player).normal(size=SMALL.size).astype(np.float32)
    return (point - model) * np.float32(0.5), 100 * 5 ** (player % 4)


WORLD = World(SMALL, 6, train, How(limit=1.5, server=FedAvgM(0.7, 0.5)))


if __name__ == "__main__":
    plain, flower = plainly(WORLD, 3), through_flower(WORLD, 3)
    off = max(float(np.abs(a - b).max()) for a, b in zip(plain, flower, strict=True))
    far = float(np.abs(plain[-1]).max())
    print(json.dumps({"versions": len(flower), "off": off, "far": far}), file=sys.stdout)
