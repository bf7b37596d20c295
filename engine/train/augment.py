"""Other ways to play the same music: what a training piece may be heard as.

Augmentation only makes what a player could have played: another key, another tempo, the piece in
free time, a human's small deviations, another loudness, an instrument that nobody named. It refuses
to choose pieces and to encode them: that is `engine.train.batches`.
"""

from dataclasses import replace

import numpy as np

from engine.corpus import Stream
from engine.encoding import TICKS_PER_BEAT, UNKNOWN_POSITION
from engine.events import NOMINAL_BPM


def augment(stream: Stream, rng: np.random.Generator) -> tuple[Stream, bool]:
    """Another way to play the same music, and whether its velocities are real."""
    onset, duration = stream.onset.copy(), stream.duration.copy()
    pitch, bar_tick = stream.pitch.copy(), stream.bar_tick.copy()
    velocity, tempo_known = stream.velocity.copy(), stream.tempo_known

    if not stream.drums:
        low, high = int(pitch.min()), int(pitch.max())
        pitch = pitch + int(rng.integers(max(-6, -low), min(6, 127 - high) + 1))

    # A port does not say what plays into it: most single instruments are shown without a name.
    unnamed = not stream.drums and (stream.family == stream.family[0]).all() and rng.random() < 0.6
    family = np.zeros_like(stream.family) if unnamed else stream.family

    velocity_known = bool((velocity > 0).all())
    if not velocity_known and rng.random() < 0.6:
        # A player's notes always have a velocity: show the model some, without scoring them.
        level = rng.uniform(45, 110) + rng.normal(0, rng.uniform(0, 9), len(velocity))
        velocity = np.clip(np.rint(level), 1, 127).astype(velocity.dtype)
    elif velocity_known:
        shift = rng.integers(-10, 11)
        velocity = np.clip(velocity + shift, 1, 127).astype(velocity.dtype)

    looseness = 0.0
    if tempo_known and rng.random() < 0.25:
        looseness = rng.uniform(0.3, 2.5)  # ticks; 2.5 is 13 ms at 120 bpm
        articulation = rng.uniform(0.6, 1.05)
        moved = onset + rng.normal(0, looseness, len(onset))
        bar_tick = _moved_in_bar(bar_tick, np.floor(moved + 0.5) - np.floor(onset + 0.5))
        onset = moved
        duration = np.maximum(duration * articulation + rng.normal(0, 2.0, len(onset)), 1.0)
    if tempo_known and rng.random() < 0.3:
        # The same music without a clock: seconds at the nominal tempo, no bars.
        scale = NOMINAL_BPM / np.clip(stream.bpm * rng.uniform(0.8, 1.25), 40, 240)
        onset, duration, tempo_known = onset * scale, duration * scale, False
        bar_tick = np.full(len(onset), UNKNOWN_POSITION, dtype=bar_tick.dtype)
    elif not tempo_known:
        scale = rng.uniform(0.85, 1.18)
        onset, duration = onset * scale, duration * scale

    played = replace(
        stream,
        onset=onset,
        duration=duration,
        pitch=pitch,
        velocity=velocity,
        bar_tick=bar_tick,
        family=family,
        tempo_known=tempo_known,
    )
    if looseness or not tempo_known:
        played = in_order(played)
    return played, velocity_known


def in_order(stream: Stream) -> Stream:
    """The notes by rounded onset, then pitch."""
    order = np.lexsort((stream.pitch, np.floor(stream.onset + 0.5)))
    return replace(
        stream,
        onset=stream.onset[order],
        duration=stream.duration[order],
        pitch=stream.pitch[order],
        velocity=stream.velocity[order],
        bar_tick=stream.bar_tick[order],
        family=stream.family[order],
        phrase=stream.phrase[order],
    )


def _moved_in_bar(bar_tick: np.ndarray, ticks: np.ndarray) -> np.ndarray:
    """Ticks since the bar line of notes that were moved; a bar is what the piece's longest was."""
    bar = -(-(int(bar_tick.max()) + 1) // TICKS_PER_BEAT) * TICKS_PER_BEAT
    if bar <= 0:
        return bar_tick
    moved = (bar_tick + ticks.astype(bar_tick.dtype)) % bar
    return np.where(bar_tick >= 0, moved, bar_tick)
