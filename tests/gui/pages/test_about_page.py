"""What the model learned from is what its card says, and the licences are named."""

import json

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from gui.pages import cards
from gui.pages.about_page import AboutPage
from gui.theme.theme import Theme
from tests.plugin.sentences import assert_is_a_sentence


def test_the_shipped_card_is_read_whole() -> None:
    card = cards.read()
    run = json.loads(cards.shipped(cards.RUN))
    assert card.parameters == run["parameters"]
    assert len(card.collections) >= 16
    for one in card.collections:
        assert all((one.name, one.what, one.licence, one.credit))
    assert [heading for heading, _ in card.parts] == [part.rstrip(".") for part in cards.PARTS]
    for _, words in card.parts:
        assert len(words) > 80
        assert "](" not in words
        assert "**" not in words


@pytest.mark.parametrize("broken", ["", "## The music it learnt from\n\nnothing", "{}"])
def test_a_card_that_cannot_be_read_is_a_sentence(broken: str) -> None:
    with pytest.raises(ValueError, match="install Antiphon again") as refused:
        cards.read(lambda name: broken)
    assert_is_a_sentence(str(refused.value))


def test_the_page_shows_it_and_the_licence_of_qt(qtbot: QtBot, theme: Theme) -> None:
    page = AboutPage(theme)
    qtbot.addWidget(page)
    qtbot.waitUntil(lambda: "million" in page.headline.text())
    texts = "\n".join(label.text() for label in page.findChildren(QLabel))
    assert "CC BY 4.0" in texts
    assert "OpenScore Lieder Corpus" in texts
    assert "GNU Lesser General Public License, version 3" in texts
    assert "Apache License 2.0" in texts


def test_without_a_card_the_page_says_so(qtbot: QtBot, theme: Theme) -> None:
    def gone(name: str) -> str:
        raise FileNotFoundError(name)

    page = AboutPage(theme, gone)
    qtbot.addWidget(page)
    qtbot.waitUntil(lambda: "install Antiphon again" in page.headline.text())
