"""Trainers of a few lines that run in a real child process, each with one habit."""

import time
from multiprocessing.connection import Connection

from engine.learning import LearnCancel, Learned, LearnFailed, LearnProgress, LearnRequest


def _request(pipe: Connection) -> LearnRequest:
    request = pipe.recv()
    assert isinstance(request, LearnRequest)
    return request


def keep(pipe: Connection) -> None:
    """Four steps, and it is kept as version 3."""
    request = _request(pipe)
    notes = sum(len(piece.notes) for piece in request.pieces)
    for step in range(1, 5):
        pipe.send(LearnProgress(step, 4, 4.0 - step, 6.0 - step / 4, 5.5 if step == 2 else None))
    pipe.send(Learned(True, "Learnt it.", 3, 0.5, notes, 6.0, 5.0, request.profile or "me"))


def drop(pipe: Connection) -> None:
    """One step, and it is not kept."""
    request = _request(pipe)
    pipe.send(LearnProgress(1, 1, 0.0, 6.0))
    pipe.send(Learned(False, "Not better.", None, 0.5, 7, 6.0, 6.1, request.profile or "me"))


def refuse(pipe: Connection) -> None:
    """Three notes are too little."""
    _request(pipe)
    pipe.send(LearnFailed("3 notes are too little: play at least two phrases."))


def endless(pipe: Connection) -> None:
    """Goes on until it is told to stop."""
    _request(pipe)
    step = 0
    while not (pipe.poll() and isinstance(pipe.recv(), LearnCancel)):
        step += 1
        pipe.send(LearnProgress(step, step + 1, 1.0, 6.0))
        time.sleep(0.01)
    pipe.send(LearnFailed("Stopped; everything stays as it was."))


def deaf(pipe: Connection) -> None:
    """Never reads what comes after the request, never ends."""
    _request(pipe)
    pipe.send(LearnProgress(1, 9, 9.0, 6.0))
    while True:
        time.sleep(1.0)


def stumble(pipe: Connection) -> None:
    """A fault of its own."""
    _request(pipe)
    raise RuntimeError("a planted fault")
