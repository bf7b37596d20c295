"""A lamp for what goes through a port: notes, control or clock. A shape, a colour, and a name.

It is lit for at least `HOLD_MS` after the last word, so that a single note is seen. It refuses to
count and to blink by itself.
"""

from PySide6.QtCore import QRectF, QSize, QTimer
from PySide6.QtGui import QHideEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.theme import paint
from gui.theme.paint import Shape
from gui.theme.theme import Theme
from gui.widgets.explain import explain
from plugin.served.messages import Kind

HOLD_MS = 120
SHAPES: dict[Kind, Shape] = {"notes": "circle", "control": "diamond", "clock": "square"}
"""What goes through -> the lamp's shape."""
COLOURS: dict[Kind, str] = {"notes": "good", "control": "warn", "clock": "accent"}
"""What goes through -> the lamp's colour in the palette."""
_SIDE = 9


class Lamp(QWidget):
    """See the module. name: "Notes in"; away: whether its port is gone (a hollow, grey lamp)."""

    def __init__(self, theme: Theme, kind: Kind, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._kind = theme, kind
        self._away = False
        self._hold = QTimer(self)
        self._hold.setSingleShot(True)
        self._hold.setInterval(HOLD_MS)
        self._hold.timeout.connect(self.update)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        explain(self, name, f"is lit while {_WHAT[kind]}")
        theme.changed.connect(self._restyle)

    @property
    def lit(self) -> bool:
        """Whether it shines now."""
        return self._hold.isActive()

    def light(self) -> None:
        """Something went through."""
        was_lit = self._hold.isActive()
        self._hold.start()
        if not was_lit:
            self.update()

    def set_away(self, away: bool) -> None:
        """Say whether the port is gone."""
        if away != self._away:
            self._away = away
            self.update()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody sees it: it goes out."""
        self._hold.stop()
        super().hideEvent(event)

    def sizeHint(self) -> QSize:
        """A little square that grows with the text."""
        side = self._theme.px(_SIDE + 4)
        return QSize(side, side)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Lit: filled in its colour; else an outline in grey."""
        painter = QPainter(self)
        side = self._theme.px(_SIDE)
        place = QRectF(0, 0, side, side)
        place.moveCenter(QRectF(self.rect()).center())
        if self.lit:
            paint.shape(painter, place, SHAPES[self._kind], self._theme.colour(COLOURS[self._kind]))
            return
        edge = self._theme.colour("line" if self._away else "outline")
        paint.shape(painter, place, SHAPES[self._kind], edge)
        inside = place.adjusted(1.5, 1.5, -1.5, -1.5)
        paint.shape(painter, inside, SHAPES[self._kind], self._theme.colour("panel"))

    def _restyle(self) -> None:
        self.updateGeometry()
        self.update()


_WHAT: dict[Kind, str] = {
    "notes": "notes pass",
    "control": "knobs, pedals or bends pass",
    "clock": "a clock ticks",
}
