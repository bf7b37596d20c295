"""Whose turn it is while trading, and which of its bars: one box a bar, in two colours and shapes.

Bar-accurate, because the session tells it with each beat. It is hidden where nobody trades.
"""

from PySide6.QtCore import QRectF, QSize, Qt, Slot
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.state import JamState
from gui.theme import paint
from gui.theme.theme import Theme
from gui.widgets import explain
from plugin.protocol import Position
from plugin.settings import Settings, Way


class TurnIndicator(QWidget):
    """See the module. `text` is "You: bar 2 of 4", `bar` and `bars` the same as numbers."""

    def __init__(self, state: JamState, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state, self._theme = state, theme
        self.partners: bool | None = None
        self.bar, self.bars = 0, 0
        self.text = ""
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        state.position_changed.connect(self._position)
        state.settings_changed.connect(self._settings)
        state.running_changed.connect(self._running)
        theme.changed.connect(self._restyle)
        self._refresh(None)

    def sizeHint(self) -> QSize:
        """Room for the words and eight boxes."""
        metrics = QFontMetrics(self._theme.font("number"))
        wide = metrics.horizontalAdvance("Partner: bar 8 of 8") + self._theme.px(10 + 8 * 18)
        return QSize(wide, metrics.height() + self._theme.px(6))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Boxes of the turn: those over are filled, the present one is too and has a frame."""
        theme, painter = self._theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font("number"))
        painter.setPen(theme.colour("text"))
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(self.rect(), left, self.text)
        if self.partners is None:
            return
        colour = theme.colour("partner" if self.partners else "player")
        side, gap = theme.px(12), theme.px(6)
        x = painter.fontMetrics().horizontalAdvance("Partner: bar 8 of 8") + theme.px(10)
        top = (self.height() - side) / 2
        for bar in range(1, self.bars + 1):
            place = QRectF(x + (bar - 1) * (side + gap), top, side, side)
            if bar <= self.bar:
                paint.shape(painter, place, "square" if self.partners else "circle", colour)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            now = bar == self.bar
            painter.setPen(QPen(theme.colour("text" if now else "outline"), 2 if now else 1))
            painter.drawRoundedRect(place.adjusted(-1, -1, 1, 1), 2, 2)

    @Slot(object)
    def _position(self, position: Position) -> None:
        self._refresh(position)

    @Slot(object)
    def _settings(self, _settings: Settings) -> None:
        self._refresh(self._state.position)

    @Slot(bool)
    def _running(self, running: bool) -> None:
        self._refresh(self._state.position if running else None)

    def _refresh(self, position: Position | None) -> None:
        trades = self._state.settings.way is Way.TRADE
        told = position is not None and position.partners_turn is not None
        before = (self.partners, self.bar, self.bars, self.text)
        if trades and told and position is not None:
            self.partners = position.partners_turn
            self.bar, self.bars = position.turn_bar, position.turn_bars
            who = "Partner" if self.partners else "You"
            self.text = f"{who}: bar {self.bar} of {self.bars}"
        else:
            self.partners, self.bar, self.bars = None, 0, 0
            self.text = "Trading begins with the clock" if trades else ""
        if before != (self.partners, self.bar, self.bars, self.text):
            explain(self, "Whose turn", self.text or "nobody trades")
            self.update()
        self.setVisible(trades)

    def _restyle(self) -> None:
        self.updateGeometry()
        self.update()
