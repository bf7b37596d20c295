"""The computer's keys as a piano below the roll, for who has no keyboard at hand.

It is there when it is asked for, and then has the keyboard. It refuses to know what a note becomes:
the session plays it.
"""

from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QWidget

from gui.bridge import Bridge
from gui.first_run.piano import KeyPiano
from gui.theme import looks
from gui.theme.theme import Theme

HIGH = 72
"""Of the piano, at 100 %."""
SAYS = (
    "A to K are the white keys, W E T Y U the black ones.\n"
    "Arrow up and down change the octave.\n"
    "Tab leaves the piano; then single keys are actions again."
)


class PianoRow(QFrame):
    """See the module. `piano` is what takes the keyboard."""

    def __init__(self, bridge: Bridge, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Computer keys")
        looks.kind(self, "panel")
        self.piano = KeyPiano(bridge, theme, HIGH)
        self.piano.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        says = QLabel(SAYS)
        looks.role(says, "soft")
        says.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout(self)
        theme.spaced(row, 14, 12, 6, 12, 6)
        row.addWidget(self.piano)
        row.addWidget(says, 1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setFocusProxy(self.piano)
        self.hide()
