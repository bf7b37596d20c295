"""What is auditioned sounds as it is written, once, and leaves nothing behind: LAW-1, LAW-2."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.api import Hear
from engine.events import Voice
from engine.smf.notes import is_note_on
from plugin.audition import Score
from plugin.protocol import Auditioning, Go, NoteEnded, NoteSounded, Panic, PhraseHeard, Quit
from plugin.realtime.performer import TOO_LATE_NS
from plugin.settings import Settings
from tests.fakes.engine import FakeEngine, answer_with
from tests.fakes.port import sounding
from tests.fakes.stage import MS, Stage
from tests.plugin.test_session import LINE, PHRASE

LOUD = 111
"""Nobody else plays so: what an audition sends is known by it."""


def score(*strokes: tuple[int, int, int], side: Voice = Voice.PARTNER, channel: int = 0) -> Score:
    """Strokes (from ms, key, length ms)."""
    found = []
    for at, key, length in strokes:
        found.append((at * MS, side, bytes((0x90 | channel, key, LOUD))))
        found.append(((at + length) * MS, side, bytes((0x80 | channel, key, 64))))
    return sorted(found, key=lambda one: one[0])


def hear(stage: Stage, music: Score, name: str = "a take") -> None:
    stage.session.audition(stage.now_ns, music, name)


def says(stage: Stage) -> list[str]:
    return [event.name for event in stage.of(Auditioning)]  # type: ignore[attr-defined]


TRIAD = score((0, 60, 300), (100, 64, 300), (200, 67, 300))


def test_it_sounds_at_once_as_it_is_written_and_is_nobodys() -> None:
    s = Stage()
    began_ns = s.now_ns
    hear(s, TRIAD)
    s.run(1_000)
    assert [(at - began_ns, m) for at, m in s.port.sent] == [(at, m) for at, _, m in TRIAD]
    assert says(s) == ["a take", ""]
    assert s.takes.list == []
    assert not [m for m in s.engine.log if isinstance(m, Hear)]
    assert s.of(NoteSounded) == s.of(NoteEnded) == []
    assert s.session.idle


def test_where_bars_pass_it_waits_for_the_beat() -> None:
    s = Stage(settings=Settings(bpm=120.0))
    s.down(60)
    s.up(60)
    s.run(150)
    s.session.command(s.now_ns, Panic())
    s.port.sent.clear()
    hear(s, TRIAD)
    s.run(600)
    assert s.session.beat(s.port.sent[0][0]) == pytest.approx(1.0, abs=0.01)


def test_the_player_ends_it_at_once() -> None:
    s = Stage()
    hear(s, score((0, 60, 5_000), (2_000, 64, 100)))
    s.run(100)
    s.down(72, 50)
    assert sounding(s.port.sent) == {}
    assert says(s) == ["a take", ""]
    s.run(4_000)
    assert [m[1] for _, m in s.port.note_ons] == [60]


@pytest.mark.parametrize("end", ["nothing", "another", "panic", "close"])
def test_whatever_ends_it_releases_notes_pedals_and_wheels(end: str) -> None:
    s = Stage()
    pedal, wheel = bytes((0xB1, 64, 127)), bytes((0xE1, 0, 100))
    held = [(0, Voice.PLAYER, pedal), (0, Voice.PLAYER, wheel), *score((10, 60, 9_000), channel=1)]
    hear(s, held)
    s.run(50)
    assert sounding(s.port.sent) == {(1, 60): 1}
    if end == "nothing":
        hear(s, (), "")
    elif end == "another":
        hear(s, TRIAD, "another")
    elif end == "panic":
        s.command(Panic())
    else:
        s.close()
    assert sounding(s.port.sent) == {}
    sent = [m for _, m in s.port.sent]
    assert bytes((0xB1, 64, 0)) in sent
    assert bytes((0xE1, 0, 64)) in sent
    s.run(1_000)
    assert sounding(s.port.sent) == {}


def test_an_answer_makes_room_for_it_and_is_no_insult() -> None:
    s = Stage(FakeEngine(answer_with(*LINE)))
    s.play(*PHRASE)
    s.run_until(PhraseHeard)
    s.run(100)
    hear(s, TRIAD)
    s.run(3_000)
    ours = [m for _, m in s.port.note_ons if m[2] == LOUD]
    assert len(ours) == 3
    last = s.port.note_ons[-3:]
    assert [m[2] for _, m in last] == [LOUD] * 3
    (take,) = s.takes.list
    assert LOUD not in {m[2] for m in take.of(Voice.PARTNER) if is_note_on(m)}


def test_its_echo_is_not_taken_for_the_player() -> None:
    s = Stage()
    hear(s, TRIAD)
    s.run(20)
    _, message = s.port.sent[0]
    s.session.midi(s.now_ns, message)
    s.run(10)
    assert s.of(NoteSounded) == []
    assert says(s) == ["a take"]


def test_two_sides_on_one_key_end_by_identity() -> None:
    s = Stage()
    both = [
        *score((0, 60, 400), side=Voice.PLAYER),
        *score((200, 60, 600), side=Voice.PARTNER),
    ]
    began_ns = s.now_ns
    hear(s, sorted(both, key=lambda one: one[0]))
    s.run(1_000)
    moments = [((at - began_ns) // MS, m[0] & 0xF0) for at, m in s.port.sent]
    # The player's release at 400 ms does not end the partner's note.
    assert moments == [(0, 0x90), (200, 0x80), (200, 0x90), (800, 0x80)]


def test_what_is_far_too_late_is_left_out_with_its_end() -> None:
    s = Stage()
    hear(s, TRIAD)
    s.clock.advance_ns(120 * MS + TOO_LATE_NS)
    s.run(1_000)
    assert [m[1] for _, m in s.port.note_ons] == [67]
    assert sounding(s.port.sent) == {}


strokes = st.lists(
    st.tuples(st.integers(0, 900), st.integers(59, 62), st.integers(1, 700)), max_size=8
)
steps = st.one_of(
    st.tuples(st.just("hear"), strokes),
    st.tuples(st.just("hear"), st.just([])),
    st.tuples(st.just("down"), st.integers(59, 62)),
    st.tuples(st.just("up"), st.integers(59, 62)),
    st.tuples(st.just("run"), st.integers(0, 1_500)),
    st.tuples(st.just("command"), st.sampled_from([Panic(), Go(), Quit()])),
)


@given(st.lists(steps, max_size=25), st.booleans(), st.sampled_from([None, 120.0]))
def test_every_note_on_has_its_note_off_whoever_else_plays(
    plan: list[tuple[str, object]], thru: bool, bpm: float | None
) -> None:
    """LAW-1, with the partner, the player passed on and the metronome on the same keys."""
    settings = Settings(bpm=bpm, metronome=bpm is not None, click_channel=0)
    s = Stage(FakeEngine(answer_with(*LINE)), settings=settings, thru=thru, poll_ms=5)
    for what, value in plan:
        match what:
            case "hear":
                hear(s, score(*value))  # type: ignore[misc]
            case "down":
                s.down(value, 50)  # type: ignore[arg-type]
            case "up":
                s.up(value)  # type: ignore[arg-type]
            case "run":
                s.run(value)  # type: ignore[arg-type]
            case _:
                s.command(value)  # type: ignore[arg-type]
        found = sounding(s.port.sent)
        assert all(count == 1 for count in found.values()), found
    s.close()
    assert sounding(s.port.sent) == {}
    assert says(s)[-1:] in ([], [""])
