"""What of the wire reaches the built-in voice, and when it is meant for."""

import pytest

from gui.voice.feed import VoiceFeed
from plugin.served.messages import Pulse, Wire
from plugin.voice.timbres import PARTNER, PLAYER

PULSE = Pulse(
    origin_ns=5_000,
    now_ns=0,
    beat=0,
    bpm=0,
    beats_per_bar=4,
    bar_beat=0,
    external=False,
    running=False,
    holding=False,
    late_p99_ms=0,
    late_max_ms=0,
    engine_ms=0,
    load=0,
)
NOTE = b"\x90\x40\x40"


class Ear:
    def __init__(self) -> None:
        self.heard: list[tuple[int, int, bytes]] = []

    def put(self, due_ns: int, part: int, data: bytes) -> None:
        self.heard.append((due_ns, part, data))


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def feed(ear: Ear) -> VoiceFeed:
    made = VoiceFeed()
    made.feed(ear)
    made.hear(PULSE)
    return made


def test_both_parts_are_heard_at_their_moment_on_the_machines_clock(
    feed: VoiceFeed, ear: Ear
) -> None:
    feed.hear(Wire(100, True, NOTE))
    feed.hear(Wire(200, False, NOTE))
    assert ear.heard == [(5_100, PARTNER, NOTE), (5_200, PLAYER, NOTE)]


def test_without_the_player_only_the_partner_is_heard(feed: VoiceFeed, ear: Ear) -> None:
    feed.player_too = False
    feed.hear(Wire(100, False, NOTE))
    feed.hear(Wire(100, True, NOTE))
    assert [part for _, part, _ in ear.heard] == [PARTNER]


def test_a_clock_and_a_dump_are_no_music(feed: VoiceFeed, ear: Ear) -> None:
    for data in (b"\xf8", b"\xfa", b"\xf0\x01\xf7", b""):
        feed.hear(Wire(1, True, data))
    assert ear.heard == []


def test_before_the_first_pulse_nobody_knows_when_and_without_a_voice_nobody_listens(
    ear: Ear,
) -> None:
    early = VoiceFeed()
    early.hear(Wire(1, True, NOTE))
    early.feed(ear)
    early.hear(Wire(1, True, NOTE))
    assert ear.heard == []
    early.hear(PULSE)
    early.feed(None)
    early.hear(Wire(1, True, NOTE))
    assert ear.heard == []


def test_what_is_passed_on_is_the_players_and_sounds_once(feed: VoiceFeed, ear: Ear) -> None:
    feed.thru = True
    feed.hear(Wire(100, False, NOTE))
    feed.hear(Wire(100, True, NOTE))
    feed.hear(Wire(300, True, NOTE))  # and this is the partner's own
    assert [part for _, part, _ in ear.heard] == [PLAYER, PARTNER]
