"""Which takes may teach the shared model: a list with ticks, none of them ticked at first.

A tick keeps a copy of the player's side of that take for sharing alone; taking it off deletes the
copy, with whatever was worked out from it. It refuses to tick anything by itself.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtWidgets import QListView, QListWidget, QListWidgetItem, QWidget

from gui.personalise.checklist import Checklist
from gui.personalise.choosing import TakeRow
from gui.sharing.labels import button, line
from gui.sharing.seen import Seen
from gui.takes.words import counted
from gui.theme.theme import Theme
from gui.widgets import Card, explain, why_not

NO_TAKES = "There are no takes yet: play something first."
NONE_TEACH = "None may teach: all of them are private."
NOT_CHOSEN = "Choose one in the list first."
SAYS = "All takes are private, but for those that you tick. Nothing of it leaves this computer."
_LIST_HEIGHT, _OTHERS_HEIGHT = 150, 70


class TeachCard(Card):
    """See the module. changed: these takes are to teach, or to be private again."""

    changed = Signal(object, bool)
    """(ids of takes, whether they may teach)"""
    remove = Signal(str)
    """Id of a piece that is no take of the library."""

    def __init__(
        self, theme: Theme, now: Callable[[], datetime], parent: QWidget | None = None
    ) -> None:
        super().__init__(theme, "What may teach", parent)
        self._theme = theme
        self._teach: frozenset[str] = frozenset()
        self._known: dict[str, str] = {}
        self.model = Checklist(now, self)
        self.model.chosen_changed.connect(self._ticked)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setUniformItemSizes(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.doubleClicked.connect(self._toggle)
        explain(self.list, "Takes that may teach the shared model", "Space ticks a row")
        self.count = line(role="small")
        self.none = button("None", "makes every take private again", self._none)
        self.others_says = line("And pieces that are no takes of this library:", "small")
        self.others = QListWidget()
        self.others.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        explain(self.others, "Other pieces that may teach", "files, and takes that were deleted")
        self.others.currentRowChanged.connect(lambda _row: self._allow())
        self.take_off = button("Remove this piece", "it no longer teaches", self._remove)
        for part in (
            line(SAYS, "small"), self.list, self.count, self.none,
            self.others_says, self.others, self.take_off,
        ):  # fmt: skip
            self.body.addWidget(part)
        theme.changed.connect(self._resize)
        self._resize()
        self._allow()

    def show_takes(self, rows: Sequence[TakeRow]) -> None:
        """The takes that there are; the keyboard stays in the row that it was in."""
        before = self.model.rows
        if tuple(rows) != before:
            row = self.list.currentIndex().row()
            current = before[row].id if 0 <= row < len(before) else ""
            self.model.show_takes(rows)
            for number, one in enumerate(self.model.rows):
                if one.id == current:
                    self.list.setCurrentIndex(self.model.index(number))
        self._tick()

    def show_seen(self, seen: Seen) -> None:
        """What may teach now."""
        self.setVisible(seen.status.stage != "off")
        self._known = seen.takes
        self._teach = frozenset(self._known)
        self._tick()
        mine = {row.id for row in self.model.rows}
        others = [
            item for item in seen.items if item.id not in {self._known.get(one) for one in mine}
        ]
        self.others.clear()
        for item in others:
            row = QListWidgetItem(f"{item.name} · {counted(item.notes)}")
            row.setData(Qt.ItemDataRole.UserRole, item.id)
            row.setToolTip(f"From {item.origin}, added {item.added}.")
            self.others.addItem(row)
        for part in (self.others_says, self.others, self.take_off):
            part.setVisible(bool(others))
        self.count.setText(
            f"{counted(seen.status.items, 'piece')} may teach, {counted(seen.status.notes)}."
            if seen.items
            else NONE_TEACH
        )
        self._allow()

    def _ticked(self) -> None:
        ticked = frozenset(self.model.take_ids)
        for ids, teach in ((ticked - self._shown, True), (self._shown - ticked, False)):
            if ids:
                self.changed.emit(tuple(sorted(ids)), teach)

    @property
    def _shown(self) -> frozenset[str]:
        """Those that teach and are in the list."""
        return self._teach & {row.id for row in self.model.rows}

    def _tick(self) -> None:
        self.model.chosen_changed.disconnect(self._ticked)
        self.model.choose_takes(self._teach)
        self.model.chosen_changed.connect(self._ticked)
        self._allow()

    def _none(self) -> None:
        self.changed.emit(tuple(sorted(self._shown)), False)

    def _remove(self) -> None:
        row = self.others.currentItem()
        if row is not None:
            self.remove.emit(str(row.data(Qt.ItemDataRole.UserRole)))

    def _toggle(self, index: QModelIndex) -> None:
        on = index.data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Checked
        state = Qt.CheckState.Unchecked if on else Qt.CheckState.Checked
        self.model.setData(index, state.value, Qt.ItemDataRole.CheckStateRole)

    def _allow(self) -> None:
        nothing = "" if self.model.rowCount() else NO_TAKES
        why_not(self.none, nothing or ("" if self._shown else NONE_TEACH))
        why_not(self.take_off, "" if self.others.currentItem() is not None else NOT_CHOSEN)

    def _resize(self) -> None:
        self.list.setFixedHeight(self._theme.px(_LIST_HEIGHT))
        self.others.setFixedHeight(self._theme.px(_OTHERS_HEIGHT))
