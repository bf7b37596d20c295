"""What the window's process never loads, and what it loads only once its session runs."""

import subprocess
import sys

from tests.shared import REPOSITORY

HEAVY = ("numpy", "torch", "numba", "flwr", "matplotlib", "grpc")


def loaded_by(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def test_the_window_and_every_page_load_nothing_heavy() -> None:
    code = (
        "import importlib, pkgutil, gui\n"
        "for found in pkgutil.walk_packages(gui.__path__, 'gui.'):\n"
        "    if not found.name.endswith('__main__'):\n"
        "        importlib.import_module(found.name)"
    )
    loaded = loaded_by(code)
    assert "PySide6.QtWidgets" in loaded
    assert loaded.isdisjoint(HEAVY)


def test_the_session_is_on_its_way_before_qt() -> None:
    loaded = loaded_by("import gui.command, gui.starting, gui.instance, gui.kept")
    assert not any(name.startswith(("PySide6", "shiboken6")) for name in loaded)
    assert loaded.isdisjoint(HEAVY)
