"""Backbones side by side: the same notes for all, one line each."""

import json
from pathlib import Path

import pytest

from engine.evaluate import backbones, command
from tests.engine.music import tune, write_folder
from tests.fakes import tiny_prior

pytestmark = pytest.mark.slow


def test_every_backbone_gets_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(backbones, "LONG", 4000)
    monkeypatch.setattr(backbones, "_QUICK_PASSAGES", 3)
    tunes = [tune(f"t{n}", seed=n, count=300, split="test") for n in range(3)]
    data = write_folder(tmp_path / "data", tunes)
    weights = [
        str(tiny_prior.write(tmp_path / f"{name}.safetensors", shape=shape))
        for name, shape in tiny_prior.BACKBONES.items()
    ]
    words = ["backbones", "--data", str(data), "--quick", "--weights", *weights]
    assert command.main([*words, "--json"]) == 0
    lines = json.loads(capsys.readouterr().out)["backbones"]
    assert [line["backbone"] for line in lines] == list(tiny_prior.BACKBONES)
    for line in lines:
        bits = line["bits_per_note"]
        fields = ("onset", "pitch", "duration", "velocity", "voice")
        assert bits["total"] == pytest.approx(sum(bits[name] for name in fields), abs=1e-6)
        assert set(line["prompt_gain_bits"]) == {"8", "32", "128"}
        assert line["state_bytes"] > 0
        # The tiny transformer sees 16 notes back: 256 are as good as 400.
        long = line["long_session"]
        if line["backbone"] == "transformer":
            assert long["bits_per_note_at_its_end"] == pytest.approx(
                long["bits_per_note_after_256_notes"], abs=0.05
            )
    assert command.main(words) == 0
    assert "lstm" in capsys.readouterr().out
