"""Who the player is: the profile in use, what it has, back to the original, and what can be done.

A name is typed in a line of the card, and what cannot be undone is asked there too: no dialog stops
the music. It shows a `Shown` and is clicked. It refuses to touch profiles.
"""

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QToolButton,
    QWidget,
)

from gui.personalise.shelf import Shown
from gui.takes.words import counted
from gui.theme import looks
from gui.theme.theme import Theme
from gui.widgets.card import Card
from gui.widgets.explain import explain, why_not
from gui.widgets.flow import FlowLayout

NOBODYS = "nobody’s (nothing is kept)"
NOTHING_LEARNT = "Nothing was learnt yet: it plays as it came."
UNREADABLE = "This profile cannot be read: choose another one."
NOT_NOBODYS = "Nobody’s partner keeps nothing: choose a profile first."

_VERBS = (
    ("create", "New profile…", "makes another player or mood, and plays for it"),
    ("rename", "Rename…", "gives this profile another name"),
    ("copy", "Copy", "makes a second profile like this one"),
    ("export", "Export to a file…", "writes all of this profile to one file"),
    ("import", "Import from a file…", "takes a profile from an exported file"),
    ("delete", "Delete", "removes this profile; Undo brings it back"),
)
_OF_A_PROFILE = ("rename", "copy", "export", "delete")


class ProfileCard(Card):
    """See the module. `asked`: a verb of the menu; `named`: (verb, name) that was typed."""

    chosen = Signal(str)
    """Be the partner of this profile; "" is nobody's."""
    asked = Signal(str)
    named = Signal(str, str)
    original = Signal()
    """Back to the original, or forth again."""
    confirmed = Signal()
    """What the line below asked."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Partner of", parent)
        self._shown, self._mine, self._verb, self._busy = Shown(), "", "", ""
        self.combo = QComboBox()
        self.combo.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.combo.setMinimumContentsLength(8)
        explain(self.combo, "Profile", "whose partner it is: a player, or a mood of yours")
        self.combo.activated.connect(self._choose)
        self.more = QToolButton()
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        explain(self.more, "Profiles", "new, rename, copy, export, import, delete")
        menu = QMenu(self.more)
        menu.setToolTipsVisible(True)
        self.verbs: dict[str, QAction] = {}
        for verb, text, tip in _VERBS:
            action = menu.addAction(text)
            action.setToolTip(tip)
            action.setStatusTip(tip)
            action.triggered.connect(lambda _=False, verb=verb: self.asked.emit(verb))
            self.verbs[verb] = action
        self.more.setMenu(menu)
        top = QHBoxLayout()
        theme.spaced(top, 6)
        top.addWidget(self.combo, 1)
        top.addWidget(self.more)
        self.body.addLayout(top)
        self.has = QLabel()
        self.has.setWordWrap(True)
        looks.role(self.has, "soft")
        self.body.addWidget(self.has)
        self.trouble = QLabel()
        self.trouble.setWordWrap(True)
        self.trouble.setTextFormat(Qt.TextFormat.PlainText)
        looks.role(self.trouble, "warn")
        self.body.addWidget(self.trouble)
        self.back = QPushButton()
        self.back.clicked.connect(self.original)
        self.body.addWidget(self.back, 0, Qt.AlignmentFlag.AlignLeft)
        self._make_line(theme)
        self._make_news(theme)
        self._theme = theme
        theme.changed.connect(self._dress)
        self._dress()
        self.show_profiles(Shown(), "")

    def _make_line(self, theme: Theme) -> None:
        """Where a name is typed."""
        self.name = QLineEdit()
        self.name.setPlaceholderText("Name")
        self.name.returnPressed.connect(self._named)
        self.name.installEventFilter(self)
        explain(self.name, "Name of the profile", "letters and digits; Return takes it")
        self.take = QPushButton("OK")
        explain(self.take, "OK", "takes this name")
        self.take.clicked.connect(self._named)
        self.leave = QPushButton("Cancel")
        explain(self.leave, "Cancel", "leaves it as it is")
        self.leave.clicked.connect(self.end_naming)
        self.line = QWidget()
        row = FlowLayout(self.line)
        theme.spaced(row, 6, 0)
        for part in (self.name, self.take, self.leave):
            row.addWidget(part)
        self.body.addWidget(self.line)
        self.line.hide()

    def _make_news(self, theme: Theme) -> None:
        """What was done, and the one thing that can be done about it."""
        self.news = QLabel()
        self.news.setWordWrap(True)
        self.news.setTextFormat(Qt.TextFormat.PlainText)
        self.answer = QPushButton()
        explain(self.answer, "Answer", "does what the sentence above offers")
        self.answer.clicked.connect(self.confirmed)
        self.close_news = QPushButton("Dismiss")
        looks.kind(self.close_news, "quiet")
        explain(self.close_news, "Dismiss", "hides this sentence")
        self.close_news.clicked.connect(lambda: self.say(""))
        self.body.addWidget(self.news)
        row = FlowLayout()
        theme.spaced(row, 6)
        row.addWidget(self.answer)
        row.addWidget(self.close_news)
        self.body.addLayout(row)
        self.say("")

    def show_profiles(self, shown: Shown, mine: str) -> None:
        """All profiles. mine: whose partner it is now, "" for nobody's."""
        self._shown, self._mine = shown, mine
        names = [row.name for row in shown.rows]
        if mine and mine not in names:
            names.insert(0, mine)
        self.combo.clear()
        for name in names:
            self.combo.addItem(name, name)
        self.combo.addItem(NOBODYS, "")
        self.combo.setCurrentIndex(max(self.combo.findData(mine), 0))
        self.has.setText(self._has())
        self.trouble.setText(" ".join(shown.says))
        self.trouble.setVisible(bool(shown.says) and bool(mine))
        self._show_back()
        self._allow()

    def forbid(self, reason: str) -> None:
        """Why this profile cannot be changed now; "" if it can."""
        self._busy = reason
        self._allow()

    def forbid_choice(self, reason: str) -> None:
        """Why no other profile can be chosen now; "" if one can."""
        why_not(self.combo, reason)

    def begin_naming(self, verb: str, name: str, doing: str) -> None:
        """Let a name be typed for a verb. doing: on the button, such as "Rename"."""
        self._verb = verb
        self.take.setText(doing)
        explain(self.take, doing, "takes this name")
        self.name.setText(name)
        self.line.show()
        self.name.setFocus()
        self.name.selectAll()

    def end_naming(self) -> None:
        """No name is typed any more."""
        if not self.line.isHidden():
            self.line.hide()
            self.combo.setFocus()

    def say(self, says: str, answer: str = "", tip: str = "", role: str = "") -> None:
        """A sentence; answer: what can be done about it, on a button."""
        self.news.setText(says)
        looks.role(self.news, "warn" if role == "warn" else "")
        self.news.setVisible(bool(says))
        self.answer.setText(answer)
        if answer:
            explain(self.answer, answer, tip)
        self.answer.setVisible(bool(answer))
        self.close_news.setVisible(bool(says))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Esc ends naming."""
        if (
            watched is self.name
            and isinstance(event, QKeyEvent)
            and event.type() in (QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride)
            and event.key() == Qt.Key.Key_Escape
        ):
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()  # it is ours: no shortcut of the window hears it
            else:
                self.end_naming()
            return True
        return super().eventFilter(watched, event)

    def _dress(self) -> None:
        side = self._theme.px(16)
        self.more.setIcon(self._theme.icon("more"))
        self.more.setIconSize(QSize(side, side))

    def _choose(self, index: int) -> None:
        name = str(self.combo.itemData(index))
        if name != self._mine:
            self.chosen.emit(name)

    def _named(self) -> None:
        if name := self.name.text().strip():
            self.named.emit(self._verb, name)

    def _has(self) -> str:
        if not self._mine:
            return "What it learns of you now is gone when you leave."
        shown = self._shown
        if not shown.readable:
            return ""
        row = next((row for row in shown.rows if row.name == self._mine), None)
        parts = [NOTHING_LEARNT]
        if shown.version is not None:
            parts = [f"Plays with version {shown.version}."]
        elif shown.newest is not None:
            parts = ["Plays as it came, without what was learnt."]
        if row is not None and row.memory_notes:
            parts.append(f"Remembers {counted(row.memory_notes)} of yours.")
        return " ".join(parts)

    def _show_back(self) -> None:
        shown = self._shown
        if shown.version is None and shown.newest is not None:
            text = f"Forth to version {shown.forth or shown.newest}"
            tip = "plays with what was learnt again"
        else:
            text, tip = "Back to the original", "plays as it came, at once; a click goes forth"
        self.back.setText(text)
        explain(self.back, text, tip)

    def _allow(self) -> None:
        reason = self._busy
        if not self._mine:
            reason = NOT_NOBODYS
        elif not self._shown.readable:
            reason = UNREADABLE
        for verb in _OF_A_PROFILE:
            allowed = "" if verb == "delete" and reason == UNREADABLE else reason
            why_not(self.verbs[verb], allowed)
        nothing = NOTHING_LEARNT if self._shown.newest is None else ""
        why_not(self.back, reason or nothing)
