"""What a player reads in the terminal."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin import protocol
from plugin.console import MOST_NAMES, Console, pitch_name
from plugin.protocol import State
from plugin.screen import Screen

SECOND = 1_000_000_000


def lines(*events: protocol.Event) -> list[str]:
    found: list[str] = []
    console = Console(found.append)
    for event in events:
        console.event(event)
    console.close()
    return found


def note(
    seconds: float,
    pitch: int,
    *,
    partner: bool = False,
    late_ms: float = 0.0,
    bar: int | None = None,
) -> protocol.NoteSounded:
    return protocol.NoteSounded(round(seconds * SECOND), partner, 0, pitch, 80, late_ms, bar)


def test_names_of_keys() -> None:
    assert [pitch_name(p) for p in (0, 21, 60, 61, 70, 127)] == [
        *("C-1", "A0", "C4", "C♯4", "B♭4", "G9")
    ]


def test_bars_of_either_side() -> None:
    assert lines(
        note(0.0, 60, bar=1),
        note(1.4, 62, bar=1),
        note(1.5, 64, bar=2),
        note(1.6, 72, bar=2, partner=True),
        note(1.7, 74, bar=2, partner=True, late_ms=7.4),
        note(3.0, 76, bar=3, partner=True, late_ms=4.9),
    ) == [
        "  bar   1  ● you      C4 D4",
        "  bar   2  ● you      E4",
        "  bar   2  ◆ partner  C5 D5 (late by 7 ms)",
        "  bar   3  ◆ partner  E5",
    ]


def test_free_time_is_shown_in_stretches_of_two_seconds() -> None:
    assert lines(note(0.1, 60), note(1.9, 61), note(2.0, 62), note(125.0, 63)) == [
        "    0:00  ● you      C4 C♯4",
        "    0:02  ● you      D4",
        "    2:04  ● you      E♭4",
    ]


def test_many_notes_are_counted_not_listed() -> None:
    found = lines(*(note(0.0001 * number, 60) for number in range(5_000)))
    assert found == [f"    0:00  ● you      {' '.join(['C4'] * MOST_NAMES)} … 4988 more"]


def test_a_turn_in_words() -> None:
    assert lines(
        protocol.EngineReady("prior", 2_540_000),
        note(0.0, 60),
        protocol.PhraseHeard("id", 1, 0.42, 512.4),
        protocol.StateChanged(State.ANSWERING),
        note(1.0, 62, partner=True),
        protocol.AnswerOver("id", 9, 3.14, 0, 0, 0.2, False),
        protocol.AnswerOver("id", 1, 0.5, 2, 3, 12.0, True),
    ) == [
        "Ready to hear you (model prior, 2.5 M parameters).",
        "    0:00  ● you      C4",
        "  you: 1 note, 0.4 s; your partner comes in 512 ms after your last note",
        "    0:00  ◆ partner  D4",
        "  partner: 9 notes, 3.1 s, on time",
        "  partner: 1 note, 0.5 s, 2 late, 3 too late and left out; you came in, it stopped",
    ]


@pytest.mark.parametrize(
    "event",
    [
        protocol.Trouble("The cable is out."),
        protocol.EchoIgnored(),
        protocol.EngineReady("prior", 1),
        protocol.StateChanged(State.THINKING),
    ],
)
def test_what_was_played_is_shown_before_what_happened_then(event: protocol.Event) -> None:
    found = lines(note(0.0, 60), event, note(0.1, 62))
    assert len(found) == 3
    assert found[0].endswith("● you      C4")
    assert found[2].endswith("● you      D4")


def test_other_changes_of_state_say_nothing() -> None:
    silent = [State.LISTENING, State.ANSWERING, State.ENGINE_STOPPED]
    assert lines(*(protocol.StateChanged(state) for state in silent)) == []


@given(st.lists(st.tuples(st.integers(-SECOND, 60 * SECOND), st.booleans()), max_size=30))
def test_no_note_is_left_out(moments: list[tuple[int, bool]]) -> None:
    events = [protocol.NoteSounded(t, partner, 0, 60, 80) for t, partner in moments]
    found = lines(*events)
    shown = sum(line.count("C4") for line in found)
    more = sum(int(line.split("… ")[1].split()[0]) for line in found if "…" in line)
    assert shown + more == len(moments)


def test_whose_bars_begin_is_said_once() -> None:
    def here(bar: int, beat: int, partners: bool | None) -> protocol.Position:
        return protocol.Position(bar, beat, 120.0, False, partners, 1, 2)

    told = [here(1, 1, False), here(1, 2, False), here(3, 1, True), here(5, 1, False)]
    assert lines(*told) == [
        "  bar   1  ● your 2 bars",
        "  bar   3  ◆ your partner's 2 bars",
        "  bar   5  ● your 2 bars",
    ]
    assert lines(here(1, 1, None), here(2, 1, None)) == []


def test_what_is_said_may_have_several_lines() -> None:
    assert lines(protocol.Said("trade 4\nat 120 bpm")) == ["  trade 4", "  at 120 bpm"]


# ----------------------------------------------------------------------------------- the screen


def test_everything_is_shown_in_order_and_then_the_screen_closes() -> None:
    shown: list[protocol.Event | str] = []
    screen = Screen(shown.append, lambda: shown.append("closed"))
    events = [note(float(number), 60) for number in range(100)]
    for event in events:
        screen.event(event)
    assert screen.close()
    assert shown == [*events, "closed"]


def test_a_terminal_that_is_paused_holds_nobody_up() -> None:
    paused, showing = threading.Event(), threading.Event()

    def show(event: protocol.Event) -> None:
        showing.set()
        paused.wait()

    screen = Screen(show)
    for number in range(1_000):
        screen.event(note(float(number), 60))
    assert showing.wait(30)
    assert not screen.close(timeout_s=0.01)
    paused.set()
    assert screen.close(timeout_s=30)


@pytest.mark.parametrize("error", [BrokenPipeError(), ValueError("closed file")])
def test_a_reader_that_has_gone_is_no_trouble(error: Exception) -> None:
    calls = []

    def show(event: protocol.Event) -> None:
        calls.append(event)
        raise error

    screen = Screen(show, lambda: calls.append(protocol.EchoIgnored()))
    for number in range(10):
        screen.event(note(float(number), 60))
    assert screen.close(timeout_s=30)
    assert len(calls) == 1
