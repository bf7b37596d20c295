"""Off means off: without a valid yes nothing is opened, stored, worked out or even imported."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from federation.client import consent
from federation.client.command import main
from federation.client.consent import LOOK, SEND, Choices, ConsentRecord, Server
from federation.client.sharing import Sharing
from federation.client.trouble import ForbiddenError, SharingError
from tests.federation.client.stage import Machine, piece
from tests.shared import REPOSITORY

PROBE = """
import json, os, sys
seen = []
def hook(event, args):
    if event.startswith(("socket.", "subprocess.", "os.posix_spawn", "os.fork", "os.mkdir")):
        seen.append(event)
    if event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+"):
        seen.append(f"open {args[0]}")
sys.addaudithook(hook)
from federation.client.command import main
from federation.client.sharing import Sharing
import federation.client.preview
codes = [main([*words, "--json"]) for words in (
    ["status"], ["log"], ["material"], ["off"], ["send"], ["send", "0" * 64], ["preview"],
    ["on"], ["on", "--read", "1"], ["pause"], ["resume"], ["back"], ["receive"],
    ["receive", "--never"], ["add", sys.argv[1]], ["revoke", "--yes"],
)]
sharing = Sharing()
sharing.tick(1e9), sharing.status(), sharing.turn_off(), sharing.said(), sharing.due(1e9)
heavy = ("torch", "numpy", "httpx", "httpcore", "ssl", "socket", "cryptography", "keyring",
         "safetensors", "flwr", "fastapi", "sqlalchemy", "dp_accounting", "plugin")
print("RESULT" + json.dumps([seen, sorted(set(heavy) & set(sys.modules)), codes]))
"""


def test_while_off_no_socket_no_process_no_file_and_nothing_heavy(tmp_path):
    music = next((REPOSITORY / "plugin" / "demo").glob("*.mid"))
    run = subprocess.run(
        [sys.executable, "-B", "-c", PROBE, str(music)],
        cwd=REPOSITORY,
        env={**os.environ, "ANTIPHON_DATA": str(tmp_path / "data")},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    seen, modules, codes = json.loads(run.stdout.rpartition("RESULT")[2])
    assert (seen, modules) == ([], [])
    assert not (tmp_path / "data").exists()
    assert codes == [0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 0]


class WithoutAYes(RuleBasedStateMachine):
    """Any sequence of calls, with records that are no yes of today: nothing starts, nothing lies.

    `settings.json` alone may be there, if a person named a server.
    """

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.machine = Machine(Path(self._folder.name) / "data", Path("nowhere"))
        self.sharing = self.machine.sharing
        self.named = False

    def teardown(self) -> None:
        self._folder.cleanup()

    @rule()
    def asks_for_everything(self) -> None:
        for call in (
            self.sharing.prepare, self.sharing.pause, self.sharing.resume, self.sharing.may_add,
            self.sharing.back, self.sharing.send_waiting,
            lambda: self.sharing.add_material("a", piece()),
            lambda: self.sharing.send("0" * 64), lambda: self.sharing.approve("0" * 64),
            lambda: self.sharing.remove_material("a"),
        ):  # fmt: skip
            with pytest.raises(SharingError):
                call()

    @rule(idle_s=st.floats(0, 1e9), days=st.integers(0, 40))
    def time_goes_by(self, idle_s: float, days: int) -> None:
        self.machine.later(days=days)
        assert self.sharing.tick(idle_s) is None

    @rule()
    def looks(self) -> None:
        assert self.sharing.status().stage == "off"
        assert self.sharing.preview() is None
        assert self.sharing.log() == self.sharing.material() == ()

    @rule()
    def takes_back(self) -> None:
        self.sharing.turn_off()
        self.sharing.not_this_time()
        self.sharing.said()
        self.sharing.set_receiving(False)

    @rule()
    def revokes(self) -> None:
        assert self.sharing.revoke() is None
        self.named = False

    @rule(stage=st.sampled_from([LOOK, SEND]), wrong=st.sampled_from(["text", "sha", "server"]))
    def says_yes_to_something_else(self, stage: str, wrong: str) -> None:
        text = consent.TEXT
        record = ConsentRecord(
            stage,  # type: ignore[arg-type]
            "0" if wrong == "text" else text.version,
            "0" * 64 if wrong == "sha" else text.sha256,
            "2026-05-04",
            Server("https://elsewhere.example") if wrong == "server" else Server("https://a.b"),
        )
        with pytest.raises(ForbiddenError):
            self.sharing.turn_on(record)

    @precondition(lambda self: self.named)
    @rule(seen=st.sampled_from(["", "0" * 64]))
    def says_yes_to_what_it_never_saw(self, seen: str) -> None:
        with pytest.raises(ForbiddenError):
            self.sharing.turn_on(self.sharing.record(SEND, Choices(), seen=seen))

    @rule()
    def names_a_server(self) -> None:
        self.sharing.set_server(Server("https://a.b"))
        self.named = True

    @rule(task=st.sampled_from(["prepare", "contribute", "send"]))
    def a_child_is_started_by_hand(self, task: str) -> None:
        with pytest.raises(ForbiddenError):
            self.sharing.may(task)

    @invariant()
    def nothing_is_started_and_nothing_lies_about(self) -> None:
        assert self.machine.started == []
        assert self.machine.files() == ({"sharing/settings.json"} if self.named else set())


TestWithoutAYes = WithoutAYes.TestCase
TestWithoutAYes.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)


@pytest.mark.parametrize("word", ["1", "yes", "true", "on"])
def test_the_environment_forbids_whatever_was_agreed_to(machine, gateway, word):
    machine.agree(gateway.server)
    machine.environment["ANTIPHON_NO_SHARING"] = word
    assert "ANTIPHON_NO_SHARING" in machine.sharing.status().forbidden
    assert not machine.sharing.status().on
    for call in (machine.sharing.prepare, machine.sharing.receive, machine.sharing.may_add):
        with pytest.raises(ForbiddenError, match="ANTIPHON_NO_SHARING"):
            call()
    machine.later(days=30)
    assert machine.sharing.due(1e9) == ""
    assert gateway.asked == []


def test_the_setting_forbids_whatever_was_agreed_to(machine, gateway):
    machine.agree(gateway.server)
    machine.sharing.never(True)
    with pytest.raises(ForbiddenError, match="settings"):
        machine.sharing.prepare()
    machine.sharing.never(False)
    machine.good(machine.sharing.prepare().wait())


def test_settings_that_cannot_be_read_forbid(machine, gateway):
    machine.agree(gateway.server)
    machine.sharing.places.settings.write_bytes(b"{")
    with pytest.raises(ForbiddenError):
        machine.sharing.prepare()


def test_an_install_without_the_extra_says_so(machine):
    from federation.client.switches import Settings, forbidden

    said = forbidden({}, Settings(), lambda name: name != "httpx")
    assert "httpx is missing" in said
    assert "antiphon[federation]" in said
    assert forbidden({}, Settings()) == ""


def test_a_changed_text_asks_again(machine, gateway, monkeypatch):
    machine.agree(gateway.server)
    from dataclasses import replace

    monkeypatch.setattr(consent, "TEXT", replace(consent.TEXT, version="2"))
    status = machine.sharing.status()
    assert (status.stage, "changed" in status.asks_again) == ("off", True)
    with pytest.raises(ForbiddenError, match="changed"):
        machine.sharing.prepare()


def test_another_server_asks_again(machine, gateway):
    machine.agree(gateway.server)
    machine.sharing.set_server(Server("https://elsewhere.example"))
    with pytest.raises(ForbiddenError, match="another one"):
        machine.sharing.prepare()
    assert machine.sharing.status().stage == "off"


def test_the_text_and_its_version_go_together():
    """Whoever changes a word raises `consent.VERSION` and puts the new hash here."""
    assert (consent.TEXT.version, consent.TEXT.sha256) == (
        "1",
        "420ba374621358ab61483d4334add4dbeb8154d4ad279e2f5c338c38df67907f",
    )


def test_the_data_folder_is_the_one_of_all_others(monkeypatch, tmp_path):
    from engine.profile.names import profiles_folder
    from federation.client.places import data_folder
    from plugin import files

    for environment in ({"ANTIPHON_DATA": str(tmp_path)}, {}):
        monkeypatch.delenv("ANTIPHON_DATA", raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        assert data_folder(environment) == files.data_folder() == profiles_folder().parent


def test_no_terminal_no_yes(tmp_path, capsys):
    sharing = Sharing(tmp_path / "data", {})
    assert main(["on"], sharing=sharing) == 1
    said = capsys.readouterr()
    assert "never leave this computer" in said.out
    assert "There is no server" in said.err
    assert not (tmp_path / "data").exists()
