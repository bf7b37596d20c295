"""What else a player's machine does while they jam: an adaptation trains, a window paints.

    python -m benchmarks.live.loads adaptation --data DIR
    python -m benchmarks.live.loads window

Both run on the machine's last core until they are killed. The adaptation is a process of the lowest
priority that fine-tunes the shipped prior's network with torch, on one thread. The window paints a
piano roll of 600 notes sixty times a second with Qt, as the real one will.
"""

import argparse
import os
import random
import subprocess
import sys
import time
from pathlib import Path

FRAME_S = 1 / 60
NOTES = 600
WIDTH, HEIGHT = 1200, 500


def start(name: str, *words: str) -> subprocess.Popen[bytes]:
    """Start one of the loads; whoever starts it kills it."""
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.live.loads", name, *words],
        stdin=subprocess.DEVNULL,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )


def adaptation(data: Path) -> None:
    """Train for ever."""
    os.nice(19)
    import torch

    from engine.corpus import load_streams
    from engine.evaluate.prior import load_prior
    from engine.model.checkpoint import SHIPPED
    from engine.styles import Vocabulary
    from engine.train.batches import Sampler
    from engine.train.recipe import tensors_of

    torch.set_num_threads(1)
    model, metadata = load_prior(SHIPPED)
    model.train()
    styles = Vocabulary.from_text(metadata["styles_known"])
    sampler = Sampler(load_streams(data, "valid"), seed=1, length=256, width=4, styles=styles)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-5)
    step = 0
    while True:
        music, counted = tensors_of(sampler.batch(step))
        loss = model.losses(music, counted).sum() / counted.sum()
        loss.backward()
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        step += 1


def window() -> None:
    """Paint for ever, a frame every sixtieth of a second."""
    from PySide6.QtCore import QRect
    from PySide6.QtGui import QColor, QImage, QPainter

    rng = random.Random(1)
    notes = [
        (rng.randrange(WIDTH), rng.randrange(HEIGHT), rng.randrange(5, 45)) for _ in range(NOTES)
    ]
    image = QImage(WIDTH, HEIGHT, QImage.Format.Format_RGB32)
    ground, colours = QColor(24, 24, 28), (QColor(60, 120, 220), QColor(235, 140, 40))
    due_s, frame = time.monotonic(), 0
    while True:
        image.fill(ground)
        painter = QPainter(image)
        for number, (left, top, long) in enumerate(notes):
            painter.setBrush(colours[number % 2])
            painter.drawRect(QRect((left - frame) % WIDTH, top, long, 6))
        painter.end()
        frame += 1
        due_s += FRAME_S
        wait_s = due_s - time.monotonic()
        if wait_s > 0:
            time.sleep(wait_s)
        else:
            due_s -= wait_s  # a frame that is late moves those after it


def main() -> None:
    """Be one of the loads."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("load", choices=("adaptation", "window"))
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    args = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    if args.load == "adaptation":
        adaptation(args.data)
    else:
        window()


if __name__ == "__main__":
    main()
