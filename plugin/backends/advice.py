"""What a machine's MIDI systems look like, for `antiphon doctor`: found by looking, told as words.

It opens nothing that would make a sound or a port, and refuses to install anything.
"""

import sys
from collections.abc import Sequence
from importlib import util

from plugin.backends.find import why_not_alsa_sequencer
from plugin.backends.jack import pipewire_library, pipewire_runs

LOOPBACKS = ("loopmidi", "app loopback", "loopbe", "loopback", "rtpmidi", "iac")
"""Parts of the names of ports that lead from one program to another."""

MAKE_LOOPBACKS = (
    "Make two ports that lead from program to program, one for each direction: with loopMIDI (the "
    "+ at the bottom, twice), or with Windows MIDI Services their “Default App Loopback (A)” and "
    "“(B)”. Name them with --in and --out. A port that does not appear comes after a restart of "
    "the MIDI service or of Windows."
)


def loopbacks(names: Sequence[str]) -> list[str]:
    """Those of these ports that lead from program to program, by their names."""
    return [name for name in names if any(part in name.casefold() for part in LOOPBACKS)]


def loopback_advice(inputs: Sequence[str], outputs: Sequence[str]) -> tuple[str, str]:
    """Where ports cannot be made: what was found, and what to do; nothing to do is "".

    What goes into a loopback's port comes out of it again, so two are needed.
    """
    into_us, out_of_us = loopbacks(inputs), loopbacks(outputs)
    pairs = [(i, o) for i in into_us for o in out_of_us if i.casefold() != o.casefold()]
    if not pairs:
        found = ", ".join(f"“{name}”" for name in dict.fromkeys([*into_us, *out_of_us]))
        return (f"of two loopback ports only {found}" if found else "no loopback ports"), (
            MAKE_LOOPBACKS
        )
    into, out = pairs[0]
    return f"loopback ports “{into}” and “{out}”", f'antiphon jam --in "{into}" --out "{out}"'


def linux_systems() -> list[tuple[str, bool, str, str]]:
    """Each way to a MIDI system of Linux: its name, whether it is ready, and what mends it."""
    if sys.platform != "linux":
        return []
    why_not = why_not_alsa_sequencer()
    found = [
        (
            "ALSA",
            not why_not,
            why_not or "its sequencer can be opened",
            "sudo modprobe snd-seq, if you want it" if why_not else "",
        )
    ]
    if util.find_spec("jack") is None:
        found.append(
            (
                "JACK-Client",
                False,
                "not installed: JACK is reached by RtMidi, whose times are those of its periods, "
                "and PipeWire not at all",
                "pip install JACK-Client",
            )
        )
    else:
        found.append(("JACK-Client", True, "installed", ""))
    if pipewire_runs():
        library = pipewire_library()
        found.append(
            (
                "PipeWire",
                library is not None,
                "runs" if library else "runs, but not its JACK library",
                "" if library else "sudo apt install pipewire-jack",
            )
        )
    return found
