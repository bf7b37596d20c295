"""What `antiphon doctor` says of a machine's MIDI systems, by names alone."""

import pytest

from plugin.backends import advice, find
from plugin.backends.advice import MAKE_LOOPBACKS, linux_systems, loopback_advice


@pytest.mark.parametrize(
    ("inputs", "outputs", "into", "out"),
    [
        (
            ["Keys", "loopMIDI Port", "loopMIDI Port 1"],
            ["Microsoft GS Wavetable Synth", "loopMIDI Port", "loopMIDI Port 1"],
            "loopMIDI Port",
            "loopMIDI Port 1",
        ),
        (
            ["Default App Loopback (A)", "Default App Loopback (B)"],
            ["Default App Loopback (A)", "Default App Loopback (B)"],
            "Default App Loopback (A)",
            "Default App Loopback (B)",
        ),
    ],
)
def test_a_pair_of_loopback_ports_is_named_ready_to_type(
    inputs: list[str], outputs: list[str], into: str, out: str
) -> None:
    says, mend = loopback_advice(inputs, outputs)
    assert f"“{into}” and “{out}”" in says
    assert mend == f'antiphon jam --in "{into}" --out "{out}"'


def test_one_loopback_port_is_not_enough() -> None:
    """What goes into it comes out of it: our own notes would be the player's."""
    says, mend = loopback_advice(["loopMIDI Port"], ["loopMIDI Port"])
    assert "only “loopMIDI Port”" in says
    assert mend == MAKE_LOOPBACKS
    says, mend = loopback_advice(["Keys"], ["Synth"])
    assert (says, mend) == ("no loopback ports", MAKE_LOOPBACKS)


def test_linux_tells_each_way_and_what_mends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(advice.sys, "platform", "linux")
    monkeypatch.setattr(find, "ALSA_SEQUENCER", "/nowhere/snd/seq")
    monkeypatch.setattr(advice.util, "find_spec", lambda name: None)
    monkeypatch.setattr(advice, "pipewire_runs", lambda: True)
    monkeypatch.setattr(advice, "pipewire_library", lambda: None)
    found = linux_systems()
    assert [(name, ok) for name, ok, _, _ in found] == [
        ("ALSA", False),
        ("JACK-Client", False),
        ("PipeWire", False),
    ]
    assert all(mend for _, _, _, mend in found)
    monkeypatch.setattr(advice, "pipewire_runs", lambda: False)
    assert len(linux_systems()) == 2
    monkeypatch.setattr(advice.sys, "platform", "win32")
    assert linux_systems() == []
