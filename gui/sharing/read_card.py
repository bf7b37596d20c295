"""The first step: what it means, in the client's own words, and two buttons of one size and weight.

The text is the one that a yes refers to, version and all. It refuses to say it in other words, and
to push: "Not now" costs nothing and is not asked again.
"""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from gui.sharing.labels import button, even, line
from gui.sharing.seen import Seen
from gui.sharing.words import in_window
from gui.theme.theme import Theme
from gui.widgets import Card, why_not

NO_SERVER = "There is no server to share with: name one below, at Server."
SHOW, NOT_NOW = "Show me what would be sent", "Not now"


class ReadCard(Card):
    """See the module. show_me: the text was read, and more is wanted."""

    show_me = Signal()
    not_now = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "", parent)
        self.heading.setWordWrap(True)
        self.sentences, self.details = line(), line(role="small")
        self.expand = button("Details", "everything else there is to know", self._toggle)
        self.version = line(role="small")
        self.show_button = button(
            SHOW,
            "works it out from takes that you choose, on this computer; nothing is sent",
            self.show_me.emit,
        )
        self.not_now_button = button(
            NOT_NOW, "closes this; nothing changes, and you are not asked again", self.not_now.emit
        )
        self.details.hide()
        for part in (self.sentences, self.expand, self.details, self.version):
            self.body.addWidget(part)
        self.body.addLayout(even(theme, [self.show_button, self.not_now_button], 1))

    def show_seen(self, seen: Seen) -> None:
        """The text of now, and why it cannot be gone on where it cannot."""
        text, status = seen.text, seen.status
        self.setVisible(status.stage == "off")
        self.retitle(text.title)
        self.sentences.setText("\n\n".join(text.sentences))
        self.details.setText("\n\n".join(text.details))
        self.version.setText(f"Version {text.version} of this text; another one is asked anew.")
        why_not(self.show_button, in_window(status.forbidden))

    def _toggle(self) -> None:
        shown = self.details.isHidden()
        self.details.setVisible(shown)
        self.expand.setText("Fewer details" if shown else "Details")
        self.expand.setAccessibleName(self.expand.text())
