"""`antiphon share`, word by word: two steps to a yes, one JSON value, the house's exit codes."""

import io
import json
from collections.abc import Iterator
from contextlib import redirect_stdout

import mido
import pytest

from federation.client.command import main
from tests.federation.client.stage import Machine, piece


def _json(machine: Machine, *words: str, code: int = 0) -> object:
    out = io.StringIO()
    with redirect_stdout(out):
        assert main([*words, "--json"], sharing=machine.sharing) == code
    return json.loads(out.getvalue()) if out.getvalue() else None


@pytest.fixture
def files(tmp_path) -> list[str]:
    made = []
    for seed in range(2):
        track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=600_000)])
        now = 0
        for note in piece(seed).notes:
            onset, end = round(note.onset * 480), round(note.end * 480)
            track.append(mido.Message("note_on", note=note.pitch, velocity=70, time=onset - now))
            track.append(mido.Message("note_off", note=note.pitch, time=end - onset))
            now = end
        path = tmp_path / f"tune {seed}.mid"
        mido.MidiFile(tracks=[track]).save(path)
        made.append(str(path))
    return made


def _answers(*words: str) -> tuple[object, list[str]]:
    asked: list[str] = []
    left: Iterator[str] = iter(words)

    def ask(question: str) -> str:
        asked.append(question)
        return next(left)

    return ask, asked


def test_on_a_terminal_it_is_read_then_seen_then_on(machine, gateway, files, capsys):
    assert (
        main(["server", gateway.server.url, "--ca", gateway.server.ca], sharing=machine.sharing)
        == 0
    )
    ask, asked = _answers("yes")
    assert main(["on"], sharing=machine.sharing, ask=ask) == 0
    assert "Nothing may teach yet" in capsys.readouterr().out
    assert main(["add", *files], sharing=machine.sharing) == 0
    ask, more = _answers("yes")
    assert main(["on"], sharing=machine.sharing, ask=ask) == 0
    shown = capsys.readouterr().out
    assert "numbers" in shown
    assert "and nothing else" in shown
    assert [*asked, *more] == [
        "Show me what would be sent? [yes/no] ", "Send such changes from now on? [yes/no] ",
    ]  # fmt: skip
    assert machine.sharing.status().on
    assert gateway.asked == []


@pytest.mark.parametrize("answer", ["", "y", "no", "Yes please"])
def test_anything_but_yes_is_no(machine, gateway, answer):
    machine.sharing.set_server(gateway.server)
    ask, _ = _answers(answer)
    assert main(["on"], sharing=machine.sharing, ask=ask) == 1
    assert machine.sharing.status().stage == "off"
    assert machine.files() == {"sharing/settings.json"}


def test_without_a_terminal_version_and_hash_must_be_named(machine, gateway, files):
    machine.sharing.set_server(gateway.server)
    assert _json(machine, "on", code=2) is None
    assert _json(machine, "on", "--read", "0", code=2) is None
    assert _json(machine, "on", "--read", "1") == {"stage": "look", "items": 0}
    added = _json(machine, "add", *files)
    assert [item["name"] for item in added] == ["tune 0", "tune 1"]
    assert added[0]["origin"] == "the file tune 0.mid"
    found = _json(machine, "on")
    assert found["stage"] == "look"
    assert _json(machine, "on", "--seen", "0" * 64, code=1) is None
    assert _json(machine, "on", "--seen", found["preview"])["stage"] == "send"


def test_the_whole_evening(machine, gateway, files, tmp_path):
    machine.sharing.set_server(gateway.server)
    _json(machine, "on", "--read", "1")
    _json(machine, "add", *files)
    _json(machine, "on", "--seen", _json(machine, "on")["preview"], "--most-a-week", "2")
    shown = _json(machine, "preview", "--new", "-o", str(tmp_path / "change.safetensors"))
    assert (tmp_path / "change.safetensors").stat().st_size == shown["bytes"]
    assert _json(machine, "send", code=2) is None
    assert len(_json(machine, "send", shown["sha256"])["sent"]) == 1
    status = _json(machine, "status")
    assert (status["on"], status["sent"], status["choices"]["most_a_week"]) == (True, 1, 2)
    assert _json(machine, "log")[-1]["result"] == "taken: pending"
    assert _json(machine, "pause") == {"paused": True}
    assert _json(machine, "resume") == {"paused": False}
    assert _json(machine, "revoke", code=2) is None
    assert _json(machine, "revoke", "--yes") == {"forgotten": True}
    assert (machine.files(), gateway.devices) == (set(), {})


def test_every_verb_speaks_to_people_too(machine, gateway, files, capsys):
    machine.agree(gateway.server)
    for words in (
        ["status"], ["preview", "--new"], ["send", "--not-this-time"], ["log"], ["material"],
        ["remove", "piece 0"], ["server"], ["pause"], ["resume"], ["receive", "--never"], ["off"],
        ["never"], ["never", "--undo"], ["revoke", "--yes"],
    ):  # fmt: skip
        assert main(words, sharing=machine.sharing) == 0, words
        assert capsys.readouterr().out.strip(), words


@pytest.mark.parametrize(
    ("words", "code"), [(["nonsense"], 2), ([], 2), (["--help"], 0), (["add", "/nowhere.mid"], 1)]
)
def test_exit_codes(machine, gateway, words, code):
    machine.agree(gateway.server)
    assert main(words, sharing=machine.sharing) == code


def test_a_file_without_music_is_a_sentence(machine, gateway, tmp_path, capsys):
    machine.agree(gateway.server)
    path = tmp_path / "x.mid"
    path.write_bytes(b"MThd")
    assert main(["add", str(path)], sharing=machine.sharing) == 1
    assert capsys.readouterr().err.strip()


def test_a_folder_that_cannot_be_written_is_a_sentence(machine, gateway, capsys, monkeypatch):
    from federation.client import places

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    machine.sharing.set_server(gateway.server)
    monkeypatch.setattr(places, "write", full)
    assert main(["on", "--read", "1"], sharing=machine.sharing) == 1
    assert "No space left" in capsys.readouterr().err


def test_without_a_change_of_choices_it_is_simply_on(machine, gateway, capsys):
    machine.agree(gateway.server)
    machine.started.clear()
    assert _json(machine, "on") == {"stage": "send"}
    assert machine.started == []


def test_other_terms_wait_for_another_look(machine, gateway, capsys):
    machine.agree(gateway.server)
    assert _json(machine, "on", "--most-a-week", "9", code=1) is None
    assert "from 1 to 7" in capsys.readouterr().err
    assert machine.sharing.status().stage == "send"
    assert _json(machine, "on", "--most-a-week", "1") == {"stage": "look"}
    assert not machine.sharing.status().on
    seen = _json(machine, "on")
    assert isinstance(seen, dict)
    assert _json(machine, "on", "--seen", seen["preview"])
    status = machine.sharing.status()
    assert status.on
    assert status.choices is not None
    assert status.choices.most_a_week == 1


@pytest.mark.parametrize(
    "words",
    [
        ["http://a.b"], ["a.b"], ["https://"], ["https://a:b:c"], ["https://you@a.b"],
        ["https://a b"], ["https://a.b", "--key", "abc"], ["https://a.b", "--ca", "nowhere.pem"],
    ],
)  # fmt: skip
def test_what_is_no_server_is_not_kept(machine, words, capsys):
    assert main(["server", *words], sharing=machine.sharing) == 1
    assert capsys.readouterr().err.rstrip().endswith(".")
    assert machine.files() == set()


def test_what_forbids_it_is_stronger_than_a_yes(machine, gateway, capsys):
    machine.agree(gateway.server)
    machine.environment["ANTIPHON_NO_SHARING"] = "1"
    assert main(["status"], sharing=machine.sharing) == 0
    assert capsys.readouterr().out.startswith("Sharing is off.\nSharing is switched off by")
    assert main(["on"], sharing=machine.sharing) == 1
    assert "ANTIPHON_NO_SHARING" in capsys.readouterr().err
