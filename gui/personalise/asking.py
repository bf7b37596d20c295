"""Asks for a file without stopping anything: a file dialog that is not modal.

It refuses to open or write the file: the path goes to whoever asked.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from gui.personalise.shelf import ENDING

Kind = Literal["midi", "import", "export"]
Ask = Callable[[QWidget, Kind, str, Callable[[list[Path]], None]], None]
"""(parent, kind, suggested name, who takes the paths); it may never answer."""
_TITLES: dict[Kind, str] = {
    "midi": "MIDI files to learn from",
    "import": "An exported profile",
    "export": "Export the profile to",
}
_FILTERS: dict[Kind, str] = {
    "midi": "MIDI files (*.mid *.midi *.smf *.kar *.rmi);;All files (*)",
    "import": f"Profiles (*{ENDING});;All files (*)",
    "export": f"Profiles (*{ENDING})",
}


def ask_path(
    parent: QWidget, kind: Kind, suggested: str, take: Callable[[list[Path]], None]
) -> None:
    """A dialog beside the music; it goes by itself."""
    dialog = QFileDialog(parent, _TITLES[kind], "", _FILTERS[kind])
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setModal(False)
    if kind == "export":
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(ENDING.removeprefix("."))
        dialog.selectFile(suggested)
    else:
        many = kind == "midi"
        modes = QFileDialog.FileMode
        dialog.setFileMode(modes.ExistingFiles if many else modes.ExistingFile)
    dialog.filesSelected.connect(lambda paths: take([Path(path) for path in paths]))
    dialog.show()
