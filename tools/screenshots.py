"""Pictures of the window for the documentation, from a real run: `make screenshots`.

    python -m tools.screenshots [FOLDER]

A session plays over ports in memory, with takes of its own in a folder that is thrown away: a few
phrases are played in, the partner answers, what was played is learnt from. Each scene is drawn dark
and light at 1440 x 900. It refuses to draw anything that did not happen.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

REPOSITORY = Path(__file__).resolve().parent.parent
FOLDER = REPOSITORY / "docs" / "pictures" / "app"
SIZE = (1440, 900)
SEED = 11
LONGEST_S = 420.0
BEAT_S = 0.625  # 96 beats per minute

Choice = Literal["dark", "light"]
CHOICES: tuple[Choice, ...] = ("dark", "light")
WORN: dict[int, Choice] = {3: "dark", 4: "light"}
"""Phrases whose answers are drawn, each in one theme: another one takes a moment to put on."""

Draw = Callable[[str, tuple[Choice, ...]], None]
Phrase = tuple[tuple[float, float, int], ...]
"""Notes as (beat, beats, pitch)."""
PHRASES: tuple[Phrase, ...] = (
    (
        (0.0, 0.9, 62), (1.0, 0.45, 65), (1.5, 0.45, 69), (2.0, 0.9, 72), (3.0, 0.45, 69),
        (3.5, 0.45, 67), (4.0, 1.4, 65), (5.5, 0.45, 64), (6.0, 1.8, 62),
    ),
    (
        (0.0, 0.45, 69), (0.5, 0.45, 70), (1.0, 0.9, 69), (2.0, 0.45, 65), (2.5, 0.45, 67),
        (3.0, 0.9, 69), (4.0, 0.45, 72), (4.5, 0.45, 70), (5.0, 0.9, 69), (6.0, 1.8, 65),
    ),
    (
        (0.0, 0.9, 50), (0.0, 0.9, 65), (1.0, 0.9, 69), (2.0, 0.9, 53), (2.0, 0.45, 72),
        (2.5, 0.45, 74), (3.0, 0.9, 76), (4.0, 1.8, 48), (4.0, 0.9, 74), (5.0, 0.9, 72),
        (6.0, 1.8, 46), (6.0, 1.8, 70),
    ),
    (
        (0.0, 0.45, 74), (0.5, 0.45, 72), (1.0, 0.45, 69), (1.5, 0.45, 72), (2.0, 0.9, 74),
        (3.0, 0.9, 77), (4.0, 0.45, 76), (4.5, 0.45, 74), (5.0, 0.45, 72), (5.5, 0.45, 69),
        (6.0, 1.8, 74),
    ),
    (
        (0.0, 0.9, 50), (0.5, 0.45, 62), (1.0, 0.45, 65), (1.5, 0.45, 69), (2.0, 0.9, 48),
        (2.5, 0.45, 64), (3.0, 0.45, 67), (3.5, 0.45, 72), (4.0, 0.9, 46), (4.5, 0.45, 62),
        (5.0, 0.45, 65), (5.5, 0.45, 70), (6.0, 1.8, 45), (6.0, 1.8, 69),
    ),
)  # fmt: skip


class Stage:
    """The real window over a real session, and a player who keeps time."""

    def __init__(self) -> None:
        from PySide6.QtWidgets import QApplication

        from gui.app import build
        from gui.kept import Kept, path_in
        from gui.starting import Early
        from plugin.protocol import EngineReady
        from plugin.served.messages import Open

        opening = Open(system="memory", seed=SEED)
        self.early = Early(opening)
        self.app = QApplication(["antiphon"])
        self.window = build(self.app, opening, self.early, Kept(), path_in())
        self.parts = self.window.parts
        self.told: list[object] = []
        self.parts.bridge.told.connect(self.told.append)
        self.window.resize(*SIZE)
        self.window.show()
        self.until(lambda: self.of(EngineReady) > 0)

    def of(self, kind: type) -> int:
        """How many messages of this kind were told."""
        return sum(isinstance(message, kind) for message in self.told)

    @property
    def bar(self) -> int:
        """The bar that the song is in."""
        position = self.parts.state.position
        return 0 if position is None else position.bar

    def until(self, done: Callable[[], bool], seconds: float = LONGEST_S) -> None:
        """Let the window live until something is so. Raises TimeoutError."""
        end = time.monotonic() + seconds
        while not done():
            if time.monotonic() > end:
                raise TimeoutError("the run does not get on: look at session.log")
            self.app.processEvents()
            time.sleep(0.002)

    def live(self, seconds: float) -> None:
        """Let the window live so long."""
        end = time.monotonic() + seconds
        self.until(lambda: time.monotonic() >= end)

    def play(self, phrase: Phrase) -> None:
        """Play it in with the computer's keys, in time."""
        from plugin.served.messages import Key

        moments = sorted(
            [(beat * BEAT_S, True, pitch) for beat, _, pitch in phrase]
            + [((beat + beats) * BEAT_S, False, pitch) for beat, beats, pitch in phrase]
        )
        began = time.monotonic()
        for at_s, on, pitch in moments:
            self.until(lambda at_s=at_s: time.monotonic() - began >= at_s)  # type: ignore[misc]
            self.parts.bridge.send(Key(pitch, on))

    def close(self) -> None:
        """As when the player closes it."""
        from gui.app import end

        self.window.close()
        end(self.parts)
        self.early.close(3.0)


def perform(stage: Stage, draw: Draw) -> None:
    """The whole run; `draw` is called with the name of each scene when it is there."""
    from gui.personalise.dock import Personalise
    from plugin.protocol import AnswerOver, LearnOver, NoteSounded, State
    from plugin.served.messages import LearnFrom

    parts, window = stage.parts, stage.window
    window.pages.open("first_run")
    stage.live(0.5)
    draw("first-run", CHOICES)
    window.pages.close()
    for line in ("scale D dorian", "tempo 96", "start"):
        parts.bridge.line(line)
    for number, phrase in enumerate(PHRASES, 1):
        bars = stage.bar
        if number in WORN:
            parts.theme.choose(WORN[number])
        stage.until(lambda bars=bars: stage.bar > bars)  # type: ignore[misc]
        stage.play(phrase)
        stage.until(lambda: parts.state.state is State.ANSWERING)
        if number in WORN:
            wanted = stage.of(NoteSounded) + 5
            stage.until(lambda wanted=wanted: stage.of(NoteSounded) >= wanted)  # type: ignore[misc]
            draw("jam", (WORN[number],))
        stage.until(lambda number=number: stage.of(AnswerOver) == number)  # type: ignore[misc]
        if number == 2:
            parts.actions["star"].trigger()
        stage.live(1.0)
    takes = window.takes
    stage.until(lambda: takes.model.rowCount() == len(PHRASES))
    takes.list.setCurrentIndex(takes.model.index(0, 0))
    stage.live(1.0)
    draw("takes", CHOICES)
    parts.actions["personalise"].trigger()
    stage.live(1.0)
    rows = (takes.model.take(takes.model.index(row, 0)) for row in range(takes.model.rowCount()))
    ids = tuple(take.id for take in rows if take is not None)
    panel = window.docks["personalise"].widget()
    assert isinstance(panel, Personalise)
    panel.choose_takes(ids)
    parts.bridge.send(LearnFrom(ids))
    stage.until(lambda: stage.of(LearnOver) > 0)
    stage.live(1.0)
    draw("personalise", CHOICES)
    parts.actions["personalise"].trigger()
    if "sharing" in window.docks:
        parts.actions["sharing"].trigger()
        stage.live(1.0)
        draw("sharing", CHOICES)


def draw_into(folder: Path, stage: Stage) -> Draw:
    """Draws the window, and the page that lies over it, in these themes into files of this name."""
    from PySide6.QtCore import QPoint, QRect
    from PySide6.QtGui import QPainter

    def draw(scene: str, choices: tuple[Choice, ...]) -> None:
        if stage.parts.state.troubles:
            raise RuntimeError(f"this is no picture to show: {stage.parts.state.troubles[-1]}")
        for choice in choices:
            stage.parts.theme.choose(choice)
            stage.app.processEvents()
            picture = stage.window.grab()
            for page in stage.window.pages.shown:
                where = QPoint(
                    (picture.width() - page.width()) // 2, (picture.height() - page.height()) // 2
                )
                with QPainter(picture) as painter:
                    painter.drawPixmap(where, page.grab())
                    painter.setPen(stage.parts.theme.colour("outline"))
                    painter.drawRect(QRect(where, page.size()))
            path = folder / f"{scene}-{choice}.png"
            if not picture.save(str(path)):
                raise OSError(f"{path} cannot be written: free some space or name another folder")
            print(path, flush=True)

    return draw


def main() -> int:
    """Draw all pictures; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    folder: Path = parser.parse_args().folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    with tempfile.TemporaryDirectory() as data:
        os.environ["ANTIPHON_DATA"] = data
        stage = Stage()
        try:
            perform(stage, draw_into(folder, stage))
        finally:
            stage.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
