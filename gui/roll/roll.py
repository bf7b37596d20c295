"""The live piano roll with mouse, wheel, gestures and keys.

It refuses to know what is shown, and when: that is `live`.
"""

from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QNativeGestureEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QGestureEvent, QPinchGesture, QToolTip, QWidget

from gui.bridge import Bridge
from gui.roll.live import KEYS_PX, LiveRoll
from gui.roll.view import ZOOM_STEP
from gui.state import JamState
from gui.theme.theme import Theme

WHEEL_STEP = 120
TIP = (
    "Piano roll: yours square, the partner's rounded, planned notes dashed. Wheel or + and − zoom, "
    "Ctrl+wheel shows more keys, drag or arrows go back in time, End follows, 0 is as it was"
)


class Roll(LiveRoll):
    """See the module."""

    def __init__(
        self, state: JamState, bridge: Bridge, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(state, bridge, theme, parent)
        self._drag_from: QPoint | None = None
        self._dragging = False
        self.setMouseTracking(True)
        self.grabGesture(Qt.GestureType.PinchGesture)
        self.setToolTip(TIP)

    def event(self, event: QEvent) -> bool:
        """Gestures and tips, beside what every widget hears."""
        if isinstance(event, QHelpEvent):
            note = self.scene.hovered
            text = self.scene.about(note) if note is not None else TIP
            QToolTip.showText(event.globalPos(), text, self)
            return True
        if isinstance(event, QNativeGestureEvent):
            if event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
                self.zoom(1.0 + event.value(), event.position().x())
                return True
        elif isinstance(event, QGestureEvent):
            pinch = event.gesture(Qt.GestureType.PinchGesture)
            if isinstance(pinch, QPinchGesture):
                self.zoom(pinch.scaleFactor(), self.mapFromGlobal(pinch.centerPoint()).x())
                return True
        return super().event(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Wheel: wider or narrower; with Ctrl: more or fewer keys; sideways or Shift: in time."""
        turned = event.angleDelta()
        keys = event.modifiers()
        sideways = event.pixelDelta().x() or turned.x()
        if keys & Qt.KeyboardModifier.ShiftModifier and not sideways:
            sideways = turned.y()
        if sideways and abs(sideways) >= abs(turned.y()):
            self.go_back(sideways)
        elif keys & Qt.KeyboardModifier.ControlModifier:
            self.zoom_rows(ZOOM_STEP ** (-turned.y() / WHEEL_STEP))
        else:
            self.zoom(ZOOM_STEP ** (turned.y() / WHEEL_STEP), event.position().x())
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Zoom, and ways through time."""
        page = (self.width() - self._theme.px(KEYS_PX)) * 0.8
        ctrl = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        match event.key():
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal:
                self.zoom_in()
            case Qt.Key.Key_Minus:
                self.zoom_out()
            case Qt.Key.Key_0:
                self.zoom_reset()
            case Qt.Key.Key_End:
                self.follow()
            case Qt.Key.Key_Left:
                self.go_back(page / 8)
            case Qt.Key.Key_Right:
                self.go_back(-page / 8)
            case Qt.Key.Key_PageUp:
                self.go_back(page)
            case Qt.Key.Key_PageDown:
                self.go_back(-page)
            case Qt.Key.Key_Up | Qt.Key.Key_Down if ctrl:
                up = event.key() == Qt.Key.Key_Up
                self.zoom_rows(1 / ZOOM_STEP if up else ZOOM_STEP)
            case _:
                super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Perhaps a drag begins."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._drag_from, self._dragging = event.position().toPoint(), False
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag through time, or look at a note."""
        place = event.position().toPoint()
        if self._drag_from is None:
            self.hover(place)
            return
        way = place.x() - self._drag_from.x()
        if self._dragging or abs(way) >= QApplication.startDragDistance():
            self._dragging = True
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            self._drag_from = place
            self.go_back(way)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """It stays where it was dragged to."""
        self._drag_from = None
        if self._dragging:
            self._dragging = False
            self.unsetCursor()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Back to now."""
        self.follow()

    def leaveEvent(self, event: QEvent) -> None:
        """No note is under the mouse."""
        self.hover(None)
