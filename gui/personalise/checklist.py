"""The checklist: dropped files first, then takes, each with a tick.

A Qt model over plain rows, so that a library of thousands of takes costs nothing to show. It
refuses to read anything: rows, counts and troubles are handed in.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from gui.personalise.choosing import TakeRow
from gui.personalise.wording import file_name, in_window
from gui.takes.words import counted, when

_ROOT = QModelIndex()
Index = QModelIndex | QPersistentModelIndex


class Checklist(QAbstractListModel):
    """See the module. `chosen_changed`: other takes or files are ticked now."""

    chosen_changed = Signal()

    def __init__(self, now: Callable[[], datetime], parent: QObject | None = None) -> None:
        """Now: with its zone; what "2 min ago" counts from."""
        super().__init__(parent)
        self._now = now
        self._rows: tuple[TakeRow, ...] = ()
        self._paths: list[str] = []
        self._ticked: set[str] = set()
        self._notes: dict[str, int] = {}
        self._bad: dict[str, str] = {}

    @property
    def rows(self) -> tuple[TakeRow, ...]:
        """The takes, the newest first."""
        return self._rows

    @property
    def take_ids(self) -> tuple[str, ...]:
        """Of the takes that are ticked, in order."""
        return tuple(row.id for row in self._rows if row.id in self._ticked)

    @property
    def paths(self) -> tuple[str, ...]:
        """Of the files that are ticked, in order."""
        return tuple(path for path in self._paths if path in self._ticked)

    def show_takes(self, rows: Sequence[TakeRow]) -> None:
        """Other takes; ticks stay where the take is still there."""
        self.beginResetModel()
        before = self.take_ids
        self._rows = tuple(rows)
        gone = set(before) - {row.id for row in self._rows}
        self._ticked -= gone
        self.endResetModel()
        if gone:
            self.chosen_changed.emit()

    def add_files(self, paths: Iterable[str]) -> None:
        """Files or folders, ticked; what is there already is ticked again."""
        new = [path for path in dict.fromkeys(paths) if path not in self._paths]
        if new:
            self.beginInsertRows(QModelIndex(), len(self._paths), len(self._paths) + len(new) - 1)
            self._paths += new
            self.endInsertRows()
        self._tick((*paths,), on=True)

    def remove_file(self, row: int) -> None:
        """Take a file off the list; a take stays."""
        if 0 <= row < len(self._paths):
            self.beginRemoveRows(QModelIndex(), row, row)
            path = self._paths.pop(row)
            self.endRemoveRows()
            self._bad.pop(path, None)
            if path in self._ticked:
                self._ticked.discard(path)
                self.chosen_changed.emit()

    def is_file(self, row: int) -> bool:
        """Whether this row is a file."""
        return 0 <= row < len(self._paths)

    def choose_takes(self, ids: Iterable[str]) -> None:
        """Tick these takes and no others; files stay as they are."""
        wanted = set(ids) & {row.id for row in self._rows}
        ticked = wanted | set(self.paths)
        if ticked != self._ticked:
            self._ticked = ticked
            self._changed()

    @property
    def bad(self) -> dict[str, str]:
        """What cannot be used of all that stands in the list -> why, a sentence."""
        return dict(self._bad)

    def learnt_of(self, notes: Mapping[str, int], bad: Mapping[str, str]) -> None:
        """How many notes each file has, and what cannot be read; that is unticked."""
        self._notes |= notes
        for one in notes:
            self._bad.pop(one, None)
        self._bad |= {one: in_window(says) for one, says in bad.items()}
        unticked = self._ticked & set(bad)
        self._ticked -= unticked
        self._changed(told=bool(unticked))

    # -- of Qt --

    def rowCount(self, parent: Index = _ROOT) -> int:
        """Files and takes."""
        return 0 if parent.isValid() else len(self._paths) + len(self._rows)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """All can be ticked."""
        return (
            Qt.ItemFlag.ItemIsEnabled
            | Qt.ItemFlag.ItemIsSelectable
            | Qt.ItemFlag.ItemIsUserCheckable
        )

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words, tip and tick of a row."""
        if not index.isValid() or index.row() >= self.rowCount():
            return None
        key = self._key(index.row())
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.AccessibleTextRole:
                return self._words(index.row())
            case Qt.ItemDataRole.ToolTipRole | Qt.ItemDataRole.StatusTipRole:
                return self._bad.get(key) or self._tip(index.row())
            case Qt.ItemDataRole.CheckStateRole:
                ticked = key in self._ticked
                return Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked
            case _:
                return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Only ticks can be set."""
        if role != Qt.ItemDataRole.CheckStateRole or not index.isValid():
            return False
        self._tick((self._key(index.row()),), on=Qt.CheckState(value) == Qt.CheckState.Checked)
        return True

    def _key(self, row: int) -> str:
        files = len(self._paths)
        return self._paths[row] if row < files else self._rows[row - files].id

    def _words(self, row: int) -> str:
        key = self._key(row)
        if self.is_file(row):
            state = counted(self._notes[key]) if key in self._notes else "a file"
            return f"{file_name(key)} · {'cannot be used' if key in self._bad else state}"
        take = self._rows[row - len(self._paths)]
        star = "★ " if take.starred else ""
        bad = " · cannot be used" if key in self._bad else ""
        return f"{star}{take.name or when(take.started, self._now())} · {counted(take.notes)}{bad}"

    def _tip(self, row: int) -> str:
        if self.is_file(row):
            return self._key(row)
        take = self._rows[row - len(self._paths)]
        starred = ", starred" if take.starred else ""
        return f"{when(take.started, self._now())}, {counted(take.notes)} of yours{starred}"

    def _tick(self, keys: Sequence[str], *, on: bool) -> None:
        before = set(self._ticked)
        self._ticked = before | set(keys) if on else before - set(keys)
        if before != self._ticked:
            self._changed()

    def _changed(self, *, told: bool = True) -> None:
        if self.rowCount():
            self.dataChanged.emit(self.index(0), self.index(self.rowCount() - 1))
        if told:
            self.chosen_changed.emit()
