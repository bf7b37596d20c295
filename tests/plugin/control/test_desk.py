"""The desk: lines and knobs in, settings and actions out, and one step back from everything."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.control import help as helping
from plugin.control.actions import Action
from plugin.control.desk import MOST_STEPS, Desk, Outcome
from plugin.control.learn import LEARN_FOR_NS
from plugin.control.store import MOST_PRESETS, Kept
from plugin.control.table import DIALS
from plugin.settings import Settings, Way
from tests.plugin.control.hand import cc, note
from tests.plugin.control.values import turned
from tests.plugin.sentences import assert_is_a_sentence
from tests.strategies import raw_messages

SECOND = 1_000_000_000


def after(*lines: str) -> Desk:
    desk = Desk()
    for line in lines:
        desk.line(0, line)
    return desk


def test_a_line_gives_settings_and_says_what_they_are():
    desk = Desk()
    outcome = desk.line(0, "trade 8")
    assert outcome == Outcome(settings=desk.settings, says="way: trade, bars: 8", keep=True)
    assert (desk.settings.way, desk.settings.bars) == (Way.TRADE, 8)


def test_what_stays_as_it_was_is_said_and_not_counted():
    desk = after("closeness 0.7")
    assert desk.line(0, "closeness 0.7") == Outcome(says="closeness: 0.7, as it was")
    desk.line(0, "undo")
    assert desk.settings == Settings()


def test_a_pushed_end_of_a_range_is_said_too():
    assert after("register C2 C4").line(0, "lowest C6").says == "lowest: C6, highest: C6"


def test_a_part_of_a_scale_is_not_said_beside_it():
    assert after().line(0, "scale D dorian").says == "scale: D dorian"


def test_actions_change_no_setting():
    assert Desk().line(0, "go") == Outcome(
        action=Action.ANSWER_NOW, says="The partner comes in now."
    )


def test_what_is_wrong_is_said_and_changes_nothing():
    desk = after("trade 4")
    before = desk.kept
    for line in ("blah", "trade 3", "learn scale", "load nothing", "5", "help nonsense"):
        outcome = desk.line(0, line)
        assert_is_a_sentence(outcome.says)
        assert outcome == Outcome(says=outcome.says)
    assert desk.kept is before
    assert desk.line(0, "  ") == Outcome()


@given(turned(), st.lists(st.sampled_from(list(helping.examples())), max_size=12))
def test_every_step_can_be_taken_back_and_done_again(settings, lines):
    desk = Desk(Kept(settings=settings))
    first, steps = desk.kept, 0
    for line in lines:
        if not line.startswith(("undo", "redo")):
            steps += desk.line(0, line).keep
    last = desk.kept
    assert [desk.line(0, "undo").keep for _ in range(steps + 1)] == [True] * steps + [False]
    assert desk.kept == first
    assert [desk.line(0, "redo").keep for _ in range(steps + 1)] == [True] * steps + [False]
    assert desk.kept == last


def test_undo_says_what_it_takes_back_and_gives_the_settings():
    desk = after("trade 8", "closeness 0.7")
    outcome = desk.line(0, "undo")
    assert outcome.says == "Taken back: closeness: 0.7"
    assert outcome.settings is not None
    assert outcome.settings.limits.closeness == 0
    assert desk.line(0, "redo").says == "Done again: closeness: 0.7"


def test_a_new_change_ends_what_could_be_done_again():
    desk = after("trade 8", "undo", "endless")
    assert not desk.line(0, "redo").keep
    assert desk.settings.way is Way.ENDLESS


def test_steps_back_are_bounded():
    desk = Desk()
    for step in range(MOST_STEPS * 2):
        desk.line(0, f"tempo {20 + step % 300}")
    assert sum(desk.line(0, "undo").keep for _ in range(MOST_STEPS * 2)) == MOST_STEPS


# -- knobs --


def learnt(desk: Desk, what: str, *messages: bytes, now_ns: int = 0) -> Outcome:
    desk.line(now_ns, f"learn {what}")
    outcomes = [desk.midi(now_ns, message) for message in messages]
    assert outcomes[-1] is not None
    return outcomes[-1]


def test_a_knob_is_learnt_turned_and_taken_back():
    desk = Desk()
    outcome = learnt(desk, "closeness", cc(20, 0), cc(20, 40))
    assert outcome == Outcome(says="controller 20 on channel 1 → closeness", keep=True, eaten=True)
    outcome = desk.midi(0, cc(20, 127))
    assert outcome == Outcome(
        settings=desk.settings, says="closeness: 1", keep=True, eaten=True, dial="closeness"
    )
    assert desk.line(0, "show controls").says == "controller 20 on channel 1 → closeness"
    desk.line(0, "undo")
    desk.line(0, "undo")
    assert desk.midi(0, cc(20, 64)) is None
    desk.line(0, "redo")
    assert desk.midi(0, cc(20, 64)).settings is not None


def test_one_turn_of_a_knob_is_one_step_back():
    desk = Desk()
    learnt(desk, "closeness", cc(20, 0), cc(20, 40))
    for value in range(50, 128):
        desk.midi(value * SECOND // 10, cc(20, value))
    desk.midi(60 * SECOND, cc(20, 0))
    desk.line(0, "undo")
    assert desk.settings.limits.closeness == 1.0
    assert desk.line(0, "undo").says == "Taken back: closeness: 1"
    assert desk.settings == Settings()


def test_two_knobs_turned_at_once_stay_two_steps():
    desk = Desk()
    learnt(desk, "closeness", cc(20, 0), cc(20, 40))
    learnt(desk, "presence", cc(21, 0), cc(21, 40))
    desk.midi(0, cc(20, 127))
    desk.midi(0, cc(21, 127))
    desk.line(0, "undo")
    assert (desk.settings.limits.closeness, desk.settings.presence) == (1.0, 0.5)


def test_a_knob_that_stands_still_says_nothing():
    desk = Desk()
    learnt(desk, "closeness", cc(20, 0), cc(20, 40))
    desk.midi(0, cc(20, 127))
    assert desk.midi(0, cc(20, 127)) == Outcome(eaten=True)


def test_pedals_do_things_and_are_passed_on():
    desk = Desk()
    assert not learnt(desk, "go", cc(64, 127)).eaten
    assert desk.midi(0, cc(64, 0)) == Outcome()
    assert desk.midi(0, cc(64, 127)).action is Action.ANSWER_NOW


def test_a_pedal_that_is_eaten_is_said():
    says = learnt(Desk(), "go eat", cc(64, 127)).says
    assert says.endswith("→ go; the music hears it no longer")


def test_a_preset_on_a_key():
    desk = after("trade 8", "save Fours", "reset")
    learnt(desk, "preset fours", note(36, 90))
    assert desk.midi(0, note(36, 0)) == Outcome(eaten=True)
    assert desk.midi(0, note(36, 90)).says.startswith("preset Fours: way: trade")
    assert desk.settings.bars == 8
    desk.line(0, "drop fours")
    outcome = desk.midi(0, note(36, 90))
    assert outcome is not None
    assert_is_a_sentence(outcome.says)
    assert outcome.eaten


def test_unlearning():
    desk = Desk()
    learnt(desk, "closeness", cc(20, 0), cc(20, 40))
    learnt(desk, "presence", cc(21, 0), cc(21, 40))
    assert desk.line(0, "unlearn closeness").keep
    assert desk.midi(0, cc(20, 127)) is None
    assert desk.midi(0, cc(21, 127)).dial == "presence"
    assert_is_a_sentence(desk.line(0, "unlearn closeness").says)
    assert desk.line(0, "unlearn all").says == "1 control unlearnt"
    assert_is_a_sentence(desk.line(0, "show controls").says)


def test_learning_can_be_called_off():
    desk = after("learn go")
    assert str(desk.learning) == "go"
    desk.line(0, "learn off")
    assert desk.learning is None
    assert desk.midi(0, note(60, 90)) is None


def test_our_own_state_that_a_daw_sends_back_is_not_learnt():
    desk = after("state cc 20 channel 1", "learn closeness")
    assert [desk.midi(0, cc(20, value)) for value in (0, 127, 0)] == [None] * 3
    assert desk.midi(0, cc(21, 0)) is None
    assert desk.midi(0, cc(21, 127)) is not None


@given(st.lists(raw_messages, max_size=30), st.sampled_from(["go", "closeness", "metronome"]))
def test_nothing_that_comes_through_a_port_breaks_the_desk(messages, what):
    desk = after(f"learn {what}")
    for message in messages:
        desk.midi(0, message)


@given(st.lists(st.text(max_size=40), max_size=5))
def test_nothing_that_is_typed_breaks_the_desk(lines):
    desk = Desk()
    for line in lines:
        desk.line(0, line)


# -- presets --


def test_presets_come_back_by_name_and_number():
    desk = after("trade 8", "save Fours", "accompany 0.2", "save Quiet bass", "reset")
    assert desk.line(0, "show presets").says == "1  Fours\n2  Quiet bass"
    assert desk.line(0, "2").settings.presence == 0.2
    assert desk.line(0, "load FOURS").settings.way is Way.TRADE
    assert desk.line(0, "load Fours").says == "preset Fours: everything, as it was"


def test_a_preset_saved_again_is_replaced_and_undo_brings_the_old_one():
    desk = after("trade 8", "save a", "trade 2")
    assert desk.line(0, "save a").says == "preset a replaced"
    desk.line(0, "undo")
    assert desk.kept.presets["a"].bars == 8


def test_a_missing_preset_is_said_with_the_nearest_name():
    desk = after("save quiet bass")
    assert "quiet bass" in desk.line(0, "load quiet bas").says


def test_presets_are_bounded():
    desk = Desk(Kept(presets={str(n): Settings() for n in range(MOST_PRESETS)}))
    assert_is_a_sentence(desk.line(0, "save another").says)
    assert desk.line(0, "save 5").keep


# -- elsewhere --


def test_settings_from_elsewhere_are_one_step_too():
    desk = Desk()
    for tap, bpm in enumerate((118.0, 119.5, 120.25)):
        desk.adopt(tap * SECOND // 2, DIALS["tempo"].put(desk.settings, bpm))
    assert desk.settings.bpm == 120.25
    desk.line(0, "undo")
    assert desk.settings == Settings()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("show", "way: trade\ncloseness: 0.7"),
        ("closeness", "closeness: 0.7 (takes a number from -1 to 1)"),
        ("show register", "lowest: C-1 (takes a key"),
        ("show all", "temperature: 0.95"),
    ],
)
def test_how_things_stand(line, words):
    assert words in after("trade 4", "closeness 0.7").line(0, line).says


def test_a_preset_is_renamed_and_keeps_its_place_and_its_key():
    desk = Desk()
    for name in ("Fours", "Back to back", "Bass"):
        desk.line(0, f"save {name}")
    learnt(desk, "preset Back to back", note(36, 90))
    outcome = desk.line(0, "rename back to back to All to one")
    assert outcome.keep
    assert outcome.says == "preset Back to back is called All to one"
    assert list(desk.kept.presets) == ["Fours", "All to one", "Bass"]
    assert [str(binding.target) for binding in desk.kept.controls.bindings] == ["preset All to one"]
    desk.line(0, "undo")
    assert list(desk.kept.presets) == ["Fours", "Back to back", "Bass"]


@pytest.mark.parametrize(
    "line",
    ["rename", "rename Fours", "rename Fours to", "rename Fives to Sixes", "rename x to Bass"],
)
def test_a_preset_that_is_not_there_or_taken_is_not_renamed(line):
    desk = Desk()
    for name in ("Fours", "Bass"):
        desk.line(0, f"save {name}")
    for says in (desk.line(0, line).says, desk.line(0, "rename Fours to bass").says):
        assert_is_a_sentence(says)
    assert list(desk.kept.presets) == ["Fours", "Bass"]


def test_what_can_be_taken_back_and_made_again_has_a_name() -> None:
    desk = Desk()
    assert (desk.undo_what, desk.redo_what) == ("", "")
    desk.line(0, "bars 2")
    assert (desk.undo_what, desk.redo_what) == ("bars: 2", "")
    desk.line(0, "undo")
    assert (desk.undo_what, desk.redo_what) == ("", "bars: 2")


def test_a_knob_is_waited_for_no_longer_than_it_was_said() -> None:
    desk = Desk()
    desk.line(0, "learn closeness")
    desk.expire(LEARN_FOR_NS - 1)
    assert desk.learning is not None
    desk.expire(LEARN_FOR_NS)
    assert desk.learning is None
