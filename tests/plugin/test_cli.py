"""The command line (CMD-1, CMD-2): exit codes, sentences, one JSON value."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import psutil
import pytest

from plugin import cli, compose
from plugin.backends.memory import MemoryBackend
from plugin.commands import doctor
from plugin.ports import PortError
from plugin.running import announced
from plugin.signals import heeded
from plugin.takes import TakeLibrary, library_path
from tests.rig.waiting import wait_for
from tests.shared import REPOSITORY

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in this process: exit code, standard output, standard error."""

    def run_one(*words: object) -> tuple[int, str, str]:
        try:
            code = cli.main([str(word) for word in words])
        except SystemExit as ended:  # argparse: wrong usage
            code = int(ended.code or 0)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run_one


@pytest.fixture
def no_midi(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_here(api: str | None = None) -> None:
        raise PortError("There is no MIDI system here. Start one.")

    monkeypatch.setattr(compose, "system_backend", none_here)


@pytest.fixture
def studio(monkeypatch: pytest.MonkeyPatch) -> MemoryBackend:
    """A machine whose MIDI system is in memory; the other program on it."""
    other = MemoryBackend()
    monkeypatch.setattr(compose, "system_backend", lambda api=None: MemoryBackend(other.hub))
    return other


def gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def assert_sentence(err: str) -> None:
    assert "Traceback" not in err
    assert err.strip()
    assert err.strip()[0].isupper() or err.strip()[0] == "“"
    assert err.strip().count("\n") == 0


# ------------------------------------------------------------------------------------ wrong usage


def test_help_shows_its_commands(run: Run) -> None:
    code, out, _ = run("--help")
    assert code == 0
    for command in ("jam", "demo", "ports", "panic", "doctor", "version", "takes", "train"):
        assert command in out


def test_without_words_it_opens_the_window(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[list[str]] = []
    point = metadata.EntryPoint("app", "somewhere:main", cli.GROUP)
    monkeypatch.setattr(metadata, "entry_points", lambda group: [point])
    monkeypatch.setattr(
        metadata.EntryPoint, "load", lambda point: lambda words: opened.append(words) or 0
    )
    assert run() == (0, "", "")
    assert opened == [[]]


def test_without_a_window_in_the_package_it_shows_its_commands(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metadata, "entry_points", lambda group: [])
    code, out, _ = run()
    assert code == 2
    assert "jam" in out


def test_without_a_screen_the_window_says_so_and_tells_of_the_terminal(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    code, out, err = run("app")
    assert (code, out) == (1, "")
    assert_sentence(err)
    assert "antiphon jam" in err


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"],
        ["jam", "--nonsense"],
        ["jam", "--tempo", "fast"],
        ["jam", "--tempo", "0"],
        ["jam", "--tempo", "nan"],
        ["jam", "--tempo", "401"],
        ["jam", "--tempo", "100", "--meter", "4/3"],
        ["jam", "--tempo", "100", "--meter", "0/4"],
        ["jam", "--tempo", "100", "--meter", "-4/-4"],
        ["jam", "--tempo", "100", "--meter", "99/1"],
        ["jam", "--way", "dance"],
        ["jam", "--bars", "3"],
        ["jam", "--say", "panic"],
        ["jam", "--file", "a.mid", "--in", "Keys"],
        ["jam", "--seed", "x"],
        ["demo", "--tempo", "100"],
        ["takes"],
    ],
)
def test_wrong_usage_is_2_and_touches_nothing(
    run: Run, words: list[str], data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compose, "system_backend", None)
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert "Traceback" not in err
    assert "_tempo" not in err
    assert "_meter" not in err
    assert list(data_folder.iterdir()) == []


# --------------------------------------------------------------------------- what cannot be done


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("missing.mid", None, "There is no file “missing.mid”"),
        ("folder.mid", "folder", "is a folder"),
        ("garbage.mid", b"\x00\x01garbage" * 20, "“garbage.mid”"),
        ("empty.mid", b"", "is empty"),
        (
            "silent.mid",
            b"MThd\0\0\0\6\0\0\0\1\0\x60MTrk\0\0\0\4\0\xff\x2f\0",
            "holds no notes",
        ),
    ],
)
@pytest.mark.parametrize("extra", [[], ["--json"]])
def test_a_file_that_cannot_be_played(
    run: Run, tmp_path: Path, name: str, content: bytes | str | None, says: str, extra: list[str]
) -> None:
    path = tmp_path / name
    if content == "folder":
        path.mkdir()
    elif isinstance(content, bytes):
        path.write_bytes(content)
    code, out, err = run("jam", "--system", "memory", "--file", path, *extra)
    assert (code, out) == (1, "")
    assert says in err
    assert_sentence(err)


def test_a_checkpoint_that_does_not_exist(run: Run, tmp_path: Path) -> None:
    for command in ("jam", "demo"):
        code, out, err = run(command, "--weights", tmp_path / "none.safetensors")
        assert (code, out) == (1, "")
        assert "There is no checkpoint" in err
        assert_sentence(err)


@pytest.mark.parametrize("words", [["--in", "Keys"], ["--out", "Synth"], ["--system", "JACK"]])
@pytest.mark.usefixtures("no_midi")
def test_who_names_a_port_is_not_given_another(run: Run, words: list[str]) -> None:
    code, out, err = run("jam", *words)
    assert (code, out) == (1, "")
    assert err == "There is no MIDI system here. Start one.\n"


def test_panic_without_a_jam(run: Run) -> None:
    code, _, err = run("panic")
    assert code == 1
    assert_sentence(err)


def test_a_fault_of_ours_is_a_sentence_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(args: object) -> int:
        raise RuntimeError("a planted fault")

    monkeypatch.setattr(doctor, "run_version", fail)
    code, out, err = run("version")
    assert (code, out) == (1, "")
    assert "RuntimeError: a planted fault" in err
    assert_sentence(err)
    monkeypatch.setenv(cli.TRACEBACK, "1")
    with pytest.raises(RuntimeError):
        cli.main(["version"])


def test_ctrl_c_in_a_command_is_no_traceback(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(args: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(doctor, "run_version", interrupt)
    assert run("version") == (1, "", "Stopped.\n")


def test_a_command_whose_library_is_missing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    point = metadata.EntryPoint("train", "no_such_library:main", cli.GROUP)
    monkeypatch.setattr(metadata, "entry_points", lambda group: [point])
    code, out, err = run("train", "--help")
    assert (code, out) == (1, "")
    assert "no_such_library is missing" in err
    assert "pip install" in err


def test_a_reader_that_has_gone_gets_no_complaint() -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "plugin", "version"],
            cwd=REPOSITORY,
            stdout=write,
            stderr=subprocess.PIPE,
            check=False,
        )
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (1, b"")


# ------------------------------------------------------------------------------ what is printed


def test_version(run: Run) -> None:
    assert run("version")[:2] == (
        0,
        f"antiphon {metadata.version('antiphon')}, Python {sys.version.split()[0]}\n",
    )
    code, out, err = run("version", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["version"] == metadata.version("antiphon")


@pytest.mark.usefixtures("no_midi")
def test_ports_of_a_machine_without_any(run: Run) -> None:
    code, out, err = run("ports", "--json")
    assert code == 0
    assert json.loads(out) == {"inputs": [], "outputs": [], "virtual_ports": False, "api": None}
    assert err == "There is no MIDI system here. Start one.\n"
    assert run("ports")[0] == 0
    assert run("ports", "--system", "JACK")[0] == 1


def test_ports_of_a_machine_with_some(run: Run, studio: MemoryBackend) -> None:
    studio.open_output("Keys", virtual=True)
    studio.open_input("Synth", virtual=True)
    code, out, err = run("ports", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == {
        "inputs": ["Keys"],
        "outputs": ["Synth"],
        "virtual_ports": True,
        "api": "memory",
    }
    code, out, _ = run("ports")
    assert code == 0
    assert "  Keys" in out
    assert "“Antiphon In”" in out


def test_ports_of_a_system_that_goes_while_it_is_asked(run: Run, studio: MemoryBackend) -> None:
    studio.hub.unplug()
    code, out, err = run("ports", "--json")
    assert code == 0
    assert json.loads(out)["inputs"] == []
    assert_sentence(err)


def test_panic_tells_the_jam_and_silences_the_port(run: Run, studio: MemoryBackend) -> None:
    synth = studio.open_input("Synth", virtual=True)
    with heeded() as wishes, announced():
        code, out, _ = run("panic", "--out", "Synth", "--json")
    assert code == 0
    assert json.loads(out) == {"jam": True, "out": "Synth"}
    assert wishes.panic
    heard = []
    while (message := synth.poll()) is not None:
        heard.append(message)
    assert len(heard) == 48 + 16 * 128
    assert run("panic", "--out", "Nowhere")[0] == 1


@pytest.mark.slow
@pytest.mark.parametrize("extra", [[], ["--json"]])
def test_doctor_tries_everything(run: Run, extra: list[str], studio: MemoryBackend) -> None:
    code, out, err = run("doctor", *extra)
    assert "Traceback" not in out + err
    if not extra:
        assert "midi: memory, with virtual ports" in out
        return
    found = json.loads(out)
    checks = {check["name"]: check for check in found["checks"]}
    assert set(checks) - {"systems"} == {"python", "midi", "engine", "takes", "pictures", "timing"}
    assert all(set(check) == {"name", "ok", "says", "mend"} for check in found["checks"])
    assert checks["engine"]["ok"], checks["engine"]
    assert found["ok"] == all(check["ok"] for check in found["checks"])
    assert code == 0
    assert studio.outputs() == [], "the port that was tried is gone"


@pytest.mark.usefixtures("no_midi")
def test_doctor_says_what_mends_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    good = doctor.Check("engine", True, "fine")
    monkeypatch.setattr(doctor, "_engine", lambda clock: good)
    monkeypatch.setattr(doctor, "_timer", lambda clock: good)
    code, out, _ = run("doctor")
    assert code == 0, "it did its work: it has looked, and said what it saw"
    assert "missing  midi: no MIDI system can be used" in out
    assert "There is no MIDI system here. Start one." in out


def test_a_terminal_without_our_signs_still_gets_the_words() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from plugin.cli import main; main(['version']); print('● you')"],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "? you"


# ----------------------------------------------------------------------------- a jam as a process


@pytest.mark.slow
def test_a_jam_hears_panic_and_ends_by_ctrl_c(tmp_path: Path, data_folder: Path) -> None:
    """JAM-9, JAM-10 from outside: the built-in phrase, cut short."""
    jam = subprocess.Popen(
        [sys.executable, "-m", "plugin", "jam", "--system", "memory", "--seed", "1", "--json"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with jam:
        assert jam.stderr is not None
        assert "Playing the built-in phrase" in jam.stderr.readline()
        said = ""
        while "● you" not in said:
            said = jam.stderr.readline()
            assert said, "it ended"
        children = psutil.Process(jam.pid).children()
        assert cli.main(["panic"]) == 0
        wait_for(lambda: library_path(data_folder).exists(), "the take library")
        jam.send_signal(signal.SIGINT)
        out, err = jam.communicate(timeout=30)
    assert jam.returncode == 1
    assert err.splitlines()[-1] == "Stopped before an answer came."
    assert "Traceback" not in err
    report = json.loads(out)
    assert report["heard_notes"] > 0
    assert (report["answer_notes"], report["stuck_notes"], report["seed"]) == (0, 0, 1)
    wait_for(lambda: all(map(gone, children)), "the end of its processes")
    with TakeLibrary(library_path(data_folder)) as library:
        takes = library.list_takes()
    assert all(take.finished for take in takes)
    assert sum(take.heard_notes for take in takes) == report["heard_notes"]
    assert list(data_folder.glob("jam-*")) == []
