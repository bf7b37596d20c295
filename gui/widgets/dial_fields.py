"""The part of a dial that is moved: a slider, a list of words, a tick, or a line to write in.

A field shows a value and says which one somebody picked, in the dial's own values. It refuses to
know the settings: `gui.widgets.dial_control` does. Showing a value never picks it.
"""

from PySide6.QtCore import QPointF, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractScrollArea,
    QCheckBox,
    QComboBox,
    QLineEdit,
    QSlider,
    QWidget,
)

from plugin.control.dials import Dial
from plugin.control.kinds import Choice, Number, Switch, Value

FINE = 8
"""With shift the mouse goes so many times as far for the same change."""
MOST_LISTED = 6
"""Whole numbers of so few are a list of words."""
PAGE = 10
"""Steps of the page keys."""


def may_wheel(field: QWidget) -> bool:
    """Whether a wheel turns this field: it has the keyboard, or nothing around it would scroll."""
    if field.hasFocus():
        return True
    around = field.parentWidget()
    while around is not None:
        if isinstance(around, QAbstractScrollArea) and around.verticalScrollBar().maximum() > 0:
            return False
        around = around.parentWidget()
    return True


class NumberField(QSlider):
    """A slider over the places of a knob. Keys and wheel go by the step that the dial names."""

    picked = Signal(object)
    refused = Signal(str)
    write = Signal()
    """Return was pressed: somebody would rather write the number."""
    usual = Signal()

    def __init__(self, dial: Dial, kind: Number) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._kind = kind
        steps = round((kind.high - kind.low) / kind.step) + bool(kind.nothing)
        self.setRange(0, steps)
        self.setSingleStep(1)
        self.setPageStep(PAGE)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._held_at: QPointF | None = None
        self._held_place = 0.0
        self._wheeled = 0
        self.valueChanged.connect(self._moved)

    def show_value(self, value: Value) -> None:
        """Stand where this value is."""
        with QSignalBlocker(self):
            self.setValue(round(self._kind.turn(value) * self.maximum()))

    def _moved(self, place: int) -> None:
        self.picked.emit(self._kind.at(place / self.maximum()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Beside the knob it jumps there, and goes on from there."""
        if event.button() is not Qt.MouseButton.LeftButton:
            event.ignore()
            return
        fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        here = event.position()
        knob_px = self.value() / max(self.maximum(), 1) * self._travel_px() + self.height() / 4
        if not fine and abs(here.x() - knob_px) > self.height() / 2:
            self.setValue(
                round((here.x() - self.height() / 4) / self._travel_px() * self.maximum())
            )
        self._held_at, self._held_place = here, float(self.value())
        self.setSliderDown(True)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """The knob goes with the hand; with shift, finely."""
        if self._held_at is None:
            return
        moved = (event.position().x() - self._held_at.x()) / self._travel_px() * self.maximum()
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            moved /= FINE
        # From one moment to the next, so that shift may be pressed on the way.
        self._held_place = min(max(self._held_place + moved, 0.0), float(self.maximum()))
        self._held_at = event.position()
        self.setValue(round(self._held_place))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self._held_at = None
        self.setSliderDown(False)
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Back to the usual value."""
        self._held_at = None
        self.setSliderDown(False)
        self.usual.emit()
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """One step a click, where the wheel is ours."""
        if not may_wheel(self):
            event.ignore()
            return
        self._wheeled += event.angleDelta().y() or event.angleDelta().x()
        clicks = int(self._wheeled / 120)
        self._wheeled -= clicks * 120
        self.setValue(self.value() + clicks)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return writes, Delete is the usual value; the rest is a slider's."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2):
            self.write.emit()
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.usual.emit()
        else:
            super().keyPressEvent(event)

    def _travel_px(self) -> float:
        return max(self.width() - self.height() / 2, 1.0)


class ChoiceField(QComboBox):
    """A list of words. A value that is none of them is shown as one more."""

    picked = Signal(object)
    refused = Signal(str)
    usual = Signal()

    def __init__(self, dial: Dial, values: list[Value]) -> None:
        super().__init__()
        self._dial, self._values = dial, values
        for value in values:
            self.addItem(dial.words(value))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.activated.connect(self._activated)

    def show_value(self, value: Value) -> None:
        """Stand on this value."""
        with QSignalBlocker(self):
            while self.count() > len(self._values):
                self.removeItem(self.count() - 1)
            if value in self._values:
                self.setCurrentIndex(self._values.index(value))
            else:
                self.addItem(self._dial.words(value))
                self.setCurrentIndex(self.count() - 1)

    def _activated(self, place: int) -> None:
        if place < len(self._values):
            self.picked.emit(self._values[place])

    def wheelEvent(self, event: QWheelEvent) -> None:
        """One word a click, only with the keyboard's focus: a list is easily brushed."""
        if not self.hasFocus():
            event.ignore()
            return
        before = self.currentIndex()
        super().wheelEvent(event)
        if self.currentIndex() != before:
            self._activated(self.currentIndex())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete is the usual value; arrows pick at once."""
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.usual.emit()
            return
        super().keyPressEvent(event)


class SwitchField(QCheckBox):
    """On or off."""

    picked = Signal(object)
    refused = Signal(str)
    usual = Signal()

    def __init__(self, dial: Dial, kind: Switch) -> None:
        super().__init__()
        self._kind = kind
        self.clicked.connect(self._clicked)
        self.toggled.connect(self._name)
        self._name(False)

    def show_value(self, value: Value) -> None:
        """Be on or off."""
        with QSignalBlocker(self):
            self.setChecked(bool(value))
        self._name(bool(value))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete is the usual value."""
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.usual.emit()
            return
        super().keyPressEvent(event)

    @Slot(bool)
    def _clicked(self, on: bool) -> None:
        self.picked.emit(on)

    def _name(self, on: bool) -> None:
        self.setText(self._kind.show(on))


class WordsField(QLineEdit):
    """A line to write in, for scales, styles and controllers; what does not fit is refused."""

    picked = Signal(object)
    refused = Signal(str)
    """A sentence on what was written, "" once it fits."""
    usual = Signal()

    def __init__(self, dial: Dial) -> None:
        super().__init__()
        self._dial = dial
        self._shown = ""
        self.setPlaceholderText(dial.example)
        self.editingFinished.connect(self._written)

    def show_value(self, value: Value) -> None:
        """Write this value, unless somebody is writing."""
        self._shown = self._dial.kind.show(value)
        if not (self.hasFocus() and self.isModified()):
            self.setText(self._shown)
            self.refused.emit("")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape takes back what was written."""
        if event.key() == Qt.Key.Key_Escape and self.isModified():
            self.setText(self._shown)
            self.refused.emit("")
            return
        super().keyPressEvent(event)

    def _written(self) -> None:
        if self.text() == self._shown:
            return
        try:
            value = self._dial.read(self.text())
        except ValueError as error:
            self.refused.emit(str(error))
            return
        self.setModified(False)
        self.refused.emit("")
        self.picked.emit(value)


Field = NumberField | ChoiceField | SwitchField | WordsField


def field_of(dial: Dial) -> Field:
    """The field that fits the dial's kind."""
    match dial.kind:
        case Number(low=low, high=high, whole=True) if high - low < MOST_LISTED:
            return ChoiceField(dial, list(range(int(low), int(high) + 1)))
        case Number():
            return NumberField(dial, dial.kind)
        case Choice():
            return ChoiceField(dial, [value for _, value in dial.kind.options])
        case Switch():
            return SwitchField(dial, dial.kind)
        case _:
            return WordsField(dial)
