"""The privacy budget as a gauge with words: what is spent, what is left, or that none is counted.

Where nothing is promised the gauge is hatched, and not full: an empty tank would say something
else. It refuses to compute.
"""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.theme import paint
from gui.theme.theme import Theme
from gui.widgets.explain import explain

NAME = "Privacy budget"


class Gauge(QWidget):
    """See the module."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._spent: float | None = None
        self._most = 1.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self._restyle)
        self.show_budget(None, 1.0)

    def show_budget(self, spent: float | None, most: float) -> None:
        """How much of the budget is spent; None: no promise is made yet."""
        self._spent, self._most = spent, max(most, 1e-9)
        explain(self, NAME, self.words)
        self.update()

    @property
    def words(self) -> str:
        """What it shows."""
        if self._spent is None:
            return "no promise yet"
        return f"ε = {self._spent:.1f} of {self._most:g} used"

    def sizeHint(self) -> QSize:
        """One line, all the width that there is."""
        return QSize(self._theme.px(200), self._theme.px(22))

    def minimumSizeHint(self) -> QSize:
        """As narrow as its words."""
        return QSize(self._theme.px(140), self._theme.px(22))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A box, filled as far as it is spent, and the words."""
        theme, painter = self._theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        round_px = theme.px(5)
        painter.setPen(QPen(theme.colour("outline"), 1))
        painter.setBrush(theme.colour("sunken"))
        painter.drawRoundedRect(box, round_px, round_px)
        painter.setPen(Qt.PenStyle.NoPen)
        if self._spent is None:
            painter.setBrush(
                QBrush(paint.faded(theme.colour("outline"), 0.5), Qt.BrushStyle.BDiagPattern)
            )
            painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), round_px, round_px)
        else:
            share = min(max(self._spent / self._most, 0.0), 1.0)
            painter.setBrush(theme.colour("chosen"))
            full = QRectF(
                box.left() + 1, box.top() + 1, (box.width() - 2) * share, box.height() - 2
            )
            painter.drawRoundedRect(full, round_px, round_px)
        painter.setFont(theme.font("small"))
        painter.setPen(theme.colour("text"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self.words)

    def _restyle(self) -> None:
        self.updateGeometry()
        self.update()
