"""One alternative as a card: its number, why, what it quotes, its seed, and what to do with it.

It hears the keyboard itself: Space to hear it, Enter to choose it, arrows to the next. It refuses
to do any of that: it says what is wanted.
"""

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QEnterEvent,
    QFocusEvent,
    QGuiApplication,
    QKeyEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gui.takes import reasons
from gui.takes.words import counted
from gui.theme import looks, paint
from gui.theme.theme import Theme
from gui.widgets import Chip, FlowLayout, explain, why_not
from plugin.protocol import Alternative

NOT_PLAYED = "Choose it first: only an answer that was played can have a star."
PLAYED = "This one was played already: ask again, or choose another."
_HEARD = (Qt.Key.Key_Space,)
_CHOSEN = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_STEPS = {
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_Right: 1,
}


class AlternativeCard(QFrame):
    """See the module. The signals carry its number, from 1."""

    audition_wanted = Signal(int)
    choice_wanted = Signal(int)
    star_wanted = Signal(int)
    moved_on = Signal(int, int)
    entered = Signal(int)
    left = Signal(int)

    def __init__(
        self,
        theme: Theme,
        number: int,
        one: Alternative,
        *,
        played: bool,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        looks.kind(self, "card")
        self._theme, self.number, self.one, self.played = theme, number, one, played
        self.starred = self.playing = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.title = QLabel()
        looks.role(self.title, "number")
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.hear, self.take, self.star = QToolButton(), QPushButton("Choose"), QToolButton()
        self.seed = QToolButton()
        self._arrange()
        self.hear.clicked.connect(lambda _=False: self.audition_wanted.emit(number))
        self.take.clicked.connect(lambda _=False: self.choice_wanted.emit(number))
        self.star.clicked.connect(lambda _=False: self.star_wanted.emit(number))
        self.seed.clicked.connect(lambda _=False: self._copy_seed())
        theme.changed.connect(self._dress)
        self._dress()

    def _arrange(self) -> None:
        theme, one = self._theme, self.one
        for button in (self.hear, self.star, self.seed):
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.seed.setText(
            f"seed …{one.seed % 10_000:04}" if one.seed > 999_999 else f"seed {one.seed}"
        )
        looks.kind(self.seed, "chip")
        quote = reasons.quote(one)
        chips = [Chip(theme, why.text, why.says) for why in reasons.of_alternative(one)]
        self.quote = Chip(theme, quote.text, quote.says, shape="dots")
        row, column = QHBoxLayout(), QVBoxLayout(self)
        theme.spaced(row, 5, 0)
        theme.spaced(column, 5, 8)
        row.addWidget(self.title, 1)
        buttons: tuple[QAbstractButton, ...] = (self.hear, self.star, self.take)
        for each in buttons:
            row.addWidget(each)
        box = QWidget()
        flow = FlowLayout(box)
        theme.spaced(flow, 5, 0)
        for widget in (*chips, self.quote, self.seed):
            flow.addWidget(widget)
        column.addLayout(row)
        column.addWidget(box)
        explain(self.seed, f"Copy seed {one.seed}", "the number that makes this answer again")
        reasons_said = ", ".join([*(chip.text for chip in chips), quote.text])
        explain(
            self,
            f"Alternative {self.number}, {counted(one.notes)}",
            f"{reasons_said}. Space hears it, Enter chooses it, the arrows go on.",
        )

    def holds_focus(self) -> bool:
        """Whether the keyboard is on it, or on something in it."""
        focus = QApplication.focusWidget()
        return focus is not None and (focus is self or self.isAncestorOf(focus))

    def show_playing(self, on: bool) -> None:
        """Whether it is being heard."""
        if on != self.playing:
            self.playing = on
            self._dress()

    def show_star(self, on: bool) -> None:
        """Whether it has a star."""
        self.starred = on
        self._dress()

    def _dress(self) -> None:
        """Texts, icons and reasons as it stands."""
        theme = self._theme
        side_px = theme.px(17)
        for button in (self.hear, self.star):
            button.setIconSize(QSize(side_px, side_px))
        said = ["playing"] if self.playing else []
        self.title.setText(" · ".join([f"{self.number}", counted(self.one.notes), *said]))
        self.take.setText("Played" if self.played else "Choose")
        self.hear.setIcon(theme.icon("stop" if self.playing else "play"))
        hear = f"{'Stop' if self.playing else 'Hear'} alternative {self.number}"
        explain(self.hear, hear, "to your output, in time with the beat", key="Space")
        explain(
            self.take,
            f"Choose alternative {self.number}",
            "it is played in the place of the answer, and is kept as a take of its own",
            key="Enter",
        )
        why_not(self.take, PLAYED if self.played else "")
        self.star.setIcon(theme.icon("star-on" if self.starred else "star", "accent"))
        star = "Take the star away" if self.starred else "Star this answer"
        explain(self.star, star, "more like that")
        why_not(self.star, "" if self.played else NOT_PLAYED)

    def _copy_seed(self) -> None:
        QGuiApplication.clipboard().setText(str(self.one.seed))

    # -- keys, mouse, focus --

    def event(self, event: QEvent) -> bool:
        """Its keys are its own, whatever they do elsewhere."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() in (*_HEARD, *_CHOSEN)
            and not event.modifiers()
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space hears it, Enter chooses it, arrows go on."""
        key = Qt.Key(event.key())
        if key in _HEARD:
            self.audition_wanted.emit(self.number)
        elif key in _CHOSEN:
            if not self.played:
                self.choice_wanted.emit(self.number)
        elif key in _STEPS:
            self.moved_on.emit(self.number, _STEPS[key])
        else:
            super().keyPressEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        """The mouse is on it."""
        super().enterEvent(event)
        self.entered.emit(self.number)

    def leaveEvent(self, event: QEvent) -> None:
        """The mouse is gone."""
        super().leaveEvent(event)
        self.left.emit(self.number)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The keyboard is on it."""
        super().focusInEvent(event)
        self.update()
        self.entered.emit(self.number)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The keyboard is gone."""
        super().focusOutEvent(event)
        self.update()
        self.left.emit(self.number)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The box, and a ring while it hears the keyboard."""
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self)
            paint.focus_ring(painter, QRectF(self.rect()), self._theme)
            painter.end()
