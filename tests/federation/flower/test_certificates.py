"""The tier's papers hold in a real TLS handshake, belong to one user, and are never used again."""

import ssl
import stat
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from federation.flower.certificates import HOST, Papers, issue

NOW = datetime.now(UTC)


def _shake_hands(papers: Papers, name: str, trusted: Path) -> None:
    """A client and a server over memory; raises ssl.SSLError where they do not agree."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(papers.certificate, papers.key)
    client = ssl.create_default_context(cafile=str(trusted))
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname=name),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    for end in ends * 3:
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            continue


@pytest.mark.parametrize("name", [HOST, "localhost"])
def test_the_certificate_holds_for_loopback(tmp_path: Path, name: str):
    papers = issue(tmp_path, 1, NOW)
    _shake_hands(papers, name, papers.authority)


def test_the_certificate_holds_for_nobody_else_and_is_not_believed_by_another_authority(
    tmp_path: Path,
):
    papers, other = issue(tmp_path / "a", 1, NOW), issue(tmp_path / "b", 1, NOW)
    with pytest.raises(ssl.SSLCertVerificationError):
        _shake_hands(papers, "antiphon.example", papers.authority)
    with pytest.raises(ssl.SSLCertVerificationError):
        _shake_hands(papers, HOST, other.authority)
    old = issue(tmp_path / "c", 1, NOW - timedelta(days=500))
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        _shake_hands(old, HOST, old.authority)


def test_each_worker_has_a_key_of_the_kind_that_flower_asks_for(tmp_path: Path):
    papers = issue(tmp_path, 3, NOW)
    publics = {keys.public.read_bytes() for keys in papers.workers}
    assert len(publics) == 3
    assert all(public.startswith(b"ecdsa-sha2-nistp384 ") for public in publics)
    for keys in papers.workers:
        assert keys.private.read_bytes().startswith(b"-----BEGIN OPENSSH PRIVATE KEY-----")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights than owner and group")
def test_the_papers_are_readable_by_their_owner_alone(tmp_path: Path):
    issue(tmp_path / "papers", 2, NOW)
    assert stat.S_IMODE((tmp_path / "papers").stat().st_mode) == 0o700
    for path in (tmp_path / "papers").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_every_start_has_papers_of_its_own_and_no_authority_is_left_to_sign_more(tmp_path: Path):
    first, second = issue(tmp_path / "a", 1, NOW), issue(tmp_path / "b", 1, NOW)
    for one, other in zip(
        (first.authority, first.key, first.secret, first.workers[0].private),
        (second.authority, second.key, second.secret, second.workers[0].private),
        strict=True,
    ):
        assert one.read_bytes() != other.read_bytes()
    keys = [path.name for path in (tmp_path / "a").iterdir() if b"PRIVATE" in path.read_bytes()]
    assert sorted(keys) == ["server.key", "worker-0"]
