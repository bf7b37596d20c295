"""The second step: exactly what would leave, number by number, before anything does.

The file that is shown is the file that is sent, by its hash. While it is worked out there is a
progress and a way to stop. It refuses to send: what is clicked goes to `flow`.
"""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from gui.sharing.bars import Bars
from gui.sharing.gauge import Gauge
from gui.sharing.labels import button, even, line, show
from gui.sharing.seen import Seen
from gui.sharing.sheet_words import any_ripe, held, inside, needs_yes
from gui.sharing.words import in_window, listed, moment
from gui.takes.words import counted
from gui.theme import looks
from gui.theme.theme import Theme
from gui.widgets import Card, explain, why_not

if TYPE_CHECKING:
    from federation.client.child import Line
    from federation.client.preview import Preview

NOTHING_YET = "Nothing was worked out yet."
NOTHING_NEW = "Nothing was worked out since the last one was sent."
NOTHING_TEACHES = "Nothing may teach yet: tick some takes above."
ASKS_ALREADY = "You are asked every time already."
PAUSED = "Sharing is paused: press “Go on” first."
HELD = "It is held for a day, so that you can take it back; then it goes by itself."
SEND, YES = "Send", "Yes, share"
SECOND = "Send is your second yes: sharing is on from then on"
YES_MEANS = (
    "“Yes, share” is your second yes: sharing is on from then on, and {how}. So far nothing was "
    "asked of the server; then it is asked for its newest version, and the numbers are worked out "
    "from that and shown here once more. Only Send sends them."
)
BUSY = "Something is on its way: wait, or cancel it."
_STEPS = {"prepare": "Working out the change", "send": "Sending", "forget": "Asking the server"}
_NUMBERS_HEIGHT = 130


class SheetCard(Card):
    """See the module."""

    make = Signal()
    cancel = Signal()
    send = Signal(str)
    """The hash of what was shown."""
    send_waiting = Signal()
    not_this_time = Signal()
    always_ask = Signal()
    stop_and_forget = Signal()
    save = Signal(object)
    """The `Preview` whose file is to be saved."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "What would be sent", parent)
        self._theme = theme
        self._found: Preview | None = None
        self._task = self._reason = self._stops = ""
        self._ripe = False
        self._make_parts()
        self._make_sheet(theme)
        self._make_decision(theme)
        self._make_held(theme)
        for part in (self.says, self.make_button, self._progress, self._held, self._sheet):
            self.body.addWidget(part)
        theme.changed.connect(self._resize)
        self._resize()
        self.show_task("", cancelling=False)

    # -- making --

    def _make_parts(self) -> None:
        self.says = line(NOTHING_YET)
        self.make_button = button(
            "Show me what would be sent",
            "works it out from the takes that you ticked, on this computer",
            self.make.emit,
        )
        self.bar, self.step = QProgressBar(), line(role="small")
        self.bar.setTextVisible(False)
        explain(self.bar, "Progress", "of what is worked out or sent")
        self.stop = button("Cancel", "stops it; nothing is changed", self.cancel.emit)
        self._progress = QWidget()
        row = QHBoxLayout()
        self._theme.spaced(row, 8, 0)
        row.addWidget(self.bar, 1)
        row.addWidget(self.stop)
        column = QVBoxLayout(self._progress)
        self._theme.spaced(column, 6, 0)
        column.addWidget(self.step)
        column.addLayout(row)

    def _make_sheet(self, theme: Theme) -> None:
        self._sheet = QWidget()
        self._column = QVBoxLayout(self._sheet)
        theme.spaced(self._column, 8, 0)
        self.sentence, self.facts = line(role="heading"), line(role="small")
        self.bars, self.length = Bars(theme), line(role="small")
        self.hash = QLineEdit()
        self.hash.setReadOnly(True)
        explain(self.hash, "SHA-256 of the file", "what is sent must have the same")
        self.copy = button("Copy", "copies the hash", self._copy)
        self.save_button = button("Save as file…", "the very file that would be sent", self._save)
        self.expand = button(
            "What is in the file", "its lists of numbers by name, and every word", self._more
        )
        self.numbers = QPlainTextEdit()
        self.numbers.setReadOnly(True)
        self.numbers.setTabChangesFocus(True)
        self.numbers.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        explain(self.numbers, "What the file holds", "names, rows and columns, and every word")
        self.numbers.hide()
        self.never, self.leak = line(), line()
        self.gauge, self.privacy = Gauge(theme), line(role="small")
        self.remarks = line(role="small")
        hashes, files = QHBoxLayout(), QHBoxLayout()
        for row in (hashes, files):
            theme.spaced(row, 8, 0)
        hashes.addWidget(self.hash, 1)
        hashes.addWidget(self.copy)
        files.addWidget(self.save_button)
        files.addWidget(self.expand, 1)
        top: tuple[QWidget, ...] = (self.sentence, self.facts, self.bars, self.length)
        for part in top:
            self._column.addWidget(part)
        self._column.addWidget(_small("SHA-256"))
        self._column.addLayout(hashes)
        self._column.addLayout(files)
        self._column.addWidget(self.numbers)
        below: tuple[tuple[str, QWidget], ...] = (
            ("What never leaves", self.never),
            ("Leak test", self.leak),
            ("Privacy budget", self.gauge),
        )
        for title, part in below:
            self._column.addWidget(_small(title))
            self._column.addWidget(part)
        self._column.addWidget(self.privacy)
        self._column.addWidget(self.remarks)

    def _make_decision(self, theme: Theme) -> None:
        self.meaning = line()
        self.send_button = button("Send", "these numbers and nothing else", self._send)
        self.not_button = button(
            "Not this time", "throws it away; nothing is sent", self.not_this_time.emit
        )
        self.ask_button = button(
            "Always ask", "nothing is sent any more without your yes", self.always_ask.emit
        )
        self.forget_button = button(
            "Stop and forget", "asks once more, then ends it for good", self.stop_and_forget.emit
        )
        self._column.addWidget(self.meaning)
        self._column.addLayout(
            even(
                theme,
                [self.send_button, self.not_button, self.ask_button, self.forget_button],
                1,
            )
        )

    def _make_held(self, theme: Theme) -> None:
        self._held = QWidget()
        column = QVBoxLayout(self._held)
        theme.spaced(column, 8, 0)
        self.held_says = line()
        self.drop_button = button(
            "Not this time", "throws it away; nothing of it is sent", self.not_this_time.emit
        )
        self.go_button = button("Send what waits", "tries again to send it", self.send_waiting.emit)
        column.addWidget(self.held_says)
        column.addLayout(even(theme, [self.go_button, self.drop_button], 1))

    # -- showing --

    def show_seen(self, seen: Seen) -> None:
        """The sheet, if there is one."""
        status = seen.status
        self.setVisible(status.stage != "off")
        self._found = found = seen.preview
        self._sheet.setVisible(found is not None)
        nothing = NOTHING_NEW if status.sent else NOTHING_YET
        show(self.says, "" if found is not None else nothing)
        self.make_button.setText(
            "Show me what would be sent" if found is None else "Work it out anew"
        )
        self.make_button.setAccessibleName(self.make_button.text())
        asks = status.choices is None or status.choices.asking != "until"
        why_not(self.ask_button, ASKS_ALREADY if asks else "")
        self._meaning(seen, asks)
        self._held.setVisible(bool(seen.waiting))
        self._ripe = any_ripe(seen)
        if seen.waiting:
            self.held_says.setText(held(seen))
        if found is not None:
            self._fill(found, seen)
        paused = PAUSED if status.paused else ""
        self._stops = in_window(status.forbidden) or paused
        self._reason = self._stops or ("" if status.items else NOTHING_TEACHES)
        self._allow()

    def show_task(self, task: str, *, cancelling: bool) -> None:
        """Something runs, or nothing. The keyboard goes to what stops it, and back again."""
        pressed = any(
            one.hasFocus() for one in (self.make_button, self.send_button, self.go_button)
        )
        stopping = self.stop.hasFocus()
        self._task = task
        self._progress.setVisible(bool(task))
        if task:
            if pressed:
                self.stop.setFocus()
            self.bar.setRange(0, 0)
            self.step.setText(f"{_STEPS.get(task, 'Asking the server')} …")
        why_not(self.stop, "It is being stopped: a moment." if cancelling else "")
        self._allow()
        if stopping and not task:
            self.make_button.setFocus()

    def show_progress(self, told: "Line") -> None:
        """A line of what runs."""
        words = told.get("says")
        if isinstance(words, str) and words:
            self.step.setText(in_window(words[:1].upper() + words[1:]))
        at, of = told.get("step"), told.get("of")
        if isinstance(at, int) and isinstance(of, int) and of > 0:
            self.bar.setRange(0, of)
            self.bar.setValue(min(at, of))

    def _allow(self) -> None:
        busy = BUSY if self._task else ""
        why_not(self.make_button, busy or self._reason)
        why_not(self.send_button, busy or self._stops)
        why_not(self.go_button, busy or self._stops or ("" if self._ripe else HELD))
        for one in (self.not_button, self.drop_button):
            why_not(one, busy)

    def _meaning(self, seen: Seen, asks: bool) -> None:
        """What the first button does, which depends on what was agreed to so far."""
        how = "you are asked each time"
        if not asks and seen.status.choices is not None:
            how = f"changes go without asking until {seen.status.choices.until}"
        word = YES if needs_yes(seen) else SEND
        self.send_button.setText(word)
        if word == YES:
            says = "turns sharing on; the numbers are worked out anew and shown once more"
            self.meaning.setText(YES_MEANS.format(how=how))
        else:
            says = "these numbers and nothing else"
            on = "Sharing is on" if seen.status.stage == "send" else SECOND
            self.meaning.setText(f"{on}; {how}.")
        explain(self.send_button, word, says)

    def _fill(self, found: "Preview", seen: Seen) -> None:
        self.sentence.setText(found.sentence)
        least = found.words.get("notes", "?")
        start = f"shared version {found.version}" if found.version else "the model as it came"
        self.facts.setText(
            f"Worked out {moment(found.made, seen.now)} from {counted(found.notes)} in "
            f"{counted(found.phrases, 'phrase')}; the file says only “{least} notes or more”. It "
            f"starts from {start}."
        )
        one, other = found.histogram_before, found.histogram
        self.bars.show_counts(other.edges, one.counts, other.counts)
        blurred = f"blurred by {found.sigma:g}" if found.sigma else "not blurred on this computer"
        self.length.setText(
            f"Length {found.norm_before:.3g} before the limit of {found.clip:g}, {found.norm:.3g} "
            f"after it; {blurred}."
        )
        self.hash.setText(found.sha256)
        self.hash.setCursorPosition(0)
        self.numbers.setPlainText(inside(found))
        never = listed(found.never_leaves)
        self.never.setText(f"{never[:1].upper()}{never[1:]}.")
        self.leak.setText(found.leak.says)
        looks.role(self.leak, "good" if found.leak.with_ <= found.leak.without else "warn")
        self.gauge.show_budget(found.epsilon_spent, found.epsilon_most)
        self.privacy.setText(found.privacy)
        show(self.remarks, "\n".join(in_window(one) for one in found.remarks))

    # -- clicked --

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.hash.text())

    def _save(self) -> None:
        self.save.emit(self._found)

    def _send(self) -> None:
        if self._found is not None:
            self.send.emit(self._found.sha256)

    def _more(self) -> None:
        self.numbers.setVisible(self.numbers.isHidden())

    def _resize(self) -> None:
        self.numbers.setFixedHeight(self._theme.px(_NUMBERS_HEIGHT))


def _small(text: str) -> QWidget:
    label = line(text, "soft")
    label.setAlignment(Qt.AlignmentFlag.AlignLeft)
    return label
