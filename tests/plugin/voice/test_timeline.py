"""Moments become samples: on time for the ear, whatever the way there took."""

import numpy as np

from plugin.voice.synth import Synth
from plugin.voice.timbres import PARTNER, PLAYER
from plugin.voice.timeline import LEAD_NS, MOST_WAITING, Timeline

RATE_HZ = 48_000.0
BLOCK = 240
BLOCK_NS = 5_000_000
START_NS = 7_000_000_000
NOTE = bytes((0x90, 69, 100))


class Card:
    """A sound card that asks for a block every five milliseconds of its own clock."""

    def __init__(self, *, slow: float = 1.0) -> None:
        self.synth = Synth(RATE_HZ)
        self.timeline = Timeline(self.synth, RATE_HZ)
        self.now_ns, self.slow = START_NS, slow
        self.heard: list[np.ndarray] = []

    def runs(self, blocks: int) -> None:
        for _ in range(blocks):
            self.heard.append(self.timeline.fill(self.now_ns, BLOCK))
            self.now_ns += round(BLOCK_NS * self.slow)

    def first_sound_ns(self) -> int:
        """When the first sample that is not silence was asked for, on its own clock."""
        samples = np.abs(np.concatenate(self.heard)).sum(axis=1)
        first = int(np.flatnonzero(samples > 1e-6)[0])
        return START_NS + round(first / BLOCK * BLOCK_NS * self.slow)


def test_a_note_sounds_the_lead_after_its_moment_however_long_it_was_on_its_way() -> None:
    for delay_blocks in (0, 1, 2, 3):
        card = Card()
        card.runs(4 + delay_blocks)
        due_ns = START_NS + 4 * BLOCK_NS + 1_234_567
        card.timeline.put(due_ns, PARTNER, NOTE)
        card.runs(20)
        assert abs(card.first_sound_ns() - due_ns - LEAD_NS) < 150_000


def test_what_comes_too_late_sounds_at_once() -> None:
    card = Card()
    card.runs(20)
    card.timeline.put(START_NS, PARTNER, NOTE)
    card.runs(1)
    assert np.abs(card.heard[-1]).max() > 0.001


def test_a_note_that_is_planned_ahead_waits() -> None:
    card = Card()
    card.timeline.put(START_NS + 1_000_000_000, PARTNER, NOTE)
    card.runs(200)
    assert not np.concatenate(card.heard).any()
    card.runs(10)
    assert np.concatenate(card.heard[-10:]).any()


def test_silence_overtakes_what_waits() -> None:
    card = Card()
    card.runs(2)
    card.timeline.put(card.now_ns, PARTNER, NOTE)
    card.timeline.put(card.now_ns, PLAYER, NOTE)
    card.timeline.put(card.now_ns, PARTNER, bytes((0xB0, 123, 0)))
    card.runs(30)
    assert card.synth.sounding == 1  # the player's


def test_panic_drops_what_waits_and_what_sounds() -> None:
    card = Card()
    card.timeline.put(START_NS, PLAYER, NOTE)
    card.runs(20)
    card.timeline.put(card.now_ns, PLAYER, bytes((0x90, 50, 100)))
    card.timeline.panic()
    card.runs(30)
    assert card.synth.sounding == 0
    assert not card.heard[-1].any()


def test_a_card_that_runs_slow_is_followed() -> None:
    card = Card(slow=1.0005)  # worse than any crystal
    card.runs(2_000)
    due_ns = card.now_ns + 3_000_000
    card.timeline.put(due_ns, PARTNER, NOTE)
    before = len(card.heard)
    card.runs(20)
    samples = np.abs(np.concatenate(card.heard[before:])).sum(axis=1)
    late_ns = int(np.flatnonzero(samples > 1e-6)[0]) / RATE_HZ * 1e9 - 3_000_000
    assert abs(late_ns - LEAD_NS) < 1_000_000


def test_after_a_pause_of_the_card_notes_are_on_time_again() -> None:
    card = Card()
    card.runs(10)
    card.now_ns += 2_000_000_000
    card.runs(1)
    card.timeline.put(card.now_ns, PARTNER, NOTE)
    card.runs(4)
    assert not np.concatenate(card.heard).any()
    card.runs(2)
    assert np.concatenate(card.heard[-2:]).any()


def test_a_flood_is_dropped_and_silent() -> None:
    card = Card()
    for number in range(MOST_WAITING + 10):
        card.timeline.put(START_NS + 10**9 + number, PARTNER, NOTE)
    card.runs(300)
    assert not np.concatenate(card.heard).any()
