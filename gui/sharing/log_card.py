"""The history: every attempt in a table, all of the chosen line below it, the whole as a file.

It refuses to be cleared: only ending sharing for good deletes it, with everything else.
"""

from PySide6.QtCore import QModelIndex, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from gui.sharing.history import History, in_words
from gui.sharing.labels import button, line, show
from gui.sharing.seen import Seen
from gui.sharing.words import breakable
from gui.theme.theme import Theme
from gui.widgets import Card, explain, why_not

NOTHING = "Nothing was ever attempted, so there is no history."
_HEIGHT = 150


class LogCard(Card):
    """See the module."""

    export = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "History", parent)
        self._theme = theme
        self.model = History(self)
        self.table = QTableView()
        self.table.setModel(self.model)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)
        explain(self.table, "History of sharing", "every attempt, the newest first")
        self.table.selectionModel().currentRowChanged.connect(self._chosen)
        self.details = line(role="small")
        self.empty = line(NOTHING, "small")
        self.export_button = button(
            "Save the history…", "all of it, as a table for other programs", self.export.emit
        )
        for part in (self.empty, self.table, self.details, self.export_button):
            self.body.addWidget(part)
        theme.changed.connect(self._resize)
        self._resize()

    def show_seen(self, seen: Seen) -> None:
        """What was attempted so far."""
        self.model.show_log(seen.log, seen.now)
        self.empty.setVisible(not seen.log)
        self.table.setVisible(bool(seen.log))
        if self.table.currentIndex().row() < 0:
            show(self.details, "")
        why_not(self.export_button, "" if seen.log else NOTHING)

    def _chosen(self, now: QModelIndex, _before: QModelIndex) -> None:
        entries = self.model.entries
        words = in_words(entries[now.row()]) if 0 <= now.row() < len(entries) else ""
        show(self.details, breakable(words))

    def _resize(self) -> None:
        self.table.setFixedHeight(self._theme.px(_HEIGHT))
