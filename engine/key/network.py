"""The key classifier at play time: circular convolutions over the pitch classes, on numpy alone.

Three layers read `engine.key.memory`: two convolutions round the circle of the twelve pitch
classes, each as wide as the circle, and one that looks at a single pitch class and says how likely
it is the root of a major and of a minor key. Nothing in it knows which pitch class is which, so a
transposed piece gets the transposed answer by construction (a group-equivariant network, Cohen and
Welling 2016, arXiv:1602.07576, of the cyclic group of 12).

For one note at a time a convolution is cheapest as one matrix, unrolled when the weights are read.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.key.memory import CHANNELS, FloatArray, Memory
from engine.key.profiles import Array, softmax

FORMAT = "antiphon-key-1"
SHIPPED = Path(__file__).resolve().parent.parent / "weights" / "key.safetensors"
TURNS: npt.NDArray[np.int64] = (np.arange(12)[None, :] - np.arange(12)[:, None]) % 12
"""How far pitch class p (column) lies above q (row)."""

_ZERO = np.float32(0.0)
Tensors = dict[str, FloatArray]


class KeyWeightsError(Exception):
    """The weights cannot be used; the message is a sentence and a next step."""


def unrolled(kernel: FloatArray) -> FloatArray:
    """A circular convolution as a matrix: (out, in, 12) to (out * 12, in * 12)."""
    out, into, _ = kernel.shape
    matrix = kernel[:, :, TURNS].transpose(0, 2, 1, 3).reshape(out * 12, into * 12)
    return np.asfortranarray(matrix, dtype=np.float32)


class Classifier:
    """The three layers. Raises KeyWeightsError where tensors do not fit together."""

    def __init__(self, tensors: Tensors) -> None:
        try:
            self._layers = [
                (unrolled(tensors[f"{name}.weight"]), np.repeat(tensors[f"{name}.bias"], 12))
                for name in ("first", "second")
            ]
            # One pitch class at a time: (2, width) applied to each column of (width, 12).
            self._last, self._bias = tensors["last.weight"], tensors["last.bias"][:, None]
            blank = self.logits(np.zeros((1, CHANNELS * 12), dtype=np.float32))
        except (KeyError, ValueError, IndexError) as error:
            raise KeyWeightsError(
                "These weights do not fit the key classifier; use those of this Antiphon."
            ) from error
        if blank.shape != (1, 24):
            raise KeyWeightsError(
                "These weights do not name 24 keys; use those that came with this Antiphon."
            )

    def logits(self, views: FloatArray) -> FloatArray:
        """Of each key: shape (n, CHANNELS * 12) to (n, 24)."""
        x = views
        for matrix, bias in self._layers:
            x = np.maximum(x @ matrix.T + bias, np.float32(0.0))
        by_class = self._last @ x.reshape(len(x), -1, 12) + self._bias
        found: FloatArray = by_class.reshape(len(x), 24)
        return found

    def chances(self, view: FloatArray) -> FloatArray:
        """Of each key, for one view: (CHANNELS * 12,) to (24,); few calls, so that it is quick."""
        x = view
        for matrix, bias in self._layers:
            x = np.dot(matrix, x)
            x += bias
            np.maximum(x, _ZERO, out=x)
        found: FloatArray = np.dot(self._last, x.reshape(-1, 12))
        found += self._bias
        chances = found.reshape(24)
        chances -= np.maximum.reduce(chances)
        np.exp(chances, out=chances)
        chances /= np.add.reduce(chances)
        return chances


class Network:
    """A judge of keys by the classifier, note by note."""

    def __init__(self, classifier: Classifier, memory: Memory | None = None) -> None:
        self._classifier = classifier
        self._memory = memory or Memory()

    def fork(self) -> "Network":
        """A judge that heard the same and then goes its own way; the weights are shared."""
        return Network(self._classifier, self._memory.fork())

    def reset(self) -> None:
        """Forget everything."""
        self._memory.reset()

    def hear(self, pitch: int, duration: float) -> None:
        """Take in a note."""
        self._memory.hear(pitch, duration)

    def chances(self) -> Array:
        """Chance of each key: shape (24,)."""
        return self._classifier.chances(self._memory.view()).astype(np.float64)

    def view(self) -> FloatArray:
        """What is remembered, to be judged later: shape (CHANNELS * 12,)."""
        return self._memory.view()

    def chances_of(self, views: FloatArray) -> Array:
        """Chances of keys for what was remembered: shape (n, CHANNELS * 12) to (n, 24)."""
        return softmax(self._classifier.logits(views).astype(np.float64))

    def shares(self) -> list[float]:
        """Share of each pitch class in the recent notes: 12 values."""
        return self._memory.shares()


def save(path: Path, tensors: Tensors, metadata: dict[str, str]) -> None:
    """Write tensors as float16 with the format's name and `metadata`, atomically."""
    from safetensors.numpy import save_file

    halves = {name: np.ascontiguousarray(t, dtype=np.float16) for name, t in tensors.items()}
    temporary = path.with_suffix(".tmp")
    save_file(halves, temporary, metadata={"format": FORMAT, **metadata})
    temporary.replace(path)


def load(path: Path = SHIPPED) -> Classifier:
    """The classifier of a weights file. Raises KeyWeightsError."""
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise KeyWeightsError(f"There are no key weights at {path}; reinstall Antiphon.")
    try:
        with safe_open(path, framework="numpy") as file:
            found = (file.metadata() or {}).get("format", "no format name")
            if found != FORMAT:
                raise KeyWeightsError(
                    f"{path.name} is no key classifier of this version ({found}, not {FORMAT}); "
                    "use the weights that came with this Antiphon."
                )
            tensors = {name: file.get_tensor(name).astype(np.float32) for name in file.keys()}  # noqa: SIM118 - not a dict
    except (SafetensorError, OSError, ValueError, TypeError) as error:
        raise KeyWeightsError(
            f"{path.name} is damaged and was not loaded; reinstall Antiphon to get it whole."
        ) from error
    if not all(np.isfinite(tensor).all() for tensor in tensors.values()):
        raise KeyWeightsError(
            f"{path.name} holds numbers that are not finite and was not loaded; "
            "reinstall Antiphon to get it whole."
        )
    return Classifier(tensors)
