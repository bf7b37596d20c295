"""`antiphon styles` lists what can be asked for."""

import json
from pathlib import Path

import pytest

from engine import styles_command
from tests.fakes import tiny_prior


def test_the_styles_of_the_weights_are_listed(tmp_path: Path, capsys: pytest.CaptureFixture):
    weights = str(tiny_prior.write(tmp_path / "tiny.safetensors"))
    assert styles_command.main(["--weights", weights]) == 0
    assert capsys.readouterr().out.split() == list(tiny_prior.STYLES.names)
    assert styles_command.main(["--weights", weights, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == list(tiny_prior.STYLES.names)


def test_weights_that_are_none_are_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture):
    (tmp_path / "noise").write_bytes(b"noise" * 50)
    assert styles_command.main(["--weights", str(tmp_path / "noise")]) == 1
    assert "damaged" in capsys.readouterr().err
