"""Asks where to save, without stopping anything: a file dialog that is not modal.

It refuses to write: the path goes to whoever asked.
"""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

AskWhere = Callable[[QWidget, str, str, Callable[[Path], None]], None]
"""(parent, title, suggested name, who takes the path); it may never answer."""


def ask_where(parent: QWidget, title: str, name: str, take: Callable[[Path], None]) -> None:
    """A dialog beside the music; it goes by itself."""
    dialog = QFileDialog(parent, title)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setModal(False)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix(Path(name).suffix.removeprefix("."))
    dialog.selectFile(name)
    dialog.filesSelected.connect(lambda paths: take(Path(paths[0])))
    dialog.show()
