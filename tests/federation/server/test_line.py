"""What stands before any request: connections that stay silent, never end, or are no HTTP."""

import socket
import time
from contextlib import ExitStack, closing

import pytest

from federation.server.line import MOST_HEAD_BYTES, Lines
from tests.federation.server.served import EASY, Device, change, prepare, served
from tests.federation.server.wire import connected, kept, raw, said

pytestmark = pytest.mark.slow

TIME_S = 2


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("server")
    prepare(folder)
    words = ("--small", "--least", "1000", "--without-gate", "--request-s", str(TIME_S))
    with served(folder, *EASY, *words) as found:
        yield found


def test_lines_are_counted_by_household_and_in_all():
    lines = Lines(most=3, of_one=2, request_s=1.0)
    assert [lines.came(home) for home in ("a", "a")] == [None, None]
    assert lines.came("a").status == 429
    assert lines.came("b").status == 503
    for home in ("a", "a", "b"):
        lines.went(home)
    assert lines.came("b") is None
    assert dict(lines.open) == {"a": 1, "b": 1}


def test_behind_a_proxy_only_all_of_them_count():
    lines = Lines(most=5, of_one=None, request_s=1.0)
    assert [lines.came("proxy") for _ in range(5)] == [None] * 5
    assert lines.came("proxy").status == 503


@pytest.mark.parametrize(
    "words", [b"", b"GET /v1/lineages HT", b"GET /health HTTP/1.1\r\nX: y\r\n"]
)
def test_a_head_that_never_ends_is_given_up(server, words):
    with connected(server) as line:
        line.sendall(words)
        began_s = time.monotonic()
        assert said(line)[0] == 408
        assert time.monotonic() - began_s > TIME_S / 2


def test_a_head_that_comes_letter_by_letter_has_no_more_time_than_another(server):
    with connected(server) as line:
        line.settimeout(TIME_S / 10)
        answer = b""
        for letter in b"GET /health HTTP/1.1\r\n" + b"X-A: b\r\n" * 1000:
            line.sendall(bytes([letter]))
            try:
                answer = line.recv(65536)
                break
            except TimeoutError:
                continue
        assert answer.startswith(b"HTTP/1.1 408 ")


def test_a_head_that_is_far_too_large_is_refused_while_it_comes(server):
    with connected(server) as line:
        line.sendall(b"GET /health HTTP/1.1\r\n")
        answer = b""
        for _ in range(10 * MOST_HEAD_BYTES // 1000):
            try:
                line.sendall(b"X-A: " + b"b" * 993 + b"\r\n")
            except OSError:
                break
        answer = line.recv(65536)
    assert answer.startswith(b"HTTP/1.1 431 ")


SMUGGLED = b"0\r\n\r\nGET /health HTTP/1.1\r\nHost: x\r\n\r\n"
AMBIGUOUS = {
    "two lengths": b"Content-Length: 5\r\nContent-Length: 6\r\n",
    "length and chunks": b"Content-Length: 40\r\nTransfer-Encoding: chunked\r\n",
    "chunks twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
    "chunks in disguise": b"Transfer-Encoding: xchunked\r\n",
    "a space before the colon": b"Transfer-Encoding : chunked\r\n",
    "a folded line": b"X-A: b\r\n c\r\n",
    "a negative length": b"Content-Length: -5\r\n",
    "a length of letters": b"Content-Length: 0x5\r\n",
    "a length without end": b"Content-Length: 99999999999999999999999999\r\n",
    "a nul": b"X-A: b\0c\r\n",
}


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_what_two_readers_could_read_differently_is_not_answered_twice(server, name):
    before = kept(server)
    request = b"PUT /v1/contributions/x HTTP/1.1\r\nHost: x\r\n" + AMBIGUOUS[name] + b"\r\n"
    with connected(server) as line:
        line.sendall(request + SMUGGLED)
        answers = b""
        while piece := line.recv(65536):
            answers += piece
    assert b" 200 " not in answers
    assert answers.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4")), answers[:200]
    assert kept(server) == before


ODD = b"""GET /v1/../v1/lineages
GET //v1/lineages
GET /v1/lineages/
GET /v1/blobs/..%2F..%2Frelease.key
GET /v1/blobs/%00
GET /%ff%fe
OPTIONS *
TRACE /
CONNECT x:443
GET http://elsewhere/v1/blobs/x
PATCH /v1/devices
GET /v1/model/1e3
GET /v1/model/99999999999999999999
GET /v1/model/latest?lineage=%27%20OR%201=1
HEAD /v1/blobs/x
GET /v1/contributions/00000000-0000-0000-0000-00000000000G
GET /v1/contributions/00000000-0000-0000-0000-000000000000%0a
GARBAGE
PRI *"""


@pytest.mark.parametrize("line", [*ODD.splitlines(), b"\x16\x03\x01\x00\x00"])
def test_odd_addresses_and_methods_are_refused(server, line):
    answer = raw(server, line + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4")), answer[:200]
    assert b"release" not in answer
    assert b"Traceback" not in answer


def test_an_upgrade_is_not_made(server):
    words = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    words += b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    assert b" 101 " not in raw(server, words)


def test_very_many_connections_of_one_address_are_told_so_and_the_server_lives(server):
    with ExitStack() as stack:
        lines = [stack.enter_context(connected(server)) for _ in range(110)]
        refused = 0
        for line in lines:
            line.settimeout(0.05)
            try:
                refused += line.recv(65536).startswith(b"HTTP/1.1 429 ")
            except TimeoutError:
                continue
        assert refused >= 10
    with server.client() as client:
        assert Device(client).put(change(1)).status_code == 201


def test_who_does_not_speak_tls_leaves_no_trace(server):
    for words in (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00", b"\0" * 5000):
        with closing(socket.create_connection(("127.0.0.1", server.port), timeout=30)) as line:
            line.sendall(words)
            line.settimeout(0.3)
            try:
                line.recv(100)
            except OSError:
                continue
    with server.client() as client:
        assert client.get("/health").status_code == 200
    words = (server.folder / "server.log").read_text()
    assert "Traceback" not in words
    assert "127.0.0.1:" not in words.replace(f"127.0.0.1:{server.port}", "")
