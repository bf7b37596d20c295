"""Every way of playing over a real MIDI server: docs/TEST-PLAN.md, WAY-1 to WAY-8.

The client of the other behaviour tests plays notes and a DAW's clock into `antiphon jam`, which is
told its way on the command line, by lines on its standard input, or by controllers. Only order,
completeness and bars are asserted, never how fast something was.
"""

from itertools import pairwise
from pathlib import Path

import pytest

from tests.behaviour.jam import RunningJam
from tests.behaviour.performance import Event, Segment
from tests.behaviour.test_jam_over_jack import assert_clean, line, note, note_ons
from tests.rig.jackd import JackServer

pytestmark = [pytest.mark.realport, pytest.mark.slow]

BPM = 120.0
BEAT_S = 60 / BPM
BAR_S = 4 * BEAT_S
SLACK_S = 0.03
"""Two periods of the server and a poll on either side of a bar line."""
C_MAJOR = {0, 2, 4, 5, 7, 9, 11}


def clock(bars: int, *, stop: bool = True) -> list[Event]:
    """A DAW that starts, sends its clock for so many bars, and stops."""
    ticks = [(number * BEAT_S / 24, b"\xf8") for number in range(bars * 96)]
    end = [(bars * BAR_S, b"\xfc")] if stop else []
    return [(0.0, b"\xfa"), *ticks, *end]


def bars_of(events: list[Event], zero_s: float) -> list[float]:
    return [(at_s - zero_s) / BAR_S for at_s, _ in events]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def test_trading_with_a_daws_clock_keeps_to_its_bars(jack_server: JackServer, folder: Path) -> None:
    """WAY-2: two bars each; nothing of the partner begins or sounds outside its own."""
    phrase = [
        (at_s + BAR_S * bar, message)
        for bar in (4, 5, 8, 9)
        for at_s, message in line(60, 64, 67, 72, every_s=BEAT_S)
    ]
    events = sorted([*clock(12), *phrase], key=lambda event: event[0])
    words = ("--usual", "--way", "trade", "--bars", "2", "--clock", "external")
    with RunningJam(jack_server, folder, *words) as jam:
        heard = jam.perform([Segment(events=events), Segment(delay_s=1.0)])
        assert jam.end() == 0, jam.says()
    assert_clean(heard)
    zero_s = heard.begun[0]
    slack = SLACK_S / BAR_S
    starts = bars_of(note_ons(heard.recorded), zero_s)
    settled = [bar for bar in starts if bar >= 4]  # by then the clock is locked for sure
    assert {int((bar + slack) // 2) % 2 for bar in settled} == {1}
    assert {int((bar + slack) // 2) for bar in settled} >= {3, 5}
    ends = bars_of([e for e in heard.recorded if e not in note_ons(heard.recorded)], zero_s)
    assert all(int((bar - slack) // 2) % 2 == 1 for bar in ends if bar >= 4)
    # Clock bytes are ours to read: none of them is passed on.
    assert all(message[0] < 0xF0 for _, message in heard.recorded)


def test_on_a_sign_only_the_sign_hands_over(jack_server: JackServer, folder: Path) -> None:
    """WAY-3: silence says nothing; a line does, and a pedal that was learnt."""
    with RunningJam(jack_server, folder, "--usual", "--way", "sign") as jam:
        heard = jam.perform([Segment(events=line(60, 62, 64, 65)), Segment(delay_s=3.0)])
        assert heard.recorded == []
        jam.type("learn go")
        jam.wait_for_line("Move a knob")
        pedal = [(0.0, bytes([0xB0, 67, 127])), (0.3, bytes([0xB0, 67, 0]))]
        heard = jam.perform(
            [
                Segment(events=pedal),
                Segment(events=line(60, 62, 64, 65), delay_s=0.5),
                Segment(events=pedal, delay_s=0.5),
                Segment(quiet_s=1.0),
            ]
        )
        assert heard.timed_out == [], jam.says()
        assert note_ons(heard.recorded)
        assert note_ons(heard.recorded)[0][0] >= heard.begun[2]
        jam.type("hold")
        assert jam.end() == 0, jam.says()
    assert_clean(heard)


def test_accompanying_it_plays_while_the_player_plays_and_stops_after(
    jack_server: JackServer, folder: Path
) -> None:
    """WAY-4."""
    tune = line(72, 74, 76, 77, 79, 77, 76, 74, 72, 71, 72, 74, every_s=0.3)
    words = ("--usual", "--way", "accompany", "--say", "partner channel 5")
    with RunningJam(jack_server, folder, *words) as jam:
        heard = jam.perform([Segment(events=tune), Segment(quiet_s=2.0)])
        assert jam.end() == 0, jam.says()
    assert heard.timed_out == [], jam.says()
    assert_clean(heard)
    during = [e for e in note_ons(heard.recorded) if e[0] < heard.ended[0]]
    assert len(during) >= 3
    assert {message[0] & 0x0F for _, message in heard.recorded} == {4}
    assert all(message[1] < 72 for _, message in during)  # in a register of its own


@pytest.mark.parametrize(("kind", "many"), [("third", 1), ("chord", 3), ("bass", 1)])
def test_harmonising_each_note_gets_companions_that_end_with_it(
    jack_server: JackServer, folder: Path, kind: str, many: int
) -> None:
    """WAY-5."""
    tune = line(72, 74, 76, 77, 79, 77, 76, 74, every_s=0.3)
    words = ("--usual", "--say", f"harmonise {kind}", "--say", "scale C major")
    with RunningJam(jack_server, folder, *words) as jam:
        heard = jam.perform([Segment(events=tune), Segment(quiet_s=0.5)])
        assert jam.end() == 0, jam.says()
    assert heard.timed_out == [], jam.says()
    assert_clean(heard)
    assert len(note_ons(heard.recorded)) == many * 8
    assert {message[1] % 12 for _, message in note_ons(heard.recorded)} <= C_MAJOR
    for (begun_s, message), (ended_s, _) in zip(tune[::2], tune[1::2], strict=True):
        mine = [
            m[1]
            for at_s, m in note_ons(heard.recorded)
            if heard.begun[0] + begun_s <= at_s <= heard.begun[0] + ended_s + SLACK_S
        ]
        assert len(mine) == many
        assert all(pitch < message[1] for pitch in mine)


def test_a_variation_has_the_phrases_rhythm(jack_server: JackServer, folder: Path) -> None:
    """WAY-6: at a middle distance every onset stays and some pitches change."""
    tune = line(60, 62, 64, 65, 67, 65, 64, 62, every_s=0.25)
    with RunningJam(jack_server, folder, "--usual", "--way", "vary") as jam:
        heard = jam.perform([Segment(events=tune), Segment(quiet_s=1.0)])
        assert jam.end() == 0, jam.says()
    assert heard.timed_out == [], jam.says()
    assert_clean(heard)
    answer = note_ons(heard.recorded)
    assert len(answer) == 8
    gaps = [b[0] - a[0] for a, b in pairwise(answer)]
    assert all(abs(gap - 0.25) < SLACK_S for gap in gaps)


def test_endless_goes_on_until_the_player_plays(jack_server: JackServer, folder: Path) -> None:
    """WAY-7."""
    with RunningJam(jack_server, folder, "--usual", "--way", "endless") as jam:
        heard = jam.perform(
            [
                Segment(events=line(60, 64, 67, 72)),
                Segment(events=note(0.0, 0.2, 40), reply_s=12.0),
                Segment(delay_s=0.3),
            ]
        )
        assert jam.end() == 0, jam.says()
    assert_clean(heard)
    answer = [at_s for at_s, _ in note_ons(heard.recorded)]
    assert answer[-1] - answer[0] > 10.0
    assert max(b - a for a, b in pairwise(answer)) < 4.0
    assert max(at_s for at_s, _ in heard.recorded) < heard.begun[1] + 0.1


def test_ways_change_in_mid_phrase_by_a_line_and_nothing_hangs(
    jack_server: JackServer, folder: Path
) -> None:
    """WAY-8: each in turn while notes sound; the settings are there again next time."""
    ways = ("endless", "harmonise chord", "accompany 1", "trade 1", "vary", "sign", "answer")
    with RunningJam(jack_server, folder, "--usual", "--tempo", "140") as jam:
        for way in ways:
            jam.type(way)
            heard = jam.perform([Segment(events=line(60, 64, 67, every_s=0.2))])
        jam.type("scale D dorian")
        jam.type("accompany 0.3")
        heard = jam.perform([Segment(events=line(60, 64, 67, 72)), Segment(quiet_s=1.5)])
        assert_clean(heard)
        assert jam.end() == 0, jam.says()
    with RunningJam(jack_server, folder) as jam:
        jam.type("show")
        jam.wait_for_line("D dorian")
        assert jam.end() == 0, jam.says()
