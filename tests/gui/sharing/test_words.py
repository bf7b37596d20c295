"""No sentence of the command line reaches the window with a command in it."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from federation.client import places
from gui.sharing.desk import FOLDER, sentence_of
from gui.sharing.words import in_window, listed, moment
from tests.shared import REPOSITORY

CLIENT = REPOSITORY / "federation" / "client"
OF_THE_COMMAND = {"command.py", "arguments.py", "showing.py"}


def sentences() -> list[str]:
    """Every literal of the client that names a command."""
    found = []
    for path in sorted(CLIENT.glob("*.py")):
        if path.name in OF_THE_COMMAND:
            continue
        joined = re.sub(r'"\s*\n\s*f?"', "", path.read_text(encoding="utf-8"))
        found += re.findall(r'"([^"\n]*(?:`antiphon|--key)[^"\n]*)"', joined)
    return found


@pytest.mark.parametrize("says", sentences())
def test_every_next_step_is_one_of_the_window(says: str) -> None:
    shown = in_window(says)
    assert "antiphon" not in shown
    assert "`" not in shown
    assert "--" not in shown
    assert "the Sharing dock" not in shown, "a step of its own"


def test_there_are_such_sentences() -> None:
    assert len(sentences()) > 12


def test_sentences_begin_with_a_capital() -> None:
    assert in_window("Sent: 1. `antiphon share log` shows it.") == (
        "Sent: 1. The history below shows it."
    )


def test_what_is_not_known_passes() -> None:
    assert in_window("Sharing is switched off by X: unset it.") == (
        "Sharing is switched off by X: unset it."
    )


def test_moments_and_lists() -> None:
    now = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
    assert moment("2026-05-04T11:58:00+00:00", now) == "2 min ago, 11:58"
    assert moment("some day", now) == "some day"
    assert listed(("a", "b", "c")) == "a, b and c"
    assert listed(("a",)) == "a"
    assert listed(()) == ""


def test_troubles_are_sentences_with_a_next_step(expected) -> None:
    assert "which is fine" in sentence_of(ImportError("httpx"))
    assert "free some space" in sentence_of(OSError(28, "No space left on device"))
    expected("unexpected in sharing")
    assert "nothing more was done" in sentence_of(KeyError("x"))


def test_the_folder_is_the_clients(tmp_path: Path) -> None:
    assert places.Places(tmp_path).root == tmp_path / FOLDER
