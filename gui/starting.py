"""What happens before Qt is loaded: is there a screen, how is the session opened, off it goes.

The session process takes longest to be ready, so it is started first; what it tells before there is
a window is held. It refuses to import Qt, numpy or anything heavy.
"""

import importlib.util
import threading
from collections.abc import Callable, Mapping

import msgspec

from gui.kept import Kept
from gui.link import Link
from plugin.served.client import SessionProcess
from plugin.served.messages import Open, Told

TERMINAL = "play in the terminal: antiphon jam"
SCREENS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


def why_no_window(
    environment: Mapping[str, str],
    platform: str,
    installed: Callable[[str], object] = importlib.util.find_spec,
) -> str:
    """Why no window can be opened here, with a next step; "" where one can."""
    if installed("PySide6") is None:
        return (
            "The window needs PySide6, which is not installed: run pip install 'antiphon[gui]', or "
            f"{TERMINAL}"
        )
    if platform.startswith("linux") and not any(environment.get(name) for name in SCREENS):
        return (
            "There is no screen here for a window (DISPLAY and WAYLAND_DISPLAY are empty): start "
            f"it on a desktop, or {TERMINAL}"
        )
    return ""


def opening_of(kept: Kept, wished: Open) -> Open:
    """How the session is opened: as wished, and where nothing is, as it was last time.

    A wish for ports or a system leaves out all that was kept of them; a demo takes none of it.
    """
    if wished.demo:
        return msgspec.structs.replace(wished, system=wished.system or "memory")
    ports_wished = bool(wished.ins or wished.outs or wished.system)
    return Open(
        ins=wished.ins if ports_wished else kept.ins,
        outs=wished.outs if ports_wished else kept.outs,
        system=wished.system if ports_wished else kept.system,
        profile=kept.profile if wished.profile is None else wished.profile,
        thru=wished.thru or (kept.thru and not ports_wished),
        weights=wished.weights,
        seed=wished.seed,
    )


class Early:
    """The first session process, from before there was anybody to tell.

    `start` is a `gui.bridge.StartLink`: its first call hands over this process and what it has told
    so far, in order; later ones start another.
    """

    def __init__(
        self,
        opening: Open,
        begin: Callable[[Callable[[Told], None]], Link] = SessionProcess,
    ) -> None:
        self._begin = begin
        self._lock = threading.Lock()
        self._held: list[Told] = []
        self._receiver: Callable[[Told], None] | None = None
        self._process: Link | None = begin(self._tell)
        self._process.send(opening)

    def start(self, told: Callable[[Told], None], opening: Open) -> Link:
        """The process that was started early, or another one. Thread: any, one after the other."""
        early, self._process = self._process, None
        if early is None:
            later = self._begin(told)
            later.send(opening)
            return later
        with self._lock:
            for message in self._held:
                told(message)
            self._held.clear()
            self._receiver = told
        return early

    def close(self, timeout_s: float) -> None:
        """End the process if nobody took it over."""
        if self._process is not None:
            self._process.close(timeout_s)
            self._process = None

    def _tell(self, message: Told) -> None:
        with self._lock:
            if self._receiver is None:
                self._held.append(message)
            else:
                self._receiver(message)
