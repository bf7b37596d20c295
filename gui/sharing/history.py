"""The history as a table, and as a file: every attempt that there was, the newest first.

Plain rows from the client's own log. It refuses to leave anything out.
"""

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from gui.sharing.words import in_window, moment

if TYPE_CHECKING:
    from federation.client.ledger import Entry

COLUMNS = ("When", "What", "Result")
_WHAT = {"consent": "your yes", "enrol": "key told", "receive": "version", "off": "off"}
_RESULT = {
    "begins": "begun",
    "taken: pending": "taken; it waits there for those of others",
    "adopted": "better for you, used",
    "left alone": "not better for you, left alone",
    "withdrawn, left": "withdrawn there, left here",
}
"""The log's own words in a window's; what is not here stands as it is."""
_ROOT = QModelIndex()
_Index = QModelIndex | QPersistentModelIndex


class History(QAbstractTableModel):
    """See the module."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.entries: tuple[Entry, ...] = ()
        self._now: datetime | None = None

    def show_log(self, entries: "Sequence[Entry]", now: datetime) -> None:
        """These are all lines, the oldest first."""
        if tuple(reversed(entries)) == self.entries and self._now is not None:
            return
        self.beginResetModel()
        self.entries, self._now = tuple(reversed(entries)), now
        self.endResetModel()

    def rowCount(self, parent: _Index = _ROOT) -> int:
        """One a line."""
        return 0 if parent.isValid() else len(self.entries)

    def columnCount(self, parent: _Index = _ROOT) -> int:
        """When, what, result; the rest is said of the chosen line."""
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """A cell; its tip is the whole line."""
        if not 0 <= index.row() < len(self.entries) or self._now is None:
            return None
        entry = self.entries[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            when = moment(entry.when, self._now)
            return (when, _what(entry), result_of(entry))[index.column()]
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return in_words(entry)
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Names of the columns."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section]
        return None


def _what(entry: "Entry") -> str:
    return _WHAT.get(entry.what, entry.what)


def result_of(entry: "Entry") -> str:
    """What came of it, for people."""
    return in_window(_RESULT.get(entry.result, entry.result))


def in_words(entry: "Entry") -> str:
    """All of a line, a fact a line."""
    facts = [f"{entry.when}, {_what(entry)}: {result_of(entry)}"]
    if entry.server:
        facts.append(f"Server: {entry.server}")
    if entry.version is not None:
        facts.append(f"Shared version {entry.version}")
    if entry.bytes:
        facts.append(f"{entry.bytes:,} bytes, SHA-256 {entry.sha256}")
    if entry.norm is not None and entry.clip is not None:
        blur = f", blurred by {entry.sigma:g}" if entry.sigma else ", not blurred here"
        facts.append(f"Length {entry.norm:.3g}, limit {entry.clip:g}{blur}")
    if entry.epsilon_spent is not None:
        left = f", {entry.epsilon_left:.2f} left" if entry.epsilon_left is not None else ""
        facts.append(f"ε = {entry.epsilon_spent:.2f} spent{left}")
    return "\n".join(facts)


def as_csv(entries: "Sequence[Entry]") -> str:
    """All of it as a table for other programs, the oldest first."""
    out = io.StringIO()
    from federation.client.ledger import Entry

    writer = csv.DictWriter(out, [field.name for field in msgspec.structs.fields(Entry)])
    writer.writeheader()
    for entry in entries:
        writer.writerow(msgspec.structs.asdict(entry))
    return out.getvalue()
