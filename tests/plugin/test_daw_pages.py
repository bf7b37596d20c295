"""The pages and scripts for DAWs (CMD-4): their form, and the scripts as far as they can be run."""

import ast
import importlib.util
import json
import re
import shutil
import subprocess
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from plugin import cli
from plugin.commands.daw import FOLDER, SCRIPTS, pages
from tests.fakes.daws import BITWIG, REAPER

TRIED = {"ardour"}
POINTS = ["Ports", "Your track", "The partner's track", "Clock", "No loop"]
DAWS = ["ableton-live", "ardour", "bitwig", "cubase", "fl-studio", "logic", "reaper"]


def program(*names: str) -> str:
    """The first of these programs that is here; without any the test is skipped."""
    for name in names:
        if found := shutil.which(name):
            return found
    pytest.skip(f"{names[0]} is not installed")


def test_there_is_a_page_for_each() -> None:
    assert list(pages()) == DAWS


@pytest.mark.parametrize("name", DAWS)
class TestAPage:
    """What a player finds on every page."""

    def test_says_at_its_top_whether_it_was_tried(self, name: str) -> None:
        lines = pages()[name].read_text(encoding="utf-8").splitlines()
        assert lines[0].startswith("# ")
        mark = "> **Tried**: " if name in TRIED else "> **Not tried**: "
        assert lines[2].startswith(mark)

    def test_has_its_sections_and_the_five_lines(self, name: str) -> None:
        text = pages()[name].read_text(encoding="utf-8")
        sections = re.findall(r"^## (.+)$", text, re.M)
        script = ["Script"] if name in SCRIPTS else []
        assert sections == ["What to choose", "On Windows", *script, "Sources"]
        assert re.findall(r"^(\d)\. \*\*(.+?)\*\*: .+$", text, re.M) == [
            (str(number), point) for number, point in enumerate(POINTS, 1)
        ]
        assert "`Antiphon In`" in text
        assert "`Antiphon Out`" in text
        assert re.search(r"^- \[.+\]\(https?://.+\)", text.partition("## Sources")[2], re.M)

    def test_names_its_script(self, name: str) -> None:
        text = pages()[name].read_text(encoding="utf-8")
        for script in SCRIPTS.values():
            assert (f"`{script}`" in text) == (SCRIPTS.get(name) == script)


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_a_script_that_was_not_tried_says_so_at_its_top(name: str) -> None:
    head = "\n".join((FOLDER / SCRIPTS[name]).read_text(encoding="utf-8").splitlines()[:14])
    assert ("NOT TRIED" in head) == (name not in TRIED)
    assert ("Tried: Ardour" in head) == (name in TRIED)


def test_no_file_lies_there_unnamed() -> None:
    known = {page.name for page in pages().values()} | set(SCRIPTS.values()) | {"README.md"}
    assert {path.name for path in FOLDER.iterdir() if path.is_file()} == known


# ------------------------------------------------------------------------------------ the scripts


@pytest.mark.parametrize("script", ["ardour.lua", "reaper.lua"])
def test_lua_parses(script: str) -> None:
    done = subprocess.run(
        [program("luac5.3", "luac5.4", "luac"), "-p", FOLDER / script],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""


def test_the_script_for_live_is_older_than_our_python() -> None:
    ast.parse((FOLDER / "ableton_live.py").read_text(encoding="utf-8"), feature_version=(3, 7))


class TestReaper:
    """`reaper.lua` against a REAPER of forty lines, which knows the API's own numbers."""

    def run(self, inputs: str, outputs: str) -> list[str]:
        done = subprocess.run(
            [program("lua5.3", "lua5.4", "lua"), "-", FOLDER / "reaper.lua", inputs, outputs],
            input=REAPER,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stderr == ""
        return done.stdout.splitlines()

    def test_it_makes_both_tracks_once(self) -> None:
        said = self.run("Keys,Antiphon Out", "Synth,Drums,Antiphon In")
        player, partner = 4096 + 32 * 62, 4096 + 32 * 1
        assert said[:2] == [
            f"Player I_MIDIHWOUT=64 I_RECARM=1 I_RECINPUT={player} I_RECMODE=0 I_RECMON=1",
            f"Partner I_MIDIHWOUT=-1 I_RECARM=1 I_RECINPUT={partner} I_RECMODE=0 I_RECMON=1",
        ]
        # The second time: the same two tracks.
        assert said[2:] == said[:2]

    def test_it_says_what_is_missing(self) -> None:
        said = self.run("Keys", "Synth")
        assert len(said) == 2
        assert all("run `antiphon jam` in a terminal" in line for line in said)


class TestBitwig:
    """`bitwig.control.js` against a Bitwig of fifty lines."""

    def test_it_parses_listens_sends_the_clock_and_makes_the_tracks_once(self) -> None:
        done = subprocess.run(
            [program("node"), "-", FOLDER / "bitwig.control.js"],
            input=BITWIG,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stderr == ""
        assert json.loads(done.stdout) == {
            "ports": [1, 1],
            "pair": [["Antiphon Out"], ["Antiphon In"]],
            "inputs": ["Antiphon"],
            "clock": True,
            "tracks": ["Drums", "Player", "Partner"],
        }


class TestLive:
    """`ableton_live.py` against a Live of plain objects."""

    @pytest.fixture
    def script(self) -> ModuleType:
        spec = importlib.util.spec_from_file_location(
            "antiphon_live", FOLDER / SCRIPTS["ableton-live"]
        )
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    def live(self, ports: list[str]) -> Any:
        """A Live with one track, whose MIDI ports have these names."""

        def choices(*names: str) -> list[SimpleNamespace]:
            return [SimpleNamespace(display_name=name) for name in names]

        def track(name: str) -> SimpleNamespace:
            return SimpleNamespace(
                name=name,
                has_audio_output=False,
                can_be_armed=True,
                arm=False,
                available_input_routing_types=choices("All Ins", *ports),
                available_output_routing_types=choices("No Output", *ports),
            )

        song = SimpleNamespace(tracks=[track("Drums")])
        song.create_midi_track = lambda at: song.tracks.append(track(""))
        said: list[str] = []
        return SimpleNamespace(song=lambda: song, show_message=said.append, said=said, at=song)

    def test_it_makes_both_tracks_once(self, script: ModuleType) -> None:
        live = self.live(["Keys", "Antiphon In", "Antiphon Out (Port 1)"])
        for _ in range(2):
            surface = script.create_instance(live)
            surface.update_display()
            surface.update_display()
        drums, player, partner = live.at.tracks
        assert not hasattr(drums, "output_routing_type")
        assert player.name == "Player"
        assert player.output_routing_type.display_name == "Antiphon In"
        assert partner.name == "Partner"
        assert partner.input_routing_type.display_name == "Antiphon Out (Port 1)"
        assert partner.output_routing_type.display_name == "No Output"
        assert player.arm
        assert partner.arm
        assert len(live.said) == 2
        assert "choose your keyboard" in live.said[0]

    def test_it_says_what_is_missing(self, script: ModuleType) -> None:
        live = self.live(["Keys"])
        script.create_instance(live).update_display()
        assert "Run antiphon jam" in live.said[0]


# ------------------------------------------------------------------------------------ the command


class TestTheCommand:
    """`antiphon daw`."""

    def test_lists_them_and_marks_what_was_not_tried(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert cli.main(["daw"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert [line.split()[0] for line in lines[:-1]] == DAWS
        assert [line.split()[0] for line in lines[:-1] if "not tried" not in line] == ["ardour"]

    @pytest.mark.parametrize("words", ["fl-studio", "FL Studio", "fl", "studio"])
    def test_prints_a_page(self, words: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert cli.main(["daw", words]) == 0
        assert capsys.readouterr().out == pages()["fl-studio"].read_text(encoding="utf-8")

    def test_tells_where_the_script_is(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert cli.main(["daw", "live"]) == 0
        path = Path(capsys.readouterr().out.splitlines()[-1].partition(": ")[2])
        assert path == FOLDER / "ableton_live.py"
        assert path.is_file()

    @pytest.mark.parametrize(("words", "names"), [("garageband", DAWS), ("", DAWS)])
    def test_a_name_that_it_does_not_know(
        self, words: str, names: list[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert cli.main(["daw", words]) == 1
        error = capsys.readouterr().err
        assert error.endswith(f"Name one of these: {', '.join(names)}.\n")

    def test_a_name_that_fits_several(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert cli.main(["daw", "re"]) == 0  # REAPER alone begins or goes on so
        assert cli.main(["daw", "a"]) == 1
        assert "fits more than one page" in capsys.readouterr().err

    def test_json(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert cli.main(["daw", "--json"]) == 0
        daws = json.loads(capsys.readouterr().out)["daws"]
        assert [daw["name"] for daw in daws if daw["tried"]] == ["ardour"]
        assert cli.main(["daw", "cubase", "--json"]) == 0
        page = json.loads(capsys.readouterr().out)
        assert (page["title"], page["script"]) == ("Cubase", None)
        assert page["text"].startswith("# Cubase\n")
