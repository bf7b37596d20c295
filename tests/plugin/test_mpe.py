"""Notes of an MPE keyboard are one player's; everybody else's stay as they are."""

from hypothesis import given
from hypothesis import strategies as st

from plugin.realtime.mpe import Mpe


def configure(mpe: Mpe, master: int, members: int) -> None:
    for number, value in ((101, 0), (100, 6), (6, members)):
        assert mpe.normalise(bytes((0xB0 | master, number, value))) is not None


def bend(channel: int) -> bytes:
    return bytes((0xE0 | channel, 3, 64))


def on(channel: int, pitch: int) -> bytes:
    return bytes((0x90 | channel, pitch, 80))


def off(channel: int, pitch: int) -> bytes:
    return bytes((0x80 | channel, pitch, 64))


def test_a_keyboard_that_says_so_is_one_player() -> None:
    mpe = Mpe()
    configure(mpe, 0, 5)
    assert mpe.members == {1, 2, 3, 4, 5}
    assert mpe.normalise(on(3, 60)) == on(0, 60)
    assert mpe.normalise(bend(3)) is None
    assert mpe.normalise(bytes((0xD3, 5))) is None
    assert mpe.normalise(bytes((0xB3, 74, 9))) is None
    assert mpe.normalise(bend(0)) == bend(0), "the master's wheel is the player's"
    assert mpe.normalise(bytes((0xB0, 64, 127))) == bytes((0xB0, 64, 127))
    assert mpe.normalise(off(3, 60)) == off(0, 60)
    assert mpe.normalise(on(9, 60)) == on(9, 60), "outside the zone"
    configure(mpe, 15, 3)
    assert mpe.normalise(on(13, 60)) == on(15, 60)
    configure(mpe, 0, 0)
    assert mpe.members == {12, 13, 14}


def test_a_keyboard_that_does_not_say_so_is_recognised() -> None:
    mpe = Mpe()
    told = []
    for number in range(8):
        channel = 1 + number % 5
        mpe.normalise(bend(channel))
        told.append(mpe.normalise(on(channel, 60 + number)))
        mpe.normalise(bytes((0xD0 | channel, 40)))
    channels = [message[0] & 0x0F for message in told if message]
    assert channels[3:] == [0] * 5
    # What began before it was recognised ends where it began.
    assert mpe.normalise(off(1, 60)) == off(1, 60)
    assert mpe.normalise(off(4, 63)) == off(0, 63)


def test_keyboards_of_the_usual_kind_are_left_alone() -> None:
    mpe = Mpe()
    for channel in (0, 1, 2, 3, 9):
        for message in (bend(channel), on(channel, 60), off(channel, 60), on(channel, 64)):
            if channel == 0:
                assert mpe.normalise(message) == message
        assert mpe.normalise(on(channel, 50)) == on(channel, 50)
    assert mpe.members == frozenset()


def test_two_fingers_on_one_key_of_the_zone_release_it_once() -> None:
    mpe = Mpe()
    configure(mpe, 0, 15)
    assert mpe.normalise(on(1, 60)) == on(0, 60)
    assert mpe.normalise(on(2, 60)) == on(0, 60)
    assert mpe.normalise(off(1, 60)) is None
    assert mpe.normalise(off(2, 60)) == off(0, 60)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([0x80, 0x90, 0xB0, 0xD0, 0xE0]),
            st.integers(0, 15),
            st.sampled_from([6, 60, 61, 74, 100, 101]),
            st.integers(0, 15),
        ),
        max_size=200,
    )
)
def test_whatever_comes_every_key_that_is_told_is_released(
    events: list[tuple[int, int, int, int]],
) -> None:
    mpe, down = Mpe(), set()
    told: set[tuple[int, int]] = set()

    def hear(message: bytes) -> None:
        out = mpe.normalise(message)
        if out is not None and out[0] & 0xE0 == 0x80:
            key = out[0] & 0x0F, out[1]
            (told.add if out[0] & 0xF0 == 0x90 and out[2] else told.discard)(key)

    for kind, channel, first, second in events:
        message = bytes(
            (kind | channel, first) if kind == 0xD0 else (kind | channel, first, second)
        )
        if kind in (0x80, 0x90):
            down.discard((channel, first))
            if kind == 0x90 and second:
                down.add((channel, first))
        hear(message)
    for channel, pitch in sorted(down):
        hear(off(channel, pitch))
    assert told == set()
