"""The engine as somebody's partner: whose it is, what it learns of them, and when that is saved.

A profile, or a new adapter of it, is read and built by a thread beside the one that plays, and
taken over between two messages, when nothing waits: nothing is late because of it. What cannot be
used is said, and everything stays as it was. What was learnt is saved when nothing waits, some
seconds apart; a note is learnt once, however often the session has to tell it.

It refuses to play: that is `engine.planner`.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.adapt.adapter import AdapterError
from engine.api import Adopt, Begin, FromEngine, Hear, Playing, Profile, Tells
from engine.building import TOLD, Builder, Player
from engine.context import Reading
from engine.events import Voice
from engine.memory.memory import Memory
from engine.model.fast import FastPrior
from engine.planner import Planner
from engine.profile.trouble import ProfileError
from engine.saving import Learnt, Saver
from engine.taste.model import Taste

SAVE_EVERY_S = 5.0
QUIET_S = 1.0
"""Nothing is saved before nothing has been heard for so long."""
LOOK_AGAIN_S = 0.02
"""So often somebody looks whether what is being built is ready."""


@dataclass(frozen=True, slots=True, eq=False)
class _Built:
    """What a thread made. player None: only the prior is another; says: why there is none."""

    prior: FastPrior | None
    read: Reading
    player: Player | None = None
    version: int | None = None
    says: tuple[str, ...] = ()
    failed: bool = False


class Pupil:
    """Thread: the engine's one."""

    def __init__(
        self,
        planner: Planner,
        builder: Builder,
        saver: Saver,
        send: Callable[[FromEngine], None],
        clock: Callable[[], float],
    ) -> None:
        """clock: seconds, monotonic. Until somebody is named it is nobody's partner."""
        self._planner, self._builder, self._saver = planner, builder, saver
        self._send, self._clock = send, clock
        self.player = Player(memory=planner.context.memory or Memory())
        self.taste: Taste | None = None
        self._version: int | None = None
        self._session = 0
        self._told = self.player.told
        self._dirty = self._taste_dirty = False
        self._heard_s = self._saved_s = -SAVE_EVERY_S
        self._fresh = True
        """Whether nothing has been heard by this engine yet."""
        self._thread: threading.Thread | None = None
        self._built: _Built | None = None
        self._next: Profile | Adopt | None = None

    # -- what the session says --

    def begin(self, message: Begin) -> None:
        """A session begins."""
        self._session = message.session

    def is_news(self, heard: Hear) -> bool:
        """Whether the memory has not learnt this note yet, and may."""
        if heard.again:
            return False
        session, serial = self._told
        return session == 0 or session != self._session or heard.serial > serial

    def heard(self, heard: Hear, *, news: bool) -> None:
        """A note was told for good."""
        self._fresh = False
        self._heard_s = self._clock()
        if news and self._session:
            self._told = (self._session, heard.serial)
        if news and heard.voice is Voice.PLAYER and self.player.name:
            self._dirty = True

    def judged(self) -> None:
        """The taste has learnt something."""
        self._taste_dirty = bool(self.player.name)

    def forget(self) -> None:
        """What was learnt since the profile was read is unlearnt."""
        learnt = self.player.learnt
        memory = Memory() if learnt is None else Memory.from_rows(learnt)
        self._planner.context.remember(memory)
        self._dirty = self._dirty or bool(self.player.name)

    def change(self, message: Profile | Adopt) -> None:
        """Be another player's partner, or play with another adapter, as soon as that is ready."""
        if self._thread is not None:
            self._next = message  # the last one counts
            return
        nothing_new = isinstance(message, Profile) and message.name == self.player.name
        if nothing_new or (isinstance(message, Adopt) and not self.player.name):
            self._send(self.playing())
            return
        read = self._planner.context.reading()
        if isinstance(message, Profile):
            # Before anybody is told that it was left, it is on disk: whoever waits may rename it.
            self._save()
        if self._fresh:
            self._take_over(self._build(message, read))
            return
        self._thread = threading.Thread(
            target=self._build_beside, args=(message, read), name="antiphon-build", daemon=True
        )
        self._thread.start()

    # -- when there is time --

    @property
    def building(self) -> bool:
        """Whether something is being read and built."""
        return self._thread is not None

    @property
    def wait_s(self) -> float | None:
        """How long the engine may wait for a message before it calls `idle`."""
        if self._thread is not None or self._saver.troubles:
            return LOOK_AGAIN_S
        if not (self._dirty or self._taste_dirty):
            return None
        return max(self._save_due_s() - self._clock(), LOOK_AGAIN_S)

    def idle(self) -> None:
        """Nothing waits: take over what is ready, save what is due, say what went wrong."""
        if self._thread is not None and not self._thread.is_alive():
            self._thread = None
            built, self._built = self._built, None
            if built is not None:
                self._take_over(built)
            following, self._next = self._next, None
            if following is not None:
                self.change(following)
        if self._clock() >= self._save_due_s():
            self._save()
        while self._saver.troubles:
            self._send(Tells(self._saver.troubles.popleft()))

    def close(self) -> None:
        """Save what is not saved."""
        self._save()
        self._saver.close()

    # ------------------------------------------------------------------------------------------

    def _save_due_s(self) -> float:
        return max(self._saved_s + SAVE_EVERY_S, self._heard_s + QUIET_S)

    def _save(self) -> None:
        player = self.player
        if not (self._dirty or self._taste_dirty):
            return
        memory, notes = None, 0
        live = self._planner.context.memory
        if self._dirty and live is not None:
            self._planner.context.settle()
            memory = {**live.rows(), TOLD: np.array(self._told, dtype=np.int64)}
            notes = live.players_notes
        taste = self.taste.as_json() if self._taste_dirty and self.taste is not None else None
        self._dirty = self._taste_dirty = False
        self._saved_s = self._clock()
        self._saver.save(Learnt(player.folder, player.name, memory, notes, taste))

    def _build_beside(self, message: Profile | Adopt, read: Reading) -> None:
        self._saver.flush()  # it may be a profile that was left a moment ago
        self._built = self._build(message, read)

    def _build(self, message: Profile | Adopt, read: Reading) -> _Built:
        """All that takes time; touches nothing that plays."""
        try:
            if isinstance(message, Profile):
                if message.name == "":
                    return _Built(self._builder.prior(None, read), read, Player(taste=_taste()))
                player = self._builder.player(message.name, message.folder)
                prior = self._builder.prior(player.adapter, read)
                return _Built(prior, read, player, player.version, player.says)
            asked, version, adapter, says = self._builder.adapter(
                self.player.name, self.player.folder, undo=message.undo
            )
            if asked is not None and version is None:
                return _Built(None, read, says=says, failed=True)
            return _Built(self._builder.prior(adapter, read), read, None, version, says)
        except (ProfileError, AdapterError) as error:
            return _Built(None, read, says=(str(error),), failed=True)
        except Exception as error:  # whatever it is, the music goes on as it was
            why = f"The profile could not be read ({type(error).__name__}: {error}); I play on."
            return _Built(None, read, says=(why,), failed=True)

    def _take_over(self, built: _Built) -> None:
        for says in built.says:
            self._send(Tells(says))
        if built.failed:
            return
        player = built.player
        if player is not None:
            self._save()
            self._saver.opened(player.folder, player.name, player.stamps)
            self.player, self._told, self.taste = player, player.told, player.taste
            self._dirty = self._taste_dirty = False
        self._version = built.version
        memory = player.memory if player is not None else None
        self._planner.context.adopt(built.prior, built.read, memory)
        self._send(self.playing())

    def playing(self) -> Playing:
        """Whose partner it is, and what it has of them."""
        live = self._planner.context.memory
        return Playing(
            self.player.name,
            self._builder.model,
            self._version,
            0 if live is None else live.players_notes,
        )


def _taste() -> Taste | None:
    from engine.taste.model import TasteError

    try:
        return Taste()
    except TasteError:
        return None
