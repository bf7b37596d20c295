"""The Sharing dock: cards in a column that scrolls. Off until the player says so, in two steps.

    sharing          off, looking or on; pause, turn off, end for good       state_card
    the question     the text that a yes refers to, two equal buttons        read_card
    what may teach   takes, none ticked at first                             teach_card
    each time        asked or not, mains, weekly cap, budget                 choices_card
    what would be sent   number by number, before anything leaves            sheet_card
    better versions  what others taught, with its own switch                 receive_card
    server           with whom                                               server_card
    history          every attempt                                           log_card

It composes and wires, and refuses to do anything itself. A dock that was never shown reads nothing.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from gui.personalise.again import Again
from gui.personalise.choosing import TakeRow, read_takes
from gui.sharing.asking import AskWhere, ask_where
from gui.sharing.cards import make_cards
from gui.sharing.desk import SharingDesk, local_now, sentence_of
from gui.sharing.flow import SharingFlow
from gui.sharing.labels import line, show
from gui.sharing.teaching import Teaching
from gui.state import JamState
from gui.theme.theme import Theme

LOOKING = "How sharing stands is being looked at: a moment."


class _Column(QScrollArea):
    """Never narrower than what is in it, so that nothing is cut off at any scale."""

    def __init__(self, inside: QWidget) -> None:
        super().__init__()
        self._inside = inside
        self.setWidgetResizable(True)
        self.setWidget(inside)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # it follows the focus of what is in it

    def minimumSizeHint(self) -> QSize:
        """As wide as what is inside must be, with the bar beside it; not as high."""
        edge = self.verticalScrollBar().sizeHint().width() + 2 * self.frameWidth()
        wide = self._inside.minimumSizeHint().width() + edge
        return QSize(wide, super().minimumSizeHint().height())


class SharingDock(QWidget):
    """See the module. not_now: the player wants no more of it. Thread: the GUI's."""

    not_now = Signal()

    def __init__(
        self,
        state: JamState,
        theme: Theme,
        desk: SharingDesk,
        teaching: Teaching,
        *,
        library: Path,
        now: Callable[[], datetime] = local_now,
        ask: AskWhere = ask_where,
        parent: QWidget | None = None,
    ) -> None:
        """library: the file of takes. now: with its zone."""
        super().__init__(parent)
        self._state, self._desk, self._library = state, desk, library
        self._stood = False
        self.note = line(LOOKING, "soft")
        self.cards = make_cards(theme, now)
        self.flow = SharingFlow(
            desk, teaching, self.cards, lambda title, name, take: ask(self, title, name, take), self
        )
        self._takes = Again(self, self._reading, self._show_takes, self._cannot_read)
        self.cards.read.not_now.connect(self.not_now)
        self.flow.noted.connect(self._note)
        self.flow.look_at.connect(self._look_at)
        desk.seen_changed.connect(self._seen)
        state.take_saved.connect(self._takes_changed)
        state.take_marked.connect(self._takes_changed)
        self._lay_out(theme)
        self.setAccessibleName("Sharing")

    def showEvent(self, event: QShowEvent) -> None:
        """Somebody looks: so is looked."""
        super().showEvent(event)
        self._desk.look()

    def _lay_out(self, theme: Theme) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        theme.spaced(column, 8, 8)
        column.addWidget(self.note)
        for card in self.cards.all:
            column.addWidget(card)
        column.addStretch(1)
        self._area = _Column(inside)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._area)
        theme.changed.connect(self._area.updateGeometry)

    @Slot(object)
    def _seen(self, seen: object) -> None:
        self._area.updateGeometry()
        if not self._stood:
            self._stood = True
            if self.note.text() == LOOKING:
                show(self.note, "")
        self._takes_changed()

    @Slot(str, bool)
    def _note(self, says: str, good: bool) -> None:
        show(self.note, says, "good" if good else "warn")
        self.note.setAccessibleName(says)
        if says:
            self._look_at(self.note)

    @Slot(object)
    def _look_at(self, part: QWidget) -> None:
        # As soon as what became visible has its place.
        QTimer.singleShot(0, part, lambda: self._area.ensureWidgetVisible(part, 0, 0))

    # -- takes --

    @Slot()
    def _takes_changed(self, *_: object) -> None:
        """The library holds other takes; they are read only where they can be ticked."""
        if self._desk.seen is not None and self._desk.seen.status.stage != "off":
            self._takes.wish()

    def _reading(self) -> Callable[[], tuple[TakeRow, ...]]:
        library = self._library
        return lambda: read_takes(library)

    def _show_takes(self, rows: tuple[TakeRow, ...]) -> None:
        self.cards.teach.show_takes(rows)
        if self._desk.seen is not None:
            self.cards.teach.show_seen(self._desk.seen)

    def _cannot_read(self, error: Exception) -> None:
        self._state.say(sentence_of(error))
