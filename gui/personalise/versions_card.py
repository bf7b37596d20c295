"""All versions of a profile: when and from what each was learnt, what it gained, which is in use.

It shows a `Shown` and is clicked. It refuses to touch the profile.
"""

from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QListWidget, QListWidgetItem, QPushButton, QWidget

from gui.personalise.shelf import Shown, VersionRow
from gui.takes.words import counted, when
from gui.theme import looks
from gui.theme.theme import Theme
from gui.widgets.card import Card
from gui.widgets.explain import explain, why_not
from gui.widgets.flow import FlowLayout

ORIGINAL = "the original"
NOTHING_YET = "Nothing was learnt yet."
NO_UNDO = "It is the original already: there is nothing to go back to."
NO_REDO = "Nothing was undone: there is nothing to go forth to."
NOT_KEPT = "This attempt was not kept: it did not predict you better."
IN_USE = "This version is in use already."
CHOOSE_ONE = "Choose a version in the list first."
_LIST_HEIGHT = 120
_NUMBER = Qt.ItemDataRole.UserRole


class VersionsCard(Card):
    """See the module. `go_to`: to this version, None for the original."""

    undo = Signal()
    redo = Signal()
    go_to = Signal(object)

    def __init__(
        self, theme: Theme, now: Callable[[], datetime], parent: QWidget | None = None
    ) -> None:
        super().__init__(theme, "Versions", parent)
        self._theme, self._now, self._shown, self._busy = theme, now, Shown(), ""
        self.empty = QLabel(NOTHING_YET)
        looks.role(self.empty, "soft")
        self.list = QListWidget()
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        explain(self.list, "Versions", "Return plays with the chosen one")
        self.list.currentItemChanged.connect(self._allow)
        self.list.itemActivated.connect(self._use)
        self.body.addWidget(self.empty)
        self.body.addWidget(self.list)
        self.back = QPushButton("Undo")
        self.back.clicked.connect(self.undo)
        self.forth = QPushButton("Redo")
        self.forth.clicked.connect(self.redo)
        self.use = QPushButton("Use this version")
        explain(self.use, "Use this version", "plays with the chosen version from now on")
        self.use.clicked.connect(self._use)
        row = FlowLayout()
        theme.spaced(row, 6)
        for button in (self.back, self.forth, self.use):
            row.addWidget(button)
        self.body.addLayout(row)
        theme.changed.connect(self._resize)
        self._resize()
        self.show_versions(Shown())

    def show_versions(self, shown: Shown) -> None:
        """The versions of a profile, the newest first, the original last."""
        chosen = self._chosen()
        self._shown = shown
        self.list.clear()
        for row in shown.versions:
            self._add(row.number, self._words(row), self._tip(row))
        if shown.versions:
            mark = "▸ " if shown.version is None else "    "
            words = f"{mark}Original{_in_use(shown.version is None)} · as it came"
            self._add(0, words, "the partner as it came, before it learnt anything of you")
        numbers = [row.number for row in shown.versions] + [0]
        wanted = chosen if chosen in numbers else shown.version or 0
        if shown.versions:
            self.list.setCurrentRow(numbers.index(wanted) if wanted in numbers else 0)
        self.empty.setVisible(not shown.versions)
        self.list.setVisible(bool(shown.versions))
        back, forth = _called(shown.back), _called(shown.forth)
        explain(self.back, "Undo", f"goes back to {back}" if shown.can_undo else "goes back")
        explain(self.forth, "Redo", f"goes forth to {forth}" if shown.can_redo else "goes forth")
        self._allow()

    def forbid(self, reason: str) -> None:
        """Why no version can be gone to now; "" if one can."""
        self._busy = reason
        self._allow()

    def _add(self, number: int, words: str, tip: str) -> None:
        item = QListWidgetItem(words)
        item.setData(_NUMBER, number)
        item.setToolTip(tip)
        item.setStatusTip(tip)
        self.list.addItem(item)

    def _chosen(self) -> int | None:
        item = self.list.currentItem()
        return None if item is None else int(item.data(_NUMBER))

    def _words(self, row: VersionRow) -> str:
        mine = row.number == self._shown.version
        parts = [f"{'▸ ' if mine else '    '}Version {row.number}{_in_use(mine)}"]
        if row.fewer_percent is not None and row.usable:
            parts.append(f"{row.fewer_percent:.1f} % fewer bits")
        parts.append(counted(row.notes) if row.usable else "not kept")
        if row.other_model:
            parts.append("of another model")
        return " · ".join(parts)

    def _tip(self, row: VersionRow) -> str:
        names = ", ".join(row.learnt_from[:3])
        more = f" and {len(row.learnt_from) - 3} more" if len(row.learnt_from) > 3 else ""
        learnt = f"learnt from {names}{more}" if names else "learnt"
        kept = "" if row.usable else f" {NOT_KEPT}"
        return f"{learnt}, {when(row.made, self._now())}.{kept}" if row.made else learnt

    def _use(self, *_: object) -> None:
        if self.use.isEnabled() and (number := self._chosen()) is not None:
            self.go_to.emit(number or None)

    def _allow(self, *_: object) -> None:
        shown, number = self._shown, self._chosen()
        why_not(self.back, self._busy or ("" if shown.can_undo else NO_UNDO))
        why_not(self.forth, self._busy or ("" if shown.can_redo else NO_REDO))
        row = next((row for row in shown.versions if row.number == number), None)
        reason = ""
        if number is None:
            reason = CHOOSE_ONE
        elif number == (shown.version or 0):
            reason = IN_USE
        elif row is not None and not row.usable:
            reason = NOT_KEPT
        why_not(self.use, self._busy or reason)

    def _resize(self) -> None:
        self.list.setFixedHeight(self._theme.px(_LIST_HEIGHT))


def _called(number: int | None) -> str:
    return ORIGINAL if number is None else f"version {number}"


def _in_use(really: bool) -> str:
    return ", in use" if really else ""
