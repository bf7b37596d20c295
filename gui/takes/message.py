"""A line in the panel: what was just done, or what went wrong and what to do now.

It stays until something else is to be said, and never stands in the way. It refuses to be a dialog.
"""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from gui.theme import looks
from gui.theme.theme import Theme
from gui.widgets import FlowLayout, explain


class Message(QFrame):
    """See the module. Hidden while there is nothing to say."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        looks.kind(self, "card")
        self._theme = theme
        self._do: Callable[[], object] = lambda: None
        self.label = QLabel()
        self.label.setWordWrap(True)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.label.setAccessibleName("Message about takes")
        self.button = QPushButton()
        self.button.clicked.connect(lambda _=False: self._do())
        self._close = QToolButton()
        self._close.setText("Close")
        self._close.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        explain(self._close, "Close the message", "the list stays as it is")
        self._close.clicked.connect(lambda _=False: self.hide())
        column = QVBoxLayout(self)
        theme.spaced(column, 6, 8)
        row = QWidget()
        flow = FlowLayout(row)
        theme.spaced(flow, 6, 0)
        flow.addWidget(self.button)
        flow.addWidget(self._close)
        column.addWidget(self.label)
        column.addWidget(row)
        self.hide()

    @property
    def text(self) -> str:
        """What it says, "" while it says nothing."""
        return self.label.text() if not self.isHidden() else ""

    def say(
        self,
        says: str,
        *,
        bad: bool = False,
        button: str = "",
        do: Callable[[], object] = lambda: None,
    ) -> None:
        """Say a sentence; bad: something went wrong. button: the next step, and what it does."""
        # A word says what the colour says.
        self.label.setText(f"Trouble: {says}" if bad else says)
        looks.role(self.label, "bad" if bad else "soft")
        self.label.setAccessibleDescription(says)
        self.offer(button, do)
        self.show()

    def offer(self, button: str, do: Callable[[], object]) -> None:
        """A next step beside what is said."""
        self._do = do
        self.button.setText(button)
        self.button.setVisible(bool(button))
        if button:
            explain(self.button, button, self.label.text())
