"""What only the RtMidi backend has: systems that are missing, odd, or dead.

The systems that this machine lacks are stood in for by a fake of the library, as small as what the
backend uses of it. What all backends share is in tests/contracts.
"""

import errno
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from plugin.backends import find
from plugin.backends.find import find_backend
from plugin.backends.jack_pulse import JackPulse, Ring
from plugin.backends.quiet import quiet_stderr
from plugin.ports import PortError

NOTE_ON = bytes([0x90, 60, 100])


class FakeLibrary(ModuleType):
    """The library `rtmidi` with one MIDI system, whose ports are the two lists."""

    API_UNSPECIFIED, API_MACOSX_CORE, API_LINUX_ALSA, API_UNIX_JACK, API_WINDOWS_MM = range(5)

    class RtMidiError(Exception):
        pass

    def __init__(self, *compiled: int) -> None:
        super().__init__("rtmidi")
        self.compiled = compiled
        self.readable: list[str] = []
        self.writable: list[str] = []
        self.sent: list[Any] = []
        self.to_get: list[Any] = []
        self.objects = 0
        self.broken = False

    def MidiIn(self, code: int, name: str, queue_size_limit: int) -> "FakeObject":  # noqa: N802
        assert queue_size_limit >= 8192
        return FakeObject(self, code, name, self.readable, self.writable)

    def MidiOut(self, code: int, name: str) -> "FakeObject":  # noqa: N802
        return FakeObject(self, code, name, self.writable, self.readable)


class FakeObject:
    """MidiIn and MidiOut alike: `listed` is what it can open, `made` where its own ports appear."""

    def __init__(
        self, library: FakeLibrary, code: int, name: str, listed: list[str], made: list[str]
    ) -> None:
        self.module, self.name, self.listed, self.made = library, name, listed, made
        self.code = code if code in library.compiled else library.compiled[0]
        self.number = 128 + library.objects
        library.objects += 1
        self.own = ""

    def get_current_api(self) -> int:
        return self.code

    def get_ports(self) -> list[str]:
        return list(self.listed)

    def ignore_types(self, sysex: bool, timing: bool, active_sense: bool) -> None:
        self.ignored = (sysex, timing, active_sense)

    def open_virtual_port(self, name: str) -> None:
        self.own = f"{self.name}:{name} {self.number}:0"
        self.made.append(self.own)

    def open_port(self, index: int, name: str) -> None:
        if self.module.broken:
            raise FakeLibrary.RtMidiError("error creating Windows MM MIDI input port")
        self.opened = self.listed[index]

    def send_message(self, message: bytes) -> None:
        if self.module.broken:
            raise FakeLibrary.RtMidiError("error sending")
        self.module.sent.append(message)

    def get_message(self) -> Any:
        return self.module.to_get.pop(0) if self.module.to_get else None

    def close_port(self) -> None:
        pass

    def delete(self) -> None:
        self.module.objects -= 1
        if self.own:
            self.made.remove(self.own)


def use(monkeypatch: pytest.MonkeyPatch, library: FakeLibrary) -> FakeLibrary:
    monkeypatch.setitem(sys.modules, "rtmidi", library)
    return library


@pytest.fixture
def alsa(monkeypatch: pytest.MonkeyPatch) -> FakeLibrary:
    library = use(monkeypatch, FakeLibrary(FakeLibrary.API_LINUX_ALSA, FakeLibrary.API_UNIX_JACK))
    library.readable += ["Midi Through:Midi Through Port-0 14:0", "Keys:Keys MIDI 1 20:0"]
    library.writable += ["Midi Through:Midi Through Port-0 14:0"]
    return library


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> FakeLibrary:
    library = use(monkeypatch, FakeLibrary(FakeLibrary.API_WINDOWS_MM))
    library.readable += ["Keys 0", "loopMIDI Port 1"]
    library.writable += ["Microsoft GS Wavetable Synth 0", "loopMIDI Port 1"]
    return library


# ------------------------------------------------------------------- which system, and if none


@pytest.mark.parametrize(
    ("reason", "next_step"),
    [
        ("libasound.so.2: cannot open shared object file", "apt install libasound2"),
        ("No module named 'rtmidi'", "pip install python-rtmidi"),
    ],
)
def test_a_library_that_cannot_be_loaded_is_a_sentence_with_a_next_step(
    monkeypatch: pytest.MonkeyPatch, reason: str, next_step: str
) -> None:
    class Refusing:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "rtmidi":
                raise ImportError(reason)

    monkeypatch.delitem(sys.modules, "rtmidi", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Refusing(), *sys.meta_path])
    with pytest.raises(PortError) as error:
        find_backend()
    assert next_step in str(error.value)


def test_no_system_at_all_is_a_quiet_sentence_that_names_both(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("rtmidi", exc_type=ImportError)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(find, "ALSA_SEQUENCER", "/nowhere/snd/seq")
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "antiphon-no-such-server")
    with pytest.raises(PortError) as error:
        find_backend()
    text = str(error.value)
    assert text.startswith("No MIDI system was found: ALSA's /nowhere/snd/seq is missing")
    assert "No JACK server answers. Start JACK" in text
    assert capfd.readouterr() == ("", "")


def test_a_sequencer_that_may_not_be_opened_is_told_from_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    library = use(monkeypatch, FakeLibrary(FakeLibrary.API_LINUX_ALSA))
    monkeypatch.setattr(sys, "platform", "linux")

    really_open = os.open

    def open_or_refuse(path: str, flags: int) -> int:
        if path == find.ALSA_SEQUENCER:
            raise PermissionError(errno.EACCES, "Permission denied")
        return really_open(path, flags)

    monkeypatch.setattr(os, "open", open_or_refuse)
    with pytest.raises(PortError, match="are you in the group audio"):
        find_backend()
    assert library.objects == 0


@pytest.mark.parametrize(
    ("platform", "api"), [("linux", "ALSA"), ("darwin", "CoreMIDI"), ("win32", "Windows MM")]
)
def test_every_platform_has_its_system(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, platform: str, api: str
) -> None:
    use(monkeypatch, FakeLibrary(*range(5)))
    sequencer = tmp_path / "seq"
    sequencer.touch()
    monkeypatch.setattr(find, "ALSA_SEQUENCER", str(sequencer))
    monkeypatch.setattr(sys, "platform", platform)
    backend = find_backend()
    assert backend.api == api
    assert backend.has_virtual_ports == (platform != "win32")


def test_a_system_that_was_not_compiled_in_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    library = use(monkeypatch, FakeLibrary(FakeLibrary.API_LINUX_ALSA))
    with pytest.raises(PortError, match="built without CoreMIDI"):
        find_backend("CoreMIDI")
    assert library.objects == 0


def test_a_system_nobody_knows_is_refused() -> None:
    with pytest.raises(PortError, match='no MIDI system "OSS"'):
        find_backend("OSS")


# --------------------------------------------------------------------------- ALSA and Windows


def test_alsa_lists_our_ports_under_our_name(alsa: FakeLibrary) -> None:
    backend = find_backend("ALSA")
    port = backend.open_output("Antiphon Out", virtual=True)
    assert port.name == "Antiphon Out"
    assert [name for name in alsa.readable if name.startswith("Antiphon:Antiphon Out ")]
    assert backend.inputs() == ["Midi Through:Midi Through Port-0", "Keys:Keys MIDI 1"]
    assert port.alive()
    backend.close()
    assert alsa.objects == 0


def test_alsa_client_numbers_are_not_part_of_a_name(alsa: FakeLibrary) -> None:
    backend = find_backend("ALSA")
    alsa.readable[1] = "Keys:Keys MIDI 1 24:0"
    for typed in ("keys", "Keys:Keys MIDI 1", "Keys:Keys MIDI 1 20:0"):
        assert backend.open_input(typed, virtual=False).name == "Keys:Keys MIDI 1"


def test_an_alsa_instrument_that_comes_back_is_another_one(alsa: FakeLibrary) -> None:
    port = find_backend("ALSA").open_input("keys", virtual=False)
    alsa.readable[1] = "Keys:Keys MIDI 1 24:0"
    assert not port.alive()


def test_windows_makes_no_ports_and_says_what_to_do(windows: FakeLibrary) -> None:
    backend = find_backend("Windows MM")
    with pytest.raises(PortError, match="Make two loopback ports"):
        backend.open_input("Antiphon In", virtual=True)
    assert backend.open_input("loopmidi", virtual=False).name == "loopMIDI Port"


def test_a_windows_port_lives_on_when_its_index_moves(windows: FakeLibrary) -> None:
    port = find_backend("Windows MM").open_input("loopmidi", virtual=False)
    windows.readable[:] = ["loopMIDI Port 0"]
    assert port.alive()
    windows.readable[:] = ["Keys 0"]
    assert not port.alive()


def test_a_port_that_another_program_holds_is_an_error(windows: FakeLibrary) -> None:
    backend = find_backend("Windows MM")
    windows.broken = True
    with pytest.raises(PortError, match="another program may hold it"):
        backend.open_input("keys", virtual=False)
    backend.close()
    assert windows.objects == 0


def test_a_send_that_fails_means_that_the_port_has_gone(alsa: FakeLibrary) -> None:
    port = find_backend("ALSA").open_output("Antiphon Out", virtual=True)
    port.send(NOTE_ON)
    alsa.broken = True
    with pytest.raises(PortError):
        port.send(NOTE_ON)
    alsa.broken = False
    with pytest.raises(PortError):
        port.send(NOTE_ON)
    assert not port.alive()
    assert alsa.sent == [NOTE_ON]


def test_what_is_no_message_is_skipped(alsa: FakeLibrary) -> None:
    port = find_backend("ALSA").open_input("Antiphon In", virtual=True)
    garbage: list[list[int]] = [[], [60, 1], [0x90, 60], [0xF0, 0x90, 60, 1, 0xF7], [0xFD]]
    alsa.to_get += [(bytes_, 0.0) for bytes_ in [*garbage, list(NOTE_ON)]]
    assert port.poll() == NOTE_ON
    assert port.poll() is None


# ------------------------------------------------------------------------------ standard error


def test_stderr_is_quiet_within_and_back_after_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    os.write(2, b"before ")
    with pytest.raises(OSError, match="of the library"), quiet_stderr(), quiet_stderr():  # noqa: PT012
        os.write(2, b"within ")
        raise OSError("of the library")
    os.write(2, b"after")
    assert capfd.readouterr().err == "before after"


# ------------------------------------------------------------------------------- RtMidi's ring


class FakePulse(JackPulse):
    """A JACK client whose cycles a test counts."""

    def __init__(self) -> None:
        self.cycles, self.has_ended, self.waits = 0, False, 0

    def ended(self) -> bool:
        return self.has_ended

    def mark(self) -> dict[int, int]:
        return {1: self.cycles}

    def cycles_since(self, mark: dict[int, int]) -> int:
        return self.cycles - mark[1]

    def wait_for_cycles(self, mark: dict[int, int], cycles: int) -> bool:
        self.waits += 1
        return self.cycles_since(mark) >= cycles


@pytest.mark.parametrize("message_bytes", [1, 3, 300, 4096])
def test_a_stopped_ring_is_never_overfilled(message_bytes: int) -> None:
    ring, taken_bytes = Ring(FakePulse()), 0
    while ring.take(message_bytes):
        taken_bytes += message_bytes + 4
    assert 8000 < taken_bytes < 16_383


def test_a_ring_that_is_emptied_takes_on_and_does_not_wait() -> None:
    pulse = FakePulse()
    ring = Ring(pulse)
    for count in range(10_000):
        assert ring.take(3)
        pulse.cycles += count % 100 == 0
    pulse.has_ended = True
    assert not ring.take(3)
