"""The voice as a process: it sounds or says why not, and ends with whoever started it."""

import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.voice.client import ENDED, HANGS, MOST_WAITING, VoiceProcess
from plugin.voice.records import RECORD_BYTES, Record, VoiceSays, packed, unpacked
from plugin.voice.timbres import PARTNER
from tests.plugin.sentences import assert_is_a_sentence
from tests.rig.jackd import JackServer
from tests.rig.waiting import wait_for

FAKES = Path(__file__).parents[2] / "fakes"
Start = Callable[..., tuple[VoiceProcess, list[VoiceSays]]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """A voice whose sound card is like this; closed at the end."""
    (tmp_path / "sounddevice.py").write_text((FAKES / "sounddevice_fake.py").read_text())
    with ExitStack() as closing:

        def voice(like: str, **more: str) -> tuple[VoiceProcess, list[VoiceSays]]:
            said: list[VoiceSays] = []
            path = os.pathsep.join((str(tmp_path), os.environ.get("PYTHONPATH", "")))
            environment = {**os.environ, "PYTHONPATH": path, "VOICE_FAKE": like, **more}
            process = VoiceProcess(said.append, environment=environment)
            closing.callback(process.close)
            return process, said

        yield voice


@given(st.integers(-(2**63), 2**63 - 1), st.integers(0, 255), st.binary(max_size=6))
def test_a_record_comes_back_as_it_went(due_ns: int, part: int, data: bytes) -> None:
    record = Record(due_ns, part, data)
    assert len(packed(record)) == RECORD_BYTES
    assert unpacked(packed(record)) == record


def test_a_dump_of_a_synthesizer_is_refused() -> None:
    with pytest.raises(ValueError, match="6 bytes"):
        packed(Record(0, 0, bytes(7)))


@pytest.mark.slow
def test_it_sounds_and_dies_away_when_it_is_closed(start: Start, tmp_path: Path) -> None:
    samples = tmp_path / "samples.npy"
    voice, said = start("works", VOICE_FAKE_SAMPLES=str(samples))
    wait_for(lambda: said, "the voice to be ready")
    assert said[0].ok
    assert said[0].device == "Fake output"
    assert said[0].latency_ms == pytest.approx(32)
    voice.put(time.monotonic_ns(), PARTNER, bytes((0x90, 60, 120)))
    wait_for(tmp_path.joinpath("samples.npy.heard").exists, "the note")
    voice.close()
    voice.close()
    heard = np.load(samples)
    assert np.abs(heard).max() > 0.01
    assert not heard[-256:].any()
    assert not voice.alive
    assert len(said) == 1  # it was asked to end: that is no trouble


@pytest.mark.slow
@pytest.mark.parametrize(
    ("like", "word"),
    [
        ("no library", "libportaudio2"),
        ("no device", "No sound device"),
        ("refuses", "Device unavailable"),
    ],
)
def test_what_is_missing_is_said_with_a_next_step(start: Start, like: str, word: str) -> None:
    voice, said = start(like)
    wait_for(lambda: not voice.alive and said, "the voice to give up")
    voice.close()
    assert [one.ok for one in said] == [False]
    assert word in said[0].says
    assert_is_a_sentence(said[0].says)


@pytest.mark.slow
def test_a_sound_card_that_goes_is_said(start: Start) -> None:
    _, said = start("goes")
    wait_for(lambda: len(said) == 2, "the voice to notice")
    assert not said[1].ok
    assert "has gone" in said[1].says


@pytest.mark.slow
def test_a_voice_that_ends_by_itself_is_said() -> None:
    said: list[VoiceSays] = []
    voice = VoiceProcess(said.append, command=(sys.executable, "-c", ""))
    wait_for(lambda: said, "a word")
    voice.close()
    assert said == [ENDED]


@pytest.mark.slow
def test_a_voice_that_hangs_is_ended_and_nobody_waits() -> None:
    said: list[VoiceSays] = []
    voice = VoiceProcess(said.append, command=("sleep", "60"))
    for number in range(8 * MOST_WAITING):  # more than any pipe takes
        voice.put(number, PARTNER, b"\x90\x40\x40")
    wait_for(lambda: not voice.alive, "the voice to be ended")
    voice.close()
    assert said == [HANGS]


@pytest.mark.slow
def test_it_ends_when_whoever_started_it_is_killed(tmp_path: Path) -> None:
    (tmp_path / "sounddevice.py").write_text((FAKES / "sounddevice_fake.py").read_text())
    code = (
        "import sys; from plugin.voice.client import VoiceProcess\n"
        "v = VoiceProcess(lambda said: print(v._child.pid, flush=True))\n"
        "sys.stdin.read()"
    )
    path = os.pathsep.join((str(tmp_path), os.environ.get("PYTHONPATH", "")))
    with subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path, "VOICE_FAKE": "works"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as parent:
        assert parent.stdout is not None
        voice_pid = int(parent.stdout.readline())
        parent.kill()
    wait_for(lambda: not _runs(voice_pid), "the orphan to end")


def _runs(process_id: int) -> bool:
    try:
        return Path(f"/proc/{process_id}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


@pytest.mark.slow
def test_whoever_starts_it_loads_neither_numpy_nor_a_sound_library() -> None:
    code = (
        "import sys, plugin.voice.client; "
        "print(sorted({'numpy', 'sounddevice', 'PySide6'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.realport
class TestThroughPortAudio:
    """The real library, with a JACK server that has no sound card."""

    def test_a_note_leaves_the_sound_card_the_lead_after_its_moment(
        self, jack_server: JackServer
    ) -> None:
        if importlib.util.find_spec("sounddevice") is None:  # not imported: it opens PortAudio
            pytest.skip("sounddevice is not installed (the extra `voice`)")
        said: list[VoiceSays] = []
        voice = VoiceProcess(said.append, environment={**os.environ, **jack_server.environment})
        with ExitStack() as closing:
            closing.callback(voice.close)
            wait_for(lambda: said, "the voice to be ready")
            if not said[0].ok and "PortAudio" in said[0].says:
                pytest.skip(said[0].says)
            assert said[0].ok, said[0].says
            ear = jack_server.jack.Client("ear", servername=jack_server.name)
            heard: list[np.ndarray] = []
            port = ear.inports.register("in")
            ear.set_process_callback(
                lambda frames: heard.append(np.frombuffer(port.get_buffer(), np.float32).copy())
            )
            closing.callback(ear.close)
            ear.activate()
            closing.callback(ear.deactivate)
            source = wait_for(
                lambda: [p.name for p in ear.get_ports("PortAudio", is_audio=True, is_output=True)],
                "PortAudio's ports",
            )[-1]
            ear.connect(source, port)
            wait_for(lambda: heard, "the server to run")
            assert not np.concatenate(heard).any()
            voice.put(time.monotonic_ns(), PARTNER, bytes((0x90, 60, 120)))
            wait_for(lambda: np.abs(heard[-1]).max() > 0.01, "the note")
            voice.panic()
            wait_for(lambda: not heard[-1].any(), "silence")
