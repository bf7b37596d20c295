"""What a session tells of its notes, in few words."""

from plugin.protocol import NoteSounded
from plugin.served.messages import Ghost, NoteEnded, Pulse

S = 1_000_000_000
MS = 1_000_000
ORIGIN_NS = 50 * S


def on(
    at_s: float,
    pitch: int = 60,
    *,
    partner: bool = False,
    velocity: int = 100,
    late_ms: float = 0.0,
) -> NoteSounded:
    return NoteSounded(round(at_s * S), partner, 0, pitch, velocity, late_ms)


def off(at_s: float, pitch: int = 60, *, partner: bool = False) -> NoteEnded:
    return NoteEnded(round(at_s * S), partner, 0, pitch)


def ghost(at_s: float, until_s: float, pitch: int = 60) -> Ghost:
    return Ghost(round(at_s * S), round(until_s * S), pitch, 80)


def pulse(
    at_s: float,
    bpm: float = 120.0,
    *,
    beat: float | None = None,
    running: bool = True,
    bar_beat: float = 0.0,
    beats_per_bar: float = 4.0,
    origin_ns: int = ORIGIN_NS,
) -> Pulse:
    return Pulse(
        origin_ns,
        round(at_s * S),
        at_s * bpm / 60 if beat is None else beat,
        bpm,
        beats_per_bar,
        bar_beat,
        False,
        running,
        False,
        0.0,
        0.0,
        0.0,
        0.0,
    )
