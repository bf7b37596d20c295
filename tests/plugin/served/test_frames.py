"""Frames: whatever comes over a line, messages and then one end, never an exception."""

import struct
from collections.abc import Callable, Iterator
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin import protocol
from plugin.protocol import Change, Message, NoteSounded, Quit, Said
from plugin.served.frames import MOST_BYTES, End, FrameReader, TooLongError, pack
from plugin.served.messages import Asked, Audition, Ghost, Line, Open, Planned, PortIs, Ports, Told
from plugin.settings import Settings, Way

ASKED: list[Message] = [
    Open(ins=("Keys@1-4",), seed=3),
    Line("scale D dorian"),
    Audition(take_id="1", side="partner"),
    Change(Settings(way=Way.TRADE, bpm=96.0, style=(("jazz", 1.0),), state_cc=(0, 20))),
    protocol.Learn("last"),
    Quit(),
]
TOLD: list[Message] = [
    Planned((Ghost(1, 2, 60, 80), Ghost(3, 2**62, 61, 1))),
    NoteSounded(5, True, 0, 60, 80, 0.25, 7),
    Ports("JACK", (PortIs("a", True, True, False),), (), True),
    Said("“ë”\n"),
]


def reading(parts: list[bytes]) -> Callable[[int], bytes]:
    """`read` that gives these parts, then the end."""
    left: Iterator[bytes] = iter(part for part in parts if part)
    return lambda size: next(left, b"")


def everything(data: list[bytes], kinds: object = Told) -> tuple[list[Message], End]:
    reader: FrameReader[Message] = FrameReader(reading(data), kinds)
    found = []
    while not isinstance(message := reader.next(), End):
        found.append(message)
    assert reader.next() == message, "an end comes again"
    return found, message


def cut(data: bytes, places: list[int]) -> list[bytes]:
    marks = sorted({0, *(place % (len(data) + 1) for place in places), len(data)})
    return [data[a:b] for a, b in pairwise(marks)]


@given(st.lists(st.sampled_from(TOLD), max_size=6), st.lists(st.integers(0, 10_000), max_size=20))
def test_messages_arrive_however_they_are_cut(sent: list[Message], places: list[int]) -> None:
    data = b"".join(map(pack, sent))
    assert everything(cut(data, places)) == (sent, End())


def test_everything_that_is_asked_arrives() -> None:
    assert everything([b"".join(map(pack, ASKED))], Asked) == (ASKED, End())


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=5))
def test_garbage_is_an_end_and_no_exception(data: bytes, places: list[int]) -> None:
    found, end = everything(cut(data, places))
    assert found == []
    assert (end.says == "") == (data == b"")


@given(st.sampled_from(TOLD), st.binary(min_size=1, max_size=30))
def test_what_came_before_garbage_is_heard(first: Message, data: bytes) -> None:
    found, end = everything([pack(first) + b"\xff" + data])
    assert found == [first]
    assert end.says


@pytest.mark.parametrize("kept", [2, 4, 9])
def test_a_frame_that_is_cut_off_is_told(kept: int) -> None:
    assert "middle of a message" in everything([pack(TOLD[0])[:kept]])[1].says


def test_a_message_of_the_other_direction_is_not_understood() -> None:
    assert "two versions" in everything([pack(Line("hold"))])[1].says


def test_values_that_nobody_can_play_are_refused_in_words() -> None:
    raw = msgspec.msgpack.decode(pack(ASKED[3])[4:])
    raw["settings"]["bars"] = 3
    content = msgspec.msgpack.encode(raw)
    found, end = everything([struct.pack(">I", len(content)) + content], Asked)
    assert found == []
    assert "Trade 3 bars?" in end.says


def test_too_long_a_frame_is_refused_on_both_sides() -> None:
    with pytest.raises(TooLongError, match="too long"):
        pack(Line("x" * MOST_BYTES))
    taken: list[int] = []

    def read(size: int) -> bytes:
        taken.append(size)
        return struct.pack(">I", MOST_BYTES + 1)

    reader: FrameReader[Message] = FrameReader(read, Told)
    assert isinstance(reader.next(), End)
    assert len(taken) == 1, "not a byte of it is read"


def test_lists_within_lists_without_end_are_garbage() -> None:
    content = b"\x91" * 100_000
    _, end = everything([struct.pack(">I", len(content)) + content])
    assert end.says


def test_a_line_that_breaks_is_an_end() -> None:
    def read(size: int) -> bytes:
        raise OSError("gone")

    reader: FrameReader[Message] = FrameReader(read, Told)
    assert reader.next() == End("The line broke (gone).")
