"""The live state of each backbone: rings by position, and the step that reads and writes them.

A backbone takes one embedded note at a time and gives the vector that predicts what follows. What
it keeps lies in rings, `SPARE` positions longer than a step needs: whoever goes back by that much
finds everything as it was, and memory never grows.

It refuses to know notes (`engine.model.fast` does) and arithmetic (`engine.model.kernels`).
"""

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import numpy.typing as npt

from engine.model import compiled, kernels
from engine.model.prompt import reach_of, take_prompt
from engine.model.shape import LOOK_BACK, ROPE_BASE, Shape

Vector = npt.NDArray[np.float32]
Slots = npt.NDArray[np.int64]
Tensors = Mapping[str, np.ndarray]

SPARE = 512
"""Notes that may be read between a mark and the return to it."""
_FEW = 12
"""So many notes are read faster one after the other than all at once."""


class LiveBackbone(Protocol):
    """Recurrent step of a backbone. Positions count from 0; a step overwrites what came later."""

    reach: int
    """So many of the last positions decide the state after them."""

    @property
    def state_bytes(self) -> int:
        """Bytes of all rings."""
        ...

    def step(self, x: Vector, position: int, out: Vector) -> None:
        """The step at `position`; x (width,) is used up, out (width,) is written."""
        ...

    def steps(self, x: Vector, position: int, out: Vector) -> None:
        """Steps at positions from `position` on: x (n, width); out is that of the last.

        Positions before that may be left out, if `reach` or more are given.
        """
        ...


class LiveTransformer:
    """Keys, values and what each layer read, of the last `window` positions and `SPARE` more."""

    def __init__(self, shape: Shape, tensors: Tensors) -> None:
        width, heads, layers = shape.width, shape.heads, shape.layers

        def layered(name: str, *sizes: int) -> Vector:
            parts = [tensors[f"backbone.blocks.{n}.{name}"].reshape(sizes) for n in range(layers)]
            return np.stack(parts).astype(np.float32)

        def panels(name: str, *sizes: int) -> np.ndarray:
            return np.stack([compiled.panels(part) for part in layered(name, *sizes)])

        norms = [layered(f"{name}.weight", width) for name in ("norm_attend", "norm_feed")]
        self.mix, self.gather, self.widen, self.narrow = compiled.together(
            [
                panels("query_key_value.weight", 3 * width, width),
                panels("gather.weight", width, width),
                panels("widen.weight", 4 * width, width),
                panels("narrow.weight", width, 4 * width),
            ]
        )
        self.norms = np.stack(norms, axis=1)
        self.look_back = layered("look_back", LOOK_BACK, width)
        self.norm = tensors["norm.weight"].reshape(width).astype(np.float32)
        head_width = width // heads
        self.frequency = ROPE_BASE ** (-np.arange(0, head_width, 2, dtype=np.float64) / head_width)
        self.window = shape.window
        ring, block = compiled.padded(shape.window + SPARE + LOOK_BACK), compiled.VALUE_LANES
        parts = compiled.padded(head_width, block) // block
        blocks = ring // compiled.LANES
        self.keys, self.values, self.reads = compiled.together(
            [
                np.zeros((layers, heads, blocks, head_width, compiled.LANES), dtype=np.float32),
                np.zeros((layers, heads, parts, ring, block), dtype=np.float32),
                np.zeros((layers, ring, width), dtype=np.float32),
            ]
        )
        self.reach = reach_of(self)

    @property
    def state_bytes(self) -> int:
        """Bytes of all rings."""
        return self.keys.nbytes + self.values.nbytes + self.reads.nbytes

    def step(self, x: Vector, position: int, out: Vector) -> None:
        """One position."""
        kernels.transformer(
            x, self.mix, self.gather, self.widen, self.narrow, self.norms, self.look_back,
            self.keys, self.values, self.reads, self.frequency, position, self.window, self.norm,
            out,
        )  # fmt: skip

    def steps(self, x: Vector, position: int, out: Vector) -> None:
        """Many positions, layer by layer."""
        if len(x) < _FEW:
            _one_by_one(self, x, position, out)
        else:
            take_prompt(self, x, position, out)

    def keep(self, layer: int, slots: Slots, keys: Vector, values: Vector) -> None:
        """Put keys and values (heads, n, head width) at slots (n,) of the rings."""
        block = compiled.VALUE_LANES
        self.keys[layer][:, slots // compiled.LANES, :, slots % compiled.LANES] = keys.transpose(
            1, 0, 2
        )
        for part, ring in enumerate(self.values[layer].transpose(1, 0, 2, 3)):
            own = values[:, :, part * block : (part + 1) * block]
            ring[:, slots, : own.shape[2]] = own

    def kept(self, layer: int, slots: Slots) -> tuple[Vector, Vector]:
        """Keys and values at slots (n,) of the rings, (heads, n, head width) each."""
        keys = self.keys[layer][:, slots // compiled.LANES, :, slots % compiled.LANES]
        values = np.concatenate(list(self.values[layer][:, :, slots].transpose(1, 0, 2, 3)), axis=2)
        return keys.transpose(1, 0, 2), values[:, :, : keys.shape[2]]


class LiveRecurrent:
    """The state after each of the last `SPARE` positions; an LSTM has cells, too."""

    def __init__(self, shape: Shape, tensors: Tensors) -> None:
        width, units, layers = shape.width, shape.hidden, shape.layers
        lstm = shape.backbone == "lstm"
        gates = (4 if lstm else 3) * units

        def cell(name: str, layer: int, *sizes: int) -> Vector:
            return tensors[f"backbone.cells.{name}_l{layer}"].reshape(sizes).astype(np.float32)

        def matrices(name: str, inputs: int, *chosen: int) -> np.ndarray:
            found = [compiled.panels(cell(name, n, gates, inputs)) for n in chosen]
            none = compiled.panels(np.zeros((gates, inputs)))[None][:0]
            return np.ascontiguousarray(np.stack(found) if found else none)

        self.first = matrices("weight_ih", width, 0)[0]
        self.deeper = matrices("weight_ih", units, *range(1, layers))
        self.own = matrices("weight_hh", units, *range(layers))
        biases = [[cell(f"bias_{way}", n, gates) for way in ("ih", "hh")] for n in range(layers)]
        self.biases = np.pad(biases, ((0, 0), (0, 0), (0, compiled.padded(gates) - gates)))
        self.gather = compiled.panels(tensors["backbone.gather.weight"].reshape(width, units))
        self.norm_in = tensors["backbone.norm_in.weight"].reshape(width).astype(np.float32)
        self.norm = tensors["norm.weight"].reshape(width).astype(np.float32)
        ring = SPARE + 2
        self.hidden = np.zeros((ring, layers, units), dtype=np.float32)
        self.cells = np.zeros((ring if lstm else 0, layers, units), dtype=np.float32)
        self.reach = 2**31  # it may remember its first note for ever

    @property
    def state_bytes(self) -> int:
        """Bytes of all rings."""
        return self.hidden.nbytes + self.cells.nbytes

    def step(self, x: Vector, position: int, out: Vector) -> None:
        """One position."""
        kernels.recurrent(
            x, self.first, self.deeper, self.own, self.biases, self.gather, self.norm_in, self.norm,
            self.hidden, self.cells, position, out,
        )  # fmt: skip

    def steps(self, x: Vector, position: int, out: Vector) -> None:
        """Many positions: each needs the one before."""
        _one_by_one(self, x, position, out)


def _one_by_one(backbone: LiveBackbone, x: Vector, position: int, out: Vector) -> None:
    for n in range(len(x)):
        backbone.step(x[n], position + n, out)


def live_backbone(shape: Shape, tensors: Tensors) -> LiveBackbone:
    """The backbone that the shape names. Raises KeyError, ValueError where tensors do not fit."""
    return (LiveTransformer if shape.backbone == "transformer" else LiveRecurrent)(shape, tensors)
