"""Too much of everything: a hundred megabytes, and requests as quickly as a line takes them."""

import contextlib
import select
import ssl
import threading
import uuid
from collections import Counter
from pathlib import Path

import pytest

from tests.federation.server.served import Device, assert_says, change, prepare, served
from tests.federation.server.wire import connected, kept

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

WORDS = ("--small", "--least", "1000", "--without-gate", "--enrolments-a-day", "1000")
REQUESTS, LINES = 800, 4


@pytest.fixture(scope="module", params=["httptools", "h11"])
def server(request, tmp_path_factory):
    """The device's rate as it comes, that of an address wide open; with each parser of HTTP."""
    folder = tmp_path_factory.mktemp("server")
    prepare(folder)
    without = "httptools" if request.param == "h11" else ""
    with served(folder, *WORDS, "--address-rate", "100000", without=without) as found:
        yield found


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("whose", ["a device's", "a stranger's", "nobody's"])
def test_a_hundred_megabytes_are_heard_out_and_refused(server, chunked, whose):
    before, size = kept(server), 100_000_000
    path = f"/v1/contributions/{uuid.uuid4()}"

    def pieces():
        for _ in range(100):
            yield b"\0" * (size // 100)

    with server.client() as client:
        device = Device(client, enrol=whose == "a device's")
        headers = {} if whose == "nobody's" else device.headers("PUT", path, b"", "1")
        body = pieces() if chunked else b"\0" * size
        answer = client.put(path, content=body, headers=headers)
        assert_says(answer, 413 if whose == "a device's" else 401)
    assert kept(server) == before


def test_one_device_that_never_stops_gets_its_rate_and_others_are_served(server):
    """Every request signed, with a number of its own, and pipelined: the line is never idle."""
    rows, blobs = kept(server)
    grown_kb = -resident_kb(server)
    with server.client() as client:
        device = Device(client)
        requests = [one_upload(device, seed) for seed in range(REQUESTS)]
        found: Counter[int] = Counter()
        threads = [
            threading.Thread(target=flood, args=(server, requests[n::LINES], found))
            for n in range(LINES)
        ]
        for thread in threads:
            thread.start()
        assert Device(client).put(change(1)).status_code == 201
        for thread in threads:
            thread.join()
    grown_kb += resident_kb(server)
    assert found.total() == REQUESTS
    assert set(found) <= {201, 409, 429}
    assert found[429] > REQUESTS * 0.7  # the burst, and one a second while it lasted
    assert kept(server) == (rows + 2, blobs + 2)
    assert grown_kb < 60_000


def one_upload(device: Device, seed: int) -> bytes:
    path, body = f"/v1/contributions/{uuid.uuid4()}", change(seed)
    lines = [f"PUT {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in device.headers("PUT", path, body, "1").items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def flood(server, requests: list[bytes], found: "Counter[int]") -> None:
    """Send all of them at once; count the answers by status.

    Reading and sending by turns: OpenSSL's lines are not for two threads at a time.
    """
    left, answers, unsent = len(requests), b"", memoryview(b"".join(requests))
    with connected(server) as line:
        line.setblocking(False)
        while left:
            if not line.pending():
                select.select([line], [line] if unsent else [], [], 60)
            with contextlib.suppress(ssl.SSLWantReadError, ssl.SSLWantWriteError):
                if unsent:
                    unsent = unsent[line.send(unsent[:65536]) :]
            try:
                piece = line.recv(65536)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                continue
            assert piece, "the server closed the line"
            answers += piece
            *whole, answers = answers.split(b"HTTP/1.1 ")
            for one in whole:
                if one:
                    found[int(one[:3])] += 1
                    left -= 1
            if left == 1 and answers.endswith(b"}"):
                found[int(answers[:3])] += 1
                left -= 1


def resident_kb(server) -> int:
    words = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(words.split("VmRSS:")[1].split()[0])
