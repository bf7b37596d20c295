"""The MIDI systems that RtMidi reaches, as data: how they name ports and what to do without them.

It refuses to know which of them this machine has: that is `plugin.backends.find`.
"""

from typing import NamedTuple


class MidiSystem(NamedTuple):
    """One MIDI system.

    api: its name for people.
    constant: its name in the library rtmidi.
    number: pattern of the number that RtMidi appends to the names of its ports, "" for none.
    keeps_numbers: whether that number stays the same as long as the port exists.
    has_virtual_ports: whether a program can make ports of its own.
    missing: a sentence and a next step for when it does not answer.
    """

    api: str
    constant: str
    number: str
    keeps_numbers: bool
    has_virtual_ports: bool
    missing: str


SYSTEMS = {
    system.api: system
    for system in (
        MidiSystem(
            api="ALSA",
            constant="API_LINUX_ALSA",
            number=r" \d+:\d+$",  # client and port
            keeps_numbers=True,
            has_virtual_ports=True,
            missing="ALSA's sequencer cannot be used. Load it (sudo modprobe snd-seq), then try "
            "again.",
        ),
        MidiSystem(
            api="JACK",
            constant="API_UNIX_JACK",
            number="",
            keeps_numbers=True,
            has_virtual_ports=True,
            missing="No JACK server answers. Start JACK (for example with QjackCtl), then try "
            "again.",
        ),
        MidiSystem(
            api="CoreMIDI",
            constant="API_MACOSX_CORE",
            number="",
            keeps_numbers=True,
            has_virtual_ports=True,
            missing="CoreMIDI does not answer. Restart the Mac, then try again.",
        ),
        MidiSystem(
            api="Windows MM",
            constant="API_WINDOWS_MM",
            number=r" \d+$",  # place in the list: it moves when another port goes
            keeps_numbers=False,
            has_virtual_ports=False,
            missing="Windows gives no MIDI. Restart its MIDI service or Windows, then try again.",
        ),
    )
}
