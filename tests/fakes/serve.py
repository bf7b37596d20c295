"""Engines of a few lines that run in a real child process, each with one habit."""

import os
import time
from multiprocessing.connection import Connection
from pathlib import Path

from engine.api import Ask, End, Failed, Hear, Ping, Plan, Pong, Ready
from engine.events import Note


def serve(pipe: Connection, weights: str | None = None) -> None:
    """Ready, heartbeats, and one note for each question: its pitch is the number of notes heard."""
    pipe.send(Ready(weights or "tiny", os.getpid()))
    heard = 0
    try:
        while True:
            message = pipe.recv()
            if isinstance(message, End):
                return
            if isinstance(message, Ping):
                pipe.send(Pong(message.token))
            elif isinstance(message, Hear):
                heard += 1
            elif isinstance(message, Ask):
                notes = (Note(message.start_beat, 1.0, heard, 80),)
                pipe.send(Plan(message.request, notes, True, 0.0))
    except EOFError:
        return


def stumble(pipe: Connection, weights: str | None = None) -> None:
    """Answers the first question with a fault of its own."""
    pipe.send(Ready("stumbles", os.getpid()))
    while not isinstance(pipe.recv(), Ask):
        pass
    raise RuntimeError("a planted fault")


def cannot(pipe: Connection, weights: str | None = None) -> None:
    """Says why it cannot, and ends."""
    pipe.send(Failed("No weights; run: make venv"))


def say_garbage(pipe: Connection, weights: str | None = None) -> None:
    """Sends bytes that are no message, and lives on."""
    pipe.send_bytes(b"\x80\x04garbage")
    while True:
        time.sleep(1.0)


def be_deaf(pipe: Connection, weights: str | None = None) -> None:
    """Never reads: the pipe fills up."""
    pipe.send(Ready("deaf", os.getpid()))
    while True:
        time.sleep(1.0)


def keep_at_the_end(pipe: Connection, weights: str | None = None) -> None:
    """Writes how many notes it heard into the file `weights` when it is told to end."""
    pipe.send(Ready("keeps", os.getpid()))
    heard = 0
    while not isinstance(message := pipe.recv(), End):
        heard += isinstance(message, Hear)
    assert weights is not None
    Path(weights).write_text(str(heard))
