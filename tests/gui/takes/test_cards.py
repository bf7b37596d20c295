"""Alternatives as cards: what was drawn, heard when asked, chosen by mouse and keyboard."""

import pytest
from msgspec import structs
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QComboBox
from pytestqt.qtbot import QtBot

from gui.state import JamState
from gui.takes.auditions import Auditions
from gui.takes.card import NOT_PLAYED, PLAYED
from gui.takes.cards import AlternativeCards, CardsArea
from gui.theme.theme import Theme
from gui.widgets import Chip, reason_of
from plugin.protocol import (
    Alternative,
    Change,
    Choose,
    Drawn,
    PhraseHeard,
    SettingsChanged,
    Star,
    TakeMarked,
)
from plugin.served.messages import Audition, Auditioning
from plugin.settings import Settings
from tests.gui.fakes import FakeBridge
from tests.plugin.sentences import assert_is_a_sentence

FIVE = tuple(
    Alternative(100 + number, 10 + number, 1.0 - number, (f"reason {number} (0.5)",), number, "own")
    for number in range(5)
)
DRAWN = Drawn("take", 101, FIVE)


@pytest.fixture
def area(qtbot: QtBot, state: JamState, bridge: FakeBridge, theme: Theme) -> CardsArea:
    cards = AlternativeCards(state, bridge, theme, Auditions(state, bridge, state))
    made = CardsArea(cards, theme)
    qtbot.addWidget(made)
    made.resize(330, 600)
    return made


@pytest.fixture
def cards(area: CardsArea, bridge: FakeBridge) -> AlternativeCards:
    bridge.tell(DRAWN)
    bridge.sent.clear()
    found = area.widget()
    assert isinstance(found, AlternativeCards)
    return found


def test_the_three_best_are_shown_in_the_order_of_the_session(cards: AlternativeCards) -> None:
    assert [card.one for card in cards.cards] == list(FIVE[:3])
    assert [card.title.text() for card in cards.cards] == [
        "1 · 10 notes",
        "2 · 11 notes",
        "3 · 12 notes",
    ]
    assert [card.take.text() for card in cards.cards] == ["Choose", "Played", "Choose"]
    texts = [chip.text for chip in cards.cards[1].findChildren(Chip)]
    assert texts == ["reason 1", "1 note in a row as in your takes"]
    assert not cards.isHidden()


def test_without_a_choice_there_is_nothing_to_see(area: CardsArea, bridge: FakeBridge) -> None:
    assert area.isHidden()
    bridge.tell(DRAWN)
    assert not area.isHidden()
    bridge.tell(Drawn("other", None, ()))
    assert area.isHidden()


def test_one_answer_is_no_choice(cards: AlternativeCards, bridge: FakeBridge) -> None:
    bridge.tell(Drawn("other", 100, FIVE[:1]))
    assert cards.cards == []
    assert cards.isHidden()


def test_another_phrase_takes_the_cards_away_its_own_does_not(
    cards: AlternativeCards, bridge: FakeBridge
) -> None:
    bridge.tell(PhraseHeard("take", 4, 1.0, 300.0))
    assert len(cards.cards) == 3
    bridge.tell(PhraseHeard("another", 4, 1.0, 300.0))
    assert cards.cards == []


def test_a_session_that_is_gone_has_nothing_to_choose(
    cards: AlternativeCards, bridge: FakeBridge
) -> None:
    bridge.die()
    assert cards.cards == []


def test_hear_and_stop(qtbot: QtBot, cards: AlternativeCards, bridge: FakeBridge) -> None:
    card = cards.cards[2]
    qtbot.mouseClick(card.hear, Qt.MouseButton.LeftButton)
    assert bridge.sent == [Audition(alternative=3)]
    assert not card.playing
    bridge.tell(Auditioning("alternative 3"))
    assert [one.playing for one in cards.cards] == [False, False, True]
    assert "playing" in card.title.text()
    assert card.hear.accessibleName() == "Stop alternative 3"
    qtbot.mouseClick(card.hear, Qt.MouseButton.LeftButton)
    assert bridge.sent[-1] == Audition()


def test_keys_of_a_card(qtbot: QtBot, cards: AlternativeCards, bridge: FakeBridge) -> None:
    first, played, _ = cards.cards
    qtbot.keyClick(first, Qt.Key.Key_Space)
    assert bridge.sent == [Audition(alternative=1)]
    qtbot.keyClick(first, Qt.Key.Key_Return)
    assert bridge.sent[-1] == Choose(1)
    asked = len(bridge.sent)
    qtbot.keyClick(played, Qt.Key.Key_Return)
    assert len(bridge.sent) == asked, "what was played already is not chosen again"
    moved: list[tuple[int, int]] = []
    first.moved_on.connect(lambda number, step: moved.append((number, step)))
    qtbot.keyClick(first, Qt.Key.Key_Down)
    qtbot.keyClick(first, Qt.Key.Key_Up)
    assert moved == [(1, 1), (1, -1)]


def test_only_what_was_played_can_have_a_star(
    qtbot: QtBot, cards: AlternativeCards, bridge: FakeBridge
) -> None:
    other, played, _ = cards.cards
    assert reason_of(other.star) == NOT_PLAYED
    assert reason_of(played.take) == PLAYED
    assert_is_a_sentence(NOT_PLAYED)
    assert_is_a_sentence(PLAYED)
    qtbot.mouseClick(played.star, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(played.star, Qt.MouseButton.LeftButton)
    assert bridge.sent == [Star(True), Star(False)]


def test_nothing_sounds_under_the_mouse_unless_that_is_wished(
    cards: AlternativeCards, bridge: FakeBridge
) -> None:
    card = cards.cards[0]
    card.entered.emit(1)
    card.left.emit(1)
    assert bridge.sent == []
    kept: list[bool] = []
    cards.hover_changed.connect(kept.append)
    cards.hover.setChecked(True)
    assert kept == [True]
    card.entered.emit(1)
    card.entered.emit(1)
    assert bridge.sent == [Audition(alternative=1)], "the mouse and the keyboard on one card"
    card.left.emit(1)
    assert bridge.sent[-1] == Audition()


def test_the_seed_is_copied(qtbot: QtBot, cards: AlternativeCards) -> None:
    qtbot.mouseClick(cards.cards[0].seed, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "100"


def test_everything_has_a_name_and_says_what_it_does(cards: AlternativeCards) -> None:
    for button in cards.findChildren(QAbstractButton):
        assert button.accessibleName()
        assert button.toolTip()
    assert cards.cards[0].accessibleName() == "Alternative 1, 10 notes"
    assert "reason 0" in cards.cards[0].accessibleDescription()


def test_how_much_stays_when_asking_again_is_set_above_the_cards(
    qtbot: QtBot, cards: AlternativeCards, bridge: FakeBridge, state: JamState
) -> None:
    field = cards.lock.field
    assert isinstance(field, QComboBox)
    assert [field.itemText(at) for at in range(field.count())] == [
        "nothing",
        "1 bar",
        "2 bars",
        "4 bars",
        "8 bars",
    ]
    assert (field.accessibleName(), field.currentText()) == ("Ask again keeps", "nothing")
    assert "Default: nothing" in field.toolTip()
    qtbot.keyClick(field, Qt.Key.Key_Down)
    assert bridge.sent == [Change(structs.replace(Settings(), lock_bars=1))]
    bridge.tell(SettingsChanged(Settings(lock_bars=4)))
    assert field.currentText() == "4 bars"


def test_a_star_that_was_given_by_a_key_is_seen_on_the_card(
    cards: AlternativeCards, bridge: FakeBridge
) -> None:
    bridge.tell(TakeMarked("take", "starred"), TakeMarked("another", "unstarred"))
    assert [card.starred for card in cards.cards] == [False, True, False]
    bridge.tell(TakeMarked("take", "unstarred"))
    assert not any(card.starred for card in cards.cards)
