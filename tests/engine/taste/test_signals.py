"""Signals are plain values that every process can import."""

import subprocess
import sys

import pytest

from engine.taste.signals import Kind, Signal


def test_signals_cost_no_numpy():
    code = (
        "import sys; import engine.taste.signals; "
        "print([m for m in ('numpy', 'torch', 'engine.taste.model') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize("played", [-0.01, 1.01, float("nan"), float("inf")])
def test_a_share_that_is_none_is_a_sentence(played):
    with pytest.raises(ValueError, match=r"is no share of an answer; give one between"):
        Signal(Kind.INTERRUPT, played=played)


def test_kinds_are_read_back_from_their_names():
    assert [Kind(str(kind)) for kind in Kind] == list(Kind)
    assert Signal(Kind.STAR) == Signal(Kind("star"), 1.0)
