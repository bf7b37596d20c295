"""A screen for the window: Xvfb where it is installed, else Qt's own, which nobody could see.

It refuses to be shared: each window has one of its own, which ends with it.
"""

import os
import shutil
import subprocess

import psutil

WIDTH, HEIGHT = 1600, 900


class Screen:
    """`variables` are what a program needs to be shown on it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self.name = "offscreen"
        self.variables = {"QT_QPA_PLATFORM": "offscreen"}
        if shutil.which("Xvfb") is None:
            return
        ours, its = os.pipe()
        words = ["Xvfb", "-displayfd", str(its), "-screen", "0", f"{WIDTH}x{HEIGHT}x24"]
        with open(os.devnull, "wb") as nowhere:
            self._process = subprocess.Popen(
                # -terminate: it goes with the window, whatever becomes of us.
                [*words, "-nolisten", "tcp", "-terminate"],
                stdin=subprocess.DEVNULL,
                stdout=nowhere,
                stderr=nowhere,
                pass_fds=[its],
            )
        os.close(its)
        with os.fdopen(ours) as told:
            number = told.readline().strip()
        if not number:
            self.close()
            return
        self.name = "Xvfb"
        self.variables = {"QT_QPA_PLATFORM": "xcb", "DISPLAY": f":{number}"}

    def process(self) -> psutil.Process | None:
        """Of the screen; None where it is in the window's own."""
        return psutil.Process(self._process.pid) if self._process is not None else None

    def close(self) -> None:
        """End it. Twice is once."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
