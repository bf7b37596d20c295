"""The live piano roll as a widget that follows the session: it hears, moves and paints.

`scene` knows what is to be seen, `roll` adds mouse and keys. Nothing runs while nobody plays and no
beat goes on: the last phrase stays in sight, and the next note wakes it. It refuses to keep what
the session told.
"""

import math

from PySide6.QtCore import (
    QElapsedTimer,
    QPoint,
    QRect,
    QSize,
    Qt,
    QTimer,
    Signal,
    Slot,
)
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QFont,
    QHideEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QPushButton,
    QSizePolicy,
    QToolTip,
    QWidget,
)

from gui.bridge import Bridge
from gui.roll.inks import Inks
from gui.roll.scene import Scene
from gui.roll.view import ZOOM_STEP
from gui.roll.words import reach
from gui.state import JamState
from gui.theme.paint import focus_ring
from gui.theme.theme import Theme
from plugin.protocol import AnswerOver, PhraseHeard, Position
from plugin.served.messages import Pulse

FRAME_MS = 16
SAY_AFTER_MS = 1000
"""A phrase is described to screen readers so long after it, and no two at once."""
KEYS_PX, RULER_PX = 40, 20


class LiveRoll(QWidget):
    """See the module. `hovered`: the note under the mouse in words, "" for none."""

    hovered = Signal(str)
    follows_changed = Signal(bool)
    """Whether the present is shown."""
    zoomed = Signal(float)
    """Logical pixels a second."""

    def __init__(
        self, state: JamState, bridge: Bridge, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._state, self._theme = state, theme
        self.scene = Scene()
        self._since = QElapsedTimer()
        self.timer = QTimer(self)
        self.timer.setTimerType(Qt.TimerType.PreciseTimer)
        self.timer.timeout.connect(self._tick)
        self._say = QTimer(self)
        self._say.setSingleShot(True)
        self._say.setInterval(SAY_AFTER_MS)
        self._say.timeout.connect(self._describe)
        self._news = False
        self._to_say: dict[bool, int] = {}
        self._back = QPushButton("Back to now", self)
        self._back.setToolTip("Follows what is played again (End)")
        self._back.setAccessibleName("Back to now")
        self._back.clicked.connect(self.follow)
        self._back.hide()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Piano roll")
        self.setAccessibleDescription("nothing played yet")
        bridge.told.connect(self._told)
        state.opened_changed.connect(self._opened)
        state.position_changed.connect(self._position)
        theme.changed.connect(self._wear)
        self._wear()

    def sizeHint(self) -> QSize:
        """Wide."""
        return QSize(self._theme.px(900), self._theme.px(380))

    def minimumSizeHint(self) -> QSize:
        """An octave or two, some seconds."""
        return QSize(self._theme.px(240), self._theme.px(84))

    # ------------------------------------------------------------------------------ commands

    @property
    def px_per_s(self) -> float:
        """The zoom, in logical pixels a second."""
        return self.scene.view.px_per_s

    @property
    def follows(self) -> bool:
        """Whether the present is shown."""
        return self.scene.view.follows

    @Slot()
    def zoom_in(self) -> None:
        """Fewer bars."""
        self.zoom(ZOOM_STEP)

    @Slot()
    def zoom_out(self) -> None:
        """More bars."""
        self.zoom(1 / ZOOM_STEP)

    @Slot()
    def zoom_reset(self) -> None:
        """As it was in the beginning."""
        self.scene.view.reset()
        self._changed()

    def zoom(self, factor: float, x: float | None = None) -> None:
        """Time `factor` times as wide; what is at the logical x stays there."""
        view = self.scene.view
        at = None if x is None else x * view.dpr - self.scene.keys_px
        view.zoom(factor, at)
        self._changed()

    def zoom_rows(self, factor: float) -> None:
        """Show `factor` times as many keys."""
        self.scene.view.zoom_rows(factor)
        if not self.timer.isActive() and self._state.pulse is None:
            self.scene.view.settle()
        self._wake()
        self._pace()
        self.update()

    @Slot()
    def follow(self) -> None:
        """Show the present."""
        self.scene.view.follow()
        self._changed()

    def go_back(self, px: float) -> None:
        """So many logical pixels back in time, below 0 ahead."""
        self.scene.view.drag(px * self.scene.view.dpr)
        self._changed()

    def _changed(self) -> None:
        """Another part of time is shown."""
        view = self.scene.view
        self.scene.look(view.now_ns)
        if self._back.isVisibleTo(self) == view.follows:
            self._back.setVisible(not view.follows)
            self.follows_changed.emit(view.follows)
        self.zoomed.emit(view.px_per_s)
        self.hover(None)
        self._pace()
        self._wake()
        self.update()

    # ------------------------------------------------------------------------------ told

    @Slot(object)
    def _told(self, message: object) -> None:
        if isinstance(message, Pulse):
            self.scene.take(message)
            if self.scene.beat_goes_on:
                self._wake()
        elif self.scene.take(message):
            self._wake()
            self._news = True  # seen with the next frame
            if not self.timer.isActive():
                self.update()
        elif isinstance(message, PhraseHeard):
            self._soon(partner=False, notes=message.notes)
        elif isinstance(message, AnswerOver):
            self._soon(partner=True, notes=message.notes)

    @Slot(object)
    def _position(self, position: Position) -> None:
        self.scene.position(position, self._state.now_ns())

    @Slot(object)
    def _opened(self, opened: object) -> None:
        if opened is None:
            self.scene.silence()
            self.update()

    def _soon(self, *, partner: bool, notes: int) -> None:
        if notes:
            self._to_say[partner] = notes
            if not self._say.isActive():
                self._say.start()

    @Slot()
    def _describe(self) -> None:
        said = [
            f"{'answer' if partner else 'last phrase'}: {reach(found)}"
            for partner, count in sorted(self._to_say.items())
            if (found := self.scene.notes.last(count, partner=partner))
        ]
        self._to_say.clear()
        if said:
            self.setAccessibleDescription("; ".join(said))
            event = QAccessibleEvent(self, QAccessible.Event.DescriptionChanged)
            QAccessible.updateAccessibility(event)

    # ------------------------------------------------------------------------------ time

    @Slot()
    def _tick(self) -> None:
        now_ns = self._state.now_ns()
        passed_ns = self._since.nsecsElapsed()
        self._since.start()
        if self._state.pulse is None or not self.scene.moves(now_ns):
            self.timer.stop()
            return
        if self.scene.tick(now_ns, passed_ns) or self._news:
            self._news = False
            self.update()
        self._pace()

    def _wake(self) -> None:
        """Something moves: run, unless nobody can see it."""
        if self.timer.isActive() or not self.isVisible() or self._state.pulse is None:
            return
        now_ns = self._state.now_ns()
        if self.scene.moves(now_ns):
            self.scene.view.wake(now_ns)
            self._since.start()
            self._pace()
            self.timer.start()

    def _pace(self) -> None:
        """No more frames than there are pixels to move by, and sixty a second at most."""
        view = self.scene.view
        interval = FRAME_MS
        if not (view.glides or view.catches_up):
            interval = max(FRAME_MS, math.floor(1000 / (view.px_per_s * view.dpr)))
        if self.timer.interval() != interval:
            self.timer.setInterval(interval)

    # ------------------------------------------------------------------------------ painted

    def _wear(self) -> None:
        self._fit()
        font = QFont(self._theme.font("small"))
        font.setPixelSize(max(round(font.pixelSize() * self.scene.view.dpr), 1))
        self.scene.wear(Inks(self._theme.palette), font)
        self.updateGeometry()
        self.update()

    def _fit(self) -> None:
        dpr, px = self.devicePixelRatio(), self._theme.px
        self.scene.fit(
            round(self.width() * dpr),
            round(self.height() * dpr),
            dpr,
            round(px(KEYS_PX) * dpr),
            round(px(RULER_PX) * dpr),
        )
        size = self._back.sizeHint()
        gap = px(10)
        place = QPoint(self.width() - size.width() - gap, self.height() - size.height() - gap)
        self._back.setGeometry(QRect(place, size))

    def paintEvent(self, event: QPaintEvent) -> None:
        """A frame."""
        painter = QPainter(self)
        dpr = self.devicePixelRatio()
        if dpr != self.scene.view.dpr:
            self._wear()
        painter.save()
        painter.scale(1 / dpr, 1 / dpr)
        self.scene.paint(painter)
        painter.restore()
        if self.hasFocus():
            focus_ring(painter, self.rect().toRectF(), self._theme)
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another size."""
        self._fit()
        self.scene.look(self.scene.view.now_ns)

    def showEvent(self, event: QShowEvent) -> None:
        """It can be seen again."""
        self._fit()
        if self._state.pulse is not None and self.scene.moves(self._state.now_ns()):
            self.scene.view.tick(self._state.now_ns(), 0)
        self.scene.look(self.scene.view.now_ns)
        self.scene.view.settle()
        self._wake()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody sees it: nothing runs."""
        self.timer.stop()

    def hover(self, place: QPoint | None) -> None:
        """The note at this place is looked at; None: no note is."""
        note = None if place is None else self.scene.at(place * self.scene.view.dpr)
        if note is self.scene.hovered:
            return
        self.scene.hovered = note
        text = self.scene.about(note) if note is not None else ""
        self.hovered.emit(text)
        if note is not None and place is not None:
            QToolTip.showText(self.mapToGlobal(place), text, self)
        else:
            QToolTip.hideText()
        self.update()
