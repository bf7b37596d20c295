"""Off is off in the window, too: seen from outside, in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.shared import REPOSITORY

CODE = """
import json, os, sys
from pathlib import Path
seen = {"sockets": [], "written": [], "children": []}
data = sys.argv[1]

def watch(event, args):
    if event.startswith("socket."):
        seen["sockets"].append(event)
    elif event == "subprocess.Popen":
        seen["children"].append(str(args[0]))
    elif event == "open" and str(args[0]).startswith(data + os.sep + "sharing"):
        if args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            seen["written"].append(args[0])
    elif event in ("os.mkdir", "os.rename") and str(args[0]).startswith(data + os.sep + "sharing"):
        seen["written"].append(str(args[0]))

from PySide6.QtWidgets import QApplication
app = QApplication(["antiphon"])
sys.addaudithook(watch)
from gui import background
from gui.keeping import Keeping
from gui.kept import Kept
from gui.parts import make_parts
from gui.theme.theme import Theme
from gui.voice.feed import VoiceFeed
from gui.window import MainWindow
from tests.gui.fakes import FakeBridge
keeping = Keeping(Path(data) / "window.json", Kept())
parts = make_parts(FakeBridge(), Theme(app), keeping, VoiceFeed())
window = MainWindow(parts)
window.show()

def turn():
    for _ in range(50):
        background.finish()
        app.processEvents()

def loaded():
    heads = {name.partition(".")[0] for name in sys.modules}
    return sorted(heads & {"federation", "httpx", "torch", "numpy", "cryptography", "keyring",
        "safetensors", "flwr"})

turn()
before = loaded()
parts.sharing.tick()
turn()
if sys.argv[2] == "open":
    parts.actions["sharing"].trigger()
    turn()
    says = window.docks["sharing"].widget().cards.state.says.text()
    trouble = window.docks["sharing"].widget().cards.state.trouble.text()
else:
    says = trouble = ""
after = loaded()
parts_of = sorted(name for name in sys.modules if name.startswith("federation."))
window.close()
turn()
print(json.dumps(seen | {"before": before, "after": after, "says": says, "trouble": trouble,
    "parts": parts_of, "files": sorted(p.name for p in Path(data).rglob("*sharing*"))}))
"""


def outside(data: Path, how: str, **environment: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(data), how],
        cwd=REPOSITORY,
        env={**os.environ, "ANTIPHON_DATA": str(data), "QT_QPA_PLATFORM": "offscreen"}
        | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.slow
def test_a_window_whose_dock_was_never_opened_knows_nothing_of_sharing(data_folder: Path) -> None:
    found = outside(data_folder, "shut")
    assert found["before"] == []
    assert "federation" not in " ".join(found["parts"]), "a tick of the clock loads nothing either"
    assert found["sockets"] == found["written"] == found["children"] == found["files"] == []


@pytest.mark.slow
def test_an_opened_dock_says_that_it_is_off_and_touches_nothing(data_folder: Path) -> None:
    found = outside(data_folder, "open")
    assert found["says"] == "Sharing is off. Nothing is worked out, kept or sent."
    assert found["before"] == []
    assert found["after"] == ["federation"], "no network, no keys, no numbers"
    assert not set(found["parts"]) & {
        "federation.client.mailbox", "federation.client.keys", "federation.client.training",
        "federation.client.tasks", "federation.formats",
    }  # fmt: skip
    assert found["sockets"] == found["written"] == found["children"] == found["files"] == []


@pytest.mark.slow
def test_the_environment_switches_it_off_and_the_dock_says_so(data_folder: Path) -> None:
    found = outside(data_folder, "open", ANTIPHON_NO_SHARING="1")
    assert found["trouble"].startswith("Sharing is switched off by ANTIPHON_NO_SHARING")
    assert found["sockets"] == found["written"] == found["children"] == found["files"] == []
