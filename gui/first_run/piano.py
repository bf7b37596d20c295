"""The computer's keys as a small piano: A S D F G H J K are white keys, W E T Y U black ones.

It plays while it has the keyboard, and with the mouse; then single letters are notes and no
shortcuts. Whatever is held is let go when it loses the focus, is hidden or changes its octave, so
no note hangs. The notes that sound light up, whoever plays them. It refuses to sound by itself: it
sends `Key`, and the session plays.
"""

import sys

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFocusEvent, QHideEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.bridge import Bridge
from gui.theme import paint
from gui.theme.theme import Theme
from gui.widgets import explain
from plugin.protocol import NoteSounded
from plugin.served.messages import Key, NoteEnded, Opened, Over

LETTERS = "AWSEDFTGYHUJK"
"""From C upwards, half a tone each, on an English keyboard."""
_QT_KEYS = {Qt.Key[f"Key_{letter}"]: step for step, letter in enumerate(LETTERS)}
_QT_KEYS[Qt.Key.Key_Z] = LETTERS.index("Y")  # a German keyboard has it there
# Where a system tells places of keys, French and other keyboards have their piano in the same spot.
_PLACES = dict(zip((30, 17, 31, 18, 32, 33, 20, 34, 21, 35, 22, 36, 37), range(13), strict=True))
_PLACE_BEGINS = {"linux": 8, "win32": 0}
BLACK = frozenset({1, 3, 6, 8, 10})
LOWEST_OCTAVE, HIGHEST_OCTAVE, USUAL_OCTAVE = 1, 7, 4
VELOCITY = 80


class KeyPiano(QWidget):
    """See the module."""

    def __init__(
        self, bridge: Bridge, theme: Theme, high: float = 110, parent: QWidget | None = None
    ) -> None:
        """high: at 100 %, in logical pixels."""
        super().__init__(parent)
        self._bridge, self._theme, self._high = bridge, theme, high
        self.octave = USUAL_OCTAVE
        self._held: dict[int, int] = {}  # what holds it (a key's place, or -1 the mouse) -> pitch
        self._lit: dict[tuple[bool, int], int] = {}
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        explain(
            self,
            "Piano",
            "Click it, then play with the keys A to K; W, E, T, Y and U are the black ones. Arrow "
            "up and down change the octave. It plays as your keyboard would.",
        )
        bridge.told.connect(self._told)
        theme.changed.connect(self.updateGeometry)

    @property
    def lowest(self) -> int:
        """Pitch of its first key."""
        return 12 * (self.octave + 1)

    @property
    def held(self) -> tuple[int, ...]:
        """Pitches that are held down here."""
        return tuple(self._held.values())

    def sizeHint(self) -> QSize:
        """Wide enough for a hand, drawn."""
        return QSize(self._theme.px(360), self._theme.px(self._high))

    def let_go(self) -> None:
        """End everything that is held here."""
        if self._held:
            self._held.clear()
            self._bridge.send(Key(-1, False))
            self.update()

    # -- keys --

    def event(self, event: QEvent) -> bool:
        """Letters are notes here: the window's shortcuts do not get them."""
        if (
            event.type() is QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and self._step(event) is not None
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """A note, or another octave."""
        step = self._step(event)
        if step is not None:
            if not event.isAutoRepeat():
                self._press(event.key(), self.lowest + step)
        elif event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.let_go()
            up = 1 if event.key() == Qt.Key.Key_Up else -1
            self.octave = min(max(self.octave + up, LOWEST_OCTAVE), HIGHEST_OCTAVE)
            self.update()
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """The end of a note."""
        if self._step(event) is None:
            super().keyReleaseEvent(event)
        elif not event.isAutoRepeat():
            self._release(event.key())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A note."""
        step = self._at(event.position())
        if step is not None:
            self._press(-1, self.lowest + step)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Its end."""
        self._release(-1)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """A key that is released elsewhere is not heard of here."""
        self.let_go()
        super().focusOutEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """As when the focus goes."""
        self.let_go()
        super().hideEvent(event)

    def _step(self, event: QKeyEvent) -> int | None:
        """Half tones above C, None for a key that is none of the piano's."""
        plain = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if plain not in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier):
            return None
        begins, place = _PLACE_BEGINS.get(sys.platform), event.nativeScanCode()
        if begins is not None and place > begins:
            return _PLACES.get(place - begins)
        return _QT_KEYS.get(Qt.Key(event.key()))

    def _press(self, holder: int, pitch: int) -> None:
        self._release(holder)
        if pitch not in self._held.values():
            self._held[holder] = pitch
            self._bridge.send(Key(pitch, True, VELOCITY))
            self.update()

    def _release(self, holder: int) -> None:
        pitch = self._held.pop(holder, None)
        if pitch is not None:
            self._bridge.send(Key(pitch, False))
            self.update()

    def _told(self, message: object) -> None:
        if isinstance(message, NoteSounded):
            self._lit[message.partner, message.pitch] = 1
        elif isinstance(message, NoteEnded):
            self._lit.pop((message.partner, message.pitch), None)
        elif isinstance(message, Opened | Over):
            self._lit.clear()  # whose notes these were has ended
        else:
            return
        self.update()

    # -- drawing --

    def _boxes(self) -> dict[int, QRectF]:
        """Where each key is, the white ones first: the black ones lie on them."""
        white = [step for step in range(len(LETTERS)) if step % 12 not in BLACK]
        wide = min(self.width() / len(white), self._theme.px(48))
        high = self.height() - 2.0
        found = {step: QRectF(at * wide, 1, wide - 2, high) for at, step in enumerate(white)}
        for step in range(len(LETTERS)):
            if step % 12 in BLACK:
                edge = found[step - 1].right() + 1
                found[step] = QRectF(edge - wide * 0.3, 1, wide * 0.6, high * 0.6)
        return found

    def _at(self, point: QPointF) -> int | None:
        hit = [step for step, box in self._boxes().items() if box.contains(point)]
        return hit[-1] if hit else None

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Keys with their letters; what sounds is filled in the colour of who plays it."""
        painter, theme = QPainter(self), self._theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font("small"))
        dark = theme.palette.dark
        for step, box in self._boxes().items():
            black = step % 12 in BLACK
            ground, ink = ("window", "text") if black == dark else ("text", "window")
            pitch = self.lowest + step
            mark = ""
            if pitch in self.held or (False, pitch) in self._lit:
                mark = "player"
            elif (True, pitch) in self._lit:
                mark = "partner"
            painter.setPen(theme.colour("outline"))
            painter.setBrush(theme.colour(mark or ground))
            painter.drawRoundedRect(box, theme.px(3), theme.px(3))
            painter.setPen(theme.colour("window" if mark else ink))
            low = Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignHCenter
            painter.drawText(box.adjusted(0, 0, 0, -theme.px(6)), low, LETTERS[step])
        if self.hasFocus():
            wide = max(box.right() for box in self._boxes().values())
            paint.focus_ring(painter, QRectF(0, 0, wide + 1, self.height()), theme)
