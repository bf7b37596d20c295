"""Training from within a jam: takes are read and a trainer is started beside the music.

Wishes come in from the loop's thread and are carried out in others; what became of them is asked
for by the loop, as events, and whether there is something new to play with. One training at a time.
It refuses to know how a model is trained.

Thread: the loop's. Real-time: yes, every method returns at once but `close`.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from engine.learning import Learned, LearnFailed, LearnProgress, LearnRequest
from plugin import protocol
from plugin.lessons import LessonError, Lessons
from plugin.takes import TakeError, TakeLibrary
from plugin.trainer_process import TrainerProcess, TrainFunction

NOBODY = "I am nobody's partner: write profile and a name first, then learn."
BUSY = "I am learning already: learn cancel stops that."
MOST_SAID = 4
"""Sentences on what was left out."""
IDLE = "I am not learning anything now."


class Tutor:
    """See the module."""

    def __init__(
        self,
        train: TrainFunction,
        *,
        library: Path,
        folder: Path,
        weights: str | None = None,
        seed: int = 0,
    ) -> None:
        """library: of takes; folder: of profiles."""
        self._train, self._library, self._folder = train, library, folder
        self._weights, self._seed = weights, seed
        self.profile = ""
        """Who the player is, as the engine said last; "" is nobody."""
        self._profile = ""
        self._trainer: TrainerProcess | None = None
        self._reader: threading.Thread | None = None
        self._news: deque[protocol.Event] = deque()
        self._cancelled = self._is_new = self._undone = False

    @property
    def busy(self) -> bool:
        """Whether something is being learnt."""
        return self._trainer is not None or (self._reader is not None and self._reader.is_alive())

    def wish(self, wish: protocol.Learn) -> None:
        """Learn from takes ("last", "starred") for the present profile; "cancel" or "undo" that."""
        if wish.what == "cancel":
            self._cancel()
        elif wish.what == "undo":
            self._undone = True
        else:
            self._begin(lambda lessons: lessons.add_takes(wish.what))

    def learn_from(self, take_ids: Sequence[str], paths: Sequence[str]) -> None:
        """Learn from these takes and MIDI files for the present profile."""
        self._begin(lambda lessons: lessons.add_chosen(take_ids, paths))

    def _begin(self, choose: Callable[[Lessons], None]) -> None:
        if self.busy:
            self._news.append(protocol.Said(BUSY))
        elif not self.profile:
            self._news.append(protocol.Said(NOBODY))
        else:
            self._profile, self._cancelled = self.profile, False
            self._reader = threading.Thread(
                target=self._read, args=(choose,), name="antiphon-lessons", daemon=True
            )
            self._reader.start()

    def tend(
        self,
        emit: Callable[[protocol.Event], None],
        command: Callable[[protocol.Command], None],
    ) -> None:
        """Say what has become of it since, and have something new played with."""
        trainer = self._trainer
        while trainer is not None and (said := trainer.next()) is not None:
            self._said(said)
        while self._news:
            emit(self._news.popleft())
        if self._is_new:
            self._is_new = False
            command(protocol.Adopt())
        if self._undone:
            self._undone = False
            command(protocol.Adopt(undo=True))

    def close(self) -> None:
        """End the training, if there is one."""
        self._cancelled = True
        if self._trainer is not None:
            self._trainer.close()

    def _cancel(self) -> None:
        if not self.busy:
            self._news.append(protocol.Said(IDLE))
        self._cancelled = True
        if self._trainer is not None:
            self._trainer.cancel()

    def _read(self, choose: Callable[[Lessons], None]) -> None:
        """In a thread of its own: the library may take its time."""
        try:
            with TakeLibrary(self._library) as library:
                lessons = Lessons(library)
                choose(lessons)
        except (LessonError, TakeError) as error:
            self._news.append(protocol.LearnOver(self._profile, False, str(error)))
            return
        self._news.extend(protocol.Said(says) for says in lessons.says[:MOST_SAID])
        if self._cancelled:
            says = "Stopped; everything stays as it was."
            self._news.append(protocol.LearnOver(self._profile, False, says))
            return
        request = LearnRequest(
            str(self._folder),
            self._profile,
            tuple(lessons.pieces),
            self._seed,
            weights=self._weights,
        )
        self._trainer = TrainerProcess(self._train, request)

    def _said(self, said: LearnProgress | Learned | LearnFailed) -> None:
        profile = self._profile
        match said:
            case LearnProgress():
                self._news.append(
                    protocol.LearnProgress(
                        profile,
                        said.step,
                        said.of,
                        said.seconds_left,
                        said.bits,
                        said.held_back_bits,
                        said.part,
                    )
                )
            case Learned():
                self._trainer = None
                self._is_new = self._is_new or said.kept
                self._news.append(
                    protocol.LearnOver(
                        profile,
                        said.kept,
                        said.says,
                        said.version,
                        said.before_bits,
                        said.after_bits,
                    )
                )
            case LearnFailed():
                self._trainer = None
                self._news.append(protocol.LearnOver(profile, False, said.says))
