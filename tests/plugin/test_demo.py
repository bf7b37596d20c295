"""JAM-13: the demo, whole and in real time, with the shipped weights."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.smf.song import read_midi
from engine.weights import __file__ as weights_file
from plugin.commands.jam import DEMO_PHRASE
from plugin.files import DATA_VARIABLE
from plugin.takes import TakeLibrary, library_path
from tests.shared import REPOSITORY

WEIGHTS = Path(weights_file).with_name("prior.safetensors")
SEED = 3

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not WEIGHTS.exists(), reason="the weights are not here; see engine/weights"),
]


class Demo:
    """`antiphon demo` in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data = folder / "here", folder / "data"
        self.folder.mkdir(parents=True)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "plugin", "demo", "--seed", str(SEED), "--json"],
            cwd=self.folder,
            env={
                **os.environ,
                "PYTHONPATH": str(REPOSITORY),
                DATA_VARIABLE: str(self.data),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def finish(self) -> None:
        self.out, self.err = self._process.communicate(timeout=110)
        self.code = self._process.returncode


@pytest.fixture(scope="module")
def demos(tmp_path_factory: pytest.TempPathFactory) -> list[Demo]:
    """Two of them at a time: they last as long as the music does."""
    found = [Demo(tmp_path_factory.mktemp("demo")) for _ in range(2)]
    for demo in found:
        demo.finish()
    return found


def test_it_does_its_work(demos: list[Demo]) -> None:
    for demo in demos:
        assert demo.code == 0, demo.err
        assert "Traceback" not in demo.err
        assert "partner comes in" in demo.err


def test_the_report_has_the_promised_fields(demos: list[Demo]) -> None:
    phrase = read_midi(DEMO_PHRASE)
    for demo in demos:
        report = json.loads(demo.out)
        assert report["heard_notes"] == len(phrase.notes)
        assert report["answer_notes"] >= 1
        assert report["stuck_notes"] == 0
        assert report["seed"] == SEED
        assert report["model"]
        assert report["late_notes"] >= 0
        assert report["first_note_lateness_ms"] >= 0
        assert report["handover_gap_ms"] > 0
        assert report["midi"] == str(demo.folder / "jam.mid")
        assert report["picture"] == str(demo.folder / "jam.png")


def test_the_file_holds_both_parts(demos: list[Demo]) -> None:
    phrase = read_midi(DEMO_PHRASE)
    for demo in demos:
        report = json.loads(demo.out)
        song = read_midi(demo.folder / "jam.mid")
        assert song.warnings == ()
        assert song.format == 1
        assert song.ticks_per_beat == 480
        assert song.timebase() == phrase.timebase()
        sizes = {track.name: track.notes for track in song.tracks}
        assert sizes["Player"] == report["heard_notes"]
        assert sizes["Partner"] == report["answer_notes"]
        player = [note.pitch for note in song.notes if note.track == 1]
        assert sorted(player) == sorted(note.pitch for note in phrase.notes)
        # The answer follows the phrase: not one of its notes begins before the last release.
        last_release = max(n.onset_tick + n.duration_ticks for n in song.notes if n.track == 1)
        assert all(n.onset_tick > last_release for n in song.notes if n.track == 2)


def test_the_picture_is_one(demos: list[Demo]) -> None:
    for demo in demos:
        content = (demo.folder / "jam.png").read_bytes()
        assert content.startswith(b"\x89PNG\r\n\x1a\n")
        assert len(content) > 10_000


def test_the_take_is_in_the_library(demos: list[Demo]) -> None:
    for demo in demos:
        report = json.loads(demo.out)
        with TakeLibrary(library_path(demo.data)) as library:
            takes = library.list_takes()
        assert [take.id for take in takes] == [report["take_id"]]
        assert takes[0].finished
        assert takes[0].heard_notes == report["heard_notes"]
        assert takes[0].answer_notes == report["answer_notes"]
        assert takes[0].model == report["model"]


def test_one_seed_asks_the_same(demos: list[Demo]) -> None:
    """The clock jitters, so the answers may differ; what does not hang on time may not."""
    seeds = []
    for demo in demos:
        with TakeLibrary(library_path(demo.data)) as library:
            take = library.list_takes()[0]
        settings = take.as_json()["settings"]
        assert isinstance(settings, dict)
        seeds.append((take.seed, settings["session_seed"], settings["answer"]))
    assert seeds[0] == seeds[1]
    assert seeds[0][1:] == (SEED, 1)
