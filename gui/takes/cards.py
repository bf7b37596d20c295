"""The alternatives of the last phrase, as cards: why, what they quote, the seed; heard and chosen.

Only what the session drew is shown, in its order, the best first. Nothing is heard without being
asked for; whoever wants it hears a card under the mouse or the keyboard, in time with the beat. How
much of the answer stays if none of them fits is set here too. It refuses to rank, and to star what
was not played.
"""

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from gui.bridge import Bridge
from gui.state import JamState
from gui.takes.auditions import Auditions
from gui.takes.card import AlternativeCard
from gui.theme import looks
from gui.theme.theme import Theme
from gui.widgets import DialControl, explain
from plugin.control.table import DIALS
from plugin.protocol import Choose, Drawn, PhraseHeard, Star, TakeMarked

MOST_CARDS = 3
TITLE = "Answers to choose from"


class CardsArea(QScrollArea):
    """As high as the cards where there is room; less scrolls. Hidden while they are."""

    def __init__(
        self, cards: "AlternativeCards", theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._cards, self._theme = cards, theme
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.viewport().setAutoFillBackground(False)
        cards.setAutoFillBackground(False)
        self.setWidget(cards)
        cards.shown.connect(self._show)
        self._show(bool(cards.cards))

    def sizeHint(self) -> QSize:
        """What the cards need at this width."""
        width = self.viewport().width()
        layout = self._cards.layout()
        high = layout.totalHeightForWidth(width) if layout is not None else 0
        return QSize(width, max(high, self._cards.sizeHint().height() if high < 0 else high))

    def minimumSizeHint(self) -> QSize:
        """One card."""
        return QSize(self._theme.px(160), self._theme.px(110))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width may need another height."""
        super().resizeEvent(event)
        self.updateGeometry()

    def _show(self, shown: bool) -> None:
        # A scroll area shows what it is given, whether that was hidden or not.
        self._cards.setVisible(shown)
        self.setVisible(shown)
        self.updateGeometry()


class AlternativeCards(QWidget):
    """See the module. Hidden while there is nothing to choose from. Thread: the GUI's."""

    hover_changed = Signal(bool)
    """Whether cards are to be heard under the mouse; worth keeping."""
    shown = Signal(bool)
    """Whether there is something to choose from now."""

    def __init__(
        self,
        state: JamState,
        bridge: Bridge,
        theme: Theme,
        auditions: Auditions,
        *,
        hover: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._bridge, self._theme, self._auditions = bridge, theme, auditions
        self._drawn: Drawn | None = None
        self.cards: list[AlternativeCard] = []
        title = QLabel(TITLE)
        looks.role(title, "heading")
        title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        title.setToolTip(TITLE)
        self.hover = QCheckBox("Hover to hear")
        self.hover.setChecked(hover)
        explain(
            self.hover,
            "Hear it under the mouse",
            "a card sounds while the mouse or the keyboard is on it, in time with the beat",
            default="off",
        )
        self.hover.toggled.connect(self.hover_changed)
        self.lock = DialControl(DIALS["lock"], state, bridge, theme)
        self.lock.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._column = QVBoxLayout(self)
        theme.spaced(self._column, 6, 0)
        head = QHBoxLayout()
        theme.spaced(head, 6, 0)
        head.addWidget(self.lock)
        head.addStretch(1)
        head.addWidget(self.hover, 0, Qt.AlignmentFlag.AlignBottom)
        self._column.addWidget(title)
        self._column.addLayout(head)
        state.drawn.connect(self.show_drawn)
        state.phrase_heard.connect(self._phrase)
        state.take_marked.connect(self._marked)
        state.opened_changed.connect(lambda opened: self.clear() if opened is None else None)
        auditions.changed.connect(self._show_playing)
        self.hide()

    @Slot(object)
    def show_drawn(self, drawn: Drawn) -> None:
        """Show the best of what was drawn."""
        had_focus = next((card.number for card in self.cards if card.holds_focus()), 0)
        self.clear()
        if len(drawn.alternatives) < 2:
            return
        self._drawn = drawn
        for number, one in enumerate(drawn.alternatives[:MOST_CARDS], 1):
            card = AlternativeCard(self._theme, number, one, played=one.seed == drawn.played)
            card.audition_wanted.connect(self._auditions.toggle_alternative)
            card.choice_wanted.connect(self.choose)
            card.star_wanted.connect(self._star)
            card.moved_on.connect(self._move)
            card.entered.connect(self._entered)
            card.left.connect(self._left)
            self.cards.append(card)
            self._column.addWidget(card)
        self._show_playing()
        self.show()
        self.shown.emit(True)
        if had_focus:
            self._focus(had_focus)

    def clear(self) -> None:
        """There is nothing to choose from."""
        for card in self.cards:
            self._column.removeWidget(card)
            card.hide()
            card.deleteLater()
        self.cards, self._drawn = [], None
        self.hide()
        self.shown.emit(False)

    def focus_first(self) -> None:
        """The keyboard goes to the first card; without one: nowhere."""
        if self.cards:
            self._focus(1)

    def choose(self, number: int) -> None:
        """Have this one played in the place of what was answered."""
        self._auditions.stop()
        self._bridge.send(Choose(number))

    def _star(self, number: int) -> None:
        card = self.cards[number - 1]
        self._bridge.send(Star(not card.starred))
        card.show_star(not card.starred)

    @Slot(object)
    def _phrase(self, heard: PhraseHeard) -> None:
        """Another phrase is being answered: what was drawn before cannot be chosen any more."""
        if self._drawn is not None and heard.take_id != self._drawn.take_id:
            self.clear()

    @Slot(object)
    def _marked(self, marked: TakeMarked) -> None:
        """The answer got its star by a key or a pedal: the card that was played shows it."""
        if self._drawn is None or marked.take_id != self._drawn.take_id:
            return
        for card in self.cards:
            if card.played and marked.mark in ("starred", "unstarred"):
                card.show_star(marked.mark == "starred")

    def _show_playing(self) -> None:
        for card in self.cards:
            card.show_playing(card.number == self._auditions.alternative)

    def _entered(self, number: int) -> None:
        if self.hover.isChecked() and not self._auditions.wishes_alternative(number):
            self._auditions.play_alternative(number)

    def _left(self, number: int) -> None:
        if self.hover.isChecked() and self._auditions.wishes_alternative(number):
            self._auditions.stop()

    def _move(self, number: int, step: int) -> None:
        self._focus((number - 1 + step) % len(self.cards) + 1)

    def _focus(self, number: int) -> None:
        if 1 <= number <= len(self.cards):
            self.cards[number - 1].setFocus(Qt.FocusReason.OtherFocusReason)
