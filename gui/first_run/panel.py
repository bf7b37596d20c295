"""The first run: four steps, each with a sentence, a picture, a test and a way past it.

It lies over nothing and blocks nothing: the window goes on beside it, and Help brings it back. It
refuses to insist: closing it is finishing it.
"""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from gui.actions import Actions
from gui.bridge import Bridge
from gui.first_run.daw_step import DawStep
from gui.first_run.step import Step
from gui.first_run.steps import HearStep, PlayStep, SharingStep
from gui.keeping import Keeping
from gui.pages.page import Page
from gui.state import JamState
from gui.theme import looks
from gui.theme.theme import Theme
from gui.voice.built_in import BuiltInVoice
from gui.widgets import explain, why_not


class FirstRun(QWidget):
    """See the module. `finished`: the player is through, or wants no more of it."""

    finished = Signal()
    wants_px = (760, 500)
    """Four short steps: no more room than they need, so that the window is seen beside them."""

    def __init__(
        self,
        state: JamState,
        bridge: Bridge,
        theme: Theme,
        actions: Actions,
        keeping: Keeping,
        voice: BuiltInVoice,
        parent: QWidget | None = None,
        *,
        shares: bool = False,
    ) -> None:
        """shares: whether sharing is on, for who comes back to these steps later."""
        super().__init__(parent)
        self._keeping = keeping
        self.setAccessibleName("First steps")
        self.steps: tuple[Step, ...] = (
            PlayStep(state, bridge, theme, actions, keeping),
            HearStep(state, bridge, theme, keeping, voice),
            DawStep(state, bridge, theme, keeping),
            SharingStep(theme, actions, shares=shares),
        )
        self._stack = QStackedWidget()
        for step in self.steps:
            page = Page(theme, step.sentence, "")
            page.bare(step)
            self._stack.addWidget(page)
            step.done_changed.connect(self._show)
        self._at = 0
        self._there = False
        self.place = QLabel()
        looks.role(self.place, "soft")
        self.close_all, self.back, self.next = (
            QPushButton("Close"),
            QPushButton("Back"),
            QPushButton(),
        )
        looks.kind(self.close_all, "quiet")
        explain(self.close_all, "Close", "Ends the first steps; the menu Help has them again.")
        explain(self.back, "Back", "To the step before.")
        bar = QHBoxLayout()
        theme.spaced(bar, 8, 16, 10, 16, 12)
        bar.addWidget(self.place)
        bar.addStretch(1)
        for button in (self.close_all, self.back, self.next):
            bar.addWidget(button)
        layout = QVBoxLayout(self)
        theme.spaced(layout, 0, 0)
        layout.addWidget(self._stack, 1)
        layout.addLayout(bar)
        self.close_all.clicked.connect(self.finish)
        self.back.clicked.connect(lambda: self.go(self._at - 1))
        self.next.clicked.connect(self.go_on)
        self._show()

    @property
    def at(self) -> int:
        """The present step, from 0."""
        return self._at

    @property
    def step(self) -> Step:
        """The present step."""
        return self.steps[self._at]

    def go(self, at: int) -> None:
        """To this step, from 0."""
        at = min(max(at, 0), len(self.steps) - 1)
        if at == self._at:
            return
        if self._there:
            self.step.leave()
        self._at = at
        self._stack.setCurrentIndex(at)
        if self._there:
            self.step.arrive()
        self._show()
        self.next.setFocus(Qt.FocusReason.OtherFocusReason)

    @Slot()
    def go_on(self) -> None:
        """To the next step; after the last one it is over."""
        if self._at == len(self.steps) - 1:
            self.finish()
        else:
            self.go(self._at + 1)

    @Slot()
    def finish(self) -> None:
        """It is over, and does not come back by itself."""
        self._keeping.change(first_run_done=True)
        self.finished.emit()

    def begin(self) -> None:
        """From the first step, again."""
        self.go(0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses the button that has the keyboard; elsewhere it goes on."""
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)
            return
        focus = self.focusWidget()
        if isinstance(focus, QAbstractButton) and focus.hasFocus():
            focus.click()
        else:
            self.go_on()

    def showEvent(self, event: QShowEvent) -> None:
        """The present step is there."""
        super().showEvent(event)
        if not self._there:
            self._there = True
            self.step.arrive()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody is there: nothing is listened to for it. However it is closed, it is over."""
        super().hideEvent(event)
        if not event.spontaneous():
            self._keeping.change(first_run_done=True)
        if self._there:
            self._there = False
            self.step.leave()

    @Slot()
    def _show(self) -> None:
        last = self._at == len(self.steps) - 1
        self.place.setText(f"Step {self._at + 1} of {len(self.steps)}")
        word = "Begin to play" if last else "Next" if self.step.done else "Skip"
        says = {
            "Skip": "Goes on without this step; it can be done later.",
            "Next": "To the next step.",
        }.get(word, "Ends the first steps.")
        self.next.setText(word)
        explain(self.next, word, says)
        if self.step.done:
            looks.kind(self.next, "primary")
        else:
            self.next.setProperty("kind", None)
            self.next.style().unpolish(self.next)
            self.next.style().polish(self.next)
        why_not(self.back, "" if self._at else "This is the first step.")
