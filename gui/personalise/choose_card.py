"""What to learn from: the checklist, quick choices, dropped files, and whether it is enough.

It shows and is clicked; what is chosen is counted by whoever owns it (`gui.personalise.dock`). It
refuses to open files.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLabel, QListView, QPushButton, QWidget

from gui.personalise.checklist import Checklist
from gui.personalise.choosing import TakeRow, Which, meant_by
from gui.personalise.counting import Counted
from gui.personalise.wording import enough, left_out
from gui.theme import looks
from gui.theme.theme import Theme
from gui.widgets.card import Card
from gui.widgets.explain import explain, why_not
from gui.widgets.flow import FlowLayout

COUNTING = "Counting…"
NO_TAKES = "There are no takes yet: play something first, or drop MIDI files here."
NO_STARS = "No take has a star yet: star one first."
_LIST_HEIGHT = 150

_WORDS = {
    Which.EVENING: ("Last evening", "chooses what you played last, up to a pause of four hours"),
    Which.STARRED: ("Starred", "chooses the takes with a star"),
    Which.ALL: ("All", "chooses every take"),
    Which.NONE: ("None", "chooses no take"),
}


class ChooseCard(Card):
    """See the module."""

    chosen_changed = Signal()
    """Other takes or files are ticked: `take_ids` and `paths` say which."""
    learn = Signal()
    add_files = Signal()

    def __init__(
        self, theme: Theme, now: Callable[[], datetime], parent: QWidget | None = None
    ) -> None:
        super().__init__(theme, "Learn from", parent)
        self._theme = theme
        self.model = Checklist(now, self)
        self.model.chosen_changed.connect(self.chosen_changed)
        self.quick: dict[Which, QPushButton] = {}
        row = FlowLayout()
        theme.spaced(row, 6)
        for which, (text, tip) in _WORDS.items():
            button = QPushButton(text)
            explain(button, text, tip)
            button.clicked.connect(lambda _=False, which=which: self.choose(which))
            self.quick[which] = button
            row.addWidget(button)
        self.body.addLayout(row)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setUniformItemSizes(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.installEventFilter(self)
        self.list.doubleClicked.connect(self._toggle)
        explain(
            self.list,
            "Takes and files to learn from",
            "Space ticks a row; Delete takes a file off the list",
        )
        self.body.addWidget(self.list)
        self.add = QPushButton("Add MIDI files…")
        explain(self.add, "Add MIDI files", "chooses files; you can drop them here as well")
        self.add.clicked.connect(self.add_files)
        self.count = QLabel()
        self.count.setWordWrap(True)
        self.count.setTextFormat(Qt.TextFormat.PlainText)
        self.remarks = QLabel()
        self.remarks.setWordWrap(True)
        self.remarks.setTextFormat(Qt.TextFormat.PlainText)
        looks.role(self.remarks, "small")
        self.button = QPushButton("Learn")
        looks.kind(self.button, "primary")
        explain(
            self.button,
            "Learn",
            "trains the partner on what is ticked, some ten seconds, while you play on",
        )
        self.button.clicked.connect(self.learn)
        bottom = FlowLayout()
        theme.spaced(bottom, 6)
        bottom.addWidget(self.add)
        bottom.addWidget(self.button)
        self.body.addWidget(self.count)
        self.body.addWidget(self.remarks)
        self.body.addLayout(bottom)
        theme.changed.connect(self._resize)
        self._resize()
        self.show_takes(())
        self.show_count(Counted())

    @property
    def take_ids(self) -> tuple[str, ...]:
        """Takes that are ticked."""
        return self.model.take_ids

    @property
    def paths(self) -> tuple[str, ...]:
        """Files that are ticked."""
        return self.model.paths

    def show_takes(self, rows: Sequence[TakeRow]) -> None:
        """The takes that there are."""
        self.model.show_takes(rows)
        nothing = "" if rows else NO_TAKES
        for which in (Which.EVENING, Which.ALL, Which.NONE):
            why_not(self.quick[which], nothing)
        starred = any(row.starred for row in rows)
        why_not(self.quick[Which.STARRED], nothing or ("" if starred else NO_STARS))

    def choose(self, which: Which) -> None:
        """Tick what a word means."""
        self.model.choose_takes(meant_by(which, self.model.rows))

    def counting(self) -> None:
        """What is ticked is being looked at."""
        self.count.setText(COUNTING)

    def show_count(self, found: Counted) -> None:
        """How much there is to learn from."""
        preview = found.preview
        self.count.setText(enough(preview))
        looks.role(self.count, "good" if preview.phrases else "warn" if preview.refused else "soft")
        self.model.learnt_of(found.files, found.bad)
        # What cannot be used is ticked no longer, so it is not counted again: its reason stays.
        says = left_out(replace(found, bad=self.model.bad))
        self.remarks.setText(says)
        self.remarks.setVisible(bool(says))

    def show_trouble(self, says: str) -> None:
        """It cannot be counted."""
        self.count.setText(says)
        looks.role(self.count, "warn")

    def forbid(self, reason: str) -> None:
        """Why nothing can be learnt now; "" if it can."""
        why_not(self.button, reason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Delete takes a file off the list."""
        if (
            watched is self.list
            and isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.KeyPress
            and event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)
        ):
            self.model.remove_file(self.list.currentIndex().row())
            return True
        return super().eventFilter(watched, event)

    def _toggle(self, index: QModelIndex) -> None:
        on = index.data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Checked
        state = Qt.CheckState.Unchecked if on else Qt.CheckState.Checked
        self.model.setData(index, state.value, Qt.ItemDataRole.CheckStateRole)

    def _resize(self) -> None:
        self.list.setFixedHeight(self._theme.px(_LIST_HEIGHT))
