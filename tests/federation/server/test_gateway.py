"""A real server process with TLS: what it takes, what it refuses, and that nothing evil is kept."""

import hashlib
import json
import pickle
import time
import uuid
import zipfile
from io import BytesIO

import httpx
import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from federation.formats import tensorfile
from federation.formats.delta import SCHEMA
from federation.formats.manifest import verify
from federation.formats.requests import DeviceKey
from federation.formats.shared import SharedVersion
from federation.server.answers import SIGNED_MANIFEST
from tests.federation.formats.stage import SMALL
from tests.federation.server.served import (
    CONSENT,
    EASY,
    Device,
    assert_says,
    change,
    prepare,
    run,
    served,
)
from tests.federation.server.wire import connected, kept, raw

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("server")
    prepare(folder)
    with served(folder, *EASY, "--small", "--least", "1000", "--most", "1000", "--without-gate",
                "--request-s", "3") as found:  # fmt: skip
        yield found


@pytest.fixture(scope="module")
def client(server):
    with server.client() as found:
        yield found


@pytest.fixture
def device(client):
    return Device(client)


def test_what_is_sent_is_acknowledged_and_the_same_again_too(device):
    name = str(uuid.uuid4())
    first, again = device.put(change(1), name=name), device.put(change(1), name=name)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert device.ask("GET", f"/v1/contributions/{name}").json()["status"] == "pending"


def test_another_body_under_the_same_id_is_a_conflict(device, client):
    name = str(uuid.uuid4())
    assert device.put(change(1), name=name).status_code == 201
    assert_says(device.put(change(2), name=name), 409)
    assert_says(Device(client).put(change(1), name=name), 409)


def test_a_second_one_for_the_same_version_is_a_conflict(device):
    assert device.put(change(1)).status_code == 201
    assert_says(device.put(change(2)), 409)


def test_taking_back_is_final_and_can_be_repeated(device):
    name = str(uuid.uuid4())
    device.put(change(1), name=name)
    for _ in range(2):
        assert device.ask("DELETE", f"/v1/contributions/{name}").json()["status"] == "withdrawn"
    assert device.put(change(1), name=name).json()["status"] == "withdrawn"


def test_nobody_sees_or_takes_back_what_another_sent(device, client):
    name = str(uuid.uuid4())
    device.put(change(1), name=name)
    other = Device(client)
    for method in ("GET", "DELETE"):
        assert_says(other.ask(method, f"/v1/contributions/{name}"), 404)
    assert device.ask("GET", f"/v1/contributions/{name}").json()["status"] == "pending"


def test_revoking_ends_the_key_and_can_be_repeated(device):
    device.put(change(1))
    path = f"/v1/devices/{device.key.id}"
    assert [device.ask("DELETE", path).json()["withdrawn"] for _ in range(2)] == [1, 0]
    assert assert_says(device.put(change(2)), 401) == "revoked"
    assert_says(device.enrol(), 403)


def test_a_device_can_only_revoke_itself(device, client):
    other = Device(client)
    assert_says(device.ask("DELETE", f"/v1/devices/{other.key.id}"), 404)
    assert other.put(change(1)).status_code == 201


def test_the_newest_version_is_signed_whole_and_asked_for_cheaply(server, client):
    answer = client.get("/v1/model/latest", params={"lineage": SMALL.id})
    key = run("admin", "keys", folder=server.folder)["public"]
    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
    manifest = verify(answer.content, bytes.fromhex(answer.headers[SIGNED_MANIFEST]), public)
    data = client.get(f"/v1/blobs/{manifest.sha256}").content
    SharedVersion.opened(manifest, data, SMALL)
    tag = {"If-None-Match": answer.headers["etag"]}
    again = client.get("/v1/model/latest", params={"lineage": SMALL.id}, headers=tag)
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/v1/model/1").content == answer.content


@pytest.mark.parametrize(
    "path",
    ["/v1/model/latest?lineage=" + "0" * 64, "/v1/model/99", "/v1/blobs/" + "0" * 64, "/nothing"],
)
def test_what_is_not_there_is_404(client, path):
    assert_says(client.get(path), 404)


def test_a_contribution_that_is_asked_for_as_a_model_is_not_given(device, client):
    body = change(1)
    device.put(body)
    assert_says(client.get(f"/v1/blobs/{hashlib.sha256(body).hexdigest()}"), 404)


# ------------------------------------------------------------------------------------ identity


def test_nobody_enrols_without_the_text_of_today(client):
    device = Device(client, enrol=False)
    assert assert_says(device.enrol(("0", "c" * 64)), 403) == "consent"
    assert_says(device.enrol((CONSENT[0], "d" * 64)), 403)
    assert assert_says(device.put(change(1)), 401) == "unknown"


def test_a_forged_signature_is_refused(device, server):
    before = kept(server)
    path = f"/v1/contributions/{uuid.uuid4()}"
    body = change(1)
    headers = device.headers("PUT", path, body, "1")
    stranger = DeviceKey.fresh().headers(
        "PUT", path, body, now_s=int(time.time()), nonce=b"n" * 16, base="1"
    )
    forged = {**stranger, "X-Antiphon-Device": device.key.id}
    assert_says(device.client.put(path, content=body, headers=forged), 401)
    assert_says(device.client.put(path, content=change(2), headers=headers), 401)
    assert_says(device.client.put(path + "?x=1", content=body, headers=headers), 401)
    other = {**headers, "X-Antiphon-Base": "2"}
    assert_says(device.client.put(path, content=body, headers=other), 401)
    assert_says(device.client.put(path, content=body), 401)
    assert kept(server) == before


def test_a_request_is_good_once(device, server):
    path = f"/v1/contributions/{uuid.uuid4()}"
    headers = device.headers("PUT", path, change(1), "1")
    assert device.client.put(path, content=change(1), headers=headers).status_code == 201
    before = kept(server)
    assert_says(device.client.put(path, content=change(1), headers=headers), 401)
    assert kept(server) == before


@pytest.mark.parametrize(("off_s", "word"), [(3600, "60 minutes fast"), (-3600, "60 minutes slow")])
def test_a_wrong_clock_is_told_so(client, off_s, word):
    device = Device(client)
    device.off_s = off_s
    answer = device.put(change(1))
    assert assert_says(answer, 401) == "clock"
    assert word in answer.json()["says"]
    device.off_s = 240 if off_s > 0 else -240
    assert device.put(change(1)).status_code == 201


# ------------------------------------------------------------------------------------ evil bodies


def file_with(tensors, dtype="F16", **words):
    metadata = {
        "schema": SCHEMA,
        "lineage": SMALL.id,
        "from_version": "1",
        "notes": "256",
        "app": "1",
    }
    return tensorfile.write(tensors, {**metadata, **words}, dtype)


def zip_bomb():
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", b"\0" * 50_000_000)
    return file.getvalue()


class Evil:
    def __reduce__(self):
        return (open, ("/tmp/antiphon-was-unpickled", "w"))


NAMES = SMALL.shapes
ONES = {name: np.ones(shape) for name, shape in NAMES.items()}
EVIL = {
    "pickle": pickle.dumps(Evil()),
    "nothing": b"",
    "zip bomb": zip_bomb(),
    "not a number": file_with(
        {**ONES, next(iter(NAMES)): np.full(next(iter(NAMES.values())), np.nan)}
    ),
    "infinite": file_with({**ONES, next(iter(NAMES)): np.full(next(iter(NAMES.values())), np.inf)}),
    "wrong shape": file_with({**ONES, next(iter(NAMES)): np.ones((2, 5))}),
    "wrong type": file_with(ONES, "F32"),
    "a tensor less": file_with({next(iter(NAMES)): ONES[next(iter(NAMES))]}),
    "a tensor more": file_with({**ONES, "more": np.ones(3)}),
    "a word more": file_with(ONES, player="me"),
    "bytes more": file_with(ONES) + b"x",
    "cut off": file_with(ONES)[:-1],
    "far too large": file_with({name: np.full(shape, 60_000.0) for name, shape in NAMES.items()}),
    "a header of gigabytes": (2**40).to_bytes(8, "little") + b"{}",
    "a deep header": (10_000).to_bytes(8, "little") + b"[" * 10_000,
}


@pytest.mark.parametrize("name", EVIL)
def test_evil_bodies_are_refused_and_nothing_is_kept(name, device, server):
    before = kept(server)
    assert_says(device.put(EVIL[name]), 422)
    assert kept(server) == before
    from pathlib import Path

    assert not Path("/tmp/antiphon-was-unpickled").exists()


def test_an_unknown_lineage_is_404(device, server):
    before = kept(server)
    assert_says(device.put(file_with(ONES, lineage="0" * 64)), 404)
    assert kept(server) == before


def test_a_version_that_is_not_there_is_404_and_another_base_than_said_422(device):
    assert_says(device.put(change(1, from_version=77), base=77), 404)
    assert_says(device.put(change(1), base=2), 422)


def test_a_compressed_body_is_not_unpacked(device):
    path = f"/v1/contributions/{uuid.uuid4()}"
    headers = {**device.headers("PUT", path, change(1), "1"), "Content-Encoding": "gzip"}
    assert_says(device.client.put(path, content=change(1), headers=headers), 415)


def test_a_body_that_lies_about_its_length_is_no_contribution(device, server):
    before, body = kept(server), change(1)
    path = f"/v1/contributions/{uuid.uuid4()}"
    words = [f"PUT {path} HTTP/1.1", "Host: x", "Content-Length: 5"]
    words += [f"{name}: {value}" for name, value in device.headers("PUT", path, body, "1").items()]
    answer = raw(server, "\r\n".join(words).encode() + b"\r\n\r\n" + body)
    assert b" 401 " in answer or b" 400 " in answer  # what follows is no request at all
    assert kept(server) == before


def test_a_body_that_never_comes_is_given_up(device, server):
    before, body = kept(server), change(1)
    path = f"/v1/contributions/{uuid.uuid4()}"
    words = [f"PUT {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}"]
    words += [f"{name}: {value}" for name, value in device.headers("PUT", path, body, "1").items()]
    assert b" 408 " in raw(server, "\r\n".join(words).encode() + b"\r\n\r\n" + body[:10])
    assert kept(server) == before


def test_power_loss_in_mid_upload_leaves_nothing_and_the_same_again_is_taken(device, server):
    before, body, name = kept(server), change(1), str(uuid.uuid4())
    path = f"/v1/contributions/{name}"
    words = [f"PUT {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}"]
    words += [f"{key}: {value}" for key, value in device.headers("PUT", path, body, "1").items()]
    with connected(server) as line:
        line.sendall("\r\n".join(words).encode() + b"\r\n\r\n" + body[: len(body) // 2])
    assert kept(server) == before
    assert device.put(body, name=name).status_code == 201


def test_an_enrolment_with_more_in_it_than_it_may_have_is_refused(client):
    device = Device(client, enrol=False)
    words = {"public_key": device.key.public.hex(), "consent_version": CONSENT[0],
             "consent_sha256": CONSENT[1], "agreed": "2026-11-21"}  # fmt: skip
    for evil in (
        {**words, "name": "me"},
        {**words, "agreed": "yes"},
        [],
        {**words, "public_key": "x"},
    ):
        assert_says(device.ask("POST", "/v1/devices", json.dumps(evil).encode()), 422)
    assert_says(device.ask("POST", "/v1/devices", b"{" * 5000), 413)
    stranger = DeviceKey.fresh().public.hex()
    body = json.dumps({**words, "public_key": stranger}).encode()
    assert_says(device.ask("POST", "/v1/devices", body), 401)


def test_metrics_and_status_tell_counts_and_no_device(device, client):
    device.put(change(1))
    text = client.get("/metrics").text
    assert 'route="/v1/contributions/{uuid}",status="201"' in text
    assert 'antiphon_contributions{lineage="' in text
    page = client.get("/status")
    assert page.headers["content-type"].startswith("text/html")
    for words in (text, page.text):
        assert device.key.id not in words
        assert "127.0.0.1" not in words


def test_the_log_holds_no_address_and_no_trace(device, server):
    device.put(change(1))
    words = (server.folder / "server.log").read_text()
    assert device.key.id not in words
    assert "PUT" not in words
    assert "Traceback" not in words


def test_a_client_that_does_not_trust_the_certificate_is_not_served(server):
    with pytest.raises(httpx.ConnectError):
        httpx.get(server.url + "/health", trust_env=False)
