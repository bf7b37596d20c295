"""Our end of the line to the window: standard input and output, and nobody else's any more.

What a library prints must not come between two frames, and no child may hold the line open. So the
two are taken over at the very start, and everybody else's output goes to standard error. It refuses
to know what a frame is.
"""

import os
import sys


class Pipes:
    """`read` and `write` of the line; both wait."""

    def __init__(self, incoming: int, outgoing: int) -> None:
        self._incoming, self._outgoing = incoming, outgoing

    def read(self, size: int) -> bytes:
        """As `os.read`."""
        return os.read(self._incoming, size)

    def write(self, data: bytes) -> None:
        """All of it. Raises OSError if nobody reads any more."""
        left = memoryview(data)
        while left:
            left = left[os.write(self._outgoing, left) :]


def take_over() -> Pipes:
    """From now on the line is ours alone."""
    incoming, outgoing = os.dup(0), os.dup(1)
    if sys.platform == "win32":
        import msvcrt

        for pipe in (incoming, outgoing):
            msvcrt.setmode(pipe, os.O_BINARY)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return Pipes(incoming, outgoing)
