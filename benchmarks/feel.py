"""Whether the answers lie in the beat as the player does: swing and push, with and without `feel`.

    python -m benchmarks.feel

A line of eighths is played four times with a given swing (share of the beat before the second
eighth) and push (beats after the beat), and answered by the shipped model. Printed: where the
answers' onsets on and off the beat lie, median and quartiles, in beats.
"""

import argparse
import json
from collections.abc import Callable

import numpy as np

from benchmarks.in_process import InProcessEngine
from engine.smf.notes import is_note_on
from plugin.protocol import Event
from plugin.realtime.clock import ManualClock
from plugin.session import Session
from plugin.settings import Settings

LINE = (62, 65, 69, 67, 65, 64, 62, 60, 62, 64, 65, 67, 69, 70, 69, 67) * 2
PLAYERS = ((0.5, 0.0), (0.6, 0.0), (2 / 3, 0.0), (0.5, 0.06), (0.62, -0.05))
TIMES = 4
BPM = 140.0


class _NoTakes:
    """A `TakeLog` that keeps nothing."""

    def begin_take(self, *args: object, **more: object) -> str:
        return "none"

    def message(self, *args: object) -> None:
        pass

    def finish(self, *args: object, **more: object) -> None:
        pass


def play(swing: float, push: float, *, feel: bool) -> tuple[list[float], list[float]]:
    """Places in the beat of the answers' onsets: near the beat (-0.3..0.3), and off it."""
    clock, engine = ManualClock(10**9), InProcessEngine()
    sent: list[tuple[int, bytes]] = []

    def send(message: bytes, due_ns: int | None = None) -> None:
        if is_note_on(message):
            sent.append((clock.now_ns(), message))

    ignore: Callable[[Event], None] = lambda event: None  # noqa: E731
    session = Session(
        send=send,
        engine=engine,
        takes=_NoTakes(),
        emit=ignore,
        settings=Settings(bpm=BPM, feel=feel),
        seed=5,
        origin_ns=clock.now_ns(),
    )
    for _ in range(TIMES):
        _phrase(session, engine, clock, swing, push)
    parts = [session.beat(at) % 1.0 for at, _ in sent]
    session.close(clock.now_ns())
    on = [part if part < 0.5 else part - 1 for part in parts if not 0.3 < part < 0.87]
    return on, [part for part in parts if 0.3 < part < 0.87]


def _phrase(
    session: Session, engine: InProcessEngine, clock: ManualClock, swing: float, push: float
) -> None:
    """Play the line from the next bar line on, and let the answer end."""
    bar = (session.beat(clock.now_ns()) // 4 + 1) * 4
    events = []
    for number, pitch in enumerate(LINE):
        onset = bar + number // 2 + (swing if number % 2 else 0.0) + push
        length = 0.8 * (1 - swing if number % 2 else swing)
        events += [(onset, bytes([0x90, pitch, 80])), (onset + length, bytes([0x80, pitch, 64]))]
    events.sort()
    while events or not session.idle:
        now_ns = clock.now_ns()
        while events and events[0][0] <= session.beat(now_ns):
            session.midi(now_ns, events.pop(0)[1])
        while (said := engine.poll()) is not None:
            session.engine_said(now_ns, said)
        session.tick(now_ns)
        clock.advance_ns(1_000_000)


def quartiles(places: list[float]) -> dict[str, float]:
    """Lower quartile, median and upper quartile."""
    found = np.percentile(places, (25, 50, 75))
    return dict(zip(("q25", "median", "q75"), (round(float(p), 3) for p in found), strict=True))


def main() -> None:
    """Print one JSON object."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    rows = []
    for swing, push in PLAYERS:
        for feel in (False, True):
            on, off = play(swing, push, feel=feel)
            rows.append(
                {
                    "swing": round(swing, 3),
                    "push": push,
                    "feel": feel,
                    "notes": len(on) + len(off),
                    "on_beat": quartiles(on),
                    "off_beat": quartiles(off),
                    "off_beat_wanted": round(swing + push, 3),
                }
            )
    print(json.dumps({"bpm": BPM, "rows": rows}, indent=1))


if __name__ == "__main__":
    main()
