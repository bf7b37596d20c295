"""A jam in simulated time: who is heard, asked, answered and stopped when."""

import pytest

from engine.api import Ask, Hear, Plan
from engine.events import Note, Timebase, Voice
from plugin import protocol
from plugin.exchange import LAST_RING_NS
from plugin.protocol import AnswerOver, PhraseHeard, State, StateChanged, Trouble
from plugin.session import FORGOTTEN_KEY_NS
from plugin.turns import HELD_LEAST_NS
from plugin.ways.base import GIVE_UP_NS
from tests.fakes.engine import FakeEngine, answer_with
from tests.fakes.port import sounding
from tests.fakes.stage import MS, Stage

LINE = tuple(Note(0.5 * number, 0.4, 72 + number, 90) for number in range(6))
FOUR_FOUR = Timebase(120.0, 4.0, tempo_known=True)
PHRASE = ((0, 60, 200), (250, 62, 200), (500, 64, 200), (750, 65, 200))


def stage(*, timebase: Timebase | None = None, thru: bool = False, **how: int) -> Stage:
    return Stage(FakeEngine(answer_with(*LINE, **how)), timebase=timebase, thru=thru)


def answering(**how: int) -> Stage:
    """A stage whose answer has just begun."""
    found = stage(**how)
    found.play(*PHRASE)
    found.run_until(PhraseHeard)
    found.run(1)
    assert found.session.state is State.ANSWERING
    return found


# ------------------------------------------------------------------------------ phrase and answer


def test_a_phrase_is_answered() -> None:
    """JAM-1, JAM-2, JAM-4."""
    s = stage()
    s.play(*PHRASE)
    released_ns = s.now_ns
    over = s.run_until(AnswerOver)
    assert [m[1] for _, m in s.port.note_ons] == [note.pitch for note in LINE]
    assert all(at > released_ns for at, _ in s.port.sent)
    assert sounding(s.port.sent) == {}
    assert (over.notes, over.late_notes, over.dropped_notes, over.yielded) == (6, 0, 0, False)
    heard = s.of(PhraseHeard)
    assert [(event.notes, event.take_id) for event in heard] == [(4, "take-1")]
    assert heard[0].gap_ms == pytest.approx((s.port.sent[0][0] - released_ns) / MS)
    assert [event.state for event in s.of(StateChanged)] == [State.ANSWERING, State.LISTENING]
    assert s.session.idle


def test_the_engine_hears_both_sides_as_they_sounded_in_order() -> None:
    s = stage()
    s.play(*PHRASE)
    s.run_until(AnswerOver)
    s.play((0, 50, 100))
    heard = [message for message in s.engine.told if isinstance(message, Hear)]
    assert [h.voice for h in heard] == [Voice.PLAYER] * 4 + [Voice.PARTNER] * 6 + [Voice.PLAYER]
    assert [h.serial for h in heard] == list(range(1, 12))
    onsets = [h.note.onset for h in heard]
    assert onsets == sorted(onsets)
    assert onsets[:4] == [0.0, 0.5, 1.0, 1.5]
    sent = [at for at, _ in s.port.note_ons]
    assert onsets[4:10] == [(at - 1_000 * MS) / (500 * MS) for at in sent]


def test_a_chord_and_a_bass_note_that_rings_are_told_by_onset() -> None:
    s = stage()
    s.play((0, 36, 900), (100, 64, 100), (100, 60, 300))
    assert s.hears(Voice.PLAYER) == [(0.0, 36), (0.2, 60), (0.2, 64)]


def test_a_held_key_keeps_the_turn_for_long_but_not_for_ever() -> None:
    """JAM-3: four times the patience and two seconds; then the chord is what the phrase ends on."""
    s = stage()
    s.down(48)
    s.play(*PHRASE)
    s.run(HELD_LEAST_NS / MS - 300)
    assert s.port.sent == []
    assert s.run_until(PhraseHeard).notes == 4
    held = [(h.note.pitch, h.held) for h in s.engine.asks[-1].so_far]
    assert held[0] == (48, True)
    s.up(48)
    assert s.run_until(AnswerOver).notes == 6


def test_a_key_that_is_never_released_is_let_go_one_day() -> None:
    s = stage()
    s.down(48)
    s.play(*PHRASE)
    s.run(FORGOTTEN_KEY_NS / MS + 500)
    assert s.takes.list[0].of(Voice.PLAYER)[-1] != bytes([0x80, 48, 64])  # its take was over
    s.up(48)  # if it comes after all it is nobody's
    s.run(50)
    assert s.session.idle


def test_a_note_at_the_very_moment_of_the_hand_over_keeps_the_turn() -> None:
    s = stage()
    s.play((0, 60, 100))
    s.run_until(AnswerOver)
    moment_ns = s.port.sent[0][0]
    again = stage()
    again.play((0, 60, 100))
    again.run((moment_ns - again.now_ns) / MS - 1)
    again.clock.sleep_until_ns(moment_ns)
    again.down(62)
    again.run(2_000)
    assert again.port.sent == []
    again.up(62)
    assert again.run_until(PhraseHeard).notes == 2


def test_the_players_next_note_stops_the_answer_at_once() -> None:
    """JAM-5."""
    s = answering()
    s.run(600)
    played, now_ns = len(s.port.note_ons), s.now_ns
    assert sounding(s.port.sent)
    s.down(55)
    assert sounding(s.port.sent) == {}
    s.run(500)
    s.up(55)
    assert len(s.port.note_ons) == played
    assert s.port.sent[-1][0] == now_ns
    over = s.of(AnswerOver)[0]
    assert (over.notes, over.yielded, over.take_id) == (played, True, "take-1")
    assert s.run_until(PhraseHeard).take_id == "take-2"
    # The cut note is told as it sounded, before the note that cut it.
    partner = [h.note for h in s.engine.heard if h.voice is Voice.PARTNER]
    assert len(partner) == played
    assert partner[-1].end == pytest.approx((now_ns - 1_000 * MS) / (500 * MS))


def test_pieces_that_come_after_the_player_came_in_are_void() -> None:
    s = Stage(FakeEngine())
    s.play(*PHRASE)
    s.run(100)
    ask = s.engine.asks[-1]
    first = Note(ask.start_beat, 1.0, 72, 80)
    s.engine.say(Plan(ask.request, (first,), False, 0.0))
    s.run_until(PhraseHeard)
    s.run(50)
    s.down(60)
    s.engine.say(Plan(ask.request, (Note(ask.start_beat + 1, 1.0, 74, 80),), True, 0.0))
    s.run(2_000)
    assert [m[1] for _, m in s.port.note_ons] == [72]
    assert sounding(s.port.sent) == {}


def test_later_pieces_join_the_answer() -> None:
    s = answering(piece=2)
    s.run_until(AnswerOver)
    assert [m[1] for _, m in s.port.note_ons] == [note.pitch for note in LINE]


@pytest.mark.parametrize("late_ms", [20, 180, 700])
@pytest.mark.parametrize("timebase", [Timebase(), FOUR_FOUR])
def test_a_late_plan_is_moved_as_a_whole(timebase: Timebase, late_ms: int) -> None:
    s = Stage(FakeEngine(), timebase=timebase)
    s.play(*PHRASE)
    s.run(10)
    ask = s.engine.asks[-1]
    start_ns = 1_000 * MS + round(ask.start_beat * 500 * MS)
    s.run((start_ns - s.now_ns) / MS + late_ms)
    assert s.session.state is State.THINKING
    notes = tuple(Note(ask.start_beat + n.onset, n.duration, n.pitch, 80) for n in LINE)
    s.engine.say(Plan(ask.request, notes, True, 0.0))
    over = s.run_until(AnswerOver)
    assert (over.notes, over.late_notes, over.dropped_notes) == (6, 0, 0)
    times = [at - s.port.note_ons[0][0] for at, _ in s.port.note_ons]
    assert times == [round(n.onset * 500 * MS) for n in LINE]
    shift_ns = s.port.note_ons[0][0] - start_ns
    if timebase.tempo_known and late_ms > 30:
        assert shift_ns == (500 if late_ms < 500 else 1_000) * MS
    else:
        assert shift_ns == late_ms * MS


def test_with_a_known_tempo_the_answer_is_to_end_on_a_bar_line() -> None:
    s = stage(timebase=FOUR_FOUR)
    s.play(*PHRASE)
    s.run_until(AnswerOver)
    ask = s.engine.asks[-1]
    assert 2.0 < ask.start_beat < 3.5
    assert ask.end_beat == 8.0
    # The poll that found the silence was less than a millisecond late: no beat is lost for it.
    assert s.port.sent[0][0] - (1_000 * MS + round(ask.start_beat * 500 * MS)) < 2 * MS


def test_an_empty_answer_gives_the_turn_back() -> None:
    s = Stage(FakeEngine(answer_with()))
    s.play(*PHRASE)
    s.run(3_000)
    assert s.port.sent == []
    assert s.session.idle
    assert s.takes.list[0].finished


def test_no_answer_at_all_is_said_and_the_next_phrase_is_answered() -> None:
    s = Stage(FakeEngine())
    s.play(*PHRASE)
    s.run(2_000)
    assert s.session.state is State.THINKING
    s.run(GIVE_UP_NS / MS)
    assert s.session.idle
    assert "No answer came" in s.of(Trouble)[0].says
    s.engine.answer = answer_with(*LINE)
    s.play(*PHRASE)
    s.run_until(AnswerOver)
    assert len(s.port.note_ons) == 6


def test_an_answer_that_is_never_finished_ends_by_itself() -> None:
    s = Stage(FakeEngine())
    s.play(*PHRASE)
    s.run(100)
    ask = s.engine.asks[-1]
    s.engine.say(Plan(ask.request, (Note(ask.start_beat, 1.0, 72, 80),), False, 0.0))
    s.run_until(PhraseHeard)
    s.run((ask.end_beat - ask.start_beat) * 500 + LAST_RING_NS / MS + 10)
    assert s.session.idle
    assert not s.of(AnswerOver)[0].yielded


def test_only_what_was_heard_and_the_seed_make_the_question() -> None:
    """LAW-6, the session's half: the same phrase asks the same, bit for bit."""

    def asked(seed: int) -> list[Ask]:
        s = Stage(FakeEngine(answer_with(*LINE)), seed=seed)
        for _ in range(3):
            s.play(*PHRASE, (1_100, 48, 40), (1_100, 52, 60))
            s.run_until(AnswerOver)
        return s.engine.asks

    first, second, other = asked(99), asked(99), asked(98)
    assert first == second
    assert len({ask.seed for ask in first}) == 3
    assert not {ask.seed for ask in first} & {ask.seed for ask in other}


# ---------------------------------------------------------------------------------------- takes


def test_every_message_lies_in_its_take() -> None:
    """TAKE-1."""
    s = stage()
    s.midi(0xB0, 64, 127)  # the pedal goes down before the phrase
    s.play(*PHRASE)
    s.midi(0xB0, 64, 0)
    s.up(99)  # an orphan
    s.run_until(PhraseHeard)
    asked = s.engine.asks[-1]
    s.run(300)
    s.midi(0xE0, 0, 70)  # during the answer
    s.play((0, 50, 100))
    s.run_until(AnswerOver)
    s.close()
    first, second = s.takes.list
    assert first.of(Voice.PLAYER) == [
        bytes([0xB0, 64, 127]),
        *(bytes([kind, p, v]) for p in (60, 62, 64, 65) for kind, v in ((0x90, 80), (0x80, 64))),
        bytes([0xB0, 64, 0]),
        bytes([0x80, 99, 64]),
        bytes([0xE0, 0, 70]),
    ]
    sent = [m for _, m in s.port.sent]
    assert first.of(Voice.PARTNER) + second.of(Voice.PARTNER) == sent
    assert sounding([(t, m) for v, t, m in first.messages if v is Voice.PARTNER]) == {}
    assert second.of(Voice.PLAYER) == [bytes([0x90, 50, 80]), bytes([0x80, 50, 64])]
    assert first.settings["temperature"] == 0.95
    assert first.settings["start_beat"] == asked.start_beat
    assert first.settings["end_beat"] == asked.end_beat
    assert (first.seed, second.seed) == (asked.seed, s.engine.asks[-1].seed)
    assert first.seed != second.seed
    assert first.model == "fake"


def test_a_phrase_ended_by_panic_lets_no_key_hang_in_its_take() -> None:
    s = stage()
    s.down(60)
    s.run(20)
    s.command(protocol.Panic())
    s.up(60)
    assert s.takes.list[0].of(Voice.PLAYER) == [bytes([0x90, 60, 80]), bytes([0x80, 60, 64])]


def test_a_phrase_that_has_to_be_told_anew_is_nothing_new_to_the_engine() -> None:
    s = stage()
    s.play((0, 60, 100), (200, 62, 100))
    s.command(protocol.Forget())
    s.play((0, 64, 100))
    s.run(20)
    assert [(h.note.pitch, h.again) for h in s.engine.heard] == [
        (60, False),
        (62, False),
        (60, True),
        (62, True),
        (64, False),
    ]
