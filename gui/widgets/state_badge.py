"""What the partner does now, as a shape, a word and a colour at once."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.state import Standing
from gui.theme import paint
from gui.theme.paint import Shape
from gui.theme.theme import Theme
from gui.widgets.explain import explain

SHOWN: dict[Standing, tuple[Shape, str, str]] = {
    Standing.OFF: ("ring", "text_soft", "there is no session; see the line at the bottom"),
    Standing.LISTENING: ("circle", "player", "the partner hears you and plays nothing"),
    Standing.THINKING: ("dots", "partner", "your phrase is over and the answer is being drawn"),
    Standing.ANSWERING: ("right", "partner", "the partner plays"),
    Standing.ALONG: ("bars", "partner", "the partner plays while you play"),
    Standing.YIELDING: ("up", "player", "you came in, so the partner falls silent"),
    Standing.LATE: ("diamond", "warn", "notes come too late; press “Late” in the bar above"),
    Standing.ENGINE_STOPPED: ("cross", "bad", "the engine has ended; press Restart"),
}
"""Each standing -> its shape, its colour in the palette, what it means."""


class StateBadge(QWidget):
    """See the module. It has the width of the longest word in use, so that nothing moves.

    Only an engine that has stopped needs more room: then a button appears beside it anyway.
    """

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._standing = Standing.OFF
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self._restyle)
        self.stand(Standing.OFF)

    @property
    def standing(self) -> Standing:
        """What it shows."""
        return self._standing

    @property
    def text(self) -> str:
        """The word that it shows."""
        return _word(self._standing)

    def stand(self, standing: Standing) -> None:
        """Show this from now on."""
        moves = Standing.ENGINE_STOPPED in (standing, self._standing)
        self._standing = standing
        if moves:
            self.updateGeometry()
        explain(self, f"Partner: {_word(standing).lower()}", SHOWN[standing][2])
        self.update()

    def sizeHint(self) -> QSize:
        """Room for the longest word."""
        metrics = QFontMetrics(self._theme.font("title"))
        usual = (standing for standing in SHOWN if standing is not Standing.ENGINE_STOPPED)
        words = [_word(standing) for standing in (*usual, self._standing)]
        wide = max(metrics.horizontalAdvance(word) for word in words)
        return QSize(wide + self._theme.px(34), metrics.height() + self._theme.px(8))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The shape, then the word."""
        theme, painter = self._theme, QPainter(self)
        which, colour, _ = SHOWN[self._standing]
        side = theme.px(14)
        place = QRectF(theme.px(4), (self.height() - side) / 2, side, side)
        paint.shape(painter, place, which, theme.colour(colour))
        painter.setFont(theme.font("title"))
        painter.setPen(theme.colour("text"))
        words = self.rect().adjusted(theme.px(27), 0, 0, 0)
        painter.drawText(
            words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self.text
        )

    def _restyle(self) -> None:
        self.updateGeometry()
        self.update()


def _word(standing: Standing) -> str:
    return standing.value.capitalize()
