"""The run-time twin of the import contracts: what is in sys.modules after the real imports.

import-linter reads source; it does not see that importing a module runs its package's __init__,
nor what a library pulls in. The last test proves that the linter itself still catches a breach.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shared import REPOSITORY

HEAVY = ("torch", "numpy", "matplotlib", "PySide6", "shiboken6", "flwr", "grpc")
WATCHED = ("plugin", "engine", "gui", "federation")

REAL_TIME = (
    "plugin.session",
    "plugin.ports",
    "plugin.protocol",
    "plugin.realtime",
    "engine.events",
    "engine.api",
    "engine.limits",
    "engine.scales",
    "engine.smf.song",
    "engine.learning",
)
ENGINE_PROCESS = (
    "engine.worker",
    "engine.planner",
    "engine.context",
    "engine.pupil",
    "engine.appraising",
    "engine.answering",
    "engine.rework",
    "engine.key.finder",
    "engine.encoding",
    "engine.sampling",
    "engine.model.fast",
    "engine.weights",
    "engine.profile",
    "engine.memory",
    "engine.taste",
    "engine.quote.meter",
    "engine.critic.network",
    "engine.critic.rows",
    "engine.adapt.adapter",
)

PROBE = """
import importlib, pkgutil, sys
names, banned = sys.argv[1].split(","), sys.argv[2].split(",")
for name in names:
    module = importlib.import_module(name)
    for found in pkgutil.walk_packages(getattr(module, "__path__", ()), name + "."):
        importlib.import_module(found.name)
print(*sorted(set(banned) & set(sys.modules)))
"""


def _reached(names: tuple[str, ...], banned: tuple[str, ...]) -> list[str]:
    """Banned modules that are loaded after importing `names` and their sub-modules."""
    run = subprocess.run(
        [sys.executable, "-c", PROBE, ",".join(names), ",".join(banned)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.split()


def test_the_real_time_path_loads_nothing_heavy():
    assert _reached(REAL_TIME, (*HEAVY, "engine.model", "engine.worker")) == []


def test_the_command_line_loads_nothing_heavy():
    assert _reached(("plugin.cli",), ("torch", "matplotlib", "PySide6", "flwr", "grpc")) == []


def test_the_session_process_of_a_window_loads_nothing_heavy():
    names = ("plugin.served", "plugin.wiring", "plugin.compose", "engine.worker")
    assert _reached((*names, "engine.adapt.trainer", "engine.comparing"), HEAVY) == []


def test_the_window_loads_nothing_heavy():
    banned = tuple(name for name in HEAVY if name not in ("PySide6", "shiboken6"))
    assert _reached(("gui.app", "gui.window", "gui.parts"), (*banned, "numba", "httpx")) == []


def test_the_engine_process_loads_no_torch():
    assert _reached(ENGINE_PROCESS, ("torch", "matplotlib", "PySide6", "flwr", "grpc")) == []


def test_the_probe_does_see_what_is_loaded():
    assert _reached(("engine.encoding",), HEAVY) == ["numpy"]


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    script = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [str(script), "--no-cache", "--no-logo"],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def project_copy(tmp_path: Path) -> Path:
    """The sources and their contracts, to be broken."""
    for name in WATCHED:
        shutil.copytree(
            REPOSITORY / name,
            tmp_path / name,
            ignore=lambda _, names: [n for n in names if "." in n and not n.endswith(".py")],
        )
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.mark.slow
def test_the_linter_catches_planted_breaches(project_copy: Path):
    clean = _lint(project_copy)
    assert clean.returncode == 0, clean.stdout + clean.stderr

    breaches = {
        "engine/planted.py": "import plugin.ports\n",
        "plugin/realtime/planted.py": "def late():\n    import numpy\n    return numpy\n",
        "plugin/planted.py": "import engine.planner\nimport rtmidi\nimport PySide6.QtCore\n",
        "engine/sampling/planted.py": "import torch\n",
        "federation/client/planted.py": "import flwr\nimport fastapi\n",
    }
    for path, text in breaches.items():
        (project_copy / path).write_text(text)
    broken = _lint(project_copy)
    assert broken.returncode != 0
    for contract in (
        "Folders point one way",
        "The real-time path never reaches torch, Qt or the network",
        "Only the composition root knows the engine",
        "Qt stays in gui",
        "The MIDI library stays behind its backend",
        "The engine answers without torch",
        "Only the federation's Flower tier knows Flower",
        "A player's machine never loads the server",
    ):
        assert f"{contract} BROKEN" in broken.stdout, broken.stdout
