"""Listening blind: two answers to one phrase, played on request, one choice, then what was which.

It shows a `Blind` and is clicked. It knows no more than the player does before the choice.
"""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from gui.personalise.blind import Blind, Pick, tally, told
from gui.theme import looks
from gui.theme.theme import Theme
from gui.widgets.card import Card
from gui.widgets.explain import explain, why_not
from gui.widgets.flow import FlowLayout

INTRODUCTION = (
    "One of your phrases, answered twice: once with what was learnt, once without. Which is which "
    "is told after you have chosen."
)
DRAWING = "Two answers are being made, a few seconds…"
HEAR_BOTH = "Listen to both first."
CHOSEN = "You have chosen: take another phrase."
NOTHING_YET = "There are no answers yet: press “Another phrase”."


class BlindCard(Card):
    """See the module."""

    begin = Signal()
    hear = Signal(int)
    """0 is the first, 1 the second; -1 is silence."""
    picked = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Listen without knowing", parent)
        self._by_key = False
        """Whether the keyboard was where answers are asked for."""
        self.says = QLabel(INTRODUCTION)
        self.says.setWordWrap(True)
        self.says.setTextFormat(Qt.TextFormat.PlainText)
        self.body.addWidget(self.says)
        self.another = QPushButton("Compare")
        explain(
            self.another,
            "Compare",
            "answers one of your phrases twice; nothing sounds before you play it",
        )
        self.another.clicked.connect(self.begin)
        self.plays = []
        for place, word in enumerate(("First", "Second")):
            button = QPushButton(word)
            explain(button, f"Play the {word.lower()}", "your phrase, then the answer")
            button.clicked.connect(lambda _=False, place=place: self.hear.emit(place))
            self.plays.append(button)
        self.quiet = QPushButton("Stop")
        explain(self.quiet, "Stop", "ends what is being played")
        self.quiet.clicked.connect(lambda: self.hear.emit(-1))
        self.picks = {}
        for pick, word, tip in (
            (Pick.FIRST, "First is better", "chooses the first answer, for good"),
            (Pick.SECOND, "Second is better", "chooses the second answer, for good"),
            (Pick.NEITHER, "No difference", "says that you hear none, for good"),
        ):
            button = QPushButton(word)
            explain(button, word, tip)
            button.clicked.connect(lambda _=False, pick=pick: self.picked.emit(pick))
            self.picks[pick] = button
        for widgets in (
            (self.another,),
            (*self.plays, self.quiet),
            tuple(self.picks.values()),
        ):
            row = FlowLayout()
            theme.spaced(row, 6)
            for widget in widgets:
                row.addWidget(widget)
            self.body.addLayout(row)
        self.tally = QLabel()
        self.tally.setWordWrap(True)
        looks.role(self.tally, "small")
        self.body.addWidget(self.tally)
        self._theme = theme
        theme.changed.connect(self._dress)
        self._dress()

    def show_blind(
        self, blind: Blind, *, drawing: bool = False, playing: bool = False, says: str = ""
    ) -> None:
        """What can be done now. says: a trouble, instead of everything else."""
        by_key = self.another.hasFocus() or self._by_key
        chose = any(button.hasFocus() for button in self.picks.values())
        asked = blind.open or blind.revealed is not None
        text = INTRODUCTION
        if blind.revealed is not None:
            text = told(blind.revealed)
        if drawing:
            text = DRAWING
        self.says.setText(says or text)
        looks.role(self.says, "warn" if says else "")
        self.another.setText("Another phrase" if asked or blind.choices else "Compare")
        for button in self.plays:
            why_not(button, "" if asked and not drawing else NOTHING_YET)
            button.setVisible(asked)
        why_not(self.quiet, "" if playing else "Nothing is being played.")
        self.quiet.setVisible(asked)
        reason = "" if blind.heard_both else HEAR_BOTH
        for button in self.picks.values():
            why_not(button, CHOSEN if blind.revealed is not None else reason)
            button.setVisible(asked)
        self.tally.setText(tally(blind.choices) if blind.choices else "")
        self.tally.setVisible(bool(blind.choices))
        # The keyboard goes where the next step is, and not where Qt would put it.
        self._by_key = by_key and drawing
        if by_key and not drawing and blind.open and not blind.heard_both:
            self.plays[0].setFocus()
        elif chose and blind.revealed is not None:
            self.another.setFocus()

    def forbid(self, reason: str) -> None:
        """Why nothing can be compared now; "" if it can."""
        why_not(self.another, reason)

    def _dress(self) -> None:
        side = self._theme.px(16)
        for button in (*self.plays, self.quiet):
            button.setIconSize(QSize(side, side))
        for button in self.plays:
            button.setIcon(self._theme.icon("play"))
        self.quiet.setIcon(self._theme.icon("stop"))
