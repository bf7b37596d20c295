"""The line at the bottom: help for what is pointed at or has the keyboard, else the last message.

Help for what is pointed at stands over everything while it is; else whichever came last counts, a
message or the help of what has the keyboard. A message is there again once nothing is asked for.
Trouble has a mark of its own. It refuses a filter over the whole application: Qt's status tips
already travel to the window.
"""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QResizeEvent, QStatusTipEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QSizePolicy, QWidget

from gui.theme import looks
from gui.theme.theme import Theme


class HelpLine(QWidget):
    """See the module."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._said, self._is_trouble, self._shown = "", False, ""
        self._pointed, self._focus_help = "", ""
        self._mark, self._label = QLabel(), QLabel()
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        # A long sentence is cut, it must not make the window wider.
        self._label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout(self)
        theme.spaced(row, 8, 10, 4, 10, 4)
        row.addWidget(self._mark)
        row.addWidget(self._label, 1)
        self.setAccessibleName("Help and messages")
        theme.changed.connect(self._show)
        self._show()

    @property
    def text(self) -> str:
        """What it shows."""
        return self._shown

    def watch(self, window: QWidget) -> None:
        """Show the help of whatever in this window is pointed at or has the keyboard."""
        window.installEventFilter(self)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._focused)

    def say(self, says: str) -> None:
        """Something that the player wants to know; it stands over the help of now."""
        self._told(says, False)

    def trouble(self, says: str) -> None:
        """Something went wrong; a sentence and a next step. It stands over the help of now."""
        self._told(says, bool(says))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Takes the status tips that come up to the window."""
        if isinstance(event, QStatusTipEvent):
            self._pointed = event.tip()
            self._show()
            return True
        return super().eventFilter(watched, event)

    def _focused(self, _before: QWidget | None, now: QWidget | None) -> None:
        if now is not None and now.window() is self.window():
            self._focus_help = now.statusTip()
            self._show()

    def _told(self, says: str, is_trouble: bool) -> None:
        self._said, self._is_trouble, self._focus_help = says, is_trouble, ""
        self._show()

    def _show(self) -> None:
        helps = self._pointed or self._focus_help
        self._mark.setVisible(self._is_trouble)
        if self._is_trouble:
            side = self._theme.px(15)
            self._mark.setPixmap(self._theme.icon("warn", "warn").pixmap(side, side))
            self._mark.setAccessibleName("Trouble")
        looks.role(self._label, "warn" if self._is_trouble and not helps else "soft")
        self._shown = helps or self._said
        self._label.setToolTip(self._said)
        self._elide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As much as there is room for."""
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        """What is cut off is seen to be; its tip has all of it."""
        metrics = self._label.fontMetrics()
        dots = Qt.TextElideMode.ElideRight
        self._label.setText(metrics.elidedText(self._shown, dots, self._label.width()))
