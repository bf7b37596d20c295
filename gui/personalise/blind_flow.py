"""Blind listening: the session draws two answers, a worker writes them, the player listens.

Which file is which is known to `Blind` alone, and told after the choice. It refuses to begin where
there is nothing to compare, and says why.

Thread: the GUI's.
"""

from collections.abc import Callable
from pathlib import Path
from random import Random

from PySide6.QtCore import QObject, Slot

from gui import background
from gui.bridge import Bridge
from gui.personalise.answers import clear, write_answers
from gui.personalise.blind import Blind, Pick, Side
from gui.personalise.blind_card import BlindCard
from gui.personalise.choose_card import ChooseCard
from gui.personalise.errors import sentence_of
from gui.personalise.profile_flow import NO_SESSION, ProfileFlow
from gui.state import JamState
from plugin.served.messages import Audition, Compare, Compared, NotCompared, Opened

NOTHING_LEARNT = "Nothing was learnt yet: learn something first."
DRAWING = "Two answers are being made: a moment."
LOST = "The session ended meanwhile: compare once more when it is back."
_SEEDS = 2**31


class BlindFlow(QObject):
    """See the module."""

    def __init__(
        self,
        state: JamState,
        bridge: Bridge,
        profiles: ProfileFlow,
        choose: ChooseCard,
        card: BlindCard,
        *,
        rng: Random,
        folder: Path,
        parent: QObject | None = None,
    ) -> None:
        """rng: draws the seeds and the hidden order. folder: where the answers are written."""
        super().__init__(parent)
        self._state, self._bridge, self._profiles = state, bridge, profiles
        self._choose, self._card = choose, card
        self._rng, self._folder = rng, folder
        self.blind = Blind(rng)
        self._paths: tuple[Path, Path] | None = None
        self._drawing = self._playing = False
        self._says = ""
        self._about: tuple[str, int | None] = ("", None)
        """Profile and version that the choices so far are about."""
        card.begin.connect(self.begin)
        card.hear.connect(self.hear)
        card.picked.connect(self._pick)
        bridge.told.connect(self._told)
        state.auditioning_changed.connect(self._auditioning)
        state.opened_changed.connect(self._opened)
        profiles.changed.connect(self._profile_changed)
        self._show()

    @Slot()
    def begin(self) -> None:
        """Another phrase of what is ticked, or of the last takes."""
        self._says, self._drawing = "", True
        self._bridge.send(
            Compare(self._choose.take_ids, self._choose.paths, self._rng.randrange(_SEEDS))
        )
        self._show()

    def hear(self, place: int) -> None:
        """Play the first (0) or the second (1); -1 is silence."""
        if place < 0 or self._paths is None:
            self._bridge.send(Audition())
            return
        self.blind.heard(place)
        self._bridge.send(Audition(path=str(self._paths[place])))
        self._show()

    def close_down(self) -> None:
        """Remove what was written."""
        clear(self._folder)

    def _pick(self, pick: Pick) -> None:
        self._bridge.send(Audition())
        self.blind.pick(pick)
        self._show()

    @Slot(object)
    def _told(self, message: object) -> None:
        if isinstance(message, Compared) and self._drawing:
            about = (message.profile, message.version)
            if about != self._about:
                self._about = about
                self.blind.forget()
            background.run(self._writing(message), self._written, self._failed, owner=self)
        elif isinstance(message, NotCompared) and self._drawing:
            self._over(message.says)

    def _writing(self, found: Compared) -> Callable[[], tuple[Path, Path]]:
        order = self.blind.deal()
        answers = {Side.LEARNT: found.learnt, Side.UNLEARNT: found.unlearnt}
        folder, first, second = self._folder, answers[order[0]], answers[order[1]]
        return lambda: write_answers(folder, found.phrase, (first, second))

    def _written(self, paths: tuple[Path, Path]) -> None:
        self._paths = paths
        self._over("")

    def _failed(self, error: Exception) -> None:
        self.blind.withdraw()
        self._over(sentence_of(error))

    def _over(self, says: str) -> None:
        self._drawing, self._says = False, says
        self._show()

    @Slot(str)
    def _auditioning(self, name: str) -> None:
        self._playing = bool(name)
        self._show()

    @Slot()
    def _opened(self, *_: object) -> None:
        if self._drawing and not isinstance(self._state.opened, Opened):
            self._over(LOST)
        self._show()

    @Slot()
    def _profile_changed(self) -> None:
        self._show()

    def _show(self) -> None:
        self._card.show_blind(
            self.blind, drawing=self._drawing, playing=self._playing, says=self._says
        )
        shown, reason = self._profiles.shown, ""
        if not isinstance(self._state.opened, Opened):
            reason = NO_SESSION
        elif self._drawing:
            reason = DRAWING
        elif not self._profiles.name or not (shown.can_undo or shown.can_redo):
            reason = NOTHING_LEARNT
        self._card.forbid(reason)
