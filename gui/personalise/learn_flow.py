"""From what is ticked to what was learnt: counting, asking the session, progress, keep or drop.

It refuses to ask for what would be refused: the button says why instead.

Thread: the GUI's.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from gui.bridge import Bridge
from gui.personalise.again import Again
from gui.personalise.choose_card import ChooseCard
from gui.personalise.choosing import TakeRow, Which, read_takes
from gui.personalise.counting import Counted, count
from gui.personalise.errors import sentence_of
from gui.personalise.learn_card import NOT_IN_USE, LearnCard
from gui.personalise.learning import Learning
from gui.personalise.profile_flow import NO_SESSION, ProfileFlow
from gui.personalise.wording import enough
from gui.state import JamState
from plugin import protocol, tutor
from plugin.served.messages import LearnFrom, Opened

COUNTING = "What is ticked is being looked at: a moment."
BUSY = "It is learning already: wait, or cancel that."
NOBODYS = "Nobody’s partner keeps nothing: choose a profile above first."
_REFUSALS = (tutor.BUSY, tutor.NOBODY)


class LearnFlow(QObject):
    """See the module. `changed`: another `learning`."""

    changed = Signal()

    def __init__(
        self,
        state: JamState,
        bridge: Bridge,
        profiles: ProfileFlow,
        choose: ChooseCard,
        card: LearnCard,
        *,
        library: Path,
        folder: Path,
        parent: QObject | None = None,
    ) -> None:
        """library: of takes; folder: of profiles."""
        super().__init__(parent)
        self._state, self._bridge, self._profiles = state, bridge, profiles
        self._choose, self._card = choose, card
        self._library, self._folder = library, folder
        self.learning = Learning()
        self._counted: Counted | None = None
        self._counted_for = ""
        self._first = True
        self._wanted: tuple[str, ...] | None = None
        self._takes = Again(self, self._reading, self._show_takes, self._cannot_read)
        self._count = Again(self, self._counting, self._show_count, self._cannot_count)
        choose.chosen_changed.connect(self.recount)
        choose.learn.connect(self.learn)
        card.cancel.connect(self._cancel)
        card.keep.connect(self._keep)
        card.drop.connect(self._drop)
        state.learn_progress.connect(lambda told: self._now(self.learning.progress(told)))
        state.learn_over.connect(self._over)
        state.said.connect(self._said)
        state.take_saved.connect(self.takes_changed)
        state.take_marked.connect(self.takes_changed)
        state.opened_changed.connect(self._opened)
        profiles.changed.connect(self._profile_changed)
        self._allow()

    @Slot()
    def takes_changed(self) -> None:
        """The library holds other takes, or other stars."""
        self._takes.wish()

    def choose_takes(self, ids: Iterable[str]) -> None:
        """Tick these takes and no others, as soon as they are in the list."""
        self._wanted = tuple(ids)
        self._first = False
        self._takes.wish()

    @Slot()
    def recount(self) -> None:
        """Something else is ticked, or it is for another profile."""
        self._counted = None
        self._choose.counting()
        self._allow()
        self._count.wish()

    @Slot()
    def learn(self) -> None:
        """Ask the session to learn what is ticked."""
        if self._why_not():
            return
        by_key = self._choose.button.hasFocus()
        self._now(self.learning.asked(self._profiles.name))
        if by_key:
            self._card.stop.setFocus()
        self._bridge.send(LearnFrom(self._choose.take_ids, self._choose.paths))

    # -- reading and counting --

    def _reading(self) -> Callable[[], tuple[TakeRow, ...]]:
        library = self._library
        return lambda: read_takes(library)

    def _show_takes(self, rows: tuple[TakeRow, ...]) -> None:
        self._choose.show_takes(rows)
        if self._wanted is not None:
            wanted, self._wanted = self._wanted, None
            self._choose.model.choose_takes(wanted)
        elif self._first and rows:
            self._first = False
            self._choose.choose(Which.EVENING)

    def _cannot_read(self, error: Exception) -> None:
        self._state.say(sentence_of(error))

    def _counting(self) -> Callable[[], Counted]:
        ids, paths = self._choose.take_ids, self._choose.paths
        profile, library, folder = self._profiles.name, self._library, self._folder
        self._counted_for = profile
        return lambda: count(ids, paths, profile=profile or None, library=library, folder=folder)

    def _show_count(self, found: Counted) -> None:
        self._counted = found
        self._choose.show_count(found)
        self._allow()

    def _cannot_count(self, error: Exception) -> None:
        self._choose.show_trouble(sentence_of(error))

    # -- learning --

    def _now(self, learning: Learning) -> None:
        self.learning = learning
        self._card.show_learning(learning)
        self._profiles.learning(learning.busy)
        self._allow()
        self.changed.emit()

    def _over(self, told: protocol.LearnOver) -> None:
        self._now(self.learning.over(told))
        self._profiles.learnt(told)

    def _said(self, says: str) -> None:
        if says in _REFUSALS:
            self._now(self.learning.refused(says))

    @Slot()
    def _opened(self, *_: object) -> None:
        if not isinstance(self._state.opened, Opened):
            self._now(self.learning.lost())
        self._allow()

    def _cancel(self) -> None:
        self._bridge.line("learn cancel")
        self._now(self.learning.cancelled())

    def _keep(self) -> None:
        self._now(self.learning.decided(keep=True))

    def _drop(self) -> None:
        self._now(self.learning.decided(keep=False))
        self._profiles.undo()

    @Slot()
    def _profile_changed(self) -> None:
        if self._profiles.name != self._counted_for:
            self.recount()
        self._allow()

    def _why_not(self) -> str:
        """Why nothing can be learnt now, "" where it can."""
        if not isinstance(self._state.opened, Opened):
            return NO_SESSION
        if self.learning.busy:
            return BUSY
        if not self._profiles.name:
            return NOBODYS
        if self._counted is None:
            return COUNTING
        return "" if self._counted.preview.phrases else enough(self._counted.preview)

    def _allow(self) -> None:
        in_use = self._profiles.shown.version == self.learning.version
        mine = self.learning.profile == self._profiles.name
        self._card.forbid("" if in_use and mine else NOT_IN_USE)
        self._choose.forbid(self._why_not())
