"""What the piano roll costs: a frame, a second of scrolling, and doing nothing.

    python -m benchmarks.roll [--quick] [--notes N]

The real widget (`gui.roll`) over a session that is none, off the screen, 1440 x 500 at a scale of
1 and 2, with N notes in sight (2,000). `frame` is one repaint as it scrolls, `rebuilt` one of which
nothing was painted before (after a zoom, or while the rows glide), `plainly` all notes painted in
the frame, as it would be without strips. `frame_cpu_ms` counts what the core gave to it, whoever
else shares the machine; `frames_per_s`: what one core could do by that. `playing`: the share of a
core that the whole process takes at 60 frames a second while both play; `dense` so many notes that
N are in sight, `usual` ten a second. `idle`: wake-ups of the GUI thread in a second in which nobody
plays. Nothing of this is what a screen adds.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter

    from plugin.served.messages import Told

WIDTH, HEIGHT = 1440, 500
SCALES = (1, 2)
SECOND_NS = 1_000_000_000
USUAL_PER_S = 10
PULSES_PER_S = 10


def percentiles(times_s: list[float]) -> dict[str, float]:
    """p50 and p99 in milliseconds."""
    cuts = statistics.quantiles(times_s, n=100)
    return {"p50": round(cuts[49] * 1e3, 3), "p99": round(cuts[98] * 1e3, 3)}


class Music:
    """Notes that follow each other in time; who plays changes every two seconds."""

    def __init__(self, per_s: float, from_ns: int = 0) -> None:
        self._rng, self._per_s = random.Random(1), per_s
        self._onset_s = from_ns / SECOND_NS
        self._ends: list[tuple[int, bool, int]] = []
        self._beat_ns = 0

    def until(self, t_ns: int) -> Iterator["Told"]:
        """What is told until this moment, in order."""
        from plugin.protocol import NoteSounded
        from plugin.served.messages import Ghost, NoteEnded, Planned

        while (onset_ns := int(self._onset_s * SECOND_NS)) <= t_ns:
            yield from self._over(onset_ns, NoteEnded)
            partner = int(self._onset_s / 2) % 2 == 1
            pitch = self._rng.randrange(40, 88)
            yield NoteSounded(onset_ns, partner, 0, pitch, self._rng.randrange(1, 128))
            long_ns = int(self._rng.uniform(0.05, 0.6) * SECOND_NS)
            self._ends.append((onset_ns + long_ns, partner, pitch))
            if partner:
                ahead = [onset_ns + n * 150_000_000 for n in range(1, 17)]
                yield Planned(tuple(Ghost(at, at + 140_000_000, 60 + n, 80)
                                    for n, at in enumerate(ahead)))  # fmt: skip
            self._onset_s += self._rng.expovariate(self._per_s)
        yield from self._over(t_ns, NoteEnded)

    def _over(self, t_ns: int, ended: Callable[..., "Told"]) -> Iterator["Told"]:
        for end in sorted(end for end in self._ends if end[0] <= t_ns):
            yield ended(end[0], end[1], 0, end[2])
        self._ends = [end for end in self._ends if end[0] > t_ns]


class Stage:
    """The widget, its session that is none, and a clock that is turned by hand or runs."""

    def __init__(self) -> None:
        from PySide6.QtWidgets import QApplication

        from gui.bridge import Bridge
        from gui.roll.roll import Roll
        from gui.state import JamState
        from gui.theme.theme import Theme
        from plugin.served.messages import Open

        self.app = QApplication([sys.argv[0]])
        self.at_ns: int | None = 0
        self._began_ns = time.monotonic_ns()
        self.bridge: Bridge = Bridge(_Silent, Open(system="memory"))
        self.state: JamState = JamState(self.bridge, clock_ns=self.now_ns)
        self.roll: Roll = Roll(self.state, self.bridge, Theme(self.app))
        self.painted = 0
        paint = self.roll.scene.paint

        def counted(painter: "QPainter") -> None:
            self.painted += 1
            paint(painter)

        self.roll.scene.paint = counted
        self.roll.resize(WIDTH, HEIGHT)
        self.roll.show()
        self.app.processEvents()

    def now_ns(self) -> int:
        """The hand's, or the machine's where there is no hand."""
        return time.monotonic_ns() - self._began_ns if self.at_ns is None else self.at_ns

    def run_from(self, t_ns: int) -> None:
        """The clock runs by itself from here."""
        self.at_ns, self._began_ns = None, time.monotonic_ns() - t_ns

    def pulse(self, running: bool = True) -> None:
        """As the session tells ten times a second."""
        from plugin.served.messages import Pulse

        now_ns = self.now_ns()
        bpm = 110.0 if running else 0.0
        self.bridge.told.emit(
            Pulse(0, now_ns, now_ns / 60e9 * 110, bpm, 4.0, 0.0, False, running, False, 0, 0, 0, 0)
        )

    def play(self, music: Music, until_ns: int) -> None:
        """Tell what is played until then, at once."""
        for message in music.until(until_ns):
            self.bridge.told.emit(message)

    def repaint(self) -> tuple[float, float]:
        """Seconds of a frame: as they pass, and as the core counts them."""
        began, used = time.perf_counter(), time.thread_time()
        self.roll.repaint()
        return time.perf_counter() - began, time.thread_time() - used


class _Silent:
    """A session that says nothing."""

    alive = True

    def __init__(self, told: object, opening: object) -> None:
        del told, opening

    def send(self, asked: object) -> None:
        """Nobody hears it."""

    def close(self, timeout_s: float) -> None:
        """There is nothing to end."""


def frames(stage: Stage, notes: int, count: int) -> dict[str, Any]:
    """Frames as time goes on by hand, a sixtieth of a second each."""
    from PySide6.QtGui import QImage, QPainter

    from gui.roll.painting import paint_notes

    view, scene = stage.roll.scene.view, stage.roll.scene
    stage.pulse()
    begin_ns, end_ns = view.span_ns
    per_s = notes / ((end_ns - begin_ns) * 0.75 / SECOND_NS)
    music = Music(per_s)
    now_ns = 20 * SECOND_NS
    scrolled, rebuilt, plain = [], [], []
    stage.play(music, now_ns)
    for number in range(count):
        now_ns += SECOND_NS // 60
        stage.at_ns = now_ns
        if number % 6 == 0:
            stage.pulse()
        stage.play(music, now_ns)
        scene.tick(now_ns, SECOND_NS // 60)
        scrolled.append(stage.repaint())
    seen = scene.notes.between(*view.span_ns)
    for _ in range(max(count // 8, 20)):
        scene.tiles.clear()
        rebuilt.append(stage.repaint()[0])
    image = QImage(
        round(WIDTH * view.dpr), round(HEIGHT * view.dpr), QImage.Format.Format_ARGB32_Premultiplied
    )
    frame, inks = scene.frame(), scene._inks
    for _ in range(max(count // 8, 20)):
        painter = QPainter(image)
        began = time.perf_counter()
        paint_notes(painter, seen, frame, inks)
        plain.append(time.perf_counter() - began)
        painter.end()
    return {
        "notes_in_sight": len(seen),
        "frame_ms": percentiles([passed for passed, _ in scrolled]),
        "frame_cpu_ms": percentiles([used for _, used in scrolled]),
        "frames_per_s": round(1 / statistics.mean(used for _, used in scrolled)),
        "rebuilt_ms": percentiles(rebuilt),
        "plainly_ms": percentiles(plain),
    }


def playing(stage: Stage, per_s: float, seconds: float) -> dict[str, float]:
    """The share of a core that it takes while the clock runs and both play."""
    from PySide6.QtCore import QEventLoop, QTimer

    before_ns = stage.now_ns() + 30 * SECOND_NS
    music = Music(per_s, before_ns - 20 * SECOND_NS)
    stage.at_ns = before_ns
    stage.play(music, before_ns)
    stage.run_from(before_ns)
    feeder = QTimer()
    feeder.setInterval(10)
    turns = iter(range(1 << 30))

    def feed() -> None:
        if next(turns) % (100 // PULSES_PER_S) == 0:
            stage.pulse()
        stage.play(music, stage.now_ns())

    feeder.timeout.connect(feed)
    feeder.start()
    end_s = time.monotonic() + 0.5
    while time.monotonic() < end_s:
        stage.app.processEvents()
        time.sleep(0.001)
    before = stage.painted
    loop = QEventLoop()  # quitting the application would close its windows
    QTimer.singleShot(round(seconds * 1000), loop.quit)
    used, began = time.process_time(), time.perf_counter()
    loop.exec()
    used, took = time.process_time() - used, time.perf_counter() - began
    feeder.stop()
    return {
        "notes_per_s": round(per_s, 1),
        "frames_per_s": round((stage.painted - before) / took, 1),
        "core_share": round(used / took, 4),
    }


def idle(stage: Stage, seconds: float) -> dict[str, float]:
    """How often the GUI thread wakes while nobody plays and no clock runs."""
    from PySide6.QtCore import QAbstractEventDispatcher, QEventLoop, QTimer

    stage.roll.scene.notes.end_all(stage.now_ns())
    stage.roll.scene.notes.plan(())
    stage.pulse(running=False)
    end_s = time.monotonic() + 4.0
    while time.monotonic() < end_s:
        stage.app.processEvents()
        time.sleep(0.01)
    woken = [0]
    dispatcher = QAbstractEventDispatcher.instance()

    def wakes() -> None:
        woken[0] += 1

    dispatcher.awake.connect(wakes)
    loop = QEventLoop()
    QTimer.singleShot(round(seconds * 1000), loop.quit)
    used, began = time.process_time(), time.perf_counter()
    loop.exec()
    used, took = time.process_time() - used, time.perf_counter() - began
    dispatcher.awake.disconnect(wakes)
    return {
        "timers_running": float(stage.roll.timer.isActive()),
        "wakeups_per_s": round((woken[0] - 1) / took, 2),  # one ends the measurement
        "core_share": round(used / took, 5),
    }


def measure(notes: int, quick: bool) -> dict[str, Any]:
    """All figures at the scale of this process."""
    stage = Stage()
    seconds = 1.5 if quick else 8.0
    found = frames(stage, notes, 120 if quick else 900)
    per_s = notes / 10.5
    found["playing_dense"] = playing(stage, per_s, seconds)
    found["playing_usual"] = playing(stage, USUAL_PER_S, seconds)
    found["idle"] = idle(stage, seconds)
    stage.bridge.close()
    return found


def main() -> None:
    """Print one JSON object; a process for each scale."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer frames, shorter")
    parser.add_argument("--notes", type=int, default=2000, help="in sight")
    parser.add_argument("--scale", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.scale:
        print(json.dumps(measure(args.notes, args.quick)))
        return
    result: dict[str, Any] = {"width": WIDTH, "height": HEIGHT, "quick": args.quick}
    for scale in SCALES:
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": str(scale)}
        words = [sys.executable, "-m", "benchmarks.roll", "--scale", str(scale)]
        words += ["--notes", str(args.notes), *(["--quick"] if args.quick else [])]
        done = subprocess.run(words, env=environment, stdout=subprocess.PIPE, check=True)
        result[f"scale_{scale}"] = json.loads(done.stdout)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
