"""From untidy MIDI to notes (JAM-7)."""

from hypothesis import given
from hypothesis import strategies as st

from engine.smf.notes import events_of, is_channel_message, is_note_on, pair_notes
from plugin.realtime.listener import HeardNote, Listener
from tests.strategies import messy_performances, performances


def feed(listener: Listener, now_ns: int, message: bytes) -> list[HeardNote]:
    """As a session does it; the notes that it completes."""
    if not is_channel_message(message) or message[0] & 0xE0 != 0x80:
        return []
    if is_note_on(message):
        note = listener.note_on(now_ns, message[0] & 0x0F, message[1], message[2])
    else:
        note = listener.note_off(now_ns, message[0] & 0x0F, message[1])
    return [] if note is None else [note]


@given(messy_performances(), st.lists(st.booleans(), max_size=31))
def test_every_note_comes_out_once(performance: list[tuple[int, bytes]], looks: list[bool]) -> None:
    listener, notes = Listener(), []
    for place, (now_ns, message) in enumerate(performance):
        notes += feed(listener, now_ns, message)
        if looks[place : place + 1] == [True]:
            notes += listener.let_go(now_ns)
    struck = sum(is_note_on(m) for _, m in performance if is_channel_message(m))
    end_ns = performance[-1][0] if performance else 0
    notes += listener.let_go(end_ns)
    assert listener.held == 0
    assert listener.keys == []
    assert len(notes) == struck
    assert all(n.end_ns > n.start_ns for n in notes)
    assert listener.let_go(end_ns) == []


@given(performances())
def test_without_struck_twice_it_pairs_as_files_do(performance: list[tuple[int, bytes]]) -> None:
    down: set[tuple[int, int]] = set()
    tidy = []
    for now_ns, message in performance:
        key = (message[0] & 0x0F, message[1])
        if is_note_on(message):
            if key in down:
                continue
            down.add(key)
        elif message[0] & 0xE0 == 0x80:
            down.discard(key)
        tidy.append((now_ns, message))
    listener, notes = Listener(), []
    for now_ns, message in tidy:
        notes += feed(listener, now_ns, message)
    expected = [
        (n.onset, max(n.end, n.onset + 1), n.channel, n.pitch, n.velocity)
        for n in pair_notes(events_of(tidy), 0, 0)
        if n.released
    ]
    found = [(n.start_ns, n.end_ns, n.channel, n.pitch, n.velocity) for n in notes]
    assert sorted(found) == sorted(expected)


def test_struck_twice_ends_the_first() -> None:
    listener = Listener()
    assert listener.note_on(0, 0, 60, 80) is None
    assert listener.note_on(10, 0, 60, 90) == HeardNote(0, 10, 0, 60, 80)
    assert listener.held == 1
    assert listener.note_off(20, 0, 60) == HeardNote(10, 20, 0, 60, 90)
    assert listener.note_off(30, 0, 60) is None


def test_orphans_and_other_channels_release_nothing() -> None:
    listener = Listener()
    assert not listener.note_off(0, 0, 60)
    listener.note_on(0, 0, 60, 80)
    assert not listener.note_off(5, 1, 60)
    assert listener.held == 1


def test_letting_go_of_one_channel() -> None:
    listener = Listener()
    listener.note_on(0, 0, 60, 80)
    listener.note_on(0, 1, 60, 80)
    assert listener.let_go(9, 1) == [HeardNote(0, 9, 1, 60, 80)]
    assert listener.keys == [(0, 60)]
    assert listener.let_go(9) == [HeardNote(0, 9, 0, 60, 80)]
    assert listener.let_go(9) == []
