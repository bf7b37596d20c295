"""Compiles what the engine runs live, for this processor, and keeps it: `python -m engine.warm`.

numba compiles each function when its module is loaded, unless it is in the cache
(`engine.model.compiled`). Installing runs this once, so that nobody's first phrase waits for a
compiler. It refuses to do anything else.
"""

import importlib
import sys

MODULES = (
    "engine.model.kernels",
    "engine.memory.log",
    "engine.memory.kernels",
    "engine.quote.lines",
    "engine.quote.kernels",
    "engine.quote.own",
)
"""Every module with compiled functions that the engine loads."""


def main() -> int:
    """Load them."""
    for name in MODULES:
        importlib.import_module(name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
