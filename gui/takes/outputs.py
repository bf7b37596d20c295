"""The ways out of a take: the file, the picture, the score; each is made in a worker.

What was asked for is done when the file is there, and told in a sentence. It refuses to ask
anything while it works: where to save is asked before, without stopping the window.
"""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from gui.roll.mini import save_picture
from gui.takes import handing
from gui.takes.exports import Exports
from gui.takes.librarian import Librarian
from gui.takes.pictures import read_picture
from gui.theme.theme import Theme
from plugin.takes import Take, TakeLibrary, export_stem

AskWhere = Callable[[str, str, str, Callable[[Path], None]], None]
"""(title, suggested name, filter, what to do with the chosen path)"""
MIDI_FILES = "MIDI files (*.mid)"
PICTURES = "Pictures (*.png *.svg)"


class Outputs(QObject):
    """See the module. told: what was done; failed: what could not, both sentences. Thread: GUI."""

    told = Signal(str)
    wrote = Signal(object)
    """The path of a file that can be shown in its folder."""
    failed = Signal(str)

    def __init__(
        self,
        librarian: Librarian,
        exports: Exports,
        theme: Theme,
        parent: QWidget,
        ask_where: AskWhere | None = None,
    ) -> None:
        super().__init__(parent)
        self._librarian, self._exports, self._theme = librarian, exports, theme
        self._window = parent
        self.ask_where = ask_where or self._dialog
        self.clipboard_copy: Callable[[Path], None] = handing.copy
        self.show_in_folder: Callable[[Path], bool] = handing.reveal

    def write(self, take: Take, then: Callable[[Path], object]) -> None:
        """Have the take's file written into the folder of exports, and go on with it."""

        def question(library: TakeLibrary) -> Path:
            return self._exports.write(library, take.id)

        self._librarian.ask(question, then, self.failed.emit)

    def export(self, take: Take) -> None:
        """Write it and say where."""

        def then(path: Path) -> None:
            self.told.emit(f"Written: {path.name} in {path.parent}.")
            self.wrote.emit(path)

        self.write(take, then)

    def copy(self, take: Take) -> None:
        """Write it and put it onto the clipboard."""

        def then(path: Path) -> None:
            self.clipboard_copy(path)
            self.told.emit(f"Copied: {path.name}. Paste it in a folder, or in your DAW.")

        self.write(take, then)

    def reveal(self, take: Take) -> None:
        """Write it and show it in its folder."""
        self.write(take, self.reveal_path)

    def reveal_path(self, path: Path) -> None:
        """Show a file in its folder."""
        if not self.show_in_folder(path):
            self.failed.emit(f"No file manager answered: the file is {path}.")

    def save_as(self, take: Take) -> None:
        """Ask where, then write the same bytes there."""

        def chosen(path: Path) -> None:
            def question(library: TakeLibrary) -> Path:
                return self._exports.write_to(library, take.id, path)

            self._librarian.ask(question, self.saved, self.failed.emit)

        self.ask_where("Save the take as", f"{export_stem(take)}.mid", MIDI_FILES, chosen)

    def picture(self, take: Take) -> None:
        """Ask where, then write the piano roll as PNG or SVG."""
        palette = self._theme.palette

        def chosen(path: Path) -> None:
            target = path if path.suffix.lower() in (".png", ".svg") else Path(f"{path}.png")

            def question(library: TakeLibrary) -> Path:
                found = read_picture(library, take)
                return save_picture(target, found.player, found.partner, palette, bars=found.bars)

            self._librarian.ask(question, self.saved, self.failed.emit)

        self.ask_where("Save the picture as", f"{export_stem(take)}.png", PICTURES, chosen)

    def saved(self, path: Path) -> None:
        """A file was written where the player said."""
        self.told.emit(f"Saved: {path.name} in {path.parent}.")
        self.wrote.emit(path)

    def _dialog(self, title: str, name: str, kinds: str, then: Callable[[Path], None]) -> None:
        """The system's file dialog, beside the window: panic stays within reach."""
        dialog = QFileDialog(self._window, title, str(Path.home() / name), kinds)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setFileMode(QFileDialog.FileMode.AnyFile)
        dialog.selectFile(name)
        dialog.setModal(False)
        dialog.fileSelected.connect(lambda path: then(Path(path)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.show()
