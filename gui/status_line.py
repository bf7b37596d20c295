"""The bottom of the window: help or the last message, and the older ones behind a button.

A message is a sentence and a next step; those that went before stay behind a button. It refuses
pop-ups: nothing ever stands in the way of playing.
"""

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QListWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gui.actions import Actions
from gui.state import JamState
from gui.theme import looks
from gui.theme.theme import Theme
from gui.widgets import ActionButton, HelpLine, explain, why_not

MOST_SHOWN = 5
SWITCHES = ("piano", "takes")
"""Regions of the window that are put away and brought back from here."""
NO_MESSAGES = "There is no message: nothing went wrong so far."


class StatusLine(QFrame):
    """See the module."""

    def __init__(
        self, state: JamState, theme: Theme, actions: Actions, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName("Status")
        looks.kind(self, "bar")
        self.help = HelpLine(theme)
        self.older = QListWidget()
        self.older.setWordWrap(True)
        self.older.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        explain(self.older, "Messages", "what was wrong, the newest first")
        self.older.hide()
        self.messages = QToolButton()
        self.messages.setCheckable(True)
        self.messages.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.messages.toggled.connect(self._show_older)
        row = QHBoxLayout()
        theme.spaced(row, 8, 0, 0, 8, 0)
        row.addWidget(self.help, 1)
        row.addWidget(self.messages)
        for name in SWITCHES:
            row.addWidget(ActionButton(theme, actions[name], kind="quiet"))
        column = QVBoxLayout(self)
        theme.spaced(column, 4, 0, 2, 0, 2)
        column.addWidget(self.older)
        column.addLayout(row)
        for told in state.troubles:
            self._trouble(told)
        state.said.connect(self._said)
        state.trouble.connect(self._trouble)
        self._show()

    @Slot(str)
    def _said(self, says: str) -> None:
        self.help.say(" ".join(says.split("\n")))

    @Slot(str)
    def _trouble(self, says: str) -> None:
        self.help.trouble(says)
        self.older.insertItem(0, says)
        self._show()

    def _show(self) -> None:
        count = self.older.count()
        self.messages.setText("1 message" if count == 1 else f"{count} messages")
        explain(self.messages, "Messages", "shows what was wrong before, or hides it")
        why_not(self.messages, "" if count else NO_MESSAGES)
        self.messages.setVisible(bool(count))

    def _show_older(self, shown: bool) -> None:
        self.older.setVisible(shown)
        rows = min(self.older.count(), MOST_SHOWN)
        self.older.setFixedHeight((rows + 1) * max(self.older.sizeHintForRow(0), 18))
