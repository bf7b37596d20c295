"""Playing at the same time as the player: accompanying and harmonising."""

from dataclasses import replace

import pytest

from engine.api import Ask, Plan
from engine.events import Note, Voice
from engine.limits import Constraints
from engine.scales import Scale
from plugin.protocol import State
from plugin.settings import Companions, Settings, Way
from plugin.ways.accompany import AFTER_BEATS, register
from plugin.ways.along import OVER_NS
from plugin.ways.harmonise import PATIENCE_NS, allowed
from tests.fakes.engine import FakeEngine, answer_with
from tests.fakes.port import sounding
from tests.fakes.stage import MS, Stage

COMPING = tuple(Note(0.5 * n, 0.4, 40 + n, 90) for n in range(8))
C_MAJOR = Constraints(scale=Scale(0, "major"))


def accompanying(engine: FakeEngine | None = None, **more: object) -> Stage:
    engine = engine or FakeEngine(answer_with(*COMPING))
    return Stage(engine, settings=Settings(way=Way.ACCOMPANY, **more))  # type: ignore[arg-type]


def harmonising(kind: Companions = Companions.THIRD, **more: object) -> Stage:
    settings = Settings(way=Way.HARMONISE, companions=kind, **more)  # type: ignore[arg-type]
    return Stage(FakeEngine(), settings=settings)


# ------------------------------------------------------------------------------ accompany


def test_it_plays_while_the_player_plays_and_every_note_makes_the_plan_anew() -> None:
    later = [replace(note, onset=note.onset + 0.2) for note in COMPING]
    s = accompanying(FakeEngine(answer_with(*later)))
    s.play((0, 70, 400), (500, 72, 400), (1_000, 74, 400))
    assert len(s.engine.asks) == 3
    assert s.session.state is State.ALONG
    # From each note on, the first notes of the plan that was made for it; never two plans at once.
    onsets = [(at - 1_000 * MS) / MS for at, _ in s.port.note_ons]
    assert onsets == pytest.approx([150, 400, 650, 900, 1_150, 1_400], abs=2)


def test_a_question_knows_what_sounds_and_what_is_committed() -> None:
    s = accompanying()
    s.play((0, 70, 400))
    s.run(120)  # the plan's third note, at 550 ms, is committed at 500
    s.down(72)
    told = [(h.voice, h.note.pitch, h.held) for h in s.engine.asks[-1].so_far]
    assert (Voice.PLAYER, 72, True) in told
    assert (Voice.PARTNER, 42, False) in told
    onsets = [h.note.onset for h in s.engine.asks[-1].so_far]
    assert onsets == sorted(onsets)


def test_a_flood_asks_one_question_at_a_time() -> None:
    slow: list[Ask] = []

    def later(ask: Ask) -> list[Plan]:
        slow.append(ask)
        return []

    s = accompanying(FakeEngine(later))
    for number in range(200):
        s.down(60 + number % 12)
        s.up(60 + number % 12)
        s.run(1)
    assert len(slow) == 1
    s.engine.say(Plan(slow[0].request, COMPING[:1], True, 0.0))
    s.run(2)
    assert len(slow) == 2
    assert s.port.note_ons == []  # what was made before the last note is not played


def test_when_the_player_stops_it_ends_its_thought_and_the_take_is_complete() -> None:
    s = accompanying()
    s.play((0, 70, 400))
    s.run(400 + OVER_NS / MS)
    last = max(at for at, _ in s.port.note_ons)
    assert (last - 1_000 * MS) / (500 * MS) <= AFTER_BEATS
    assert s.session.idle
    take = s.takes.list[0]
    assert take.finished
    assert len(take.of(Voice.PLAYER)) == 2
    assert len(take.of(Voice.PARTNER)) == 2 * len(s.port.note_ons)
    assert sounding(s.port.sent) == {}


@pytest.mark.parametrize("pitches", [[30], [48, 52, 60], [60, 72], [84, 96], [108], [21]])
def test_its_register_is_beside_the_players(pitches: list[int]) -> None:
    near, far = register(pitches, 1.0), register(pitches, 0.0)
    for low, high in (near, far):
        assert 0 <= low <= high <= 127
        assert high < pitches[0] or low > pitches[-1] or pitches[0] > 90
    if far[1] < pitches[0]:
        assert pitches[0] - far[1] == 13
        assert pitches[0] - near[1] == 1


def test_presence_is_density_loudness_and_distance() -> None:
    asked = []
    for presence in (0.0, 0.5, 1.0):
        s = accompanying(presence=presence)
        s.down(72, velocity=100)
        asked.append(s.engine.asks[0].limits)
    assert [a.most_per_bar for a in asked] == [2, 6, 16]
    assert [a.loudest for a in asked] == sorted(a.loudest for a in asked)
    assert [a.highest for a in asked] == [59, 65, 71]


def test_what_the_player_sets_holds() -> None:
    limits = Constraints(lowest=80, highest=90, most_per_bar=1, loudest=30)
    s = accompanying(limits=limits)
    s.down(72)
    asked = s.engine.asks[0].limits
    assert (asked.lowest, asked.highest, asked.most_per_bar, asked.loudest) == (80, 90, 1, 30)


# ------------------------------------------------------------------------------ harmonise


def test_a_note_gets_its_companion_at_once_and_both_end_together() -> None:
    s = harmonising(limits=C_MAJOR)
    s.down(64)
    s.run(2)
    ((at, message),) = s.port.note_ons
    assert at - 1_000 * MS <= 1 * MS
    assert message[1] == 60  # a third below in C major
    s.run(500)
    s.up(64)
    assert sounding(s.port.sent) == {}
    assert s.port.note_offs[-1][0] == s.now_ns


def test_a_chord_gets_three_different_keys_none_of_them_held() -> None:
    s = harmonising(Companions.CHORD, limits=C_MAJOR)
    s.down(67)
    s.down(72)
    s.run(2)
    keys = list(sounding(s.port.sent))
    assert len(keys) >= 4
    assert all(key % 12 in C_MAJOR.scale.classes for _, key in keys)  # type: ignore[union-attr]
    assert (0, 67) not in keys
    s.up(67)
    s.up(72)
    assert sounding(s.port.sent) == {}


def test_a_model_that_does_not_answer_is_replaced_by_the_plainest_companion() -> None:
    s = harmonising(limits=C_MAJOR)
    s.engine.hang()
    s.down(64)
    s.run(PATIENCE_NS / MS - 1)
    assert s.port.note_ons == []
    s.run(4)
    assert [m[1] for _, m in s.port.note_ons] == [60]
    s.up(64)
    assert sounding(s.port.sent) == {}


def test_a_companion_that_comes_after_its_note_ended_is_not_played() -> None:
    s = harmonising()
    s.engine.hang()
    s.down(64)
    request = s.engine.reworks[0].request
    s.up(64)
    s.engine.say(Plan(request, (Note(0.0, 1.0, 60, 80),), True, 0.0))
    s.run(50)
    assert s.port.note_ons == []


def test_a_key_struck_again_gets_a_new_companion_after_the_old_one_ended() -> None:
    s = harmonising()
    s.down(64)
    s.run(5)
    s.down(64)
    s.run(5)
    assert len(s.port.note_ons) == 2
    assert sum(sounding(s.port.sent).values()) == 1
    s.up(64)
    assert sounding(s.port.sent) == {}


def test_drums_have_no_companions() -> None:
    s = harmonising()
    s.down(36, channel=9)
    s.run(50)
    assert s.port.note_ons == []


def test_the_rework_is_of_this_note_under_the_allowed_keys() -> None:
    s = harmonising(Companions.BASS, limits=replace(C_MAJOR, lowest=30))
    s.down(60, velocity=90)
    task = s.engine.reworks[0]
    assert [(n.pitch, n.velocity) for n in task.notes] == [(60, 90)]
    assert task.beside
    assert min(task.limits.keys) >= 30
    assert max(task.limits.keys) == 48


@pytest.mark.parametrize("kind", list(Companions))
@pytest.mark.parametrize("scale", [None, Scale(0, "major"), Scale(6, "major pentatonic")])
def test_there_is_an_allowed_key_for_every_note_that_has_room(
    kind: Companions, scale: Scale | None
) -> None:
    for pitch in range(60, 128):
        keys = allowed(pitch, kind, scale)
        assert keys
        assert all(21 <= key < pitch for key in keys)
