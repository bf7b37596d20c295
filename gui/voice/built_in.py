"""The built-in voice as the window has it: on or off, how loud, and how it is, in a sentence.

It starts and ends the process of `plugin.voice` and asks the session to be overheard meanwhile. It
refuses to be on by itself: the player switches it on, or chose so before. Thread: the GUI's.
"""

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject, Qt, Signal, Slot

from gui import background
from gui.bridge import Bridge
from gui.keeping import Keeping
from gui.voice.feed import Voice, VoiceFeed
from plugin.served.messages import Opened, Overhear
from plugin.voice.client import VoiceProcess
from plugin.voice.records import VoiceSays

USUAL_PERCENT = 70
NAME = "voice"
"""Under which it is kept among the panels."""
OFF = "Off: your DAW makes the sound."
STARTING = "The built-in voice is being started."


class Process(Voice, Protocol):
    """What is needed of `plugin.voice.client.VoiceProcess`."""

    def volume(self, percent: int) -> None:
        """How loud, 0 to 100."""

    def panic(self) -> None:
        """Silence everything at once."""

    def close(self) -> None:
        """End it and wait."""


StartVoice = Callable[[Callable[[VoiceSays], None]], Process]
"""Starts the process; what it says is handed to the function, from any thread."""


class BuiltInVoice(QObject):
    """See the module. `changed`: on, volume or words are others now."""

    changed = Signal()
    _said = Signal(int, object)

    def __init__(
        self,
        bridge: Bridge,
        feed: VoiceFeed,
        start: StartVoice = VoiceProcess,
        parent: QObject | None = None,
    ) -> None:
        """Feed: the one that hears the session's messages; whoever owns the session tells it."""
        super().__init__(parent)
        self._bridge, self.feed, self._start = bridge, feed, start
        self._process: Process | None = None
        self._life = 0
        self.percent = USUAL_PERCENT
        self.says = OFF
        self.ok = True
        """False where it should sound and cannot; `says` is why, with a next step."""
        self._said.connect(self._hear, Qt.ConnectionType.QueuedConnection)
        bridge.told.connect(self._told)

    def keep_in(self, keeping: Keeping) -> None:
        """As it was left last time, and kept from now on; it stays off until it is wanted again."""
        kept = keeping.panel(NAME)
        percent, too = kept.get("percent"), kept.get("player_too")
        if isinstance(percent, int):
            self.set_percent(percent)
        if isinstance(too, bool):
            self.set_player_too(too)
        self.changed.connect(
            lambda: keeping.keep_panel(
                NAME, {"percent": self.percent, "player_too": self.feed.player_too}
            )
        )

    @property
    def on(self) -> bool:
        """Whether it sounds, or is being started."""
        return self._process is not None

    @Slot(bool)
    def switch(self, on: bool) -> None:
        """Start it or end it."""
        if on == self.on:
            return
        self._life += 1
        if on:
            self._begin()
        else:
            self._end()
            self.says, self.ok = OFF, True
        self.changed.emit()

    @Slot(int)
    def set_percent(self, percent: int) -> None:
        """How loud, 0 to 100."""
        percent = min(max(percent, 0), 100)
        if percent != self.percent:
            self.percent = percent
            if self._process is not None:
                self._process.volume(percent)
            self.changed.emit()

    @Slot(bool)
    def set_player_too(self, on: bool) -> None:
        """Whether the player's own notes sound, too."""
        if on != self.feed.player_too:
            self.feed.player_too = on
            if self._process is not None:
                self._process.panic()  # what sounds would never hear of its end
            self.changed.emit()

    @Slot()
    def panic(self) -> None:
        """Silence it at once; it stays on."""
        if self._process is not None:
            self._process.panic()

    def close(self) -> None:
        """End its process; nothing is told any more."""
        self._life += 1
        process = self._leave()
        if process is not None:
            process.close()

    def _begin(self) -> None:
        life = self._life
        self.says, self.ok = STARTING, True
        try:
            self._process = self._start(lambda said: self._said.emit(life, said))
        except OSError as error:
            why = (error.strerror or "unknown reason").lower()
            self.says = f"The built-in voice cannot be started ({why}): close other programs."
            self.ok = False
            return
        self._process.volume(self.percent)
        self.feed.feed(self._process)
        self._bridge.send(Overhear(True))

    def _end(self) -> None:
        process = self._leave()
        if process is not None:
            background.run(process.close)  # its last notes die away first

    def _leave(self) -> Process | None:
        """Feed it no more."""
        process, self._process = self._process, None
        self.feed.feed(None)
        if process is not None:
            self._bridge.send(Overhear(False))
        return process

    @Slot(int, object)
    def _hear(self, life: int, said: VoiceSays) -> None:
        if life != self._life:
            return
        self.says, self.ok = said.says, said.ok
        if said.ok:
            self.says += f" Notes sound {said.latency_ms:.0f} ms after their moment."
        else:
            self._life += 1
            self._end()
        self.changed.emit()

    @Slot(object)
    def _told(self, message: object) -> None:
        if not isinstance(message, Opened):
            return
        self.feed.thru = self._bridge.opening.thru
        if self._process is not None:
            self._process.panic()  # another session: notes of the last one are nobody's
            self._bridge.send(Overhear(True))
