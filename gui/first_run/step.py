"""What the four steps have in common: a sentence, a picture, a test, and whether it is done."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from gui.first_run.pictures import Picture, Which
from gui.theme import looks
from gui.theme.theme import Theme


class Step(QWidget):
    """`body` is where a step puts its test. `done_changed`: the test has gone well."""

    done_changed = Signal()

    def __init__(
        self, theme: Theme, sentence: str, which: Which, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.theme, self.sentence = theme, sentence
        self.done = False
        self.setAccessibleName(sentence)
        self.heading = QLabel(sentence)
        self.heading.setWordWrap(True)
        looks.role(self.heading, "title")
        self.picture = Picture(theme, which)
        self.says = QLabel()
        self.says.setWordWrap(True)
        self.body = QVBoxLayout(self)
        theme.spaced(self.body, 12, 0)
        self.body.addWidget(self.heading)
        self.body.addWidget(self.picture)

    def arrive(self) -> None:
        """The player is at this step now."""

    def leave(self) -> None:
        """The player has gone on, or away."""

    def say(self, words: str, *, good: bool = False) -> None:
        """How the test stands."""
        looks.role(self.says, "good" if good else "soft")
        self.says.setText(words)
        self.says.setAccessibleName(words)

    def pass_test(self, words: str) -> None:
        """The test has gone well."""
        self.say(words, good=True)
        if not self.done:
            self.done = True
            self.done_changed.emit()
