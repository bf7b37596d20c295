"""What a player loads of sharing is light, and nobody loads Flower by importing the tier."""

import subprocess
import sys

import pytest

from tests.shared import REPOSITORY

HEAVY = ("torch", "scipy", "fastapi", "sqlalchemy", "dp_accounting", "flwr", "grpc", "httpx")
PROBE = """
import importlib, pkgutil, sys
for name in sys.argv[1].split(","):
    module = importlib.import_module(name)
    for found in pkgutil.walk_packages(getattr(module, "__path__", ()), name + "."):
        importlib.import_module(found.name)
print(*sorted(set(sys.argv[2].split(",")) & set(sys.modules)))
"""


@pytest.mark.parametrize(
    "names",
    [
        "federation.formats",
        "federation.aggregate",
        "federation.flower.tier,federation.flower.simulation,federation.flower.dealing",
    ],
)
def test_importing_it_loads_nothing_heavy(names: str):
    done = subprocess.run(
        [sys.executable, "-c", PROBE, names, ",".join(HEAVY)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.split() == []
