"""The loss curve of a training run as a PNG. It draws; it decides nothing."""

from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure


def draw(path: Path, train: list[tuple[int, float]], valid: list[tuple[int, float]]) -> None:
    """Bits per note over steps, of training batches (smoothed) and of the validation sample."""
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    smooth, level = [], train[0][1] if train else 0.0
    for _, bits in train:
        level += 0.02 * (bits - level)
        smooth.append(level)
    axes.plot([step for step, _ in train], smooth, color="#7a8ba6", label="training (smoothed)")
    axes.plot(
        *zip(*valid, strict=True), "o-", color="#c2410c", label="validation"
    ) if valid else None
    axes.set_xlabel("step")
    axes.set_ylabel("bits per note")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    if valid:
        # Training is harder than validation (augmentation, free order): both must be in sight.
        later = smooth[len(smooth) // 20 :] + [bits for _, bits in valid]
        axes.set_ylim(min(later) - 0.3, max(later) + 0.3)
    figure.savefig(path, dpi=120)
