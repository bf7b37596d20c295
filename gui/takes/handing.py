"""Handing a MIDI file to other programs: dragged, copied, shown in its folder.

The file is there before any of it begins. A drag carries its address and nothing else, and only
ever as a copy: a program that is offered a move may delete the file. It refuses to write files.
"""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject, QPoint, QProcess, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QDrag, QGuiApplication, QPixmap

Execute = Callable[[QDrag], Qt.DropAction]
"""Carries a drag out; tests hand in one that looks at it instead."""

IGNORED_ON_WAYLAND = (
    "The drag did not arrive: this desktop (Wayland) does not pass drags on to every program. "
    "Use Copy file, Save as… or Reveal in folder instead."
)


def mime_of(path: Path) -> QMimeData:
    """What a drag or the clipboard carries of a file: its address alone."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path.absolute()))])
    return mime


def really(drag: QDrag) -> Qt.DropAction:
    """Carry a drag out, as a copy."""
    return drag.exec(Qt.DropAction.CopyAction)


def drag(source: QObject, path: Path, pixmap: QPixmap, execute: Execute = really) -> Qt.DropAction:
    """Drag a file that is there; what the target did with it. Comes back when it is over."""
    made = QDrag(source)
    made.setMimeData(mime_of(path))
    made.setPixmap(pixmap)
    ratio = pixmap.devicePixelRatio()
    made.setHotSpot(QPoint(round(pixmap.width() / ratio / 8), round(pixmap.height() / ratio / 2)))
    return execute(made)


def hint_after(action: Qt.DropAction, environment: Mapping[str, str] | None = None) -> str:
    """What to say after a drag: a way out where this desktop may have swallowed it, else ""."""
    env = os.environ if environment is None else environment
    wayland = (
        QGuiApplication.platformName().startswith("wayland")
        or env.get("XDG_SESSION_TYPE") == "wayland"
    )
    return IGNORED_ON_WAYLAND if wayland and action is Qt.DropAction.IgnoreAction else ""


def copy(path: Path) -> None:
    """Put a file onto the clipboard, to be pasted in a folder or a DAW."""
    QGuiApplication.clipboard().setMimeData(mime_of(path))


def reveal_command(path: Path, platform: str = sys.platform) -> list[str]:
    """The command that shows a file in its folder; none where the desktop is asked instead."""
    if platform == "win32":
        return ["explorer", f"/select,{path}"]
    if platform == "darwin":
        return ["open", "-R", str(path)]
    return []


def reveal(
    path: Path,
    *,
    platform: str = sys.platform,
    start: Callable[[str, list[str]], object] = QProcess.startDetached,
    ask_desktop: Callable[[Path], bool] | None = None,
    open_folder: Callable[[QUrl], bool] = QDesktopServices.openUrl,
) -> bool:
    """Show a file in its folder; whether somebody was there to show it."""
    if command := reveal_command(path, platform):
        return bool(start(command[0], command[1:]))
    if (ask_desktop or _ask_file_manager)(path):
        return True
    return open_folder(QUrl.fromLocalFile(str(path.parent)))


def _ask_file_manager(path: Path) -> bool:
    """Ask the desktop's file manager over D-Bus; it chooses the file in its folder."""
    from PySide6.QtDBus import QDBusConnection, QDBusMessage

    bus = QDBusConnection.sessionBus()
    if not bus.isConnected():
        return False
    names = bus.interface().registeredServiceNames().value()
    activatable = bus.interface().activatableServiceNames().value()
    name = "org.freedesktop.FileManager1"
    if name not in names and name not in activatable:
        return False
    place = "/org/freedesktop/FileManager1"
    message = QDBusMessage.createMethodCall(name, place, name, "ShowItems")
    message.setArguments([[path.absolute().as_uri()], ""])
    return bus.send(message)
