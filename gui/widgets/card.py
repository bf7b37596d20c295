"""A card: a rounded box with an optional heading, into which a panel puts its own parts."""

from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from gui.theme import looks
from gui.theme.theme import Theme


class Card(QFrame):
    """`body` is its layout, `heading` its label (hidden while empty)."""

    def __init__(self, theme: Theme, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        looks.kind(self, "card")
        self.heading = QLabel(title)
        looks.role(self.heading, "heading")
        self.body = QVBoxLayout(self)
        theme.spaced(self.body, 8, 12)
        self.body.addWidget(self.heading)
        self.retitle(title)

    def retitle(self, title: str) -> None:
        """Another heading; "" is none."""
        self.heading.setText(title)
        self.heading.setVisible(bool(title))
        self.setAccessibleName(title)
