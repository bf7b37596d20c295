"""Whose partner the session is, and how a profile is changed under its hands without losing a note.

The session's engine saves what it learns into the profile that it plays for. So a profile that is
renamed, deleted or brought back is left first (the session is nobody's for a moment), changed in a
worker, and gone back to. Another version is simply adopted, between two notes. It refuses to know
what the change is, and to wait for a session or an engine that is not there.

Thread: the GUI's.
"""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Slot

from gui import background
from gui.bridge import Bridge
from gui.state import JamState
from plugin import protocol

NOBODY = ""
Failed = Callable[[Exception], None]


class Partnership(QObject):
    """See the module."""

    def __init__(self, state: JamState, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state, self._bridge = state, bridge
        self._then: Callable[[], None] | None = None
        state.profile_changed.connect(self._look)
        state.engine_changed.connect(self._look)
        bridge.alive_changed.connect(self._look)

    @property
    def name(self) -> str | None:
        """Whose partner it is, "" for nobody's; None while nobody has said."""
        return None if self._state.profile is None else self._state.profile.profile

    @property
    def moving(self) -> bool:
        """Whether a profile is being left for a change."""
        return self._then is not None

    def be(self, name: str) -> None:
        """Be this profile's partner from now on."""
        self._bridge.send(protocol.UseProfile(name))

    def adopt(self, name: str) -> None:
        """The profile of this name uses another version now: play with it, if it is ours."""
        if self.name == name:
            self._bridge.send(protocol.Adopt())

    def away(
        self,
        name: str,
        change: Callable[[], Any],
        back: Callable[[Any], str],
        failed: Failed,
    ) -> None:
        """Change the profile `name` in a worker while nobody plays for it, then be `back(result)`.

        Where it is another's it is left alone, and gone back to only if it was ours. One at a time.
        """
        ours = self.name == name

        def done(result: Any) -> None:
            follows = back(result)
            if ours:
                self.be(follows)

        def went_wrong(error: Exception) -> None:
            if ours:
                self.be(name)
            failed(error)

        def go() -> None:
            background.run(change, done, went_wrong, owner=self)

        if not ours or not self._bridge.alive or self._state.engine is None:
            go()
            return
        self._then = go
        self.be(NOBODY)

    @Slot()
    def _look(self, *_: object) -> None:
        """Go on where the profile was left, or where nobody will ever say so."""
        left = self.name in (None, NOBODY)
        if self._then is not None and (left or self._state.engine is None):
            then, self._then = self._then, None
            then()
