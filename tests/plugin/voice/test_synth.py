"""The built-in voice's samples, without a sound card: no clicks, bounded, silent when told."""

import numpy as np
import pytest

from engine.smf.song import read_midi
from plugin.commands.jam import DEMO_PHRASE
from plugin.voice.synth import CUT_S, MOST_NOTES, RELEASE_S, Samples, Synth
from plugin.voice.timbres import PARTNER, PLAYER

RATE_HZ = 48_000
BLOCK = 256


def on(pitch: int, velocity: int = 90, channel: int = 0) -> bytes:
    return bytes((0x90 | channel, pitch, velocity))


def off(pitch: int, channel: int = 0) -> bytes:
    return bytes((0x80 | channel, pitch, 64))


def control(number: int, value: int) -> bytes:
    return bytes((0xB0, number, value))


def rendered(synth: Synth, seconds: float) -> Samples:
    blocks = [synth.render(BLOCK) for _ in range(round(seconds * RATE_HZ / BLOCK))]
    return np.concatenate(blocks)


def demo() -> Samples:
    """The built-in phrase, and the same by the partner a fourth higher when it is over."""
    synth, blocks = Synth(RATE_HZ), []
    phrase = [(round(at * RATE_HZ), data) for at, data in read_midi(DEMO_PHRASE).messages()]
    later = max(at for at, _ in phrase)
    waiting = [(at, PLAYER, data) for at, data in phrase]
    waiting += [(at + later, PARTNER, data[:1] + bytes((data[1] + 5,)) + data[2:])
                for at, data in phrase if len(data) == 3]  # fmt: skip
    while waiting or synth.sounding:
        while waiting and waiting[0][0] < synth.sample + BLOCK:
            synth.message(*waiting.pop(0))
        blocks.append(synth.render(BLOCK))
    return np.concatenate(blocks)


def jolt(samples: Samples) -> float:
    """The sharpest bend of the curve: a click is a bend, whatever the level."""
    return float(np.abs(np.diff(samples, 2, axis=0)).max())


def test_the_demo_is_music_and_not_a_number_is_missing() -> None:
    heard = demo()
    assert heard.shape[1] == 2
    assert np.isfinite(heard).all()
    assert 0.1 < np.abs(heard).max() < 0.95
    # Player to the left, partner to the right: with eyes closed.
    half = len(heard) // 3
    left, right = np.abs(heard[:half]).mean(axis=0)
    assert left > 1.3 * right
    left, right = np.abs(heard[-half:]).mean(axis=0)
    assert right > 1.3 * left


def test_the_same_phrase_sounds_the_same_every_time() -> None:
    assert np.array_equal(demo(), demo())


def test_the_demo_never_jumps_from_sample_to_sample() -> None:
    assert np.abs(np.diff(demo(), axis=0)).max() < 0.08


@pytest.mark.parametrize("ending", [off(52), control(120, 0), control(123, 0)])
def test_a_note_ends_without_a_click(ending: bytes) -> None:
    synth = Synth(RATE_HZ)
    synth.message(0, PLAYER, on(52, 127))
    sustained = rendered(synth, 0.4)[-4_800:]
    synth.message(synth.sample + 100, PLAYER, ending)
    last = rendered(synth, 0.2)
    assert jolt(np.concatenate((sustained[-3:], last))) < 1.1 * jolt(sustained)
    assert synth.sounding == 0
    assert not last[-BLOCK:].any()


def test_a_note_begins_at_its_sample_in_the_middle_of_a_block() -> None:
    synth = Synth(RATE_HZ)
    synth.message(100, PLAYER, on(60))
    heard = synth.render(BLOCK)
    assert not heard[:101].any()
    assert heard[110:].any()


def test_blocks_of_any_size_give_the_same_samples() -> None:
    one, many = Synth(RATE_HZ), Synth(RATE_HZ)
    for synth in (one, many):
        synth.message(17, PLAYER, on(60))
        synth.message(700, PARTNER, on(67))
    whole = one.render(1_000)
    parts = np.concatenate([many.render(size) for size in (1, 99, 400, 500)])
    assert np.allclose(whole, parts, atol=1e-6)


def test_a_note_off_ends_its_own_note_only() -> None:
    synth = Synth(RATE_HZ)
    for part, data in ((PLAYER, on(60)), (PARTNER, on(60)), (PLAYER, on(64)), (PLAYER, off(60))):
        synth.message(0, part, data)
    rendered(synth, 2 * RELEASE_S)
    assert synth.sounding == 2


def test_velocity_0_is_a_note_off_and_harder_is_louder() -> None:
    loud = []
    for velocity in (30, 60, 120):
        synth = Synth(RATE_HZ)
        synth.message(0, PLAYER, on(60, velocity))
        loud.append(float(np.abs(rendered(synth, 0.1)).max()))
        synth.message(synth.sample, PLAYER, on(60, 0))
        rendered(synth, 2 * RELEASE_S)
        assert synth.sounding == 0
    assert loud[0] < loud[1] < loud[2]


def test_the_pedal_holds_what_was_let_go() -> None:
    synth = Synth(RATE_HZ)
    synth.message(0, PLAYER, control(64, 127))
    synth.message(0, PLAYER, on(60))
    synth.message(1, PLAYER, off(60))
    rendered(synth, 2 * RELEASE_S)
    assert synth.sounding == 1
    synth.message(synth.sample, PLAYER, control(64, 0))
    rendered(synth, 2 * RELEASE_S)
    assert synth.sounding == 0


def test_under_the_pedal_a_key_struck_again_and_again_is_one_string() -> None:
    synth = Synth(RATE_HZ)
    synth.message(0, PLAYER, control(64, 127))
    for _ in range(20):
        synth.message(synth.sample, PLAYER, on(60))
        synth.message(synth.sample + 10, PLAYER, off(60))
        rendered(synth, 0.05)
    assert synth.sounding <= 4


@pytest.mark.parametrize("block", [64, 256, 480])
def test_panic_is_silence_within_20_ms(block: int) -> None:
    synth = Synth(RATE_HZ)
    synth.message(0, PLAYER, control(64, 127))
    for pitch in range(40, 60):
        synth.message(0, PARTNER, on(pitch, 127))
    synth.render(block * 10)
    synth.panic()
    after = np.concatenate([synth.render(block) for _ in range(20)])
    assert not after[round(0.02 * RATE_HZ) :].any()
    assert after[: round(CUT_S * RATE_HZ / 2)].any()  # a ramp, no step
    assert synth.sounding == 0


def test_a_flood_of_loud_notes_stays_below_full_scale_and_bounded() -> None:
    synth, loudest, most = Synth(RATE_HZ), 0.0, 0
    for number in range(400):
        synth.message(synth.sample, number % 2, on(21 + number % 88, 127, number % 16))
        heard = synth.render(64)
        assert np.isfinite(heard).all()
        loudest, most = max(loudest, float(np.abs(heard).max())), max(most, synth.sounding)
    assert loudest < 1.0
    assert MOST_NOTES <= most <= 2 * MOST_NOTES


def test_one_note_too_many_silences_what_was_let_go_before_what_is_held() -> None:
    synth = Synth(RATE_HZ)
    synth.message(0, PLAYER, control(64, 127))
    for place in range(MOST_NOTES):
        synth.message(place, PLAYER, on(40 + place))
    synth.message(MOST_NOTES, PLAYER, on(100))
    rendered(synth, 2 * CUT_S)
    assert synth.sounding == MOST_NOTES


def test_the_highest_keys_are_not_folded_back() -> None:
    synth = Synth(RATE_HZ)
    synth.message(0, PARTNER, on(127, 127))
    heard = rendered(synth, 0.1)[:, 1]
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
    loudest_hz = np.fft.rfftfreq(len(heard), 1 / RATE_HZ)[spectrum.argmax()]
    assert loudest_hz == pytest.approx(12_544, rel=0.01)
    below = np.fft.rfftfreq(len(heard), 1 / RATE_HZ) < 10_000
    assert spectrum[below].max() < spectrum.max() / 100


@pytest.mark.parametrize("pitch", [36, 38, 42, 49, 76, 77, 1])
def test_drums_are_struck_and_die_by_themselves(pitch: int) -> None:
    synth = Synth(RATE_HZ)
    synth.message(0, PARTNER, on(pitch, 110, 9))
    synth.message(200, PARTNER, off(pitch, 9))
    assert np.abs(rendered(synth, 0.05)).max() > 0.01
    rendered(synth, 4.0)
    assert synth.sounding == 0


def test_whatever_is_no_note_changes_nothing() -> None:
    synth = Synth(RATE_HZ)
    for data in (b"", b"\xf8", b"\xc0\x05", bytes((0xE0, 0, 64)), control(7, 0), b"\x90\x40"):
        synth.message(0, PLAYER, data)
    assert not rendered(synth, 0.02).any()
