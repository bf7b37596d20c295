"""The trainer as a process: one request, the lowest priority, and an end with its pipe."""

import os
import signal
from pathlib import Path

import pytest

from engine.adapt import plain, trainer
from engine.learning import Learned
from tests.engine.adapt.stage import FakePipe, one_thread, request
from tests.fakes import tiny_prior

__all__ = ["one_thread"]


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer, "THREADS", 1)
    monkeypatch.setattr(plain, "STEPS", 2)
    monkeypatch.setitem(plain.RATES, "lora-4", 0.02)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    return tiny_prior.write(tmp_path / "tiny.safetensors")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "profiles"


class _Asked(FakePipe):
    """A whole pipe: first the request, then as told."""

    def __init__(self, asked: object, after: int | None = None, how: str = "cancel") -> None:
        super().__init__(after, how)
        self._first: object | None = asked

    def recv(self):
        if self._first is None:
            return super().recv()
        first, self._first = self._first, None
        if isinstance(first, Exception):
            raise first
        return first


@pytest.fixture
def at_home(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """`run` changes the process that it is; here it only says so."""
    done: list[object] = []
    monkeypatch.setattr(os, "nice", done.append, raising=False)
    monkeypatch.setattr(signal, "signal", lambda *what: done.append(what))
    return done


def test_one_request_is_served_at_the_lowest_priority(
    folder: Path, weights: Path, at_home: list[object]
):
    pipe = _Asked(request(folder, weights))
    trainer.run(pipe)
    assert isinstance(pipe.sent[-1], Learned)
    assert sum(isinstance(message, Learned) for message in pipe.sent) == 1
    assert trainer.LOWEST_PRIORITY in at_home
    assert (signal.SIGINT, signal.SIG_IGN) in at_home


@pytest.mark.usefixtures("at_home")
@pytest.mark.parametrize("how", ["gone", "broken"])
def test_it_ends_with_its_pipe(folder: Path, weights: Path, how: str):
    trainer.run(_Asked(request(folder, weights), 2, how))
    assert not [path for path in folder.rglob("*") if path.name == "profile.json"]
    trainer.run(_Asked(EOFError()))
    trainer.run(_Asked(trainer.LearnCancel()))
