"""Keeps single keys where they belong: letters in a text field, Space on a button, not an action.

A key of an action is heard all over the window; this filter lets whatever has the keyboard take
its own keys first. It refuses to swallow anything with Ctrl, Alt or Meta, and Esc.
"""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QKeySequenceEdit,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

_TEXT = (QLineEdit, QTextEdit, QPlainTextEdit, QAbstractSpinBox, QKeySequenceEdit)
_PRESSED = (QAbstractButton, QComboBox, QAbstractItemView)
_COMMANDS = (
    Qt.KeyboardModifier.ControlModifier
    | Qt.KeyboardModifier.AltModifier
    | Qt.KeyboardModifier.MetaModifier
)
_EDITING = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)


class KeyGuard(QObject):
    """To be installed on the application."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Lets the widget that has the keyboard have the key."""
        if (
            event.type() is QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and isinstance(watched, QWidget)
            and belongs_to(watched, event)
        ):
            event.accept()
            return True
        return False


def belongs_to(widget: QWidget, event: QKeyEvent) -> bool:
    """Whether a key is this widget's own and no action's."""
    if event.modifiers() & _COMMANDS:
        return False
    if _writes(widget):
        return bool(event.text() and event.text().isprintable()) or event.key() in _EDITING
    if event.key() == Qt.Key.Key_Space:
        return isinstance(widget, _PRESSED) and widget.isEnabled()
    return False


def _writes(widget: QWidget) -> bool:
    if isinstance(widget, QComboBox):
        return widget.isEditable()
    if isinstance(widget, QLineEdit | QTextEdit | QPlainTextEdit):
        return not widget.isReadOnly()
    return isinstance(widget, _TEXT)
