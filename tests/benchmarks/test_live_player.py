"""The benchmark's player waits, barges in, and gives up waiting."""

from benchmarks.live.player import Player, Turn

ON, OFF = bytes((0x90, 60, 80)), bytes((0x80, 60, 64))
REPLY_ON, REPLY_OFF = bytes((0x90, 72, 90)), bytes((0x90, 72, 0))
PHRASE = [(0.0, ON), (0.1, OFF)]


def perform(turns: list[Turn], heard: dict[int, bytes], *, until: int = 3000) -> Player:
    """Cycles of 10 frames, 1000 a second."""
    player = Player(turns, 1000)
    for first in range(0, until, 10):
        for frame in range(first, first + 10):
            if frame in heard:
                player.hear(frame, heard[frame])
        offsets = [offset for offset, _ in player.due(first, 10)]
        assert offsets == sorted(offsets)
        assert all(0 <= offset < 10 for offset in offsets)
    return player


def test_it_goes_on_after_the_answer_and_a_pause() -> None:
    turns = [Turn(PHRASE, quiet_s=0.5), Turn(PHRASE)]
    player = perform(turns, {400: REPLY_ON, 1100: REPLY_OFF, 1300: REPLY_ON, 1400: REPLY_OFF})
    assert player.begun == [0, 1900]
    assert player.ended == [100, 2000]
    assert player.played == [(0, ON), (100, OFF), (1900, ON), (2000, OFF)]


def test_it_waits_while_a_note_of_the_answer_sounds() -> None:
    turns = [Turn(PHRASE, quiet_s=0.2), Turn(PHRASE)]
    assert perform(turns, {400: REPLY_ON}).begun == [0]


def test_it_barges_in() -> None:
    turns = [Turn(PHRASE, barge_in_s=0.3), Turn(PHRASE)]
    assert perform(turns, {400: REPLY_ON, 900: REPLY_OFF}).begun == [0, 700]


def test_what_came_during_the_phrase_is_no_answer_to_it() -> None:
    turns = [Turn(PHRASE, quiet_s=0.1, no_answer_s=2.0), Turn(PHRASE)]
    player = perform(turns, {20: REPLY_ON, 40: REPLY_OFF})
    assert player.begun == [0, 2100]
    assert player.heard == [(20, REPLY_ON), (40, REPLY_OFF)]


def test_it_ends_with_its_music() -> None:
    player = perform([Turn(PHRASE)], {})
    assert player.resting
    assert (player.begun, player.ended) == ([0], [100])


def test_a_turn_without_notes_is_over_at_once() -> None:
    player = perform([Turn([], no_answer_s=0.5), Turn(PHRASE)], {})
    assert player.begun == [0, 500]
