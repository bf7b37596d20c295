"""Learning while it goes on, and what came of it: time left, the curve, the sentence, keep or drop.

It shows a `Learning` and is clicked. It refuses to ask the session for anything.
"""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QProgressBar, QPushButton, QWidget

from gui.personalise.before_after import NAME, BeforeAfter
from gui.personalise.learning import Learning, Phase, time_left
from gui.personalise.wording import in_window
from gui.theme import looks
from gui.theme.theme import Theme
from gui.widgets.card import Card
from gui.widgets.explain import explain, why_not
from gui.widgets.flow import FlowLayout
from gui.widgets.plot import Curve, Plot

KEPT = "Kept: “{profile}” plays with version {version}."
DROPPED = "Dropped: “{profile}” plays as before. Redo, below, has it again."
_DECIDED = {"": "", "kept": KEPT, "dropped": DROPPED}
NOT_IN_USE = "Another version is in use now: choose one in the list of versions."


class LearnCard(Card):
    """See the module. Hidden while nothing was learnt."""

    cancel = Signal()
    keep = Signal()
    drop = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Learning", parent)
        self._by_key = False
        """Whether the keyboard was on Cancel when it vanished."""
        self.bar = QProgressBar()
        self.bar.setRange(0, 1)
        self.bar.setFormat("%p %")
        explain(self.bar, "Progress of learning", "")
        self.left = QLabel()
        self.stop = QPushButton("Cancel")
        explain(self.stop, "Cancel", "stops learning; everything stays as it was")
        self.stop.clicked.connect(self.cancel)
        self.plot = Plot(theme, "Learning curve", "% done", "bits per note")
        self.says = QLabel()
        self.says.setWordWrap(True)
        self.says.setTextFormat(Qt.TextFormat.PlainText)
        self.bits = BeforeAfter(theme)
        self.gain = QLabel(NAME)
        self.gain.setWordWrap(True)
        looks.role(self.gain, "small")
        self.keep_it = QPushButton("Keep")
        looks.kind(self.keep_it, "primary")
        explain(self.keep_it, "Keep", "plays with what was learnt from now on")
        self.keep_it.clicked.connect(self.keep)
        self.drop_it = QPushButton("Drop")
        explain(self.drop_it, "Drop", "goes back to what played before; Redo has it again")
        self.drop_it.clicked.connect(self.drop)
        running, ending = FlowLayout(), FlowLayout()
        for row, widgets in (
            (running, (self.left, self.stop)),
            (ending, (self.keep_it, self.drop_it)),
        ):
            theme.spaced(row, 8)
            for widget in widgets:
                row.addWidget(widget)
        for part in (self.says, self.gain, self.bits, self.bar):
            self.body.addWidget(part)
        self.body.addLayout(running)
        self.body.addWidget(self.plot)
        self.body.addLayout(ending)
        self.show_learning(Learning())

    def show_learning(self, now: Learning) -> None:
        """One moment of it."""
        over, kept = now.phase is Phase.OVER, now.phase is Phase.OVER and now.kept
        self._by_key = (self._by_key or self.stop.hasFocus()) and (now.busy or kept)
        self.setVisible(now.phase is not Phase.IDLE)
        self.retitle("Learning" if now.busy else "What was learnt" if kept else "Nothing changed")
        for part in (self.bar, self.left, self.stop):
            part.setVisible(now.busy)
        self.bar.setRange(0, max(now.of, 1))
        self.bar.setValue(min(now.step, now.of))
        self.left.setText("stopping" if now.cancelling else time_left(now.seconds_left))
        why_not(self.stop, "It is being stopped: a moment." if now.cancelling else "")
        self._show_curve(now)
        words = _DECIDED[now.decision].format(profile=now.profile, version=now.version)
        self.says.setText(words or in_window(now.says))
        self.says.setVisible(over)
        looks.role(self.says, "good" if kept and not now.decision else "")
        measured = over and now.before_bits is not None and now.after_bits is not None
        self.bits.setVisible(measured)
        self.gain.setVisible(measured)
        self.bits.show_bits(now.before_bits, now.after_bits)
        self.keep_it.setVisible(kept and not now.decision)
        self.drop_it.setVisible(kept and not now.decision)
        self._follow()

    def forbid(self, reason: str) -> None:
        """Why there is nothing to keep or to drop any more; "" where there is."""
        why_not(self.keep_it, reason)
        why_not(self.drop_it, reason)
        self._follow()

    def _follow(self) -> None:
        """A keyboard that was on Cancel goes on to Keep as soon as that can be pressed."""
        if self._by_key and self.keep_it.isVisible() and self.keep_it.isEnabled():
            self._by_key = False
            self.keep_it.setFocus()

    def _show_curve(self, now: Learning) -> None:
        self.plot.setVisible(bool(now.curve.learnt) and now.phase is not Phase.IDLE)
        curve = now.curve
        held = Curve(
            "held back", curve.held_back, colour="player", shape="diamond", breaks=curve.anew_held
        )
        learnt = Curve(
            "learnt from", curve.learnt, colour="partner", dashed=True, breaks=curve.anew
        )
        self.plot.show_curves((learnt, held))
