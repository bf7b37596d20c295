"""The account at the wire: what hangs is seen, whatever the session believes."""

from hypothesis import given

from engine.events import Voice
from engine.smf.notes import events_of, is_channel_message, is_note_on, pair_notes
from plugin.record import JamRecord
from tests.strategies import MS, messy_performances

ON, OFF = bytes([0x90, 60, 80]), bytes([0x80, 60, 64])


def test_notes_are_counted_by_side() -> None:
    record = JamRecord()
    record.heard(10, ON)
    record.heard(20, bytes([0x90, 60, 0]))
    record.sent(30, ON)
    record.sent(40, OFF)
    record.sent(50, ON)
    assert record.note_ons(Voice.PLAYER) == 1
    assert record.note_ons(Voice.PARTNER) == 2
    assert record.stuck_notes == 1
    assert record.start_ns == 10
    assert [part.messages for part in record.parts()] == [
        [(0, ON), (10, bytes([0x90, 60, 0]))],
        [(20, ON), (30, OFF), (40, ON)],
    ]
    assert [part.name for part in record.parts()] == ["Player", "Partner"]


def test_what_is_passed_on_is_no_answer_but_may_hang() -> None:
    record = JamRecord()
    record.passed_on(0, ON)
    assert (record.note_ons(Voice.PARTNER), record.stuck_notes) == (0, 1)
    record.passed_on(0, OFF)
    record.passed_on(0, OFF)
    assert record.stuck_notes == 0
    assert record.parts()[1].messages == []


def test_a_long_jam_is_only_counted() -> None:
    record = JamRecord(keeps_messages=False)
    for number in range(1_000):
        record.heard(number, ON)
        record.sent(number, ON)
        record.sent(number, OFF)
    assert record.note_ons(Voice.PLAYER) == record.note_ons(Voice.PARTNER) == 1_000
    assert record.stuck_notes == 0
    assert [part.messages for part in record.parts()] == [[], []]
    assert record.notes_in_seconds(Voice.PLAYER) == []


def test_a_note_that_is_held_at_the_end_is_shown_until_then() -> None:
    record = JamRecord()
    record.heard(1_000 * MS, ON)
    record.sent(2_000 * MS, bytes([0x90, 72, 80]))
    record.sent(3_000 * MS, bytes([0x80, 72, 64]))
    (player,) = record.notes_in_seconds(Voice.PLAYER)
    assert (player.onset, player.duration) == (0.0, 2.0)
    (partner,) = record.notes_in_seconds(Voice.PARTNER)
    assert (partner.onset, partner.duration) == (1.0, 1.0)


@given(messy_performances())
def test_whatever_comes_it_counts_notes_and_nothing_else(
    performance: list[tuple[int, bytes]],
) -> None:
    record = JamRecord()
    for now_ns, message in performance:
        record.sent(now_ns, message)
    whole = [(t, m) for t, m in performance if is_channel_message(m)]
    paired = pair_notes(events_of(whole), 0, 0)
    assert record.stuck_notes == sum(not n.released for n in paired)
    assert record.note_ons(Voice.PARTNER) == sum(is_note_on(m) for _, m in whole)
    assert len(record.notes_in_seconds(Voice.PARTNER)) == len(paired)
    assert [m for _, m in record.parts()[1].messages] == [m for _, m in whole]
