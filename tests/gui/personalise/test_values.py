"""Choosing, blind comparisons, the state of learning, and words: values without a window."""

from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.learning import Preview
from gui.personalise.blind import Blind, Pick, Revealed, Side, by_chance, tally, told
from gui.personalise.choosing import TakeRow, Which, learnable, meant_by, read_takes
from gui.personalise.counting import Counted
from gui.personalise.learning import SESSION_GONE, Learning, Phase, gained, time_left
from gui.personalise.wording import enough, in_window, left_out
from plugin.protocol import LearnOver, LearnProgress
from plugin.takes import DEMO_TAKE, TakeLibrary, TakeWriter
from plugin.takes_store import library_path
from tests.gui.personalise.stage import NOW, take

# ------------------------------------------------------------------------------------ choosing


def _row(name: str, hours_ago: float, *, starred: bool = False) -> TakeRow:
    started = (NOW - timedelta(hours=hours_ago)).isoformat()
    return TakeRow(name, "", started, 40, starred)


def test_an_evening_ends_where_nobody_played_for_four_hours():
    rows = (_row("c", 1), _row("b", 4.9, starred=True), _row("a", 9.1))
    assert meant_by(Which.EVENING, rows) == {"c", "b"}
    assert meant_by(Which.EVENING, rows[2:]) == {"a"}
    assert meant_by(Which.STARRED, rows) == {"b"}
    assert meant_by(Which.ALL, rows) == {"a", "b", "c"}
    assert meant_by(Which.NONE, rows) == meant_by(Which.EVENING, ()) == set()


def test_only_takes_that_can_teach_are_listed(data_folder):
    path = library_path(data_folder)
    writer = TakeWriter(path)
    good = take(writer, 30, "good")
    take(writer, 30, "answered again", attempt=1)
    take(writer, 0, "nothing heard")
    take(writer, 30, DEMO_TAKE)
    writer.close()
    assert [row.id for row in read_takes(path)] == [good]
    with TakeLibrary(path) as library:
        library.discard([good])
        assert learnable(library.list_takes()) == ()


def test_no_library_is_no_takes_and_none_is_made(data_folder):
    assert read_takes(library_path(data_folder)) == ()
    assert list(data_folder.iterdir()) == []


# --------------------------------------------------------------------------------------- blind


def test_nothing_tells_which_is_which_before_the_choice_and_a_choice_is_for_good():
    blind = Blind(Random(1))
    with pytest.raises(ValueError, match="nothing to choose"):
        blind.pick(Pick.FIRST)
    first, _second = blind.deal()
    assert blind.open
    assert blind.revealed is None
    assert not blind.heard_both
    blind.heard(0)
    blind.heard(0)
    assert not blind.heard_both
    blind.heard(1)
    assert blind.heard_both
    assert blind.pick(Pick.FIRST) == Revealed(first, first)
    with pytest.raises(ValueError, match="nothing to choose"):
        blind.pick(Pick.SECOND)
    assert blind.choices == [first]


def test_either_side_comes_first_and_only_the_generator_decides():
    orders = {Blind(Random(seed)).deal() for seed in range(20)}
    assert orders == {(Side.LEARNT, Side.UNLEARNT), (Side.UNLEARNT, Side.LEARNT)}
    assert Blind(Random(5)).deal() == Blind(Random(5)).deal()


def test_what_is_told_names_the_right_place():
    learnt_second = Revealed(Side.UNLEARNT, Side.UNLEARNT)
    assert "The second was played with what was learnt" in told(learnt_second)
    assert "No difference" in told(Revealed(Side.LEARNT, None))
    assert "The first was played" in told(Revealed(Side.LEARNT, None))
    assert told(Revealed(Side.LEARNT, Side.LEARNT)) == (
        "You chose the one played with what was learnt."
    )


def test_few_choices_are_called_chance_and_many_alike_are_not():
    assert "still be chance" in tally([Side.LEARNT] * 5)
    assert "more than chance: you like it better with." in tally([Side.LEARNT] * 6)
    assert "better without." in tally([Side.UNLEARNT] * 8 + [Side.LEARNT, None])
    assert tally([None]) == "So far: 0 with, 0 without, 1 no difference."


@given(st.integers(1, 30))
def test_chance_is_two_sided_and_never_above_one(of: int):
    chances = [by_chance(most, of) for most in range((of + 1) // 2, of + 1)]
    assert chances == sorted(chances, reverse=True)
    assert all(0 < chance <= 1 for chance in chances)
    assert chances[-1] == pytest.approx(min(1.0, 2 * 0.5**of))


def test_answers_that_cannot_be_heard_are_withdrawn():
    blind = Blind(Random(1))
    blind.deal()
    blind.withdraw()
    assert not blind.open


# ------------------------------------------------------------------------------------ learning


def test_learning_from_asked_to_over():
    now = Learning().asked("anna")
    assert now.busy
    for step in (1, 2):
        held = 6.5 if step == 2 else None
        now = now.progress(LearnProgress("anna", step, 4, 4.0 - step, 7.0 - step, held))
    assert now.phase is Phase.LEARNING
    assert now.curve.learnt == ((25.0, 6.0), (50.0, 5.0))
    assert now.curve.held_back == ((50.0, 6.5),)
    now = now.cancelled()
    assert now.progress(LearnProgress("anna", 3, 4, 1.0, 4.0)).cancelling
    over = now.over(LearnOver("anna", True, "Learnt.", 3, 6.0, 5.0))
    assert not over.busy
    assert over.kept
    assert (over.version, over.curve) == (3, now.curve)
    again = over.progress(LearnProgress("anna", 1, 4, 3.0, 6.0))
    assert again.curve.learnt == ((25.0, 6.0),), "another training begins anew"
    assert not again.cancelling


def test_where_other_phrases_are_held_back_the_curve_begins_anew():
    now = Learning().asked("anna")
    for step, part, held in ((1, 0, 9.0), (2, 0, 8.5), (3, 1, 14.0), (4, 1, 13.5), (5, 2, None)):
        now = now.progress(LearnProgress("anna", step, 5, 0.0, 8.0, held, part))
    assert now.curve.anew == {2, 4}
    assert now.curve.anew_held == {2}


def test_words_of_the_session_count_only_while_it_was_asked_and_a_death_only_while_busy():
    idle = Learning()
    assert idle.refused("busy") is idle
    assert idle.lost() is idle
    asked = idle.asked("anna")
    assert asked.refused("busy").says == "busy"
    assert asked.lost().says == SESSION_GONE
    assert not asked.lost().busy
    learning = asked.progress(LearnProgress("anna", 1, 4, 3.0, 6.0))
    assert learning.refused("busy") is learning


def test_time_left_and_gain_in_words():
    said = [time_left(seconds) for seconds in (None, 0.4, 6.2, 200)]
    assert said == ["beginning", "nearly done", "about 6 s left", "about 3 min left"]
    assert gained(6.0, 5.4) == "6.00 bits a note before, 5.40 after: 10.0 % fewer"
    assert gained(5.0, 5.5).endswith("10.0 % more")
    assert gained(None, 5.0) == ""


# --------------------------------------------------------------------------------------- words


def test_how_much_there_is_is_said_with_whether_it_will_do():
    assert enough(Preview(312, 312, 12)) == "312 notes, about 12 phrases: enough."
    assert enough(Preview(5000, 500, 20)).startswith("500 of 5,000 notes, about 20 phrases")
    assert "3 phrases learnt before are learnt again" in enough(Preview(60, 60, 2, earlier=3))
    assert enough(Preview(0, 0, 0)).startswith("Nothing chosen yet")
    refused = Preview(1, 0, 0, refused="1 note is too little: play at least two phrases.")
    assert enough(refused) == "1 note is too little: play at least two phrases."


def test_next_steps_are_those_of_a_window():
    says = "These are drums, and this profile plays keys: nothing was learnt. "
    says += "Learn them under another profile with --profile."
    assert "--" not in in_window(says)
    assert "Choose another profile above" in in_window(says)


def test_what_does_not_count_is_said_once():
    found = Counted(
        Preview(1, 1, 2, remarks=("A.",)), bad={"x": "B is no MIDI file: choose one."}, says=("A.",)
    )
    assert left_out(found) == "B is no MIDI file: choose one.\nA."
