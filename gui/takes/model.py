"""The takes as rows, the newest first: what the list shows, after the filter.

Ten thousand of them cost a list and a dictionary, and no widget each. A take that is new comes in
at the top without disturbing the others. It refuses to read the library: it is handed takes.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from gui.takes import words
from plugin.takes import Take

TAKE = Qt.ItemDataRole.UserRole + 1
"""Role of the whole `Take`."""
_TOP = QModelIndex()
_Index = QModelIndex | QPersistentModelIndex


def local_now() -> datetime:
    """The moment, by the clock on the wall."""
    return datetime.now().astimezone()


class TakesModel(QAbstractListModel):
    """See the module. `renamed`: somebody wrote another name into a row."""

    renamed = Signal(str, str)

    def __init__(
        self, parent: QObject | None = None, now: Callable[[], datetime] = local_now
    ) -> None:
        super().__init__(parent)
        self._now = now
        self._takes: dict[str, Take] = {}
        self._searched: dict[str, str] = {}
        self._rows: list[str] = []
        self._text = ""
        self._starred = False
        self.playing = ""
        """Id of the take that is auditioned now."""

    # -- what Qt asks --

    def rowCount(self, parent: _Index = _TOP) -> int:
        """How many rows are left by the filter."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """A row's text, its words for a screen reader, or its take."""
        if not 0 <= index.row() < len(self._rows):
            return None
        take = self._takes[self._rows[index.row()]]
        roles = Qt.ItemDataRole
        match role:
            case roles.DisplayRole:
                return words.heading(take, self._now())
            case roles.EditRole:
                return take.name
            case roles.AccessibleTextRole:
                return words.spoken(take, self._now(), playing=take.id == self.playing)
            case roles.ToolTipRole:
                return f"{words.spoken(take, self._now())}.\nDrag it into your DAW."
            case role if role == TAKE:
                return take
        return None

    def setData(self, index: _Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """A name was written into a row; whoever keeps names is told."""
        take = self.take(index)
        if take is None or role != Qt.ItemDataRole.EditRole or not isinstance(value, str):
            return False
        if value != take.name:
            self.renamed.emit(take.id, value)
        return True

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Rows can be chosen, named and dragged."""
        flags = Qt.ItemFlag
        if not index.isValid():
            return flags.NoItemFlags
        return (
            flags.ItemIsEnabled
            | flags.ItemIsSelectable
            | flags.ItemIsEditable
            | flags.ItemIsDragEnabled
            | flags.ItemNeverHasChildren
        )

    # -- what the panel asks --

    def take(self, index: _Index) -> Take | None:
        """The take of a row."""
        row = index.row()
        return self._takes[self._rows[row]] if 0 <= row < len(self._rows) else None

    def find(self, take_id: str) -> Take | None:
        """A take by its id, filtered out or not."""
        return self._takes.get(take_id)

    def index_of(self, take_id: str) -> QModelIndex:
        """Its row; no valid one where the filter hides it."""
        try:
            return self.index(self._rows.index(take_id), 0)
        except ValueError:
            return QModelIndex()

    @property
    def total(self) -> int:
        """How many takes there are without the filter."""
        return len(self._takes)

    @property
    def newest(self) -> Take | None:
        """The take that began last."""
        return next(iter(self._takes.values()), None)

    def refreshed_from(self) -> str:
        """Id of the take from which on there may be news: the oldest that is not finished lately.

        A jam that was killed leaves takes unfinished for ever; only the last few are looked at.
        """
        lately = list(self._takes.values())[:8]
        open_ones = [take.id for take in lately if not take.finished]
        return min(open_ones) if open_ones else (lately[0].id if lately else "")

    # -- what it is handed --

    def show(self, takes: Sequence[Take], searched: Sequence[str]) -> None:
        """These are all the takes there are, the newest first, and what a search of each looks in.

        That is worked out where the takes are read: of thousands it takes a while.
        """
        self._takes = {take.id: take for take in takes}
        self._searched = dict(zip(self._takes, searched, strict=True))
        self._filter_anew()

    def merge(self, since: str, takes: Iterable[Take]) -> None:
        """These are the takes from `since` on; older ones are as they were."""
        known = {take.id: take for take in takes}
        gone = [take_id for take_id in self._takes if take_id >= since and take_id not in known]
        for take_id in gone:
            self._remove(take_id)
        for take in sorted(known.values(), key=lambda take: take.id):
            self.put(take)

    def put(self, take: Take) -> None:
        """This take is as it is handed over now; it may be new, or back."""
        before = self._takes.get(take.id)
        if before == take:
            return
        self._takes[take.id] = take
        self._searched[take.id] = words.searched(take)
        if before is None:
            self._takes = dict(sorted(self._takes.items(), reverse=True))
        index = self.index_of(take.id)
        if index.isValid() and self._passes(take):
            self.dataChanged.emit(index, index)
        elif index.isValid():
            self._drop_row(index.row())
        elif self._passes(take):
            row = sum(1 for _ in self._ids_above(take.id))
            self.beginInsertRows(_TOP, row, row)
            self._rows.insert(row, take.id)
            self.endInsertRows()

    def remove(self, take_ids: Iterable[str]) -> None:
        """These takes are there no more."""
        for take_id in take_ids:
            self._remove(take_id)

    def filter(self, *, starred: bool | None = None, text: str | None = None) -> None:
        """Show only starred ones, only those with these words; None leaves it as it is."""
        starred = self._starred if starred is None else starred
        text = self._text if text is None else text.strip()
        if (starred, text) != (self._starred, self._text):
            self._starred, self._text = starred, text
            self._filter_anew()

    def plays(self, take_id: str) -> None:
        """This take is auditioned now; "" for none."""
        before, self.playing = self.playing, take_id
        for one in {before, take_id}:
            index = self.index_of(one)
            if index.isValid():
                self.dataChanged.emit(index, index)

    def _ids_above(self, take_id: str) -> Iterable[str]:
        for one in self._rows:
            if one <= take_id:
                return
            yield one

    def _remove(self, take_id: str) -> None:
        index = self.index_of(take_id)
        if index.isValid():
            self._drop_row(index.row())
        self._takes.pop(take_id, None)
        self._searched.pop(take_id, None)

    def _drop_row(self, row: int) -> None:
        self.beginRemoveRows(_TOP, row, row)
        del self._rows[row]
        self.endRemoveRows()

    def _passes(self, take: Take) -> bool:
        if self._starred and not take.starred:
            return False
        return not self._text or words.matches(self._searched[take.id], self._text)

    def _filter_anew(self) -> None:
        self.beginResetModel()
        self._rows = [take.id for take in self._takes.values() if self._passes(take)]
        self.endResetModel()
