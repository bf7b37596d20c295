"""With whom: the server's address, who signs its versions, and how it is, in words.

Nothing is asked of a server to show this: it says what is known from the last time. It refuses an
address without encryption, because the client does.
"""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget

from gui.sharing.labels import button, line
from gui.sharing.seen import Seen
from gui.sharing.words import in_window, moment
from gui.theme import looks
from gui.theme.theme import Theme
from gui.widgets import Card, explain, why_not

NONE_YET = "No server is named, so nothing can be sent or received."
SAME = "This is the server already."
EMPTY = "Write an address first; it begins with https://."


class ServerCard(Card):
    """See the module. chosen: address, file of certificates and key of its versions."""

    chosen = Signal(str, str, str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Server", parent)
        self.says = line()
        self.url, self.key, self.ca = QLineEdit(), QLineEdit(), QLineEdit()
        self._kept = ("", "", "")
        self._forbidden = ""
        self._rows: list[tuple[QLabel, QLineEdit]] = []
        for field, name, says, hint in (
            (self.url, "Address", "where changes go and versions come from", "https://"),
            (self.key, "Key of its versions", "who signs them, 64 digits; its page says it", ""),
            (self.ca, "File of certificates", "only for a server of your own; else empty", ""),
        ):
            label = QLabel(name)
            looks.role(label, "small")
            label.setBuddy(field)
            explain(field, name, says)
            field.setPlaceholderText(hint)
            field.textChanged.connect(lambda _text: self._allow())
            field.returnPressed.connect(self._choose)
            self.body.addWidget(label)
            self.body.addWidget(field)
            self._rows.append((label, field))
        self.use = button(
            "Use this server",
            "another server needs a new yes; naming it connects to nothing",
            self._choose,
        )
        self.expand = button(
            "More about it", "who signs its versions, and a server of your own", self._more
        )
        for part in (self.expand, self.says, self.use):
            self.body.addWidget(part)
        self._expand(False)

    def show_seen(self, seen: Seen) -> None:
        """Who it is, and how it was the last time."""
        server = seen.status.server
        kept = (server.url, server.release_key, server.ca) if server else ("", "", "")
        if kept != self._kept:
            self._kept = kept
            for field, text in zip((self.url, self.key, self.ca), kept, strict=True):
                field.setText(text)
        self.says.setText(in_words(seen))
        self._forbidden = in_window(seen.status.forbidden)
        for field in (self.url, self.key, self.ca):
            why_not(field, self._forbidden)
        self._allow()

    def _more(self) -> None:
        self._expand(self.key.isHidden())

    def _expand(self, more: bool) -> None:
        for label, field in self._rows[1:]:
            label.setVisible(more)
            field.setVisible(more)
        self.expand.setText("Less about it" if more else "More about it")
        self.expand.setAccessibleName(self.expand.text())

    def _written(self) -> tuple[str, str, str]:
        url, key, ca = (field.text().strip() for field in (self.url, self.key, self.ca))
        return url.rstrip("/"), key, ca

    def _allow(self) -> None:
        written = self._written()
        same = SAME if written == self._kept else ""
        why_not(self.use, self._forbidden or ("" if written[0] else EMPTY) or same)

    def _choose(self) -> None:
        if self.use.isEnabled():
            self.chosen.emit(*self._written())


def in_words(seen: Seen) -> str:
    """How the server is, as far as this computer knows."""
    status, course = seen.status, seen.course
    if status.server is None:
        return NONE_YET
    if course.failures:
        times = "" if course.failures == 1 else f" {course.failures} times in a row"
        return (
            f"It did not work{times}, last {moment(course.failed, seen.now)}: "
            f"{in_window(course.why)} It is tried again by itself, a little later each time."
        )
    if course.answered:
        return f"It answered last {moment(course.answered, seen.now)}."
    return "Nothing was ever asked of it."
