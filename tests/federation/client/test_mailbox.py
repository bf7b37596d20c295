"""The way to the server: TLS or nothing, a few tries, no word too many."""

from datetime import UTC, datetime

import pytest

from federation.client.consent import Server
from federation.client.mailbox import TRIES, AwayError, Mailbox, RefusedError
from federation.client.trouble import SharingError


def _open(server: Server, slept: list[float]) -> Mailbox:
    now = int(datetime.now(UTC).timestamp())
    return Mailbox(server, now_s=lambda: now, chance=lambda n: b"\x80" * n, sleep=slept.append)


@pytest.fixture
def slept() -> list[float]:
    return []


def test_a_certificate_that_nobody_vouches_for_is_refused_at_once(gateway, slept):
    mailbox = _open(Server(gateway.server.url), slept)
    with pytest.raises(RefusedError, match="nothing was sent"):
        mailbox.manifest(gateway.lineage.id)
    mailbox.close()
    assert (gateway.asked, slept) == ([], [])


def test_plain_http_is_refused(slept):
    with pytest.raises(SharingError, match="https"):
        _open(Server("http://localhost"), slept)


def test_a_file_that_holds_no_certificates_is_a_sentence(tmp_path, slept):
    path = tmp_path / "ca.pem"
    path.write_text("nothing")
    for one in (path, tmp_path / "none.pem"):
        with pytest.raises(SharingError, match="certificates"):
            _open(Server("https://localhost", str(one)), slept)


def test_a_server_that_is_not_there_is_tried_a_few_times(gateway, slept):
    mailbox = _open(Server("https://localhost:1", gateway.server.ca), slept)
    with pytest.raises(AwayError, match="tried again later"):
        mailbox.manifest(gateway.lineage.id)
    mailbox.close()
    assert len(slept) == TRIES - 1
    assert slept == sorted(slept)


def test_trouble_that_passes_is_not_noticed(gateway, slept):
    mailbox = _open(gateway.server, slept)
    gateway.trouble = [503, 0]
    assert mailbox.manifest(gateway.lineage.id) is not None
    mailbox.close()
    assert len(slept) == 2


def test_an_answer_without_an_end_is_cut_off(gateway, slept):
    mailbox = _open(gateway.server, slept)
    gateway.answer = lambda *_: (200, b"x" * 1_000_000, {})
    with pytest.raises(AwayError, match="far too large"):
        mailbox.manifest(gateway.lineage.id)
    mailbox.close()


def test_a_redirect_is_not_followed(gateway, slept):
    mailbox = _open(gateway.server, slept)
    gateway.answer = lambda *_: (302, b"", {"Location": "https://elsewhere.example/"})
    with pytest.raises(RefusedError):
        mailbox.manifest(gateway.lineage.id)
    mailbox.close()


def test_a_server_that_asks_to_wait_long_is_left_alone(gateway, slept):
    mailbox = _open(gateway.server, slept)
    gateway.answer = lambda *_: (429, b'{"says":"Too often."}', {"Retry-After": "3600"})
    with pytest.raises(AwayError, match="Too often"):
        mailbox.manifest(gateway.lineage.id)
    mailbox.close()
    assert slept == []


@pytest.mark.parametrize("status", [503, 410])
def test_words_of_the_server_cannot_play_with_the_terminal(gateway, slept, status):
    mailbox = _open(gateway.server, slept)
    gateway.answer = lambda *_: (status, b'{"says":"\\u001b[31mred\\n' + b"x" * 999 + b'"}', {})
    with pytest.raises(SharingError) as caught:
        mailbox.manifest(gateway.lineage.id)
    mailbox.close()
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) <= 300


def test_proxies_and_netrc_of_the_environment_do_not_count(gateway, slept, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    mailbox = _open(gateway.server, slept)
    assert mailbox.manifest(gateway.lineage.id) is not None
    mailbox.close()
