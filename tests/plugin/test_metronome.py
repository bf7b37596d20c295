"""Clicks: at their moments, accented on the bar, always released."""

from hypothesis import given
from hypothesis import strategies as st

from engine.events import Timebase
from plugin.realtime.beats import BeatGrid
from plugin.realtime.metronome import ACCENT, CLICK_NS, TOO_LATE_NS, Metronome
from tests.fakes.port import Sent, sounding
from tests.strategies import MS


def stage(bar: float = 4.0, channel: int = 9) -> tuple[BeatGrid, Metronome, list[Sent]]:
    sent: list[Sent] = []
    grid = BeatGrid(Timebase(120.0, bar, tempo_known=True), 0)
    return grid, Metronome(grid, lambda at, m: sent.append((at, m)), channel), sent


def run(metronome: Metronome, from_ns: int, until_ns: int) -> None:
    """Be there whenever something is due."""
    now_ns = from_ns
    while now_ns <= until_ns:
        metronome.tick(now_ns)
        due_ns = metronome.next_due_ns()
        now_ns = until_ns + 1 if due_ns is None else max(due_ns, now_ns + 1)


def clicks(sent: list[Sent]) -> list[tuple[float, bool]]:
    return [(at / MS, m[1] == ACCENT[0]) for at, m in sent if m[0] & 0xF0 == 0x90]


def test_clicks_fall_on_the_beat_with_an_accent_on_the_bar() -> None:
    _, metronome, sent = stage(bar=3.0)
    metronome.switch_on(0)
    run(metronome, 0, 2_100 * MS)
    assert clicks(sent) == [(0, True), (500, False), (1_000, False), (1_500, True), (2_000, False)]
    offs = [at for at, m in sent if m[0] & 0xF0 == 0x80]
    assert offs == [at * MS + CLICK_NS for at in (0, 500, 1_000, 1_500, 2_000)]
    assert {m[0] & 0x0F for _, m in sent} == {9}


def test_half_a_beat_before_the_bar_line_no_beat_is_invented() -> None:
    _, metronome, sent = stage(bar=2.5)
    metronome.switch_on(0)
    run(metronome, 0, 2_300 * MS)
    assert clicks(sent) == [
        (0, True), (500, False), (1_000, False), (1_250, True), (1_750, False), (2_250, False),
    ]  # fmt: skip


def test_switched_on_in_mid_beat_it_waits_for_the_next() -> None:
    _, metronome, sent = stage()
    metronome.switch_on(10 * MS)
    run(metronome, 10 * MS, 600 * MS)
    assert clicks(sent) == [(500, False)]


def test_what_was_slept_through_is_left_out() -> None:
    _, metronome, sent = stage()
    metronome.switch_on(0)
    metronome.tick(0)
    metronome.tick(2_000 * MS + TOO_LATE_NS + MS)
    assert clicks(sent) == [(0, True)]
    run(metronome, 2_100 * MS, 2_600 * MS)
    assert clicks(sent) == [(0, True), (2_500, False)]


def test_a_jump_of_the_grid_makes_one_click_at_most() -> None:
    grid, metronome, sent = stage()
    metronome.switch_on(0)
    run(metronome, 0, 600 * MS)
    grid.begin_bar(600 * MS)
    run(metronome, 600 * MS, 1_150 * MS)
    assert clicks(sent) == [(0, True), (500, False), (600, True), (1_100, False)]


gestures = st.lists(
    st.tuples(st.integers(0, 700 * MS), st.sampled_from(["on", "off", "7", "tempo", "bar", ""])),
    max_size=40,
)


@given(gestures)
def test_every_click_is_released_once_whatever_happens(
    gestures: list[tuple[int, str]],
) -> None:
    grid, metronome, sent = stage()
    now_ns = 0
    for apart_ns, gesture in gestures:
        run(metronome, now_ns, now_ns + apart_ns)
        now_ns += apart_ns
        match gesture:
            case "on":
                metronome.switch_on(now_ns)
            case "off":
                metronome.switch_off(now_ns)
                assert not sounding(sent)
            case "7":
                metronome.set_channel(now_ns, 7)
            case "tempo":
                grid.set_tempo(now_ns, 93.0)
            case "bar":
                grid.begin_bar(now_ns)
    metronome.switch_off(now_ns)
    assert not sounding(sent)
    ons = sum(m[0] & 0xF0 == 0x90 for _, m in sent)
    assert ons * 2 == len(sent)
    assert metronome.next_due_ns() is None
