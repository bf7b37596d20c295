"""Whether a JACK client made by RtMidi still runs, seen from outside, because RtMidi cannot tell.

When a JACK server dies under RtMidi, the port says that it is open, the list of ports stays as it
was (it lies in shared memory), and sending "succeeds" until RtMidi's ring of 16 kB is full; then
it spins for ever and holds the GIL. What does change is the client's threads, which Linux shows:

    libjack ends the thread that listens to the server as soon as the server's socket closes,
    and the thread that runs the audio cycle goes to sleep once a cycle, if there are cycles.

It refuses to ask the server anything: a server that was stopped never answers.
"""

import os
import threading
import time
from collections.abc import Callable

from plugin.ports import PortError

STALL_NS = 12_000_000_000
"""So long without an audio cycle, and the server counts as gone. A synchronous jackd stands still
for 5 s when one of its clients is killed, and then goes on; what was sent meanwhile waits in the
ring."""

CYCLE_TIMEOUT_NS = 500_000_000
"""How long to wait for two cycles: the longest that JACK has take 186 ms each."""

# Two of these fit into RtMidi's ring of 16383 bytes; before each message it writes a length.
_GENERATION_BYTES = 8_000
_HEADER_BYTES = 4

# How long the threads of this process may take to be told apart.
_SETTLE_TRIES, _SETTLE_PAUSE_S = 1_000, 0.002

_NO_SIGN = (
    "JACK cannot be used here, because its client does not show whether it runs. "
    "Start Antiphon again, or use ALSA."
)

_TASKS = "/proc/self/task"
_SLEEPS = b"voluntary_ctxt_switches:"

Mark = dict[int, int]
"""How often each thread had gone to sleep by then."""


def task_ids() -> set[int]:
    """All threads of this process, whoever started them. Raises PortError without /proc."""
    try:
        return {int(task) for task in os.listdir(_TASKS)}
    except OSError as error:
        raise PortError(
            "JACK cannot be used here, because this system does not show whether JACK still runs "
            f"({_TASKS} is missing). Mount /proc, or use ALSA."
        ) from error


def python_ids() -> set[int | None]:
    """The threads that Python runs, None for one that was started and does not run yet."""
    return {thread.native_id for thread in threading.enumerate()}


def foreign_since(
    before: set[int],
    tasks: Callable[[], set[int]] = task_ids,
    pythons: Callable[[], set[int | None]] = python_ids,
) -> set[int]:
    """The threads that began since `before` (of `task_ids`) and that Python did not start.

    A JACK client's threads stay, and Python's other threads start and end meanwhile: one that was
    just started has no number yet, and one that just ended is still a task. Taken for JACK's, it
    would end the port when it ends. So it is looked again until all have numbers and two looks
    agree. Raises PortError if they never do.
    """
    pause = threading.Event()
    known: set[int | None] = set()
    last: set[int] | None = None
    for _ in range(_SETTLE_TRIES):
        known |= pythons()
        began = tasks() - before
        now = pythons()
        known |= now
        foreign = began - known
        if None in now:
            last = None
        elif foreign == last:
            return foreign
        else:
            last = foreign
        pause.wait(_SETTLE_PAUSE_S)
    raise PortError(_NO_SIGN)


class JackPulse:
    """Watches the threads that one JACK client started. Thread: one at a time."""

    def __init__(self, threads: set[int]) -> None:
        self._threads = {thread: f"{_TASKS}/{thread}/status" for thread in threads}
        self._seen = self.mark()
        self._seen_ns = time.monotonic_ns()
        if not self._seen:
            raise PortError(_NO_SIGN)

    def ended(self) -> bool:
        """Whether the server has gone. A few microseconds; never blocks."""
        return not all(os.path.exists(path) for path in self._threads.values())

    def mark(self) -> Mark:
        """This moment, to be given to `cycles_since`; empty if the server has gone."""
        sleeps: Mark = {}
        for thread, path in self._threads.items():
            try:
                with open(path, "rb", buffering=0) as status:
                    text = status.read()
            except OSError:
                return {}
            _, found, rest = text.partition(b"\n" + _SLEEPS)
            if not found:
                return {}
            sleeps[thread] = int(rest.split(maxsplit=1)[0])
        return sleeps

    def cycles_since(self, mark: Mark) -> int:
        """Audio cycles that have ended since then; 0 if the server has gone."""
        now = self.mark()
        return max((now[thread] - mark.get(thread, 0) for thread in now), default=0)

    def stalled(self) -> bool:
        """Whether there was no cycle for `STALL_NS`, or the server has gone. Never blocks."""
        if self.cycles_since(self._seen) > 0:
            self._seen, self._seen_ns = self.mark(), time.monotonic_ns()
        return self.ended() or time.monotonic_ns() - self._seen_ns > STALL_NS

    def wait_for_cycles(self, mark: Mark, cycles: int) -> bool:
        """Wait until so many cycles have ended since then: some ms, half a second if none do."""
        deadline_ns = time.monotonic_ns() + CYCLE_TIMEOUT_NS
        pause = threading.Event()
        while self.cycles_since(mark) < cycles:
            if self.ended() or time.monotonic_ns() > deadline_ns:
                return False
            pause.wait(0.001)
        return True


class Ring:
    """Counts what RtMidi's ring may hold, so that it is never full and RtMidi never spins.

    Each cycle empties the ring. Bytes are counted in generations of half a ring: a generation
    may begin when two cycles have ended since the one before was complete, for then that one has
    been taken out (the first of the two may have been under way already).
    """

    def __init__(self, pulse: JackPulse) -> None:
        self._pulse = pulse
        self._filled_bytes = 0
        self._complete: Mark = {}

    def take(self, message_bytes: int) -> bool:
        """Make room for one message. False if the server takes nothing out any more.

        Waits only when 16 kB were sent within two cycles, and then at most half a second.
        """
        if self._pulse.ended():
            return False
        need = message_bytes + _HEADER_BYTES
        if self._filled_bytes + need > _GENERATION_BYTES:
            if self._complete and not self._pulse.wait_for_cycles(self._complete, 2):
                return False
            self._complete = self._pulse.mark()
            if not self._complete:
                return False
            self._filled_bytes = 0
        self._filled_bytes += need
        return True
