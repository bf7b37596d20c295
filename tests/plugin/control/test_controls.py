"""Controls that are bound: what they do, and what the music hears of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.control.actions import Action
from plugin.control.bindings import (
    MOST_BINDINGS,
    Binding,
    ControlMap,
    Manner,
    Source,
    SourceKind,
    Target,
    TargetKind,
)
from plugin.control.learn import Controls, Heard, Wish
from plugin.control.table import DIALS
from tests.plugin.control.hand import (
    CLOSENESS,
    FRESH,
    GO,
    HOLD,
    KEY,
    KNOB,
    METRONOME,
    PEDAL,
    QUIET,
    WAY,
    Hand,
    bound,
    cc,
    note,
)
from tests.plugin.sentences import assert_is_a_sentence
from tests.strategies import raw_messages


def test_a_knob_turns_its_dial_and_is_not_heard():
    hand = Hand(bound(KNOB, CLOSENESS, Manner.FOLLOW))
    assert hand(cc(20, 127)) == Heard(True, "closeness", 1.0)
    assert hand(cc(20, 0)) == Heard(True, "closeness", -1.0)
    assert hand(cc(21, 64)) is None
    assert hand(cc(20, 64, channel=1)) is None


def test_a_value_that_stays_is_not_sent_again():
    hand = Hand(bound(KNOB, CLOSENESS, Manner.FOLLOW))
    hand(cc(20, 64))
    assert hand(cc(20, 64)) == Heard(True)


def test_a_knob_may_have_a_range_of_its_own_or_be_turned_round():
    tempo = DIALS["tempo"]
    low, high = tempo.kind.turn(80), tempo.kind.turn(160)
    target = Target(TargetKind.DIAL, "tempo")
    hand = Hand(bound(KNOB, target, Manner.FOLLOW, low=low, high=high))
    assert hand(cc(20, 0)).value == 80
    assert hand(cc(20, 127)).value == 160
    hand = Hand(bound(KNOB, CLOSENESS, Manner.FOLLOW, low=1.0, high=0.0))
    assert hand(cc(20, 0)).value == 1.0


def test_choices_lie_side_by_side():
    hand = Hand(bound(KNOB, WAY, Manner.FOLLOW))
    seen = [hand(cc(20, value)) and hand.settings.way for value in range(128)]
    assert list(dict.fromkeys(seen)) == list(type(FRESH.way))


def test_a_switch_is_on_from_the_middle_without_fluttering():
    hand = Hand(bound(KNOB, METRONOME, Manner.FOLLOW))
    seen = [hand(cc(20, value)) and hand.settings.metronome for value in (63, 64, 62, 65, 47, 63)]
    assert seen == [False, True, True, True, False, False]


def test_a_button_changes_a_switch_at_each_press():
    hand = Hand(bound(KNOB, METRONOME, Manner.PRESS))
    seen = [hand(cc(20, value)) and hand.settings.metronome for value in (127, 0, 127, 0)]
    assert seen == [True, True, False, False]


def test_an_action_happens_at_each_press_and_a_half_pressed_pedal_does_not_flutter():
    hand = Hand(bound(PEDAL, GO, Manner.PRESS))
    heard = [hand(cc(64, value)) for value in (20, 63, 64, 63, 64, 90, 60, 70, 47, 80)]
    assert [h.action for h in heard].count(Action.ANSWER_NOW) == 2
    assert (heard[2].action, heard[-1].action) == (Action.ANSWER_NOW,) * 2


def test_a_pedal_that_is_wired_the_other_way():
    hand = Hand(bound(PEDAL, GO, Manner.PRESS, low=1.0, high=0.0))
    assert [hand(cc(64, value)).action for value in (127, 0, 127, 0)] == [
        *(None, Action.ANSWER_NOW, None, Action.ANSWER_NOW)
    ]


def test_holding_while_held():
    hand = Hand(bound(KEY, HOLD, Manner.HELD))
    assert hand(note(36, 90)) == Heard(True, action=Action.HOLD)
    assert hand(note(36, 0)) == Heard(True, action=Action.RELEASE)


def test_a_key_whose_release_was_lost_still_counts():
    hand = Hand(bound(KEY, GO, Manner.PRESS))
    assert [hand(note(36, 90)).action for _ in range(2)] == [Action.ANSWER_NOW] * 2


def test_keys_and_programs_step_through_choices():
    program = Source(kind=SourceKind.PROGRAM, number=4)
    bars = Target(TargetKind.DIAL, "bars")
    hand = Hand(bound(program, bars, Manner.PRESS))
    assert [hand(b"\xc0\x04").value for _ in range(3)] == [8, 1, 2]
    assert hand(b"\xc0\x05") is None


def test_presets_by_program():
    program = Source(kind=SourceKind.PROGRAM, number=4)
    assert Hand(bound(program, QUIET, Manner.PRESS))(b"\xc3\x04") == Heard(True, preset="quiet")


def test_a_channel_of_its_own_comes_before_any_channel():
    here = Source(kind=SourceKind.KEY, number=36, channel=2)
    hand = Hand(bound(KEY, GO, Manner.PRESS), bound(here, METRONOME, Manner.PRESS))
    assert hand(note(36, 90, channel=2)).dial == "metronome"
    assert hand(note(36, 90, channel=3)).action is Action.ANSWER_NOW


def test_pick_up_waits_for_the_knob():
    settings = DIALS["closeness"].put(FRESH, 0.5)
    hand = Hand(bound(KNOB, CLOSENESS, Manner.FOLLOW, pick_up=True), settings=settings)
    for value in (0, 20, 40, 90):
        assert hand(cc(20, value)) == Heard(True)
    hand(cc(20, 96))
    hand(cc(20, 127))
    assert hand.closeness == 1.0
    hand.settings = DIALS["closeness"].put(FRESH, 0.2)  # from elsewhere
    assert hand(cc(20, 120)) == Heard(True)
    hand(cc(20, 10))  # passed it in one fast turn
    assert hand.closeness == pytest.approx(20 / 127 - 1, abs=0.01)


# -- what the music hears --


def test_what_is_not_bound_is_music():
    hand = Hand(bound(KNOB, CLOSENESS, Manner.FOLLOW))
    for message in (note(36, 90), note(36, 0), b"\xe0\x00\x40", b"\xd0\x40", b"\xf8", b"\xc0\x01"):
        assert hand(message) is None


def test_what_is_no_midi_is_no_control():
    hand = Hand(bound(KNOB, CLOSENESS, Manner.FOLLOW))
    for message in (
        b"",
        b"\xb0",
        b"\xb0\x14",
        b"\xb0\x14\xc8",
        b"\xb0\x14\x40\x00",
        b"\x14\x40\x40",
    ):
        assert hand(message) is None


def test_a_pedal_may_be_heard_by_both():
    hand = Hand(bound(PEDAL, GO, Manner.PRESS, passes=True))
    assert hand(cc(64, 127)) == Heard(False, action=Action.ANSWER_NOW)
    assert hand(cc(64, 0)) == Heard(False)


def test_a_key_may_be_heard_by_both():
    hand = Hand(bound(KEY, HOLD, Manner.HELD, passes=True))
    assert hand(note(36, 90)) == Heard(False, action=Action.HOLD)
    assert hand(bytes((0x80, 36, 64))) == Heard(False, action=Action.RELEASE)


def test_aftertouch_goes_with_its_key():
    hand = Hand(bound(KEY, GO, Manner.PRESS))
    assert hand(b"\xa0\x24\x40") is None
    hand(note(36, 90))
    assert hand(b"\xa0\x24\x40") == Heard(True)


bindings = st.sampled_from(
    [
        bound(KEY, GO, Manner.PRESS),
        bound(KEY, HOLD, Manner.HELD, passes=True),
        bound(PEDAL, GO, Manner.PRESS),
        bound(PEDAL, METRONOME, Manner.FOLLOW, passes=True),
    ]
)
plays = st.one_of(
    st.tuples(st.just(36), st.integers(0, 127)).map(lambda kv: note(*kv)),
    st.just(bytes((0x80, 36, 0))),
    st.integers(0, 127).map(lambda value: cc(64, value)),
)
gestures = st.one_of(plays, bindings, st.just("forget"), st.just("learn"))


@given(st.lists(gestures, max_size=40))
def test_the_release_goes_where_the_press_went(moves):
    """Whatever is bound, learnt and unlearnt in between: no key and no pedal hangs."""
    hand = Hand()
    press_was_music, pedal_is_down = True, False
    for move in moves:
        if isinstance(move, Binding):
            hand.controls.map = hand.controls.map.bound(move)
        elif move == "forget":
            hand.controls.map = ControlMap()
        elif move == "learn":
            hand.learn(GO, passes=False)
        else:
            heard = hand(move)
            music = heard is None or not heard.eaten
            if move[0] == 0xB0:
                assert music or not pedal_is_down or move[2] >= 64
                pedal_is_down = move[2] >= 64 and (music or pedal_is_down)
            elif move[0] == 0x90 and move[2]:
                press_was_music = music
            else:
                assert music == press_was_music
                press_was_music = True  # a release without a press is nobody's


@given(st.lists(st.one_of(raw_messages, bindings), max_size=30))
def test_nothing_that_comes_through_a_port_breaks_it(messages):
    hand = Hand()
    hand.learn(GO)
    for message in messages:
        if isinstance(message, Binding):
            hand.controls.map = hand.controls.map.bound(message)
        else:
            hand(message)


# -- what cannot be --


@pytest.mark.parametrize(
    ("target", "manner"),
    [
        (Target(TargetKind.DIAL, "scale"), None),
        (Target(TargetKind.DIAL, "style"), None),
        (CLOSENESS, Manner.PRESS),
        (CLOSENESS, Manner.HELD),
        (WAY, Manner.HELD),
        (GO, Manner.HELD),
        (GO, Manner.FOLLOW),
        (QUIET, Manner.HELD),
    ],
)
def test_what_cannot_be_moved_so_is_said(target, manner):
    with pytest.raises(ValueError, match=target.name) as refused:
        Controls().learn(0, Wish(target, manner))
    assert_is_a_sentence(str(refused.value))


def test_a_map_that_makes_no_sense_is_refused():
    twice = bound(KNOB, CLOSENESS, Manner.FOLLOW)
    with pytest.raises(ValueError, match="twice"):
        ControlMap((twice, bound(KNOB, METRONOME, Manner.FOLLOW)))
    with pytest.raises(ValueError, match="never released"):
        bound(Source(kind=SourceKind.PROGRAM, number=1), HOLD, Manner.HELD)
    with pytest.raises(ValueError, match="no knob"):
        Source(kind=SourceKind.CONTROL, number=101)
    with pytest.raises(ValueError, match="no dial"):
        Target(TargetKind.DIAL, "loudness of thought")
    many = tuple(
        bound(Source(kind=SourceKind.KEY, number=n % 128, channel=n // 128), GO, Manner.PRESS)
        for n in range(MOST_BINDINGS + 1)
    )
    with pytest.raises(ValueError, match="unlearn"):
        ControlMap(many)


def test_a_full_map_learns_no_more_and_breaks_nothing():
    many = tuple(
        bound(Source(kind=SourceKind.KEY, number=n % 128, channel=n // 128), GO, Manner.PRESS)
        for n in range(MOST_BINDINGS)
    )
    hand = Hand(*many)
    hand.learn(GO)
    assert hand(note(36, 90, channel=9)) is None


def test_bindings_in_words():
    assert str(bound(PEDAL, HOLD, Manner.HELD, passes=True)) == (
        "controller 64 (sustain pedal) → hold while held, passed on"
    )
    assert str(bound(KEY, QUIET, Manner.PRESS)) == "key C2 → preset quiet"
    program = Source(kind=SourceKind.PROGRAM, number=0, channel=15)
    assert str(program) == "program 1 on channel 16"
