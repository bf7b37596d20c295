"""Floods are thinned; what was let in is let go, whatever comes."""

from hypothesis import given
from hypothesis import strategies as st

from plugin.realtime.flood import (
    NOTES_AT_ONCE,
    TOLD_AFTER,
    VALUE_EVERY_NS,
    VALUES_AT_ONCE,
    Thinner,
)
from tests.plugin.sentences import assert_is_a_sentence

MS = 1_000_000


def through(thinner: Thinner, messages: list[tuple[int, bytes]]) -> list[bytes]:
    return [message for now_ns, message in messages if thinner.passes(now_ns, message)]


def test_what_a_person_plays_passes_whole() -> None:
    """Ten fingers at once, a trill, a glissando of 50 keys in half a second, a fast wheel."""
    played: list[tuple[int, bytes]] = []
    for pitch in range(50, 60):
        played.append((0, bytes([0x90, pitch, 80])))
        played.append((400 * MS, bytes([0x80, pitch, 64])))
    for number in range(50):
        played.append(((500 + number * 10) * MS, bytes([0x90, 40 + number, 80])))
        played.append(((505 + number * 10) * MS, bytes([0x90, 40 + number, 0])))
    played += [((1000 + n) * MS, bytes([0xE0, n % 128, 64])) for n in range(1000)]
    played += [((2000 + n * 8) * MS, bytes([0xF8])) for n in range(100)]
    played.sort(key=lambda event: event[0])
    thinner = Thinner()
    assert through(thinner, played) == [message for _, message in played]
    assert (thinner.thinned, thinner.news()) == (0, None)


def test_a_flood_of_notes_is_thinned_with_their_ends() -> None:
    thinner = Thinner()
    flood = [(n * MS // 100, bytes([0x90, n % 128, 80])) for n in range(10_000)]
    let_in = through(thinner, flood)
    assert NOTES_AT_ONCE <= len(let_in) < NOTES_AT_ONCE + 30
    ends = [(200 * MS, bytes([0x80, pitch, 64])) for pitch in range(128)]
    ended = through(thinner, ends)
    assert {m[1] for m in let_in} <= {m[1] for m in ended}
    assert thinner.thinned == 10_000 + 128 - len(let_in) - len(ended)
    says = thinner.news()
    assert says is not None
    assert_is_a_sentence(says)
    assert thinner.news() is None
    assert thinner.passes(10**10, bytes([0x90, 60, 80])), "it is over"


def test_a_key_that_is_struck_again_in_a_flood_is_still_released() -> None:
    thinner = Thinner()
    on, off = bytes([0x90, 60, 80]), bytes([0x80, 60, 64])
    assert thinner.passes(0, on)
    while thinner.passes(0, on):
        pass
    assert thinner.passes(0, off)


def test_a_knob_in_a_flood_arrives_at_its_last_value() -> None:
    thinner = Thinner()
    flood = [(n * MS // 1000, bytes([0xB0, 1, n % 128])) for n in range(5_000)]
    let_in = through(thinner, flood)
    assert VALUES_AT_ONCE <= len(let_in) < VALUES_AT_ONCE + 20
    assert thinner.late(5 * MS) == []
    assert thinner.late(5 * MS + VALUE_EVERY_NS) == [flood[-1][1]]
    assert thinner.late(50 * MS) == []
    assert len(thinner._waiting) == 0


def test_a_held_back_bend_goes_before_its_note() -> None:
    thinner = Thinner()
    through(thinner, [(0, bytes([0xE3, n % 128, 64])) for n in range(2_000)])
    assert thinner.late(0, channel=2) == []
    assert thinner.late(0, channel=3) == [bytes([0xE3, 1_999 % 128, 64])]


def test_a_pedal_never_sticks() -> None:
    thinner = Thinner()
    down, up = bytes([0xB0, 64, 127]), bytes([0xB0, 64, 0])
    flood = [(0, down if n % 2 else up) for n in range(2_001)]
    assert through(thinner, flood)[-1] == flood[-1][1]


def test_an_absurd_clock_is_thinned_and_its_start_is_not() -> None:
    thinner = Thinner()
    ticks = [(n * MS // 10, bytes([0xF8])) for n in range(10_000)]  # 10,000 a second
    assert len(through(thinner, ticks)) < 600
    assert thinner.passes(1000 * MS, bytes([0xFC]))


def test_garbage_and_endless_dumps_do_not_pass() -> None:
    thinner = Thinner()
    for message in (b"", b"\x90", bytes([60, 60]), bytes([0xF0, *[1] * 1_000_000, 0xF7])):
        for _ in range(TOLD_AFTER // 4):
            assert not thinner.passes(0, message)
    assert thinner.news()


@given(
    st.lists(
        st.tuples(
            st.integers(0, 2 * MS),
            st.one_of(
                st.tuples(st.sampled_from([0x80, 0x90, 0x91]), st.integers(60, 62), st.just(64)),
                st.tuples(st.just(0xB0), st.sampled_from([1, 64, 123]), st.integers(0, 127)),
            ).map(bytes),
        ),
        max_size=300,
    )
)
def test_every_end_of_a_note_that_was_let_in_passes(events: list[tuple[int, bytes]]) -> None:
    thinner, now_ns = Thinner(), 0
    through(thinner, [(0, bytes([0x95, n % 128, 1])) for n in range(NOTES_AT_ONCE)])
    held: set[tuple[int, int]] = set()
    for wait_ns, message in events:
        now_ns += wait_ns
        passes = thinner.passes(now_ns, message)
        kind, key = message[0] & 0xF0, (message[0] & 0x0F, message[1])
        if kind == 0x90:
            if passes:
                held.add(key)
        elif kind == 0x80:
            assert passes or key not in held
            held.discard(key)
        elif message[1] == 123 and passes:
            held = {key for key in held if key[0] != message[0] & 0x0F}
    assert len(thinner._waiting) <= 2
