"""Better shared versions: whether they are looked for, which one plays, and one click back.

It has its own switch and needs no giving. It refuses to judge: the client tries a version on the
player's own phrases and says what came of it.
"""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QWidget

from gui.sharing.history import result_of
from gui.sharing.labels import button, even, line, show
from gui.sharing.read_card import NO_SERVER
from gui.sharing.seen import Seen
from gui.sharing.words import in_window, moment
from gui.theme.theme import Theme
from gui.widgets import Card, explain, why_not

AS_IT_CAME = "The shared model plays as it came with Antiphon."
NOTHING_BEFORE = "The model plays as it came: there is nothing to go back to."
BUSY = "Something is on its way: wait, or cancel it."
BACK, MINE = "Back to the one before", "Keep mine"


class ReceiveCard(Card):
    """See the module."""

    always = Signal(bool)
    look_now = Signal()
    back = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Better versions from others", parent)
        self.version, self.news = line(), line()
        self.switch = QCheckBox("Look for them now and then")
        explain(
            self.switch,
            self.switch.text(),
            "each is tried on your own phrases first; you need not share for it",
            default="off",
        )
        self.switch.clicked.connect(self.always)
        self.look_button = button(
            "Look now",
            "asks the server, tries it on your phrases, uses it if it suits you better",
            self.look_now.emit,
        )
        self.use = button("Use it", "keeps what was found; it plays from the next start on")
        self.use.clicked.connect(self._answered)
        self.back_button = button(
            BACK, "what played before plays again from the next start on", self.back.emit
        )
        self._heard = False
        self._task = ""
        self._reason = ""
        self._none = NOTHING_BEFORE
        self._answer = QWidget()
        answer = even(theme, [self.use, self.back_button], 1)
        theme.spaced(answer, 8, 0)
        self._answer.setLayout(answer)
        for part in (
            line("This is yours for the taking, and needs no sharing.", "small"),
            self.version, self.switch, self.look_button, self.news, self._answer,
        ):  # fmt: skip
            self.body.addWidget(part)
        show(self.news, "")
        self.use.hide()

    def show_seen(self, seen: Seen) -> None:
        """Which version plays, and whether more are looked for."""
        status = seen.status
        self.version.setText(
            AS_IT_CAME if status.version is None else f"Shared version {status.version} plays here."
        )
        self.switch.setChecked(status.receiving)
        why = in_window(status.forbidden) or ("" if status.server is not None else NO_SERVER)
        self._reason = why
        why_not(self.switch, "" if status.receiving and not status.forbidden else why)
        self._none = "" if status.version is not None or status.previous else NOTHING_BEFORE
        if not seen.anything:
            show(self.news, "")
        if not self.news.text() and (last := _last(seen)):
            show(self.news, last)
        self._allow()

    def show_task(self, task: str) -> None:
        """Something runs, or nothing."""
        self._task = task
        if task == "receive":
            show(self.news, "A newer version is being looked for and tried …")
            self.use.hide()
        self._allow()

    def show_news(self, says: str, *, used: bool) -> None:
        """What came of looking; used: it plays from the next start on, unless it is sent back."""
        show(self.news, in_window(says))
        self.use.setVisible(used)
        self._name_back()

    def _answered(self, _checked: bool = False) -> None:
        self.use.hide()
        self._name_back()

    def _name_back(self) -> None:
        text = BACK if self.use.isHidden() else MINE
        self.back_button.setText(text)
        self.back_button.setAccessibleName(text)

    def _allow(self) -> None:
        busy = BUSY if self._task else ""
        why_not(self.look_button, busy or self._reason)
        why_not(self.back_button, busy or self._none)


def _last(seen: Seen) -> str:
    """What the history says of the last version that was looked at."""
    for entry in reversed(seen.log):
        if entry.what in ("receive", "back"):
            return f"{moment(entry.when, seen.now)}: {result_of(entry)}"
    return ""
