"""A leash: whatever happens to the process that holds it, what it started ends with it.

`python -m federation.flower.leash` reads process groups from its standard input, `+PID` and `-PID`
a line. When the other end of the pipe is gone, however that came about, it ends every group that
is still named, and then itself.

Standard library only. It refuses to start anything.
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterable

GRACE_S = 3.0


def held(lines: Iterable[str]) -> set[int]:
    """The process groups that are still named when the lines end."""
    groups: set[int] = set()
    for line in lines:
        word = line.strip()
        if word[:1] in {"+", "-"} and word[1:].isdigit() and int(word[1:]) > 1:
            (groups.add if word[0] == "+" else groups.discard)(int(word[1:]))
    return groups


def end(groups: set[int], grace_s: float = GRACE_S) -> None:
    """Ask all of them to end, then make them."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for group in groups:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(group, number)
        deadline_s = time.monotonic() + grace_s
        while (
            number == signal.SIGTERM and time.monotonic() < deadline_s and any(map(_there, groups))
        ):
            time.sleep(0.05)


def _there(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever holds the leash
    end(held(sys.stdin))
