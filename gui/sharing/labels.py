"""Small makers that the cards of the dock share: lines of text, buttons that explain themselves.

It refuses to know a card.
"""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QSizePolicy

from gui.theme import looks
from gui.theme.looks import Role
from gui.theme.theme import Theme
from gui.widgets.explain import explain


def line(text: str = "", role: Role | None = None) -> QLabel:
    """A text that goes on in the next line, taken as it is."""
    label = QLabel(text)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    if role is not None:
        looks.role(label, role)
    return label


def button(text: str, says: str, do: Callable[[], object] | None = None) -> QPushButton:
    """A button with its name and what it does."""
    made = QPushButton(text)
    explain(made, text.rstrip("…"), says)
    if do is not None:
        made.clicked.connect(lambda _checked=False: do())
    return made


def even(theme: Theme, buttons: list[QPushButton], columns: int) -> QGridLayout:
    """Buttons of one size and one weight, however long their words are."""
    grid = QGridLayout()
    theme.spaced(grid, 8)
    for number, one in enumerate(buttons):
        one.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        grid.addWidget(one, number // columns, number % columns)
    for column in range(columns):
        grid.setColumnStretch(column, 1)
    widest = max(one.sizeHint().width() for one in buttons)
    for column in range(columns):
        grid.setColumnMinimumWidth(column, widest if columns == 1 else 0)
    return grid


def show(label: QLabel, text: str, role: Role | None = None) -> None:
    """Say this, or be gone where there is nothing to say."""
    label.setText(text)
    label.setVisible(bool(text))
    if role is not None:
        looks.role(label, role)
