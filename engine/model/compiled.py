"""Compiling ahead of time what the live step computes, and weights as the compiled code wants them.

A note reads every weight once, so the bytes of the weights bound the step. Weights therefore stay
in memory as the checkpoint has them, in half precision, and are widened in registers: half the
bytes, the same numbers. A processor that cannot widen them holds 32-bit floats.

Matrices lie in panels of `LANES` outputs, input after input (`panels`): a product reads memory from
front to back once and keeps its sums in registers. The loop over a panel is written in LLVM's own
vectors, so that it does not hang on what a compiler makes of a loop.

What numba compiled is kept in the user's cache folder, or where NUMBA_CACHE_DIR says, never beside
the code, which may be read-only. numba tells a stale cache by the file of the outermost function
alone; so the folder is named after the text of every module that takes part (`SOURCES`).

It refuses to do arithmetic: that is `engine.model.arithmetic` and `engine.model.kernels`.
"""

import hashlib
import os
import platform
import tempfile
from collections.abc import Callable, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import numba
import numpy as np
from llvmlite import binding, ir
from numba import types
from numba.extending import intrinsic
from platformdirs import user_cache_path

LANES = 64
"""Outputs of a panel; keys of so many positions lie together."""
VALUE_LANES = 32
"""Numbers of a head's value that lie together."""
_PAGE = 1 << 21
SOURCES = (
    "compiled.py", "arithmetic.py", "kernels.py", "shape.py", "../encoding.py",
    "../memory/views.py", "../memory/log.py", "../memory/evidence.py", "../memory/judge.py",
    "../memory/base.py", "../memory/kernels.py", "../quote/lines.py", "../quote/kernels.py",
)  # fmt: skip
"""Modules whose text or constants become compiled code."""


def _widens() -> bool:
    """Whether this processor turns half precision into floats by itself."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return True
    return bool(binding.get_host_cpu_features().get("f16c", False))


HALF = _widens()
"""Whether weights are held in half precision, as 16-bit words."""
STORED = types.uint16 if HALF else types.float32


def cache_folder() -> Path:
    """Where compiled code is kept: a folder that can be written, of these sources alone."""
    here = Path(__file__).parent
    text = b"".join((here / name).read_bytes() for name in SOURCES)
    name = f"compiled-{hashlib.sha256(text).hexdigest()[:12]}"
    named = os.environ.get("NUMBA_CACHE_DIR")
    for base in (
        Path(named) if named else user_cache_path("antiphon"),
        Path(tempfile.gettempdir()),
    ):
        folder = base / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return folder
        except OSError:
            continue
    return here / "__pycache__"


numba.config.CACHE_DIR = str(cache_folder())


def fast(function: Callable[..., Any]) -> Callable[..., Any]:
    """For what kernels are made of: sums may be taken in any order, nothing is infinite."""
    made: Callable[..., Any] = numba.njit(fastmath=True, nogil=True)(function)
    return made


def kernel(
    signature: Any, *, exact: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """For what Python calls: compiled here and now for these types, or taken from the cache."""
    made: Callable[..., Any] = numba.njit(signature, nogil=True, cache=True, fastmath=not exact)
    return made


def stored(weights: np.ndarray) -> np.ndarray:
    """Float weights as the kernels hold them; what was saved in half precision stays the same."""
    if HALF:
        return np.ascontiguousarray(weights, dtype=np.float16).view(np.uint16)
    return np.ascontiguousarray(weights, dtype=np.float32)


def floats(weights: np.ndarray) -> np.ndarray:
    """Stored weights as float32."""
    return weights.view(np.float16).astype(np.float32) if HALF else weights


def padded(count: int, lanes: int = LANES) -> int:
    """`count`, or as much more as fills the last panel."""
    return -(-count // lanes) * lanes


def panels(matrix: np.ndarray) -> np.ndarray:
    """A float matrix (rows, columns) as stored panels (rows / LANES, columns, LANES)."""
    rows, columns = matrix.shape
    whole = np.zeros((padded(rows), columns), dtype=np.float32)
    whole[:rows] = matrix
    return stored(whole.reshape(-1, LANES, columns).transpose(0, 2, 1))


def together(arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The same arrays, side by side in one block: a system with large pages gives it such.

    Reading page after page of the usual size costs about a tenth more (numpy asks for large pages
    from 4 MiB on).
    """
    places = list(accumulate((padded(array.nbytes) for array in arrays), initial=_PAGE))
    block = np.zeros(max(places[-1], 2 * _PAGE), dtype=np.uint8)
    found = []
    for array, place in zip(arrays, places, strict=False):
        begin = place - block.ctypes.data % _PAGE
        part = block[begin : begin + array.nbytes].view(array.dtype).reshape(array.shape)
        part[...] = array
        found.append(part)
    return found


def matrix_of(panel: np.ndarray) -> np.ndarray:
    """The float32 matrix (padded rows, columns) of stored panels."""
    return floats(panel).transpose(0, 2, 1).reshape(-1, panel.shape[1])


@intrinsic
def real(_context: Any, word: Any) -> Any:
    """A stored weight as float32."""

    def widen(_target: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.fpext(builder.bitcast(args[0], ir.HalfType()), ir.FloatType())

    def keep(_target: Any, _builder: Any, _signature: Any, args: Any) -> Any:
        return args[0]

    return types.float32(word), widen if word == types.uint16 else keep


@intrinsic
def as_float(_context: Any, word: Any) -> Any:
    """The float32 with the bits of an int32."""

    def same_bits(_target: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.FloatType())

    return types.float32(types.int32), same_bits


def _panel_of(lanes: int) -> Any:
    """The compiled loop out[:lanes] += sum of x[i] * weights[start + i * lanes :][:lanes]."""

    @intrinsic
    def over(_context: Any, weights: Any, start: Any, x: Any, count: Any, out: Any) -> Any:
        signature = types.void(weights, types.int64, x, types.int64, out)

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return _write_panel(context, builder, signature, args, lanes)

        return signature, generate

    return over


def _write_panel(context: Any, builder: Any, signature: Any, args: Any, lanes: int) -> Any:
    """LLVM's words for `_panel_of`: sums in one long vector, which becomes registers."""
    word, index, short = ir.FloatType(), ir.IntType(64), ir.IntType(32)
    half = signature.args[0].dtype == types.uint16
    sums_type = ir.VectorType(word, lanes)
    read_type = ir.VectorType(ir.HalfType() if half else word, lanes)

    def data(place: int) -> ir.Value:
        return context.make_array(signature.args[place])(context, builder, args[place]).data

    weights = builder.bitcast(builder.gep(data(0), [args[1]]), read_type.as_pointer())
    x, out = data(2), builder.bitcast(data(4), sums_type.as_pointer())
    entry = builder.block
    loop, done = builder.append_basic_block("panel"), builder.append_basic_block("panel_done")
    before = builder.load(out, align=4)
    builder.branch(loop)
    builder.position_at_end(loop)
    step, sums = builder.phi(index), builder.phi(sums_type)
    step.add_incoming(index(0), entry)
    sums.add_incoming(before, entry)
    read = builder.load(builder.gep(weights, [step]), align=2 if half else 4)
    read = builder.fpext(read, sums_type) if half else read
    nothing = ir.Constant(sums_type, ir.Undefined)
    one = builder.insert_element(nothing, builder.load(builder.gep(x, [step])), short(0))
    spread = builder.shuffle_vector(
        one, nothing, ir.Constant(ir.VectorType(short, lanes), [0] * lanes)
    )
    product = builder.fmul(read, spread, flags=("fast",))
    after, following = builder.fadd(sums, product, flags=("fast",)), builder.add(step, index(1))
    step.add_incoming(following, loop)
    sums.add_incoming(after, loop)
    builder.cbranch(builder.icmp_signed("<", following, args[3]), loop, done)
    builder.position_at_end(done)
    builder.store(after, out, align=4)
    return context.get_dummy_value()


panel = _panel_of(LANES)
value_panel = _panel_of(VALUE_LANES)
