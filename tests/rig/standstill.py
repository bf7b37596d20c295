"""Tests that play in real time are done again where they failed while the machine stood still.

A virtual machine now and then gets no processor for a while. A phrase that was played meanwhile has
a hole that nobody wrote, and what is made of it says little about us. A process of its own, which
does nothing but sleep and look at the clock, tells how long it was kept from that: on this fact
alone, and only after a failure, is a test with a real MIDI server done once more, and pytest counts
it as "rerun". It refuses to forgive what fails on a machine that goes on; it cannot tell one that
stood still from one that we ourselves kept busy, so a rerun is to be looked at.
"""

import os
import select
import subprocess
import sys
import time

import pytest

STILL_S = 0.05
"""A twentieth of a second more or less is heard: pauses of a player are told apart by less."""
RERUNS = 3
_LOOK_S = 0.005


class StandstillWatch:
    """The process that watches."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.rig.standstill"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        self.longest_s()

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    def longest_s(self) -> float:
        """How long it was kept from looking since it was asked last, at the most."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"?")
        return float(self._process.stdout.readline())

    def close(self) -> None:
        """End it and wait for it."""
        self._process.communicate()


def main() -> None:
    """Be that process, until nobody can ask any more."""
    longest_s, before_s = 0.0, time.monotonic()
    while True:
        asked = select.select([0], [], [], _LOOK_S)[0]
        now_s = time.monotonic()
        longest_s, before_s = max(longest_s, now_s - before_s - _LOOK_S), now_s
        if asked:
            if not os.read(0, 1):
                return
            os.write(1, b"%.4f\n" % longest_s)
            longest_s = 0.0


# ------------------------------------------------------------------------------------- for pytest


class _Plugin:
    def __init__(self, watch: StandstillWatch) -> None:
        self._watch = watch

    def mark(self, items: list[pytest.Item]) -> None:
        """Have those of the tests done again that play in real time."""
        again = pytest.mark.flaky(reruns=RERUNS, condition=self.stood_still)
        for item in items:
            if item.get_closest_marker("realport"):
                item.add_marker(again)

    def stood_still(self) -> bool:
        """Whether the machine did, since the test began or this was asked."""
        still_s = self._watch.longest_s()
        return still_s > STILL_S

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        if item.get_closest_marker("realport"):
            self._watch.longest_s()

    def pytest_unconfigure(self) -> None:
        self._watch.close()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """pytest: the watch begins where there is something to watch."""
    if not config.option.collectonly and any(i.get_closest_marker("realport") for i in items):
        plugin = _Plugin(StandstillWatch())
        config.pluginmanager.register(plugin)
        plugin.mark(items)


if __name__ == "__main__":
    main()
