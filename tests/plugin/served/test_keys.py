"""The computer's keyboard as a port: nothing hangs, whatever the window loses."""

from hypothesis import given
from hypothesis import strategies as st

from plugin.served.keys import Keys
from plugin.served.messages import Key
from tests.fakes.port import sounding


def said(keys: Keys) -> list[bytes]:
    found = []
    while (message := keys.poll()) is not None:
        found.append(message)
    return found


def test_a_key_is_struck_and_let_go() -> None:
    keys = Keys()
    keys.press(Key(60, True, 99))
    keys.press(Key(60, False))
    assert said(keys) == [bytes((0x90, 60, 99)), bytes((0x80, 60, 64))]


def test_all_are_let_go_at_once() -> None:
    keys = Keys()
    for pitch in (64, 60, 67):
        keys.press(Key(pitch, True))
    said(keys)
    keys.press(Key(-1, False))
    assert [message[1] for message in said(keys)] == [60, 64, 67]


def test_what_is_no_key_is_passed_over() -> None:
    keys = Keys()
    for key in (Key(128, True), Key(-1, True), Key(200, False), Key(60, False)):
        keys.press(key)
    keys.press(Key(60, True, 300))
    assert said(keys) == [bytes((0x90, 60, 127))]


@given(st.lists(st.builds(Key, st.integers(-1, 4), st.booleans(), st.integers(-5, 200))))
def test_no_key_is_struck_twice_and_none_hangs(presses: list[Key]) -> None:
    keys = Keys()
    for press in presses:
        keys.press(press)
    keys.press(Key(-1, False))
    messages = [(0, message) for message in said(keys)]
    assert sounding(messages) == {}
    for end in range(len(messages)):
        assert all(count == 1 for count in sounding(messages[:end]).values())
