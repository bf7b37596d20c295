"""Comparers of a few lines that run in a real child process, each with one habit."""

import time
from multiprocessing.connection import Connection

from engine.events import Note, Timebase
from engine.learning import Compared, CompareFailed, CompareRequest

HALF = Timebase(bpm=60.0, beats_per_bar=4.0, tempo_known=True)


def _request(pipe: Connection) -> CompareRequest:
    request = pipe.recv()
    assert isinstance(request, CompareRequest)
    return request


def answer(pipe: Connection) -> None:
    """The first note of the first piece as the phrase; answers of one note each."""
    request = _request(pipe)
    first = request.pieces[0].notes[0]
    pipe.send(
        Compared(
            request.profile or "me",
            request.seed,
            None,
            HALF,
            (Note(0.0, 0.5, first.pitch, first.velocity),),
            (Note(4.0, 1.0, 72, 90),),
            (Note(4.0, 1.0, 36, 50, 9),),
        )
    )


def refuse(pipe: Connection) -> None:
    """There is nothing to compare."""
    _request(pipe)
    pipe.send(CompareFailed("Nothing was learnt yet: learn something first."))


def die(pipe: Connection) -> None:
    """Ends without a word."""
    _request(pipe)


def deaf(pipe: Connection) -> None:
    """Never ends."""
    _request(pipe)
    while True:
        time.sleep(1.0)
