"""Learning: the next control that clearly moved is bound, and nothing else is."""

import pytest

from plugin.control.actions import Action
from plugin.control.bindings import (
    NEVER,
    Manner,
    Source,
    SourceKind,
    Target,
    TargetKind,
)
from plugin.control.learn import LEARN_FOR_NS, Heard
from tests.plugin.control.hand import (
    CLOSENESS,
    GO,
    HOLD,
    KNOB,
    Hand,
    bound,
    cc,
    note,
)
from tests.strategies import MS


def test_a_knob_is_learnt_once_it_has_clearly_moved():
    hand = Hand()
    hand.learn(CLOSENESS)
    for value in (60, 61, 60, 59, 61, 71):
        assert hand(cc(20, value)) is None
    heard = hand(cc(20, 72))
    assert heard == Heard(True, learned=bound(KNOB, CLOSENESS, Manner.FOLLOW))
    assert hand.controls.learning is None
    assert hand.closeness == 0.0
    hand(cc(20, 127))
    assert hand.closeness == 1.0


def test_a_trembling_knob_is_not_taken_for_the_one_that_is_turned():
    hand = Hand()
    hand(cc(11, 90))
    hand.learn(CLOSENESS)
    for step in range(20):
        assert hand(cc(11, 90 + step % 3)) is None
        heard = hand(cc(20, step))
        if heard is not None:
            break
    assert heard.learned.source == KNOB


def test_a_pedal_that_trembles_halfway_is_not_taken_for_pressed():
    hand = Hand()
    hand.learn(GO)
    assert [hand(cc(64, value)) for value in (63, 64, 62, 65, 63, 64)] == [None] * 6
    assert hand(cc(64, 80)).learned is not None


@pytest.mark.parametrize("number", sorted(NEVER))
def test_what_is_no_knob_is_never_learnt(number):
    hand = Hand()
    for target in (CLOSENESS, GO):
        hand.learn(target)
        assert [hand(cc(number, value)) for value in (0, 127, 0, 64)] == [None] * 4


def test_the_fine_half_of_a_controller_is_not_taken():
    hand = Hand()
    hand.learn(CLOSENESS)
    for value in range(40, 60):
        heard = hand(cc(1, value)) or hand(cc(33, value * 37 % 128))
        if heard is not None:
            break
    assert heard.learned.source.number == 1


def test_clock_and_wheels_and_pressure_are_not_taken():
    hand = Hand()
    hand.learn(GO)
    for message in (b"\xf8", b"\xfa", b"\xe0\x00\x7f", b"\xd0\x7f", b"\xa0\x24\x7f", b"\xf0\x01"):
        assert hand(message) is None
    assert hand.controls.learning is not None


@pytest.mark.parametrize(
    ("message", "source", "passes"),
    [
        (note(36, 90, 1), Source(kind=SourceKind.KEY, number=36, channel=1), False),
        (b"\xc2\x07", Source(kind=SourceKind.PROGRAM, number=7, channel=2), False),
        (cc(64, 127), Source(kind=SourceKind.CONTROL, number=64, channel=0), True),
        (cc(67, 100), Source(kind=SourceKind.CONTROL, number=67, channel=0), True),
        (cc(30, 127), Source(kind=SourceKind.CONTROL, number=30, channel=0), False),
    ],
)
def test_presses_are_learnt_at_once_for_an_action(message, source, passes):
    hand = Hand()
    if message[1] == 67:
        hand(cc(67, 0))
    hand.learn(GO)
    heard = hand(message)
    assert heard == Heard(not passes, learned=bound(source, GO, Manner.PRESS, passes=passes))


def test_the_press_that_was_learnt_does_nothing_and_neither_does_its_release():
    hand = Hand()
    hand.learn(HOLD, Manner.HELD)
    hand(note(36, 90))
    assert hand(note(36, 0)) == Heard(True)
    assert hand(note(36, 90)).action is Action.HOLD
    assert hand(note(36, 0)).action is Action.RELEASE


def test_a_pedal_pressed_slowly_is_learnt_when_it_is_down():
    hand = Hand()
    hand.learn(GO)
    heard = [hand(cc(64, value)) for value in range(0, 128, 4)]
    assert next(h for h in heard if h is not None) is heard[16]
    assert all(h.action is None for h in heard[16:])


def test_a_pedal_wired_the_other_way_is_learnt():
    hand = Hand()
    hand.learn(GO, None, 1.0, 0.0)
    assert hand(cc(64, 0)).learned is not None
    assert [hand(cc(64, value)).action for value in (127, 0)] == [None, Action.ANSWER_NOW]


def test_a_key_is_no_knob():
    hand = Hand()
    hand.learn(CLOSENESS)
    assert hand(note(60, 90)) is None
    assert hand(note(60, 0)) is None
    assert hand.controls.learning is not None


def test_learning_a_source_anew_replaces_what_it_did():
    hand = Hand(bound(KNOB, CLOSENESS, Manner.FOLLOW))
    hand(cc(20, 0))
    hand.learn(Target(TargetKind.DIAL, "presence"))
    hand(cc(20, 100))
    assert [str(b.target) for b in hand.controls.map.bindings] == ["presence"]


def test_learning_ends_by_itself_and_when_told():
    hand = Hand()
    hand.learn(GO)
    assert hand(note(36, 90), after_ms=LEARN_FOR_NS / MS) is None
    hand.learn(GO)
    hand.controls.stop_learning()
    assert hand(note(36, 90)) is None


def test_pass_and_eat_overrule_what_is_usual():
    hand = Hand()
    hand.learn(GO, passes=False)
    assert hand(cc(64, 127)).eaten
    hand.learn(GO, passes=True)
    assert not hand(note(36, 90)).eaten
