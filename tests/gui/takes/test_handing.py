"""Files for other programs: what is shown in its folder, and how, on each system."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl

from gui.takes import handing


def test_windows_and_mac_are_asked_by_their_own_programs(tmp_path: Path) -> None:
    started: list[tuple[str, list[str]]] = []

    def start(program: str, arguments: list[str]) -> bool:
        started.append((program, arguments))
        return True

    path = tmp_path / "Blue 96bpm.mid"
    for platform in ("win32", "darwin"):
        assert handing.reveal(path, platform=platform, start=start)
    assert started == [("explorer", [f"/select,{path}"]), ("open", ["-R", str(path)])]


@pytest.mark.parametrize("manager", [True, False])
def test_elsewhere_the_file_manager_chooses_the_file_or_the_folder_is_opened(
    tmp_path: Path, manager: bool
) -> None:
    asked: list[Path] = []
    opened: list[QUrl] = []

    def ask_desktop(path: Path) -> bool:
        asked.append(path)
        return manager

    def open_folder(url: QUrl) -> bool:
        opened.append(url)
        return False

    path = tmp_path / "Blue.mid"
    shown = handing.reveal(path, platform="linux", ask_desktop=ask_desktop, open_folder=open_folder)
    assert asked == [path]
    assert shown == manager
    assert opened == ([] if manager else [QUrl.fromLocalFile(str(tmp_path))])


@pytest.mark.parametrize(
    ("action", "session", "hinted"),
    [
        (Qt.DropAction.IgnoreAction, "wayland", True),
        (Qt.DropAction.CopyAction, "wayland", False),
        (Qt.DropAction.IgnoreAction, "x11", False),
        (Qt.DropAction.IgnoreAction, None, False),
    ],
)
def test_only_a_drag_that_wayland_may_have_swallowed_is_explained(
    action: Qt.DropAction, session: str | None, hinted: bool
) -> None:
    environment = {} if session is None else {"XDG_SESSION_TYPE": session}
    assert bool(handing.hint_after(action, environment)) == hinted


def test_the_address_survives_names_of_all_kinds(tmp_path: Path) -> None:
    for name in ("Bœuf 🎷 96bpm.mid", "a#b%20c.mid", "x y.mid"):
        (url,) = handing.mime_of(tmp_path / name).urls()
        assert Path(url.toLocalFile()) == tmp_path / name
