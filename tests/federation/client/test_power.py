"""On mains or not, as the three systems say it."""

from pathlib import Path

import pytest

from federation.client.power import of_supplies, of_windows, of_words, on_mains


def _supply(folder: Path, name: str, **files: str) -> None:
    (folder / name).mkdir()
    for file, words in files.items():
        (folder / name / file).write_text(words + "\n")


@pytest.mark.parametrize(
    ("supplies", "expected"),
    [
        ({}, True),
        ({"AC": {"type": "Mains", "online": "1"}, "BAT0": {"type": "Battery"}}, True),
        ({"AC": {"type": "Mains", "online": "0"}, "BAT0": {"type": "Battery"}}, False),
        ({"BAT0": {"type": "Battery"}}, False),
        ({"mouse": {"type": "Battery", "scope": "Device"}}, True),
        ({"BAT0": {"type": "Battery"}, "usb": {"type": "USB", "online": "1"}}, True),
    ],
)
def test_linux(tmp_path, supplies, expected):
    for name, files in supplies.items():
        _supply(tmp_path, name, **files)
    assert of_supplies(tmp_path) is expected


def test_where_nothing_can_be_asked_it_is_not_known(tmp_path):
    assert of_supplies(tmp_path / "none") is None
    assert of_windows() is None or isinstance(of_windows(), bool)
    assert on_mains() in {True, False, None}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Now drawing from 'AC Power'\n -InternalBattery-0 100%", True),
        ("Now drawing from 'Battery Power'\n -InternalBattery-0 50%", False),
        ("Now drawing from 'UPS Power'", False),
        ("", None),
    ],
)
def test_macos(said, expected):
    assert of_words(said) is expected
