"""The Personalise dock: five cards in a column that scrolls, and what is dropped on them.

    partner of       who it is, back to the original     profile_card, profile_flow
    learn from       takes and files, enough or not      choose_card, learn_flow
    learning         progress, curve, keep or drop       learn_card
    listen           two hidden answers, one choice      blind_card, blind_flow
    versions         all that was learnt, undo, redo     versions_card

It composes and wires, and refuses to do anything itself. A dock that was never shown reads nothing.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from random import Random

from PySide6.QtCore import QCoreApplication, QMimeData, Qt, Slot
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QShowEvent
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from engine.profile.names import profiles_folder
from gui.actions import Actions
from gui.bridge import Bridge
from gui.personalise.answers import FOLDER
from gui.personalise.asking import Ask, ask_path
from gui.personalise.blind_card import BlindCard
from gui.personalise.blind_flow import BlindFlow
from gui.personalise.choose_card import ChooseCard
from gui.personalise.learn_card import LearnCard
from gui.personalise.learn_flow import LearnFlow
from gui.personalise.partnership import Partnership
from gui.personalise.profile_card import ProfileCard
from gui.personalise.profile_flow import ProfileFlow
from gui.personalise.shelf import ENDING, Shelf
from gui.personalise.versions_card import VersionsCard
from gui.state import JamState
from gui.theme.theme import Theme
from gui.undo import UndoStack
from plugin.files import data_folder
from plugin.takes import library_path

NO_FILES = "That is no file of this computer: save it first, then drop the file."


def _now() -> datetime:
    return datetime.now().astimezone()


class Personalise(QWidget):
    """See the module. Thread: the GUI's."""

    def __init__(
        self,
        state: JamState,
        bridge: Bridge,
        theme: Theme,
        actions: Actions,
        *,
        data: Path | None = None,
        shelf: Shelf | None = None,
        rng: Random | None = None,
        now: Callable[[], datetime] = _now,
        ask: Ask = ask_path,
        undo: UndoStack | None = None,
        parent: QWidget | None = None,
    ) -> None:
        """data: the data folder, by default the user's. rng: for what is hidden. now: with zone.

        undo: the window's, so that one key takes back everything.
        """
        super().__init__(parent)
        self._state, self._ask = state, ask
        data = data_folder(data)
        folder, library = profiles_folder(data), library_path(data)
        self._shelf = shelf or Shelf(folder)
        self._read = False
        self.profile_card = ProfileCard(theme)
        self.choose_card = ChooseCard(theme, now)
        self.learn_card = LearnCard(theme)
        self.blind_card = BlindCard(theme)
        self.versions_card = VersionsCard(theme, now)
        self.partnership = Partnership(state, bridge, self)
        self.profiles = ProfileFlow(
            state,
            self.partnership,
            self._shelf,
            self.profile_card,
            self.versions_card,
            ask,
            undo or UndoStack(state, bridge, self),
            self,
        )
        self.learning = LearnFlow(
            state,
            bridge,
            self.profiles,
            self.choose_card,
            self.learn_card,
            library=library,
            folder=folder,
            parent=self,
        )
        self.listening = BlindFlow(
            state,
            bridge,
            self.profiles,
            self.choose_card,
            self.blind_card,
            rng=rng or Random(),
            folder=data / FOLDER,
            parent=self,
        )
        self.choose_card.add_files.connect(self._ask_files)
        self._lay_out(theme)
        if (app := QCoreApplication.instance()) is not None:
            app.aboutToQuit.connect(self.close_down)
        self.setAcceptDrops(True)
        self.setAccessibleName("Personalise")

    def choose_takes(self, ids: Iterable[str]) -> None:
        """Tick these takes and no others, as when they were chosen in the takes panel."""
        self.learning.choose_takes(ids)

    def add_files(self, paths: Iterable[str | Path]) -> None:
        """MIDI files or folders to learn from, ticked; an exported profile is imported."""
        files = [str(path) for path in paths]
        profiles = [path for path in files if path.casefold().endswith(ENDING)]
        self.choose_card.model.add_files([path for path in files if path not in profiles])
        if profiles:
            self.profiles.take_in(Path(profiles[0]))

    @Slot()
    def close_down(self) -> None:
        """The window closes: nothing that was only for listening, or deleted, stays on the disk."""
        self.listening.close_down()
        self._shelf.empty_bin()

    def showEvent(self, event: QShowEvent) -> None:
        """Read takes and profiles when they are first looked at."""
        super().showEvent(event)
        if not self._read:
            self._read = True
            self.profiles.refresh()
            self.learning.takes_changed()
            self.learning.recount()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Whatever has an address may be dropped; what it is, is said afterwards."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Anywhere on the dock."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Files to learn from."""
        paths = local_files(event.mimeData())
        if paths:
            self.add_files(paths)
        else:
            self._state.say(NO_FILES)
        event.acceptProposedAction()

    def _ask_files(self) -> None:
        self._ask(self, "midi", "", self.add_files)

    def _lay_out(self, theme: Theme) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        theme.spaced(column, 8, 8)
        for card in (
            self.profile_card,
            self.choose_card,
            self.learn_card,
            self.blind_card,
            self.versions_card,
        ):
            column.addWidget(card)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(inside)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # it follows the focus of what is in it
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(area)


def local_files(data: QMimeData) -> list[str]:
    """Paths of the files of this computer in what was dropped."""
    return [url.toLocalFile() for url in data.urls() if url.isLocalFile()]
