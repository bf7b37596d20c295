"""What a stranger relies on: a true file tree, a README in every folder, small modules."""

import re
from pathlib import PurePosixPath

import pytest

from tests.shared import REPOSITORY
from tools import filetree

FILES = filetree.tracked_files()
PYTHON = [path for path in FILES if path.suffix == ".py"]
MOST_LINES = 400

# Written in pieces, so that this file does not contain what it forbids.
MACHINE_PATH = re.compile(r"(?<![\w.)}-])/" + r"(?:work/|root/|tmp/research)")


def test_the_tree_in_the_readme_is_true():
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    assert filetree.current_block(readme) == filetree.block(), "stale: run `make tree`"


def test_every_folder_with_code_has_a_readme():
    folders = {path.parent for path in PYTHON}
    assert [str(folder) for folder in sorted(folders) if folder / "README.md" not in FILES] == []


def test_what_a_readme_says_to_run_or_read_exists():
    missing = []
    for readme in (path for path in FILES if path.name == "README.md"):
        text = (REPOSITORY / readme).read_text(encoding="utf-8")
        named = re.findall(r"`([a-z_/]+\.(?:py|md|sh))`", text)
        named += re.findall(r"pytest (tests[\w/.]*\w)", text)
        here = (REPOSITORY / readme).parent
        missing += [
            f"{readme}: {name}"
            for name in named
            if not (here / name).exists() and not (REPOSITORY / name).exists()
        ]
    assert missing == []


def test_modules_stay_small():
    long = {
        str(path): lines
        for path in PYTHON
        if (lines := len((REPOSITORY / path).read_text(encoding="utf-8").splitlines())) > MOST_LINES
    }
    assert long == {}, f"more than {MOST_LINES} lines: split by what a reader looks for"


def test_nothing_names_one_machines_folders():
    named = []
    for path in FILES:
        try:
            text = (REPOSITORY / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture, weights, a MIDI file
        named += [
            f"{path}:{number}"
            for number, line in enumerate(text.splitlines(), 1)
            if MACHINE_PATH.search(line)
        ]
    assert named == []


def test_no_compiled_or_run_output_is_tracked():
    assert [
        str(path) for path in FILES if path.suffix in {".pyc", ".so"} or "runs" in path.parts
    ] == []


@pytest.mark.parametrize("words", ["", "no markers here", filetree.START])
def test_a_readme_without_markers_is_told_so(words: str):
    with pytest.raises(ValueError, match="has no tree"):
        filetree.current_block(words)


def test_a_folders_line_is_its_title(tmp_path):
    (tmp_path / "README.md").write_text("# thing: what it is for.\n\nMore words.\n")
    assert filetree.folder_line(tmp_path) == "what it is for"
    assert filetree.folder_line(tmp_path / "absent") == ""


def test_own_files_are_listed():
    assert PurePosixPath("tools/filetree.py") in FILES
