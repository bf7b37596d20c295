"""The whole app beside the clients: the real window on a screen, and the session that it starts.

    python -m benchmarks.live.window [WORDS OF antiphon app]

This is `python -m gui` in its own process, and two things more: lines of JSON on standard input are
asked of the session as the window asks it, and at the end it says as one line of JSON how often and
how long its roll painted. Ports, profile and place are found in window.json, as of a player who was
here before. `Windowed` is the benchmark's side of it.
"""

import contextlib
import json
import statistics
import subprocess
import sys
import threading
import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import psutil

from benchmarks.live.jam import ENDS_WITHIN_S, SESSION, Jam
from benchmarks.live.screen import HEIGHT, WIDTH, Screen
from gui.kept import Kept, path_in, save
from plugin.served.messages import Asked, Open

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter

    from gui.window import MainWindow

MOVING_S = 0.25
"""Frames further apart than this are no movement: nobody played."""


class Windowed(Jam):
    """The app. Thread: any may ask."""

    def __init__(self, environment: dict[str, str], folder: Path, opening: Open) -> None:
        super().__init__(environment, folder)
        kept = Kept(
            place=(0, 0, WIDTH, HEIGHT),
            ins=opening.ins,
            outs=opening.outs,
            system=opening.system,
            profile=opening.profile,
            first_run_done=True,
        )
        save(path_in(folder), kept)
        self._screen = Screen()
        self._session: psutil.Process | None = None
        self._figures: dict[str, object] = {}
        with (folder / "window.log").open("w") as log:
            self._window = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.live.window", "--seed", str(opening.seed)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=self.environment | self._screen.variables,
            )

    def ask(self, asked: Asked) -> None:
        """See `Jam`."""
        assert self._window.stdin is not None
        with contextlib.suppress(OSError, ValueError):  # it has ended
            self._window.stdin.write(msgspec.json.encode(asked) + b"\n")
            self._window.stdin.flush()

    def session_id(self) -> int | None:
        """See `Jam`."""
        if self._session is None or not self._session.is_running():
            self._session = None
            with contextlib.suppress(psutil.Error):
                for child in psutil.Process(self._window.pid).children():
                    if SESSION in child.cmdline():
                        self._session = child
        return self._session.pid if self._session is not None else None

    def also(self) -> dict[str, psutil.Process]:
        """The window and its screen."""
        found = {}
        with contextlib.suppress(psutil.Error):
            found["window"] = psutil.Process(self._window.pid)
            screen = self._screen.process()
            if screen is not None:
                found["screen"] = screen
        return found

    def ended(self) -> str | None:
        """See `Jam`."""
        code = self._window.poll()
        return None if code is None else f"the window ended with {code}"

    def figures(self) -> dict[str, object]:
        """What its roll painted."""
        return {"screen": self._screen.name, **self._figures}

    def _end(self) -> int:
        if not self._window.stdout or self._window.stdout.closed:
            return self._window.returncode
        if self._window.poll() is None:
            self._window.terminate()
        try:
            said, _ = self._window.communicate(timeout=ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._window.kill()
            said, _ = self._window.communicate()
        if said.strip():
            self._figures = json.loads(said.splitlines()[-1])
        self._screen.close()
        return self._window.returncode


# ------------------------------------------------------------------------------ the window itself


class _Frames:
    """How often the roll was painted, and how long that took."""

    def __init__(self, window: "MainWindow") -> None:
        self._began_at: list[float] = []
        self._took_s: list[float] = []
        self._shown_s, self._used_s = time.monotonic(), time.process_time()
        scene = window.roll.scene  # type: ignore[attr-defined]
        self._paint = scene.paint
        scene.paint = self._timed

    def _timed(self, painter: "QPainter") -> None:
        began_s = time.perf_counter()
        self._paint(painter)
        self._began_at.append(began_s)
        self._took_s.append(time.perf_counter() - began_s)

    def report(self) -> dict[str, object]:
        """Since it was shown. `moving_per_s`: frames a second while something moved."""
        seconds = time.monotonic() - self._shown_s
        used_s = time.process_time() - self._used_s
        apart_s = [late - early for early, late in pairwise(self._began_at)]
        moving_s = [gap_s for gap_s in apart_s if gap_s < MOVING_S]
        return {
            "frames": len(self._took_s),
            "moving_per_s": round(1 / statistics.mean(moving_s), 1) if moving_s else None,
            "apart_ms": _percentiles(moving_s),
            "frame_ms": _percentiles(self._took_s),
            "core_percent": round(100 * used_s / seconds, 1),
        }


def _percentiles(times_s: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(times_s, n=100) if len(times_s) > 1 else [0.0] * 99
    return {"p50": round(cuts[49] * 1e3, 3), "p99": round(cuts[98] * 1e3, 3)}


def _obey(window: "MainWindow") -> None:
    """Hand on what is asked on standard input, in the GUI thread."""
    from PySide6.QtCore import QObject, Signal

    class Door(QObject):
        asked = Signal(object)

    door = Door(window)
    door.asked.connect(window.parts.bridge.send)
    decoder = msgspec.json.Decoder(Asked)

    def read() -> None:
        for line in sys.stdin.buffer:
            # The window may be gone by now.
            with contextlib.suppress(msgspec.MsgspecError, RuntimeError):
                door.asked.emit(decoder.decode(line))

    threading.Thread(target=read, daemon=True).start()


def main() -> int:
    """Be the window until it is closed; the exit code."""
    from gui.command import main as window_main

    frames: list[_Frames] = []

    def reached(step: str) -> None:
        if step == "shown":
            from PySide6.QtWidgets import QApplication

            from gui.window import MainWindow

            windows = QApplication.topLevelWidgets()
            window = next(one for one in windows if isinstance(one, MainWindow))
            frames.append(_Frames(window))
            _obey(window)

    code = window_main(reached=reached)
    if frames:
        print(json.dumps(frames[0].report()), flush=True)
    return code


if __name__ == "__main__":
    raise SystemExit(main())
