"""`antiphon serve` as an operator meets it: what goes wrong is a sentence and a next step."""

import json
import logging
import socket
from contextlib import closing

import msgspec
import pytest

from federation.server import command, setup
from federation.server.database import AwayError, of_folder
from federation.server.settings import Places
from tests.federation.formats.stage import SMALL, assert_is_a_sentence
from tests.federation.server.served import CONSENT, prepare


@pytest.fixture(autouse=True)
def no_handlers():
    """The command sets up the log of a process; here it is pytest's."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield
    root.handlers[:] = before
    root.setLevel(level)


def said(capsys, *words):
    """(code, standard output, what was complained of)."""
    code = command.main(words)
    out, wrong = capsys.readouterr()
    return code, out, wrong.strip()


def complained(capsys, *words):
    code, out, wrong = said(capsys, *words)
    assert code == 1
    assert out == ""
    assert_is_a_sentence(wrong)
    return wrong


VERBS = ("lineages", "versions", "publish-first", "quarantined", "devices", "keys", "gate-data")


@pytest.mark.parametrize("verb", VERBS)
def test_a_folder_without_a_server_stays_as_it_is(verb, tmp_path, capsys):
    folder = tmp_path / "none"
    assert "serve admin init" in complained(capsys, "admin", verb, "--folder", str(folder))
    assert not folder.exists()


@pytest.fixture
def folder(tmp_path):
    prepare(tmp_path / "server")
    return str(tmp_path / "server")


@pytest.mark.parametrize(
    "words",
    [
        ("withdraw", "7"), ("withdraw", "1"), ("revoke", "abc"), ("close", "abc"),
        ("consent", "x"), ("publish-first",), ("gate-data", "--data", "/nowhere"),
        ("versions", "--database", "mysql://x"), ("versions", "--database", "nonsense"),
        ("versions", "--blobs", "nonsense://x"), ("aggregate", "--noise", "-1"),
        ("aggregate", "--clip", "nan"), ("aggregate", "--least", "3"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_a_sentence_and_a_next_step(words, folder, capsys):
    verb, *others = words
    complained(capsys, "admin", verb, "--folder", folder, *others)


def test_a_database_that_is_away_is_a_sentence(tmp_path, capsys):
    url = "postgresql://nobody@127.0.0.1:1/none"
    words = ("admin", "versions", "--folder", str(tmp_path), "--database", url)
    assert "start it" in complained(capsys, *words)


def test_a_database_that_comes_later_is_waited_for(postgres, tmp_path, caplog):
    """As when both are started by the same machine; stopped and begun by the wait itself."""
    places = Places(tmp_path, postgres.fresh("later"), str(tmp_path / "blobs"))
    postgres.kill()
    waits = []

    def wait(_s: float) -> None:
        waits.append(1)
        if len(waits) == 2:
            postgres.begin()

    with caplog.at_level(logging.WARNING):
        here = setup.reached(places, lambda: 0.0, wait)
    assert here.book.lineages() == {}
    here.database.close()
    assert len(waits) == 2
    assert [record.message.count("waited for") for record in caplog.records] == [1]


def test_waiting_for_a_database_ends_with_the_process_and_some_day(tmp_path, monkeypatch):
    monkeypatch.setattr(setup, "TRIES", 3)
    places = Places(tmp_path, "postgresql://nobody@127.0.0.1:1/none", str(tmp_path))
    waits = []
    with pytest.raises(AwayError):
        setup.reached(places, lambda: 0.0, waits.append)
    assert len(waits) == 3
    with pytest.raises(AwayError):
        setup.reached(places, lambda: 0.0, lambda _s: waits.append(0.0) or True)
    assert len(waits) == 4


@pytest.mark.parametrize("words", [("--port", "0"), ("--port", "99999"), ("--nonsense",)])
def test_wrong_usage_is_code_two(words, capsys, tmp_path):
    assert said(capsys, "--folder", str(tmp_path), *words)[0] == 2


def test_a_port_that_is_taken_is_a_sentence(folder, capsys):
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = str(taken.getsockname()[1])
        words = ("--folder", folder, "--port", port, "--gateway-only")
        assert "--port" in complained(capsys, *words)


def test_an_operators_day(tmp_path, capsys):
    folder, file = str(tmp_path / "server"), tmp_path / "lineage.json"
    file.write_bytes(msgspec.json.encode(SMALL))
    where = ("--folder", folder, "--json")
    made = ("admin", "init", *where, "--lineage", str(file), "--consent", ":".join(CONSENT))
    found = [json.loads(said(capsys, *made)[1]) for _ in range(2)]
    assert found[0] == found[1]  # what is there stays
    assert json.loads(said(capsys, "admin", "publish-first", *where)[1])["version"] == 1
    versions = json.loads(said(capsys, "admin", "versions", *where)[1])
    assert [(one["version"], one["status"]) for one in versions] == [(1, "published")]
    keys = json.loads(said(capsys, "admin", "keys", *where)[1])
    assert keys["public"] == found[0]["public"]
    assert json.loads(said(capsys, "admin", "devices", *where)[1])["enrolled"] == 0
    assert "published" in said(capsys, "admin", "versions", "--folder", folder)[1]
    assert said(capsys, "admin", "close", SMALL.id, *where)[0] == 0
    assert not json.loads(said(capsys, "admin", "lineages", *where)[1])[0]["open"]


def test_a_gate_without_music_is_known(folder, tmp_path):
    from pathlib import Path

    here = setup.opened(Places(Path(folder), of_folder(Path(folder)), folder + "/blobs"), lambda: 0)
    assert not setup.has_gate(here)
    here.store.put(f"gate/{SMALL.id}", b"music")
    assert setup.has_gate(here)
    here.database.close()
