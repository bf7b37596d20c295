"""A real `antiphon jam` in the studio, as the player has it: a process, its words, its report."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

from tests.daw.studio import Studio
from tests.rig.waiting import DEADLINE_S, wait_for
from tests.shared import REPOSITORY

READY = "Ready to hear you"
READY_S = 60.0
"""Two seconds, but half a minute where the engine's step has yet to be compiled."""


class RunningJam:
    """Started and ready to hear; ended when left."""

    def __init__(self, studio: Studio, *words: str) -> None:
        self._out = (studio.home / "jam.out").open("w+", encoding="utf-8")
        self._err = (studio.home / "jam.err").open("w+", encoding="utf-8")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "plugin", "jam", "--usual", "--json", "--seed", "1", *words],
            cwd=studio.home,
            env={
                **studio.environment,
                "PYTHONPATH": str(REPOSITORY),
                # The engine's step was compiled for this machine, and lies in the real home.
                "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache"),
            },
            stdin=subprocess.DEVNULL,
            stdout=self._out,
            stderr=self._err,
            start_new_session=True,
        )
        try:
            wait_for(self._is_ready, lambda: f"the engine: {self.says()}", READY_S)
        except BaseException:
            self.__exit__()
            raise

    def _is_ready(self) -> bool:
        if self._process.poll() is not None:
            raise RuntimeError(f"the jam ended with {self._process.returncode}: {self.says()}")
        return READY in self.says()

    def says(self) -> str:
        """Everything it has told the player."""
        self._err.seek(0)
        return self._err.read()

    def end(self) -> dict[str, Any]:
        """Let the player press Ctrl-C; its report."""
        self._process.send_signal(signal.SIGINT)
        code = self._process.wait(DEADLINE_S)
        assert code == 0, f"ended with {code}: {self.says()}"
        self._out.seek(0)
        report: dict[str, Any] = json.loads(self._out.read())
        return report

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        print(f"the jam ended with {self._process.returncode} and said: {self.says()}")
        self._out.close()
        self._err.close()
