"""`antiphon suggest`: what fits what was played, from the player's own takes."""

import argparse
import json
from pathlib import Path

import pytest

from engine.events import Voice
from plugin.commands import suggest
from plugin.takes import TakeWriter, library_path
from tests.plugin.sentences import assert_is_a_sentence
from tests.plugin.takes_stage import KNOWN, SECOND

MAJOR, MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    suggest.add_parser(parser.add_subparsers())
    result = suggest.run(parser.parse_args(["suggest", *words]))
    assert isinstance(result, int)
    return result


def play(writer: TakeWriter, name: str, tonic: int, scale: tuple[int, ...], step_ns: int) -> str:
    """Up and down a scale, and the same again as the answer."""
    take_id = writer.begin_take(KNOWN, model="prior", seed=7, settings={}, name=name)
    for n in range(32):
        side = Voice.PLAYER if n < 16 else Voice.PARTNER
        pitch = tonic + scale[min(n % 14, 13 - n % 14) % 7]
        writer.message(take_id, side, n * step_ns, bytes([0x90, pitch, 60 + n % 5]))
        writer.message(take_id, side, n * step_ns + step_ns // 2, bytes([0x80, pitch, 64]))
    writer.finish(take_id)
    return take_id


def play_all(*music: tuple[str, int, tuple[int, ...], int]) -> list[str]:
    writer = TakeWriter(library_path())
    ids = [play(writer, *one) for one in music]
    writer.close()
    return ids


@pytest.mark.slow
def test_what_is_like_what_was_played_comes_first(data_folder: Path, capsys) -> None:
    alike, other, now = play_all(
        ("alike", 60, MAJOR, SECOND // 4),
        ("other", 42, MINOR, SECOND),
        ("now", 60, MAJOR, SECOND // 4),
    )
    assert run("--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["take"] == now
    assert [take["id"] for take in told["takes"]] == [alike, other]
    assert 0 < len(told["styles"]) <= suggest.MOST
    # Asked from the other side, the order is not the same.
    assert run(other, "--json") == 0
    assert json.loads(capsys.readouterr().out)["take"] == other


@pytest.mark.slow
def test_words_for_people(data_folder: Path, capsys) -> None:
    play_all(("first", 60, MAJOR, SECOND // 4), ("second", 60, MAJOR, SECOND // 4))
    assert run() == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "What fits “second”:"
    assert said[1].endswith("first")
    assert said[-1].startswith("  styles: ")


def test_without_takes_there_is_a_sentence(data_folder: Path, capsys) -> None:
    assert run() == 1
    assert_is_a_sentence(capsys.readouterr().err.strip())


def test_a_take_that_is_not_there(data_folder: Path, capsys) -> None:
    play_all(("one", 60, MAJOR, SECOND // 4))
    assert run("nonsense") == 1
    assert_is_a_sentence(capsys.readouterr().err.strip())
