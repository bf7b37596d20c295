"""Sharing is off: importing the package sends nothing and forbids Flower to."""

import os
import subprocess
import sys

from tests.shared import REPOSITORY

# An audit hook sees every socket of the interpreter, whichever module opens it.
PROBE = """
import sys
seen = []
sys.addaudithook(lambda event, args: seen.append(event) if event.startswith("socket.") else None)
import federation
import os, json
print(json.dumps({
    "sockets": seen,
    "modules": sorted({"flwr", "grpc", "socket"} & set(sys.modules)),
    "switches": {name: os.environ[name] for name in os.environ if name.startswith("FLWR_")},
}))
"""


def _probe(**environment: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", PROBE],
        cwd=REPOSITORY,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    ).stdout


def test_import_opens_no_socket_and_switches_flower_off():
    assert _probe() == (
        '{"sockets": [], "modules": [], "switches": {"FLWR_TELEMETRY_ENABLED": "0", '
        '"FLWR_DISABLE_UPDATE_CHECK": "1", "FLWR_DISABLE_RUNTIME_DEPENDENCY_INSTALLATION": "1"}}\n'
    )


def test_the_switches_win_over_the_users_environment():
    assert '"FLWR_TELEMETRY_ENABLED": "0"' in _probe(FLWR_TELEMETRY_ENABLED="1")
    assert '"FLWR_DISABLE_UPDATE_CHECK": "1"' in _probe(FLWR_DISABLE_UPDATE_CHECK="0")
