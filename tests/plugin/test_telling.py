"""What the engine is told, in which order, and what is still open."""

from hypothesis import given
from hypothesis import strategies as st

from engine.events import Voice
from plugin.realtime.listener import HeardNote
from plugin.realtime.telling import MOST_WAITING, Telling, Told

ME, YOU = Voice.PARTNER, Voice.PLAYER


def begin(telling: Telling, key: int, start_ns: int, voice: Voice = YOU, **more: int) -> None:
    telling.begin(key, voice, start_ns, channel=0, pitch=key, velocity=80, **more)


def test_a_note_waits_for_those_that_began_before_it_and_is_open_meanwhile() -> None:
    telling = Telling()
    begin(telling, 48, 0)
    begin(telling, 60, 10)
    telling.end(60, 20)
    assert telling.take_complete(25) == []
    assert telling.open(25) == [
        Told(YOU, HeardNote(0, 25, 0, 48, 80), held=True),
        Told(YOU, HeardNote(10, 20, 0, 60, 80)),
    ]
    telling.end(48, 30)
    assert [told.note.pitch for told in telling.take_complete(31)] == [48, 60]
    assert telling.open(31) == []


def test_a_chord_is_told_from_the_bass_up() -> None:
    telling = Telling()
    for key in (67, 60, 64):
        begin(telling, key, 0)
    for key in (60, 64, 67):
        telling.end(key, 50)
    assert [told.note.pitch for told in telling.take_complete(60)] == [60, 64, 67]


def test_a_partners_note_that_sounds_is_as_long_as_it_is_planned() -> None:
    telling = Telling()
    begin(telling, 60, 0, ME, planned_end_ns=100)
    assert telling.open(10) == [Told(ME, HeardNote(0, 100, 0, 60, 80))]
    telling.end(60, 40)  # it was cut
    assert telling.take_complete(50) == [Told(ME, HeardNote(0, 40, 0, 60, 80))]


def test_nothing_waits_for_a_drone_for_ever() -> None:
    telling = Telling()
    begin(telling, 24, 0)
    for number in range(MOST_WAITING + 1):
        begin(telling, 60, 10 * number + 10)
        telling.end(60, 10 * number + 15)
    told = telling.take_complete(500)
    assert told[0] == Told(YOU, HeardNote(0, 500, 0, 24, 80), held=True)
    assert len(told) == MOST_WAITING + 2
    telling.end(24, 600)  # its end is not told any more
    assert telling.take_complete(700) == []


strokes = st.lists(
    st.tuples(st.integers(0, 50), st.integers(60, 63), st.booleans(), st.booleans()), max_size=60
)


@given(strokes)
def test_every_note_is_told_once_in_order_and_nothing_piles_up(
    strokes: list[tuple[int, int, bool, bool]],
) -> None:
    telling, told, begun, now_ns = Telling(), [], 0, 0
    for gap, key, ends, look in strokes:
        now_ns += gap
        if ends:
            telling.end(key, now_ns)
        else:
            begin(telling, key, now_ns)
            begun += 1
        if look:
            told += telling.take_complete(now_ns)
            assert len(telling.open(now_ns)) <= MOST_WAITING + 4
    for key in range(60, 64):
        telling.end(key, now_ns)
    told += telling.take_complete(now_ns)
    assert len(told) == begun
    assert [t.note.start_ns for t in told] == sorted(t.note.start_ns for t in told)
    assert all(t.note.end_ns > t.note.start_ns for t in told)
