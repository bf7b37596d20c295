"""The critic at play time, on numpy alone: how human an answer looks after what was heard.

Every note is a sum of rows of tables and a projection of its measures (`engine.critic.inputs`).
Two layers then let each note look at all others - what they have in common with it, pitch, step,
place in the bar, tells it where to look - and the answer's notes are pooled into one number. Many
answers to the same music come out in the order in which they should be preferred; the number itself
is the logarithm of the odds that a human played it, as far as the critic can tell.

It knows nothing of the prior: whatever drew the answer, notes are all that counts. It refuses to
choose: that is for whoever asks.

Thread: any; a critic never changes.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.critic.inputs import MEASURES, RELATIONS, TABLES, FloatArray, Look, look

FORMAT = "antiphon-critic-1"
SHIPPED = Path(__file__).resolve().parent.parent / "weights" / "critic.safetensors"
REACH = 8
"""Notes further apart share one weight of distance."""
HINTS = RELATIONS + 2
"""What attention is told of two notes: `RELATIONS`, the same side, the same step in both."""
NORM_EPSILON = 1e-5
EMPTY = -20.0
"""The score of an answer without notes: below that of any other."""

Tensors = Mapping[str, npt.NDArray[Any]]


class CriticError(Exception):
    """The critic cannot be used; the message is a sentence and a next step."""


class Critic:
    """The network. Raises CriticError where tensors do not fit together."""

    def __init__(self, tensors: Tensors) -> None:
        try:
            self._tensors = {
                name: np.ascontiguousarray(tensor, dtype=np.float32)
                for name, tensor in tensors.items()
            }
            self._layers = len({name.split(".")[1] for name in tensors if name[:6] == "block."})
            self._check()
            row = [0, 60, 12, 16, 0, 1, 1, 1, 0]
            blank = self._logit(look([row, row], [row, row]))
        except (KeyError, ValueError, IndexError) as error:
            raise CriticError(
                "These weights do not fit the critic; use those of this Antiphon."
            ) from error
        if not np.isfinite(blank):
            raise CriticError(
                "These weights say nothing finite of a plain phrase; reinstall Antiphon."
            )

    @classmethod
    def load(cls, path: Path = SHIPPED) -> "Critic":
        """The critic of a weights file. Raises CriticError."""
        return cls(read(path))

    @property
    def parameters(self) -> int:
        """How many numbers were learnt."""
        return sum(int(tensor.size) for tensor in self._tensors.values())

    def score(self, heard: npt.ArrayLike, answer: npt.ArrayLike) -> float:
        """How human `answer` looks after `heard`; higher is more so.

        heard (n, 9), answer (m, 9): rows of `engine.encoding` as `engine.critic.rows` makes them,
        any number of them. The last `MOST_HEARD` and the first `MOST_ANSWERED` count. Always
        finite; the same rows give the same number.
        """
        seen = look(heard, answer)
        return self._logit(seen) if len(seen.numbers) > seen.heard else EMPTY

    def order(self, heard: npt.ArrayLike, answers: Sequence[npt.ArrayLike]) -> list[int]:
        """Numbers of the answers, the most human first; of equal ones the earlier first."""
        scores = [self.score(heard, answer) for answer in answers]
        return sorted(range(len(answers)), key=lambda number: -scores[number])

    def _check(self) -> None:
        """Raises ValueError, KeyError where a tensor has another shape than its neighbours."""
        width = self._tensors["table"].shape[1]
        heads = self._tensors["block.0.hints"].shape[0]
        inside = self._tensors["block.0.up.weight"].shape[0]
        wanted: dict[str, tuple[int, ...]] = {
            "table": (sum(TABLES), width),
            **_linear_shapes("measures", MEASURES, width),
            **_linear_shapes("last.0", 2 * width, width),
            **_linear_shapes("last.1", width, 1),
            **_norm_shapes("norm", width),
        }
        for block in (f"block.{layer}" for layer in range(self._layers)):
            wanted |= {
                f"{block}.hints": (heads, HINTS),
                f"{block}.distance": (heads, 2 * REACH + 1),
                f"{block}.near": (width, 3),
                f"{block}.near_bias": (width,),
                **_norm_shapes(f"{block}.before", width),
                **_norm_shapes(f"{block}.between", width),
                **_linear_shapes(f"{block}.attend", width, 3 * width),
                **_linear_shapes(f"{block}.attended", width, width),
                **_linear_shapes(f"{block}.up", width, inside),
                **_linear_shapes(f"{block}.down", inside, width),
            }
        for name, shape in wanted.items():
            if self._tensors[name].shape != shape:
                raise ValueError(f"{name} has shape {self._tensors[name].shape}, not {shape}")
        if width % heads:
            raise ValueError(f"width {width} is no multiple of {heads} heads")

    def _logit(self, seen: Look) -> float:
        x = self._tensors["table"][seen.numbers].sum(axis=1) + self._linear(
            "measures", seen.measures
        )
        hints, apart = _hints(seen), _apart(len(x))
        for layer in range(self._layers):
            x = self._block(f"block.{layer}", x, hints, apart)
        own = self._norm("norm", x)[seen.heard :]
        pooled = np.concatenate([own.mean(axis=0), own.max(axis=0)])
        hidden = np.maximum(self._linear("last.0", pooled), np.float32(0.0))
        return float(self._linear("last.1", hidden)[0])

    def _block(self, name: str, x: FloatArray, hints: FloatArray, apart: Any) -> FloatArray:
        """One layer: each note looks at its neighbours, at all others, then thinks."""
        tensors, many = self._tensors, len(x)
        heads = len(tensors[f"{name}.hints"])
        y = self._norm(f"{name}.before", x)
        near = tensors[f"{name}.near"]
        mixed: FloatArray = y * (near[:, 1] + np.float32(1.0)) + tensors[f"{name}.near_bias"]
        mixed[1:] += y[:-1] * near[:, 0]
        mixed[:-1] += y[1:] * near[:, 2]
        parts = self._linear(f"{name}.attend", mixed).reshape(many, 3, heads, -1)
        query, key, value = parts.transpose(1, 2, 0, 3)
        weight = query @ key.transpose(0, 2, 1)
        weight *= np.float32(query.shape[-1] ** -0.5)
        weight += (tensors[f"{name}.hints"] @ hints).reshape(heads, many, many)
        weight += tensors[f"{name}.distance"][:, apart]
        weight -= weight.max(axis=-1, keepdims=True)
        np.exp(weight, out=weight)
        weight /= weight.sum(axis=-1, keepdims=True)
        looked: FloatArray = np.matmul(weight, value).transpose(1, 0, 2).reshape(many, -1)
        found: FloatArray = np.add(x, self._linear(f"{name}.attended", looked))
        hidden = self._linear(f"{name}.up", self._norm(f"{name}.between", found))
        np.maximum(hidden, np.float32(0.0), out=hidden)
        found += self._linear(f"{name}.down", hidden)
        return found

    def _linear(self, name: str, x: FloatArray) -> FloatArray:
        found: FloatArray = x @ self._tensors[f"{name}.weight"].T + self._tensors[f"{name}.bias"]
        return found

    def _norm(self, name: str, x: FloatArray) -> FloatArray:
        x = x - x.mean(axis=-1, keepdims=True)
        x = x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + np.float32(NORM_EPSILON))
        found: FloatArray = x * self._tensors[f"{name}.weight"] + self._tensors[f"{name}.bias"]
        return found


def _linear_shapes(name: str, into: int, out: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (out, into), f"{name}.bias": (out,)}


def _norm_shapes(name: str, width: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def _hints(seen: Look) -> FloatArray:
    """What each two notes have in common: shape (HINTS, t * t)."""
    many = len(seen.alike)
    one = seen.alike.T
    same = np.empty((HINTS, many, many), dtype=np.float32)
    same[:RELATIONS] = (one[:, :, None] == one[:, None, :]) & (one[:, :, None] >= 0)
    side = np.arange(many) >= seen.heard
    same[RELATIONS] = side[:, None] == side[None, :]
    same[RELATIONS + 1] = same[2] * same[3]
    return same.reshape(HINTS, many * many)


def _apart(many: int) -> npt.NDArray[np.int64]:
    """Which weight of distance belongs to each two notes: shape (t, t)."""
    number = np.arange(many)
    found: npt.NDArray[np.int64] = np.clip(number[None, :] - number[:, None], -REACH, REACH)
    return found + REACH


def save(path: Path, tensors: Tensors, metadata: dict[str, str]) -> None:
    """Write tensors as float16 with the format's name and `metadata`, atomically."""
    from safetensors.numpy import save_file

    halves = {name: np.ascontiguousarray(t, dtype=np.float16) for name, t in tensors.items()}
    temporary = path.with_suffix(".tmp")
    save_file(halves, temporary, metadata={"format": FORMAT, **metadata})
    temporary.replace(path)


def read(path: Path) -> dict[str, npt.NDArray[Any]]:
    """The tensors of a weights file as float32. Raises CriticError."""
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise CriticError(f"There are no critic's weights at {path}; reinstall Antiphon.")
    try:
        with safe_open(path, framework="numpy") as file:
            found = (file.metadata() or {}).get("format", "no format name")
            if found != FORMAT:
                raise CriticError(
                    f"{path.name} is no critic of this version ({found}, not {FORMAT}); "
                    "use the weights that came with this Antiphon."
                )
            tensors = {name: file.get_tensor(name).astype(np.float32) for name in file.keys()}  # noqa: SIM118 - not a dict
    except (SafetensorError, OSError, ValueError, TypeError) as error:
        raise CriticError(
            f"{path.name} is damaged and was not loaded; reinstall Antiphon to get it whole."
        ) from error
    if not all(np.isfinite(tensor).all() for tensor in tensors.values()):
        raise CriticError(
            f"{path.name} holds numbers that are not finite and was not loaded; "
            "reinstall Antiphon to get it whole."
        )
    return tensors
