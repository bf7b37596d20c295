"""A machine and a server, for every test of the client that takes them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from federation.formats.shared import nothing_learnt
from tests.federation.client.gateway import Gateway, serving
from tests.federation.client.stage import Machine, lineage, weights


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "data", weights(tmp_path / "weights"))


@pytest.fixture
def gateway(tmp_path: Path, machine: Machine) -> Iterator[Gateway]:
    """With one version, in which nothing is learnt."""
    made = Gateway(lineage(machine.weights))
    made.publish(nothing_learnt(made.lineage))
    with serving(made, tmp_path) as running:
        yield running
