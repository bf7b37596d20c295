"""A take as a small piano roll: in lists and cards, under the mouse while dragged, as a picture."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.events import Note
from engine.files import write_whole
from gui.roll.inks import Inks
from gui.roll.painting import SECOND, paint_roll_notes, paint_take, roll_notes
from gui.roll.words import summary
from gui.theme.palette import Palette
from gui.theme.theme import Theme

PICTURE_SIZE = (1600, 500)
DRAGGED_SIZE = (220, 64)


class MiniRoll(QWidget):
    """Shows one take; nothing can be done with it. It hears no keyboard, so that lists may."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._inks = Inks(theme.palette)
        self._notes = roll_notes((), partner=False)
        self._bars: list[int] = []
        self._playhead_ns: int | None = None
        self._picture = QPixmap()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName("Piano roll of a take")
        theme.changed.connect(self._recolour)

    def sizeHint(self) -> QSize:
        """Small."""
        return QSize(self._theme.px(160), self._theme.px(44))

    def minimumSizeHint(self) -> QSize:
        """Still readable."""
        return QSize(self._theme.px(48), self._theme.px(20))

    def show_notes(
        self, player: Sequence[Note], partner: Sequence[Note], bars: Sequence[float] = ()
    ) -> None:
        """Show these notes, with lines at `bars`; one unit of time for all."""
        self._notes = roll_notes(player, partner=False) + roll_notes(partner, partner=True)
        self._bars = [round(bar * SECOND) for bar in bars]
        self.setAccessibleDescription(summary(self._notes))
        self._repaint()

    def show_playhead(self, at: float | None) -> None:
        """What is heard now, in the notes' unit; None for nothing."""
        self._playhead_ns = None if at is None else round(at * SECOND)
        self._repaint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint once what is asked for often."""
        dpr = self.devicePixelRatio()
        if self._picture.isNull() or self._picture.size() != (self.size() * dpr):
            self._picture = QPixmap(self.size() * dpr)
            self._picture.setDevicePixelRatio(dpr)
            painter = QPainter(self._picture)
            paint_roll_notes(
                painter,
                QRectF(self.rect()),
                self._notes,
                self._inks,
                bars=self._bars,
                playhead_ns=self._playhead_ns,
            )
            painter.end()
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._picture)
        painter.end()

    def _recolour(self) -> None:
        self._inks = Inks(self._theme.palette)
        self.updateGeometry()
        self._repaint()

    def _repaint(self) -> None:
        self._picture = QPixmap()
        self.update()


def take_pixmap(
    player: Sequence[Note],
    partner: Sequence[Note],
    palette: Palette,
    size: tuple[int, int] = DRAGGED_SIZE,
    dpr: float = 1.0,
) -> QPixmap:
    """A take for under the mouse; `size` in logical pixels."""
    pixmap = QPixmap(round(size[0] * dpr), round(size[1] * dpr))
    pixmap.setDevicePixelRatio(dpr)
    painter = QPainter(pixmap)
    paint_take(painter, QRectF(0, 0, *size), player, partner, palette)
    painter.end()
    return pixmap


def save_picture(
    path: Path,
    player: Sequence[Note],
    partner: Sequence[Note],
    palette: Palette,
    *,
    bars: Sequence[float] = (),
    size: tuple[int, int] = PICTURE_SIZE,
) -> Path:
    """Write a take's piano roll as PNG, or as SVG if the name ends so. Thread: any.

    Raises OSError where it cannot be written.
    """
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    place = QRectF(0, 0, *size)
    if path.suffix.lower() == ".svg":
        from PySide6.QtSvg import QSvgGenerator  # only whoever saves one needs it

        svg = QSvgGenerator()
        svg.setOutputDevice(buffer)
        svg.setResolution(96)  # a pixel is a pixel, for whoever reads its millimetres
        svg.setSize(QSize(*size))
        svg.setViewBox(place)
        svg.setTitle(path.stem)
        painter = QPainter(svg)
        paint_take(painter, place, player, partner, palette, bars=bars, margin=12)
        painter.end()
    else:
        image = QImage(size[0] * 2, size[1] * 2, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(2.0)
        painter = QPainter(image)
        paint_take(painter, place, player, partner, palette, bars=bars, margin=12)
        painter.end()
        image.save(buffer, "PNG")  # type: ignore[call-overload]
    buffer.close()
    write_whole(path, bytes(data.data()))
    return path
