"""Answers a window's `Compare`: a phrase is read, a process draws both answers, and that is told.

All of it goes on beside the music, in a thread and a process of low priority that ends with its
answer; the loop only asks whether there is news. One comparison at a time: a newer wish takes the
place of the one before. It refuses to play anything, and to know how answers are drawn.

Thread: the loop's. Real-time: yes, every method returns at once but `close`.
"""

import contextlib
import multiprocessing
import threading
from collections import deque
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from engine.events import Note, Timebase
from engine.learning import Compared, CompareFailed, CompareRequest
from plugin.engine_process import keep_ctrl_c_from_children
from plugin.lessons import LAST, LessonError, Lessons
from plugin.served import messages
from plugin.takes import TakeError, TakeLibrary

CLOSE_TIMEOUT_S = 2.0
NOBODY = "I am nobody's partner: choose a profile first."
NOTHING = "Nothing of that can be answered: choose takes or MIDI files with notes."
DIED = "The comparison was ended from outside, and nothing was changed: try it again."

CompareFunction = Callable[[Connection], None]
News = messages.Compared | messages.NotCompared


class Comparing:
    """See the module. `compare` is `engine.comparing.run`, or a test's."""

    def __init__(
        self, compare: CompareFunction, *, library: Path, folder: Path, weights: str | None = None
    ) -> None:
        """library: of takes; folder: of profiles."""
        self._compare, self._library, self._folder = compare, library, folder
        self._weights = weights
        self._news: deque[tuple[int, News]] = deque()
        self._wish = 0
        self._process: BaseProcess | None = None
        self._thread: threading.Thread | None = None

    @property
    def busy(self) -> bool:
        """Whether answers are being drawn."""
        return self._thread is not None and self._thread.is_alive()

    def wish(self, wish: messages.Compare, profile: str) -> None:
        """Compare as asked for this profile; what is under way is given up."""
        self._end()
        if not profile:
            self._news.append((self._wish, messages.NotCompared(NOBODY)))
            return
        before = self._thread
        self._thread = threading.Thread(
            target=self._run,
            args=(self._wish, wish, profile, before),
            name="antiphon-compare",
            daemon=True,
        )
        self._thread.start()

    def tend(self, emit: Callable[[News], object]) -> None:
        """Tell what has come of it since."""
        while self._news:
            wish, news = self._news.popleft()
            if wish == self._wish:
                emit(news)

    def close(self) -> None:
        """End what is under way."""
        self._end()
        if self._thread is not None:
            self._thread.join(CLOSE_TIMEOUT_S)

    def _end(self) -> None:
        self._wish += 1
        process = self._process
        if process is not None:
            with contextlib.suppress(ValueError, OSError):
                process.kill()

    def _run(
        self, number: int, wish: messages.Compare, profile: str, before: threading.Thread | None
    ) -> None:
        """In a thread of its own."""
        if before is not None:
            before.join()
        try:
            request = self._request(wish, profile)
            news = _told(self._ask(number, request)) if number == self._wish else None
        except (LessonError, TakeError) as error:
            news = messages.NotCompared(str(error))
        except Exception as error:  # no memory, no processes, no file handles left
            news = messages.NotCompared(
                f"The answers cannot be compared ({error}): close other programs and try again."
            )
        if news is not None:
            self._news.append((number, news))

    def _request(self, wish: messages.Compare, profile: str) -> CompareRequest:
        with TakeLibrary(self._library) as library:
            lessons = Lessons(library)
            lessons.add([*wish.take_ids, *wish.paths] or [LAST])
        if not lessons.pieces:
            raise LessonError(lessons.says[0] if lessons.says else NOTHING)
        return CompareRequest(
            str(self._folder), profile, tuple(lessons.pieces), wish.seed, self._weights
        )

    def _ask(self, number: int, request: CompareRequest) -> Compared | CompareFailed:
        """One process from start to end."""
        context = multiprocessing.get_context("spawn")
        pipe, far_end = context.Pipe()
        process = context.Process(
            target=self._compare, args=(far_end,), name="antiphon-compare", daemon=True
        )
        try:
            keep_ctrl_c_from_children()
            process.start()
            far_end.close()
            self._process = process
            if number != self._wish:
                process.kill()
            try:
                pipe.send(request)
                said = pipe.recv()
            except (EOFError, OSError):
                return CompareFailed(DIED)
            return said if isinstance(said, Compared | CompareFailed) else CompareFailed(DIED)
        finally:
            self._process = None
            pipe.close()
            with contextlib.suppress(ValueError, OSError, AssertionError):
                process.join(CLOSE_TIMEOUT_S)
                process.kill()
                process.join()
                process.close()


def _told(said: Compared | CompareFailed) -> News:
    if isinstance(said, CompareFailed):
        return messages.NotCompared(said.says)
    return messages.Compared(
        said.profile,
        said.version,
        said.before,
        *(_in_seconds(notes, said.timebase) for notes in (said.phrase, said.learnt, said.unlearnt)),
    )


def _in_seconds(notes: tuple[Note, ...], timebase: Timebase) -> tuple[messages.Sounding, ...]:
    beat_s = timebase.ns_per_beat / 1e9
    return tuple(
        messages.Sounding(
            note.onset * beat_s, note.duration * beat_s, note.pitch, note.velocity, note.channel
        )
        for note in notes
    )
