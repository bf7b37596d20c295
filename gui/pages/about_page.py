"""The about page: version, licences with what they ask of us, and what the model learned from."""

import platform

from PySide6.QtCore import Qt, qVersion
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from gui import background
from gui.pages import cards
from gui.pages.cards import ModelCard, ReadText
from gui.pages.page import Page, soft
from gui.pages.report import version
from gui.theme import looks
from gui.theme.theme import Theme
from gui.widgets import Card

LICENCE = (
    "Antiphon is free software under the Apache License 2.0: use it, change it and pass it on, for "
    "money too. What you play and what your partner answers is yours alone."
)
QT = (
    "The window is made with Qt and PySide6 under the GNU Lesser General Public License, version 3 "
    "(LGPL). They are not changed, and loaded as libraries of their own: you may replace them by "
    "another version of your own making. Their texts and sources: "
    '<a href="https://doc.qt.io/qt-6/lgpl.html">doc.qt.io/qt-6/lgpl.html</a>, '
    '<a href="https://code.qt.io/cgit/pyside/pyside-setup.git/">code.qt.io</a>.'
)
OTHERS = (
    "Also in use: mido, python-rtmidi and msgspec (MIT and BSD), numpy and numba (BSD), PyTorch "
    "for learning (BSD), JACK-Client (MIT); and where they are installed sounddevice with "
    "PortAudio (MIT) for the built-in voice, Verovio (LGPL 3) for scores."
)


class AboutPage(Page):
    """See the module. The card is read beside the GUI thread."""

    def __init__(
        self, theme: Theme, text_of: ReadText = cards.shipped, parent: QWidget | None = None
    ) -> None:
        super().__init__(
            theme,
            "About Antiphon",
            f"Antiphon {version()}, Python {platform.python_version()}, Qt {qVersion()}",
            parent,
        )
        licences = Card(theme, "Licences")
        for words in (LICENCE, QT, OTHERS):
            licences.body.addWidget(_paragraph(words))
        self.learned = Card(theme, "What the model learned from")
        self.headline = soft("Its card is being read.")
        self.learned.body.addWidget(self.headline)
        self.body.addWidget(licences)
        self.body.addWidget(self.learned)
        self.body.addStretch(1)
        background.run(lambda: cards.read(text_of), self._show, self._failed, owner=self)

    def show_learned(self) -> None:
        """Scroll to what the model learned from."""
        self.show_part(self.learned)

    def _show(self, card: ModelCard) -> None:
        looks.role(self.headline, "")
        self.headline.setText(card.headline)
        for heading, words in card.parts:
            label = QLabel(heading)
            looks.role(label, "heading")
            self.learned.body.addWidget(label)
            self.learned.body.addWidget(_paragraph(words))
        grid = QGridLayout()
        self.theme.spaced(grid, 6, 0, 8, 0, 0)
        grid.setColumnStretch(0, 3)
        grid.setColumnStretch(1, 2)
        grid.setColumnStretch(2, 4)
        for column, heading in enumerate(("Music", "Licence", "Thanks to")):
            label = QLabel(heading)
            looks.role(label, "heading")
            grid.addWidget(label, 0, column)
        for row, one in enumerate(card.collections, 1):
            for column, words in enumerate((one.what, one.licence, one.credit)):
                grid.addWidget(_paragraph(words), row, column)
        self.learned.body.addLayout(grid)

    def _failed(self, error: Exception) -> None:
        looks.role(self.headline, "warn")
        self.headline.setText(str(error))


def _paragraph(words: str) -> QLabel:
    label = QLabel(words)
    label.setWordWrap(True)
    label.setOpenExternalLinks(True)
    # Links are reached by Tab as well.
    links = Qt.TextInteractionFlag.LinksAccessibleByKeyboard
    mouse = Qt.TextInteractionFlag.TextBrowserInteraction
    if "<a " in words:
        label.setTextInteractionFlags(links | mouse)
        label.setAccessibleName("Licences of Qt, with links")
    label.setAlignment(Qt.AlignmentFlag.AlignTop)
    return label
